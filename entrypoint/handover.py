"""The last step: becoming the server. Same PID, same arguments to the byte, same streams, default signals.

The command is looked up before anything is downloaded (`find`): a typo in it must not cost 14 GB first.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from entrypoint.cache import layout
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import NOT_EXECUTABLE, NOT_FOUND, USAGE, Failure
from entrypoint.sentence import say
from entrypoint.text import clean
from entrypoint.values import Need

TOKEN_NAMES = ("HF_TOKEN", "PGPT_HUGGINGFACE_TOKEN")
MODEL_PATH = "ENTRYPOINT_MODEL_PATH"
MODEL_REPO = "ENTRYPOINT_MODEL_REPO"
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The program that `command` will run, as a path. Raises `Failure` 126 or 127 as a shell would, 64 for none."""
    if not command or not command[0]:
        raise Failure(
            "command-missing",
            USAGE,
            "No command was given to hand over to.",
            "An ENTRYPOINT in a derived image resets the CMD of its base image to nothing.",
            ("give the server's command: CMD in the Dockerfile, command: in compose, or after run --",),
        )
    name = command[0]
    if "/" in name:
        candidates = [name]
    else:
        folders = environ.get("PATH") or _DEFAULT_PATH
        candidates = [os.path.join(folder or ".", name) for folder in folders.split(":")]  # noqa: PTH118
    blocked = ""
    for candidate in candidates:
        try:
            mode = os.stat(candidate).st_mode  # noqa: PTH116 - bytes in names survive
        except OSError:
            continue
        if stat.S_ISREG(mode) and os.access(candidate, os.X_OK):
            _check_script(candidate)
            return candidate
        blocked = blocked or candidate
    if blocked:
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            say(
                "The command {command} cannot be executed by user {user}.",
                command=clean(blocked),
                user=f"{os.geteuid()}:{os.getegid()}",
            ),
            "It is a folder, or lacks the execute permission.",
            (say("chmod +x {command} in the image, or name another command", command=clean(blocked)),),
        )
    what = (
        say("The command {command} was not found in {folder}.", command=clean(name), folder=clean(os.getcwd()))  # noqa: PTH109
        if "/" in name
        else say(
            "The command {command} was not found on PATH ({path}).",
            command=clean(name),
            path=clean(environ.get("PATH", "")),
        )
    )
    raise Failure(
        "command-not-found",
        NOT_FOUND,
        what,
        "Nothing was downloaded.",
        ("check the CMD of the Dockerfile, or command: in compose",),
    )


def environment(
    base: Mapping[str, str], token: str | None, *, keep_token: bool, offline: bool, extra: Mapping[str, str]
) -> dict[str, str]:
    """The server's environment: `base`, with the token under both names that servers read, or under none.

    `keep_token` False takes every name away by which a token, or a file with one, is found. `extra` fills in what is
    not set already.
    """
    environ = dict(base)
    for name in TOKEN_NAMES:
        environ.pop(name, None)
    if token and keep_token:
        environ.update(dict.fromkeys(TOKEN_NAMES, token))
    if not keep_token:
        from entrypoint.settings import TOKEN_VARIABLES

        for name in (*TOKEN_VARIABLES, "HF_TOKEN_PATH"):
            environ.pop(name, None)
    if offline:
        environ["HF_HUB_OFFLINE"] = "1"
    for name, value in extra.items():
        environ.setdefault(name, value)
    return environ


def model_path(needs: Sequence[Need], met: Mapping[Need, Receipt]) -> dict[str, str]:
    """`ENTRYPOINT_MODEL_PATH`: where the first need lies. The file, if it is one or a GGUF (of several parts, the
    first), else the folder. `ENTRYPOINT_MODEL_REPO`: the name of that model, which may be a fallback's."""
    for need in needs:
        receipt = met.get(need)
        if receipt is None:
            continue
        file = _one_file(sorted(file.path for file in receipt.files))
        root = layout.root_of(need, receipt.commit)
        return {MODEL_PATH: str(root / file if file else root), MODEL_REPO: need.repo}
    return {}


