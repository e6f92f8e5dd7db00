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
DOOMED = ".old"
POLL_SECONDS = 0.5
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})


def root(place: Place) -> Path:
    return private_folder(place) / "staging"


def folder(item: Item) -> Path:
    """The staging area for an item: one per repo and commit, so that what a killed run left is found again."""
    name = f"{item.need.repo.replace('/', '--')}@{item.commit}"
    return root(item.need.place) / (name if item.need.place.kind == "hub-cache" else f"{name}.folder")


@contextmanager
def held(area: Path, wait: Callable[[float], None]) -> Iterator[None]:
    """Holds the area. While another process does, `wait(POLL_SECONDS)` is called again and again: it reports and
    sleeps, and ends the waiting by raising. On file systems without locks the area is taken as it is, neither emptied
    nor removed: somebody else may work in it. Two then fetch twice; files are put in place whole and proved."""
    while True:
        make_folder(area)
        try:
            handle = _lock(area, wait)
        except FileNotFoundError:
            continue  # its holder removed it after our look
        # The former holder may have removed the area between our open and our lock: then we hold a lock that
        # nobody else will ever see.
        if handle is None or _is_current(handle, area / LOCK):
            break
        os.close(handle)
    if handle is None:
        yield
        return
    try:
        _empty(area)
        yield
    finally:
        with contextlib.suppress(OSError):
            _remove(area)
        os.close(handle)


def sweep(place: Place) -> int:
    """Removes the areas that nobody holds: what crashed runs left for commits that are not wanted any more.

    Returns how many bytes were freed. Call it while holding the areas that are wanted.
    """
    freed = 0
    for area in _abandoned(place):
        with contextlib.suppress(OSError):  # another container's user's: it is his to sweep
            size = _bytes_in(area)
            _remove(area)
            freed += size
    return freed


def abandoned_bytes(place: Place) -> int:
    """What `sweep` would free."""
    return sum(map(_bytes_in, _abandoned(place)))


def _abandoned(place: Place) -> Iterator[Path]:
    """The areas that nobody holds, held while the caller looks at them; and those that somebody began to remove."""
    try:
        areas = sorted(root(place).iterdir())
    except OSError:
        return  # there is none yet, or it is not ours to read
    for area in areas:
        if area.name.endswith(DOOMED):
            yield area
            continue
        try:
            handle = os.open(area / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_current(handle, area / LOCK):
                yield area
        except OSError:
            pass  # somebody works in it, or the file system has no locks: it is left alone
        finally:
            os.close(handle)


def _remove(area: Path) -> None:
    """Under another name first: whoever comes while it is being emptied makes himself a new one."""
    doomed = area
    if not area.name.endswith(DOOMED):
        doomed = area.with_name(f"{area.name}.{os.urandom(4).hex()}{DOOMED}")
        area.rename(doomed)
    shutil.rmtree(doomed)


def _bytes_in(area: Path) -> int:
    with contextlib.suppress(OSError):  # it shrinks while we look
        return sum(path.lstat().st_size for path in area.rglob("*"))
    return 0


def _lock(area: Path, wait: Callable[[float], None]) -> int | None:
    handle = os.open(area / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except OSError as error:
                if error.errno in _NO_LOCKS:
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
