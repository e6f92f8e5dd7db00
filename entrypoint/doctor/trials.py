"""What a folder's file system can do, tried with files of our own, which are removed again."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PREFIX = ".model-entrypoint-doctor-"
REMOVALS = 20
Skill = Literal["symlinks", "locks", "rename"]


@dataclass(frozen=True, slots=True)
class Tried:
    """`fault` is why nothing can be written there; `lacks` is what does not work although files can be made."""

    fault: OSError | None = None
    lacks: frozenset[Skill] = frozenset()


class Trial:
    """A folder of our own below `folder`, to be made by `begin`; `end` may come at any moment, from any thread."""

    def __init__(self, folder: Path) -> None:
        self.own = folder / f"{PREFIX}{os.urandom(4).hex()}"
        self.gone = False
        self._ended = False
        self._lock = threading.RLock()  # a signal may interrupt the very thread that holds it

    def begin(self) -> None:
        """Raises OSError where it cannot be made, or shall not be any more."""
        with self._lock:
            if self._ended:
                raise InterruptedError
            self.own.mkdir(mode=0o700)

    def end(self) -> None:
        """Removes the folder, for good. Files that its own thread still puts into it meanwhile go with it: without the
        folder, that comes to its end soon."""
        with self._lock:
            self._ended = True
        for _ in range(REMOVALS):
            shutil.rmtree(self.own, ignore_errors=True)
            if not os.path.lexists(self.own):
                self.gone = True
                return


def try_out(folder: Path, begun: Callable[[Trial], None] = lambda _trial: None) -> Tried:
    """Tries in an existing folder. `begun` hears of the trial before anything is made: whoever ends the process in the
    middle must end that, too."""
    trial = Trial(folder)
    begun(trial)
    try:
        trial.begin()
        file = trial.own / "file"
        with file.open("wb") as stream:
            stream.write(b"x" * 4096)
            stream.flush()
            os.fsync(stream.fileno())  # a full or over-quota network volume says so here, not before
        skills: dict[Skill, Callable[[Path], None]] = {"symlinks": _link, "locks": _lock, "rename": _rename}
        return Tried(lacks=frozenset(skill for skill, try_it in skills.items() if not _works(try_it, file)))
    except OSError as error:
        return Tried(error)
    finally:
        trial.end()


def _works(try_it: Callable[[Path], None], file: Path) -> bool:
    try:
        try_it(file)
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
