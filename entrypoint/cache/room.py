"""Whether the volume can take what is to come: rights and space, asked before the first byte."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from entrypoint.cache import staging
from entrypoint.cache.layout import make_folder, private_folder, repo_folder
from entrypoint.failures import CANT_CREATE, Failure
from entrypoint.sentence import join, say
from entrypoint.text import clean, human_bytes
from entrypoint.values import Need, Place

# File systems need some room for themselves, and so do the small files beside the weights.
MARGIN_BYTES = 64_000_000
# Folders, names and links beside the blobs take an inode each.
MARGIN_INODES = 16


def check_writable(need: Need, *, dry: bool = False) -> None:
    """Raises `Failure` 73 when files cannot be made where the need wants them: names folder, user id and remedy.

    What lies below the folder counts, too: another container may have made it for its user alone. `dry`: nothing is
    written to find out; then the rights are asked for, which say less than a try.
    """
    own = private_folder(need.place)
    others = [own / "receipts", staging.root(need.place)]
    if need.place.kind == "hub-cache":
        repo = repo_folder(need.place, need.repo)
        others += [repo, repo / "blobs", repo / "snapshots", repo / "refs"]
    else:
        others.append(need.place.path)
    try:
        for folder in (own, *others):
            if (fault := obstacle(folder)) is not None:
                raise fault
        if not dry:
            make_folder(own)
        for folder in [own, *(folder for folder in others if folder.is_dir())]:
            if dry:
                _ask_rights(nearest_existing(folder))
            else:
                with tempfile.TemporaryFile(dir=folder):
                    pass
    except OSError as error:
        raise not_writable(need.place.path, error) from error


def check_space(wanted: Iterable[tuple[Place, int]]) -> None:
    """Raises `Failure` 73 when a file system has less room than all its places together want (bytes).

    What killed runs left in staging areas counts as free: it is swept before the first byte comes. A file system that
    has no inodes left is full as well, however many bytes are free.
    """
    per_device: dict[int, dict[Place, int]] = {}
    for place, size in wanted:
        places = per_device.setdefault(nearest_existing(place.path).stat().st_dev, {})
        places[place] = places.get(place, 0) + size
    for places in per_device.values():
        size = sum(places.values())
        if not size:
            continue
        folder = next(iter(places)).path
        free = shutil.disk_usage(nearest_existing(folder)).free
        if size + MARGIN_BYTES > free + sum(map(staging.abandoned_bytes, places)) or _lacks_inodes(folder):
            raise too_small(folder, size + MARGIN_BYTES, free)


def obstacle(folder: Path) -> OSError | None:
    """Why a folder neither is there nor can be made: in its place, or above it, is a file, or a symlink that leads to
    no folder (to itself, or to a volume that is not mounted). The error's `filename` is what is in the way."""
    nearest = _nearest_entry(folder)
    try:
        code = 0 if stat.S_ISDIR(nearest.stat().st_mode) else errno.ENOTDIR
    except OSError as error:
        code = error.errno or errno.EIO
    return OSError(code, os.strerror(code), str(nearest)) if code else None


