"""A need in a cache of the test's own, and files as the Hub publishes them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.values import Item, Need, Place, RepoFile

COMMIT = "c" * 40
OTHER_COMMIT = "d" * 40
NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user or mount")


def _can_mount() -> bool:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not _can_mount(), reason="mounts need root, and a kernel that lets it")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def need(cache: Path) -> Need:
    return Need("acme/tiny", Place("hub-cache", cache), "ENTRYPOINT_MODELS")


@pytest.fixture
def in_folder(need: Need, tmp_path: Path) -> Need:
    """The same model, wanted in a plain folder as PrivateGPT wants its GGUF."""
    return replace(need, place=Place("folder", tmp_path / "models"))


def small(path: str, content: bytes) -> RepoFile:
    """A file that lies in git itself, named by its blob id."""
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False)
    return RepoFile(path, len(content), blob.hexdigest())


def large(path: str, content: bytes) -> RepoFile:
    """An LFS file, named by its sha256."""
    return replace(small(path, content), blob_id="a" * 40, sha256=hashlib.sha256(content).hexdigest())


def item(need: Need, *files: RepoFile, commit: str = COMMIT) -> Item:
    return Item(need, commit, files, files)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def as_nobody(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs code in a process that becomes another user, for whom the interpreter's own folder may be closed."""
    imports = "import os, pathlib, random, sys, tempfile; from entrypoint.cache import room\n"
    become = f"{imports}os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    return python(become + code, *arguments)


def python(code: str, *arguments: object, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own, `under` a command that prepares the scene."""
    return subprocess.run(
        [*under, sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def mounted(options: str, folder: Path) -> tuple[str, ...]:
    """A command that runs another one in a mount namespace of its own, with a tmpfs on `folder`."""
    script = f'mount -t tmpfs {options} tmpfs "{folder}" && exec "$@"'
    return ("unshare", "--mount", "sh", "-c", script, "sh")


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A folder in which another user finds his way: pytest's own are closed to all but their owner."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o711)
    return tmp_path
