"""Whether the volume can take what is to come: rights and space, asked before the first byte."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from entrypoint.cache.layout import make_folder, private_folder, repo_folder
from entrypoint.failures import CANT_CREATE, Failure
from entrypoint.text import clean, human_bytes
from entrypoint.values import Need, Place

# File systems need some room for themselves, and so do the small files beside the weights.
MARGIN_BYTES = 64_000_000


def check_writable(need: Need) -> None:
    """Raises `Failure` 73 when files cannot be made where the need wants them: names folder, user id and remedy.

    The repo's own folders count, too: another container may have made them for its user alone.
    """
    own = private_folder(need.place)
    repo = repo_folder(need.place, need.repo)
    others = [repo, repo / "blobs", repo / "snapshots", repo / "refs"] if need.place.kind == "hub-cache" else []
    try:
        make_folder(own)
        for folder in [own, *(folder for folder in others if folder.is_dir())]:
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise not_writable(need.place.path, error) from error


def check_space(wanted: Iterable[tuple[Place, int]]) -> None:
    """Raises `Failure` 73 when a file system has less room than all its places together want (bytes)."""
    per_device: dict[int, tuple[Path, int]] = {}
    for place, size in wanted:
        device = nearest_existing(place.path).stat().st_dev
        folder, total = per_device.get(device, (place.path, 0))
        per_device[device] = (folder, total + size)
    for folder, size in per_device.values():
        free = shutil.disk_usage(nearest_existing(folder)).free
        if size and size + MARGIN_BYTES > free:
            raise too_small(folder, size + MARGIN_BYTES, free)


def not_writable(folder: Path, error: OSError) -> Failure:
    uid, gid = os.geteuid(), os.getegid()
    if error.errno == errno.EROFS:
        return Failure(
            "cache-read-only",
            CANT_CREATE,
            f"The cache folder {folder} is on a read-only file system.",
            "The models are not complete in it, so they have to be fetched.",
            (
                f'mount a writable volume there: in compose, "volumes: - models:{folder}"',
                "or fill the volume once with a container that may write to it (model-entrypoint prefetch)",
            ),
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return too_small(folder, MARGIN_BYTES, 0)
    existing = nearest_existing(folder)
    owner = "?"
    with contextlib.suppress(OSError):
        found = existing.stat()
        owner = f"{found.st_uid}:{found.st_gid}"
    return Failure(
        "cache-not-writable",
        CANT_CREATE,
        f"The cache folder {folder} cannot be written by this container's user {uid}:{gid}.",
        f"{clean(error.strerror or str(error), 100)}; {existing} belongs to {owner}.",
        (
            f"give the folder to that user, on the host or in a root container: chown -R {uid}:{gid} {folder}",
            f'or run the container as the owner of the folder: in compose, user: "{owner}"',
            "or set HF_HOME to a folder on a writable volume",
        ),
    )


def too_small(folder: Path, wanted: int, free: int) -> Failure:
    largest = largest_repos(folder)
    heavy = ", ".join(f"{name} ({human_bytes(size)})" for name, size in largest)
    return Failure(
        "cache-too-small",
        CANT_CREATE,
        f"The cache folder {folder} has {human_bytes(free)} free; {human_bytes(wanted)} are needed.",
        f"The largest models in it: {heavy}." if heavy else "",
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


def nearest_existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
