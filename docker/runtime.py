"""Builds what the Dockerfile puts into a server's image: an interpreter that needs nothing of that image.

The server's image may have no Python, another Python, or a glibc older than that of the image this runs in.
So the folder holds the interpreter, its standard library, every shared library that these and the packages
load, and the C library with its dynamic loader. The interpreter's ELF header names that loader and the folder
of those libraries; both are absolute, hence all is built at the path where it will lie.

Usage: runtime.py PREFIX PACKAGES PATCHELF
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

# Parts of the standard library that the entrypoint and its packages never import.
UNUSED_STDLIB = (
    "__pycache__",
    "config-*",
    "curses",
    "dbm",
    "dist-packages",
    "distutils",
    "doctest.py",
    "ensurepip",
    "EXTERNALLY-MANAGED",
    "idlelib",
    "lib2to3",
    "pydoc.py",
    "pydoc_data",
    "site-packages",
    "sqlite3",
    "test",
    "tests",
    "tkinter",
    "turtle*",
    "unittest",
    "venv",
    "*.a",
)
UNUSED_EXTENSIONS = (
    "_codecs_*",  # the encodings of East Asia before Unicode; 1 MB
    "_crypt.*",
    "_ctypes_test.*",
    "_curses*",
    "_dbm.*",
    "_gdbm.*",
    "_sqlite3.*",
    "_test*",
    "_tkinter.*",
    "_xx*",
    "nis.*",
    "ossaudiodev.*",
    "readline.*",
    "xx*",
)
# PyYAML does without its C accelerator of 2.6 MB; bills of materials are for who builds, not for who runs.
UNUSED_IN_PACKAGES = ("__pycache__", "bin", "sboms", "tests", "_yaml.*.so")
# Opened by name at run time, so that no ELF header lists them: the resolver, and what unwinds a stack.
OPENED_AT_RUN_TIME = ("libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2", "libgcc_s.so.1")

SELF_TEST = """
import sys
sys.path.append(sys.argv[1])
import asyncio, ctypes, hashlib, json, socket, ssl, zlib
import hf_xet, huggingface_hub, structlog, tenacity
socket.getaddrinfo("localhost", 80)
foreign = {
    path
    for line in open("/proc/self/maps")
    if (path := line.split(maxsplit=5)[-1].strip()).startswith("/") and not path.startswith(sys.prefix + "/")
    if ".so" in path or "/bin/" in path
}
sys.exit(f"mapped from outside {sys.prefix}: {sorted(foreign)}" if foreign else 0)
"""


def shared_objects(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.so*") if p.is_file() and not p.is_symlink())


def libraries_of(binaries: Iterable[Path]) -> dict[str, Path]:
    """Name -> path of every shared library that `binaries` load, the dynamic loader included."""
    found: dict[str, Path] = {}
    for binary in binaries:
        listing = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout  # noqa: S607
        if "not found" in listing:
            raise SystemExit(f"{binary} needs libraries that this image does not have:\n{listing}")
        for name, path in re.findall(r"^\s*(?:(\S+) => )?(/\S+) \(0x", listing, re.MULTILINE):
            found.setdefault(name or Path(path).name, Path(path))
    return found


def copy_standard_library(prefix: Path) -> Path:
    source = Path(sysconfig.get_path("stdlib"))
    target = prefix / "lib" / source.name
    unused = shutil.ignore_patterns(*UNUSED_STDLIB)
    unused_extensions = shutil.ignore_patterns(*UNUSED_EXTENSIONS)

    def ignore(folder: str, names: list[str]) -> set[str]:
        return unused_extensions(folder, names) if folder.endswith("lib-dynload") else unused(folder, names)

    shutil.copytree(source, target, ignore=ignore, ignore_dangling_symlinks=True)
    return target


def copy_libraries(prefix: Path, binaries: list[Path]) -> None:
    """Copies what `binaries` load into PREFIX/lib, under the names by which it is looked up."""
    libraries = libraries_of(binaries)
    system = libraries["libc.so.6"].parent
    for name in OPENED_AT_RUN_TIME:
        if (system / name).exists():
            libraries.setdefault(name, system / name)
    for name, path in libraries.items():
        if not path.is_relative_to(prefix):
            shutil.copy(path.resolve(), prefix / "lib" / Path(name).name)


def bind(prefix: Path, interpreter: Path, extensions: list[Path], patchelf: str) -> None:
    """Makes the interpreter use the loader and the libraries in PREFIX/lib, whatever LD_LIBRARY_PATH says.

    DT_RPATH, unlike DT_RUNPATH, comes before LD_LIBRARY_PATH (CUDA images set it) and holds for whatever is
    loaded later on, too; only an extension that has a search path of its own must be told.
    """

    def run(*arguments: str) -> str:
        done = subprocess.run([patchelf, *arguments], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    library_folder = str(prefix / "lib")
    loader = prefix / "lib" / Path(run("--print-interpreter", str(interpreter))).name
    run("--set-interpreter", str(loader), "--force-rpath", "--set-rpath", library_folder, str(interpreter))
    for extension in extensions:
        if own := run("--print-rpath", str(extension)):
            run("--force-rpath", "--set-rpath", f"{own}:{library_folder}", str(extension))


def compile_all(interpreter: Path, stdlib: Path, packages: Path) -> None:
    """Compiles both trees, never to be checked again: nobody writes there, and a copy may change file times.

    The standard library keeps the compiled files alone, without docstrings: 12 MB less. The packages keep
    their source, for tracebacks.
    """
    compiling = [str(interpreter), "-ISBm", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiling, str(packages)], check=True)
    subprocess.run([*compiling, "-b", "-o", "2", str(stdlib)], check=True)
    for source in stdlib.rglob("*.py"):
        source.unlink()


def main(prefix: Path, packages: Path, patchelf: str) -> None:
    interpreter = prefix / "bin" / "python3"
    interpreter.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), interpreter)
    stdlib = copy_standard_library(prefix)
    shutil.copytree(packages, prefix / "site-packages", ignore=shutil.ignore_patterns(*UNUSED_IN_PACKAGES))

    extensions = shared_objects(stdlib) + shared_objects(prefix / "site-packages")
    copy_libraries(prefix, [interpreter, *extensions])
    bind(prefix, interpreter, extensions, patchelf)

    authorities = prefix / "etc" / "ssl" / "ca-certificates.crt"
    authorities.parent.mkdir(parents=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", authorities)

    compile_all(interpreter, stdlib, prefix / "site-packages")
    subprocess.run([str(interpreter), "-ISBc", SELF_TEST, str(prefix / "site-packages")], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
