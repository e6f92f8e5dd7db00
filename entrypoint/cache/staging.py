"""The area in which files of one commit arrive before they are proved, and who may work in it.

It lies on the volume of the place itself, so that the way from there to the server's eyes is a rename. A lock on it
(flock) is held while somebody works in it: a second container that needs the same commit waits and follows. The kernel
frees the lock of a holder that died, however it died.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoint.cache.layout import make_folder, private_folder
from entrypoint.values import Item, Place

LOCK = "lock"
POLL_SECONDS = 0.5


def folder(item: Item) -> Path:
    """The staging area for an item: one per repo and commit, so that what a killed run left is found again."""
    return private_folder(item.need.place) / "staging" / f"{item.need.repo.replace('/', '--')}@{item.commit}"


@contextmanager
def held(area: Path, wait: Callable[[float], None]) -> Iterator[None]:
    """Holds the area. While another process does, `wait(POLL_SECONDS)` is called again and again: it reports and
    sleeps, and ends the waiting by raising. On file systems without locks the area is taken as it is: two holders
    then fetch twice, and do no harm, because files are put in place whole and proved."""
    while True:
        make_folder(area)
        handle = _lock(area, wait)
        # The former holder may have removed the area between our open and our lock: then we hold a lock that
        # nobody else will ever see.
        if handle is None or _is_current(handle, area / LOCK):
            break
        os.close(handle)
    try:
        _empty(area)
        yield
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(area)
        if handle is not None:
            os.close(handle)


def sweep(place: Place) -> int:
    """Removes the areas that nobody holds: what crashed runs left for commits that are not wanted any more.

    Returns how many bytes were freed. Call it while holding the areas that are wanted.
    """
    freed = 0
    areas = private_folder(place) / "staging"
    with contextlib.suppress(OSError):
        for area in areas.iterdir():
            with contextlib.suppress(OSError):
                handle = os.open(area / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    freed += sum(path.lstat().st_size for path in area.rglob("*"))
                    shutil.rmtree(area)
                finally:
                    os.close(handle)
    return freed


def _lock(area: Path, wait: Callable[[float], None]) -> int | None:
    handle = os.open(area / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except OSError as error:
                if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                    os.close(handle)
                    return None
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
            wait(POLL_SECONDS)
    except BaseException:
        os.close(handle)
        raise


def _empty(area: Path) -> None:
    """Removes what a killed run left half-way: the client library cannot resume it."""
    for path in area.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_current(handle: int, path: Path) -> bool:
    try:
        found, mine = path.stat(), os.fstat(handle)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)