def execute(program: str, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes `command`. Raises `Failure` 126 when the kernel refuses."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a parent may have closed it
            with contextlib.suppress(OSError):  # whoever read our lines is gone; the server can still serve
                stream.flush()
    # Python ignores these two at its start; the server would inherit that, and a broken pipe would not end it.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    # Our own handlers would take a signal that comes now, and lose it in the exec. (PID 1 loses it all the same, for a
    # few microseconds: the kernel gives it no default dispositions.)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program, list(command), _as_given(environ))  # noqa: S606 - this is the purpose
    except OSError as error:
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            say(
                "The command {command} could not be started: {error}.",
                command=clean(program),
                error=error.strerror,
            ),
            "It may be built for another architecture, or for another C library.",
            ("run it by hand in the image: docker run --rm -it --entrypoint sh IMAGE",),
        ) from error


def _one_file(paths: Sequence[str]) -> str:
    """The path that stands for a model in one file; "" for a model that is a folder."""
    if len(paths) == 1:
        return paths[0]
    models = [path for path in paths if path.endswith(".gguf") and "mmproj" not in PurePosixPath(path).name.lower()]
    others = any(path.endswith((".safetensors", ".bin")) for path in paths)
    is_one = len({re.sub(r"-\d{5}-of-\d{5}\.gguf$", "", path) for path in models}) == 1
    return models[0] if is_one and not others else ""


def _as_given(environ: Mapping[str, str]) -> dict[str, str]:
    """Without the LC_CTYPE that the interpreter itself sets in a C locale (PEP 538): it is not ours to hand on."""
    if environ.get("LC_CTYPE") != "C.UTF-8":
        return dict(environ)
    try:
        given = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return dict(environ)
    ours = b"LC_CTYPE=C.UTF-8" not in given
    return {name: value for name, value in environ.items() if not (ours and name == "LC_CTYPE")}


def _check_script(program: str) -> None:
    """Finds out before the download what the kernel would refuse after it: a script for an interpreter that isn't there
    ("not found", it says, of the script), or without an interpreter line.

    A shell runs the latter by itself; `exec` does not, neither here nor in a container engine.
    """
    try:
        with Path(program).open("rb") as stream:
            head = stream.read(256)
    except OSError:
        return  # executable but not readable is allowed
    if head.startswith(b"\x7fELF") or (b"\0" in head and not head.startswith(b"#!")):
        return
    line = head.partition(b"\n")[0].removeprefix(b"#!").strip(b" \t") if head.startswith(b"#!") else b""
    interpreter = os.fsdecode(line.split()[0]) if line.split() else ""
    if not interpreter:
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            say("The command {command} is a script without an interpreter line.", command=clean(program)),
            "Nothing was downloaded.",
            (
                'begin the script with a line like "#!/bin/sh"',
                say("or start it by name: sh {command}", command=clean(program)),
            ),
        )
    if line.endswith(b"\r"):
        raise Failure(
            "command-not-found",
            NOT_FOUND,
            say("The command {command} is a script whose lines end as on Windows.", command=clean(program)),
            say(
                "The carriage return counts as part of the name {interpreter}. Nothing was downloaded.",
                interpreter=clean(interpreter),
            ),
            ("save the script with Unix line ends", "and keep them: *.sh text eol=lf in .gitattributes"),
        )
    if not os.path.exists(interpreter):  # noqa: PTH110 - Path.exists raises on a closed folder
        raise Failure(
            "command-not-found",
            NOT_FOUND,
            say(
                "The command {command} is a script for {interpreter}, which does not exist here.",
                command=clean(program),
                interpreter=clean(interpreter),
            ),
            "Nothing was downloaded.",
            ("check the CMD of the Dockerfile, or command: in compose",),
        )
    if not (Path(interpreter).is_file() and os.access(interpreter, os.X_OK)):
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            say(
                "The command {command} is a script for {interpreter}, which cannot be executed.",
                command=clean(program),
                interpreter=clean(interpreter),
            ),
            "Nothing was downloaded.",
            (say("chmod +x {interpreter} in the image", interpreter=clean(interpreter)),),
        )