def not_writable(folder: Path, error: OSError) -> Failure:
    uid, gid = os.geteuid(), os.getegid()
    if error.errno == errno.EROFS:
        return Failure(
            "cache-read-only",
            CANT_CREATE,
            say("The cache folder {folder} is on a read-only file system.", folder=folder),
            "The models are not complete in it, so they have to be fetched.",
            (
                say('mount a writable volume there: in compose, "volumes: - models:{folder}"', folder=folder),
                "or fill the volume once with a container that may write to it (model-entrypoint prefetch)",
            ),
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return too_small(folder, MARGIN_BYTES, 0)
    existing = nearest_existing(folder)
    if error.errno not in (errno.EACCES, errno.EPERM):
        return Failure(
            "cache-unusable",
            CANT_CREATE,
            say(
                "The cache folder {folder} cannot be used: {error}.",
                folder=folder,
                error=clean(error.strerror or str(error), 100),
            ),
            _in_the_way(Path(error.filename) if isinstance(error.filename, str) else folder),
            ("check the volume that is mounted there", "or set HF_HOME to a folder on a writable volume"),
        )
    owner = "?"
    with contextlib.suppress(OSError):
        found = existing.stat()
        owner = f"{found.st_uid}:{found.st_gid}"
    return Failure(
        "cache-not-writable",
        CANT_CREATE,
        say(
            "The cache folder {folder} cannot be written by this container's user {user}.",
            folder=folder,
            user=f"{uid}:{gid}",
        ),
        say(
            "{error}; {folder} belongs to {owner}.",
            error=clean(error.strerror or str(error), 100),
            folder=existing,
            owner=owner,
        ),
        (
            say(
                "give the folder to that user, on the host or in a root container:\n{command}",
                command=_chown(folder, existing),
            ),
            say('or run the container as the owner of the folder: in compose, user: "{owner}"', owner=owner),
            "or set HF_HOME to a folder on a writable volume",
        ),
    )


def too_small(folder: Path, wanted: int, free: int) -> Failure:
    if _lacks_inodes(folder):
        return Failure(
            "cache-too-small",
            CANT_CREATE,
            say(
                "The file system of the cache folder {folder} has no inodes left: it takes no more files.",
                folder=folder,
            ),
            "Each file and folder needs one, however small it is; free bytes do not help.",
            ("delete files that nobody needs there, or mount another volume", "start the container again"),
        )
    largest = largest_repos(folder)
    heavy = join(", ", (f"{name} ({human_bytes(size)})" for name, size in largest))
    return Failure(
        "cache-too-small",
        CANT_CREATE,
        say(
            "The cache folder {folder} has {free} free; {needed} are needed.",
            folder=folder,
            free=human_bytes(free),
            needed=human_bytes(wanted),
        ),
        say("The largest models in it: {models}.", models=heavy) if heavy else "",
        ("free some space or mount a larger volume there", "start the container again: what has arrived is kept"),
    )


def largest_repos(folder: Path, count: int = 3) -> list[tuple[str, int]]:
    """The repos in a Hub cache that take the most bytes, largest first."""
    sizes = []
    with contextlib.suppress(OSError):
        for repo in folder.glob("models--*"):
            size = sum(_size(path) for path in repo.rglob("*"))
            sizes.append((clean(repo.name.removeprefix("models--").replace("--", "/"), 100), size))
    return sorted(sizes, key=lambda pair: -pair[1])[:count]


def _size(path: Path) -> int:
    try:
        return 0 if path.is_symlink() or not path.is_file() else path.stat().st_size
    except OSError:
        return 0


def _lacks_inodes(folder: Path) -> bool:
    """False where the file system makes inodes as it needs them (btrfs): it gives their number as 0."""
    found = os.statvfs(nearest_existing(folder))
    return found.f_files > 0 and found.f_favail < MARGIN_INODES


def _ask_rights(folder: Path) -> None:
    """Raises the OSError that making a file in the folder would end with, as far as rights tell it."""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        code = errno.EROFS
    elif not os.access(folder, os.W_OK | os.X_OK):
        code = errno.EACCES
    else:
        return
    raise OSError(code, os.strerror(code))


def _in_the_way(folder: Path) -> str:
    nearest = _nearest_entry(folder)
    if nearest.is_dir():
        return ""
    if nearest.is_symlink():
        return say("{path} is a symlink that leads to no folder.", path=nearest)
    return say("{path} is not a folder.", path=nearest)


def _nearest_entry(folder: Path) -> Path:
    """As `nearest_existing`, but a symlink counts wherever it leads: nothing can be made in its place."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def nearest_existing(folder: Path) -> Path:
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110 - Path.exists raises on a closed parent
        folder = folder.parent
    return folder


def _chown(folder: Path, existing: Path) -> str:
    make = "" if existing == folder else f"mkdir -p {folder} && "
    return f"{make}chown -R {os.geteuid()}:{os.getegid()} {folder}"
