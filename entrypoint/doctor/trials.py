"""What a folder's file system can do, tried with files of our own, which are removed again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PREFIX = ".model-entrypoint-doctor-"
Skill = Literal["symlinks", "locks", "rename"]


@dataclass(frozen=True, slots=True)
class Tried:
    """`fault` is why nothing can be written there; `lacks` is what does not work although files can be made."""

    fault: OSError | None = None
    lacks: frozenset[Skill] = frozenset()


def try_out(folder: Path, begun: Callable[[Path], None] = lambda _path: None) -> Tried:
    """Tries in an existing folder. `begun` hears of the folder of our own before anything is put into it: whoever ends
    the process in the middle must remove it."""
    try:
        own = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as error:
        return Tried(error)
    begun(own)
    try:
        file = own / "file"
        with file.open("wb") as stream:
            stream.write(b"x" * 4096)
            stream.flush()
            os.fsync(stream.fileno())  # a full or over-quota network volume says so here, not before
        trials: dict[Skill, Callable[[Path], None]] = {"symlinks": _link, "locks": _lock, "rename": _rename}
        return Tried(lacks=frozenset(skill for skill, trial in trials.items() if not _works(trial, file)))
    except OSError as error:
        return Tried(error)
    finally:
        remove(own)


def remove(own: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(own)


def _works(trial: Callable[[Path], None], file: Path) -> bool:
    try:
        trial(file)
    except OSError:
        return False
    return True


def _link(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file.name)
    link.read_bytes()


def _lock(file: Path) -> None:
    """By two descriptors: some network file systems grant every lock to everybody."""
    with file.open("r+b") as one, file.open("r+b") as other:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    raise OSError("two hold the same lock")


def _rename(file: Path) -> None:
    new = file.with_name("new")
    new.write_bytes(b"new")
    new.replace(file)
    if file.read_bytes() != b"new":
        raise OSError("the old content shows")
