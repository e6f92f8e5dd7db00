"""The last step: becoming the server. Same PID, same arguments to the byte, same streams, default signals.

The command is looked up before anything is downloaded (`find`): a typo in it must not cost 14 GB first.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from entrypoint.cache import layout
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import NOT_EXECUTABLE, NOT_FOUND, USAGE, Failure
from entrypoint.values import Need

TOKEN_NAMES = ("HF_TOKEN", "PGPT_HUGGINGFACE_TOKEN")
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
            _check_interpreter(candidate)
            return candidate
        blocked = blocked or candidate
    if blocked:
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            f"The command {blocked} cannot be executed by user {os.geteuid()}:{os.getegid()}.",
            "It is a folder, or lacks the execute permission.",
            (f"chmod +x {blocked} in the image, or name another command",),
        )
    where = f"in {os.getcwd()}" if "/" in name else f"on PATH ({environ.get('PATH', '')})"  # noqa: PTH109
    raise Failure(
        "command-not-found",
        NOT_FOUND,
        f"The command {name} was not found {where}.",
        "Nothing was downloaded.",
        ("check the CMD of the Dockerfile, or command: in compose",),
    )


def environment(
    base: Mapping[str, str], token: str | None, *, keep_token: bool, offline: bool, extra: Mapping[str, str]
) -> dict[str, str]:
    """The server's environment: `base`, with the token under both names that servers read, or under none.

    `keep_token` False takes every token name away. `extra` fills in what is not set already.
    """
    environ = dict(base)
    for name in TOKEN_NAMES:
        environ.pop(name, None)
    if token and keep_token:
        environ.update(dict.fromkeys(TOKEN_NAMES, token))
    if not keep_token:
        from entrypoint.settings import TOKEN_VARIABLES

        for name in TOKEN_VARIABLES:
            environ.pop(name, None)
            environ.pop(name + "_FILE", None)
    if offline:
        environ["HF_HUB_OFFLINE"] = "1"
    for name, value in extra.items():
        environ.setdefault(name, value)
    return environ


def model_path(needs: Sequence[Need], met: Mapping[Need, Receipt]) -> dict[str, str]:
    """`ENTRYPOINT_MODEL_PATH`: where the first need lies. The file, if it is one (or a GGUF's first shard), else the
    folder."""
    for need in needs:
        receipt = met.get(need)
        if receipt is None:
            continue
        files = sorted(receipt.files, key=lambda file: file.path)
        single = len(files) == 1 or all(file.path.endswith(".gguf") for file in files)
        path = layout.path_of(need, receipt.commit, files[0]) if single else layout.root_of(need, receipt.commit)
        return {"ENTRYPOINT_MODEL_PATH": str(path)}
    return {}


def execute(program: str, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Becomes `command`. Raises `Failure` 126 when the kernel refuses."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Python ignores these two at its start; the server would inherit that, and a broken pipe would not end it.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(program, list(command), dict(environ))  # noqa: S606 - this is the purpose
    except OSError as error:
        raise Failure(
            "command-not-executable",
            NOT_EXECUTABLE,
            f"The command {program} could not be started: {error.strerror}.",
            "It may be built for another architecture, or lack its interpreter line.",
            ("run it by hand in the image: docker run --rm -it --entrypoint sh IMAGE",),
        ) from error


def _check_interpreter(program: str) -> None:
    """A script whose interpreter is not there fails with "not found", naming the script: say which it really is."""
    try:
        with Path(program).open("rb") as stream:
            line = stream.readline(256)
    except OSError:
        return  # executable but not readable is allowed
    if not line.startswith(b"#!"):
        return
    interpreter = os.fsdecode(line[2:].strip().split(None, 1)[0]) if line[2:].strip() else ""
    if interpreter and not Path(interpreter).exists():
        raise Failure(
            "command-not-found",
            NOT_FOUND,
            f"The command {program} is a script for {interpreter}, which does not exist here.",
            "Nothing was downloaded.",
            ("check the CMD of the Dockerfile, or command: in compose",),
        )
