"""Where a file lies for the server that reads it, and how a proved file gets there.

The Hub cache layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache):

    <cache>/models--org--name/blobs/<etag>                      the bytes; etag = sha256, or git blob id for small files
    <cache>/models--org--name/snapshots/<commit>/<path>         a relative symlink to its blob
    <cache>/models--org--name/refs/<revision>                   the commit a branch or tag pointed to

Where the file system has no symlinks, the snapshot holds the file itself, as the client library does it.
In a plain folder (PrivateGPT's `models/<file>`) the file lies under its own path.

Everything is put in place by a rename within one file system, and is readable for every user id: containers that share
the volume run under different ones. A name that is not final yet is random, never made of a process id: in every
container the entrypoint is number 1.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from entrypoint.values import Need, Place, RepoFile

# What file systems without symlinks answer: vfat and exFAT, SMB, VirtualBox's shared folders, FUSE.
_NO_SYMLINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EROFS, errno.EINVAL})
_FIXED_MODES = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
PRIVATE = ".model-entrypoint"
FILE_MODE = 0o644
FOLDER_MODE = 0o755


def private_folder(place: Place) -> Path:
    """Our own folder in a place: staging areas and receipts."""
    return place.path / PRIVATE


def repo_folder(place: Place, repo: str) -> Path:
    return place.path / ("models--" + repo.replace("/", "--"))


def root_of(need: Need, commit: str) -> Path:
    """The folder in which the need's files appear to the server."""
    if need.place.kind == "folder":
        return need.place.path
    return repo_folder(need.place, need.repo) / "snapshots" / commit


def path_of(need: Need, commit: str, file: RepoFile) -> Path:
    return root_of(need, commit) / file.path


def blob_of(need: Need, file: RepoFile) -> Path:
    """Where the file's bytes lie in a Hub cache, whichever commits share them."""
    return repo_folder(need.place, need.repo) / "blobs" / file.etag


def put(staged: Path, need: Need, commit: str, file: RepoFile) -> None:
    """Moves a proved file from its staging area to where the server looks. Atomic; an older one is replaced."""
    target = path_of(need, commit, file)
    _let_all_read(staged, FILE_MODE)
    make_folder(target.parent)
    if need.place.kind == "folder":
        staged.replace(target)
        return
    blob = blob_of(need, file)
    make_folder(blob.parent)
    pointer = _pointer(blob, target, staged)
    if pointer is None:
        staged.replace(target)
        return
    staged.replace(blob)
    pointer.replace(target)


def link_blob(need: Need, commit: str, file: RepoFile, area: Path) -> None:
    """Lets the snapshot have a blob that lies there and is proved. `area` is on the same file system."""
    target, blob = path_of(need, commit, file), blob_of(need, file)
    make_folder(target.parent)
    staged = area / file.etag
    pointer = _pointer(blob, target, staged)
    if pointer is None:
        shutil.copyfile(blob, staged)
        _let_all_read(staged, FILE_MODE)
        staged.replace(target)
        return
    _let_all_read(blob, FILE_MODE)
    pointer.replace(target)


def _pointer(blob: Path, target: Path, staged: Path) -> Path | None:
    """A symlink to the blob, right for `target` but still beside `staged`; None where there are no symlinks."""
    pointer = staged.with_name(f"{staged.name}.{os.urandom(4).hex()}.pointer")
    try:
        pointer.symlink_to(os.path.relpath(blob, target.parent))
    except OSError as error:
        if error.errno not in _NO_SYMLINKS:
            raise
        return None
    return pointer


def write_ref(need: Need, commit: str) -> None:
    """Notes the commit of a branch or tag, so that the server finds it by that name without the Hub."""
    if need.place.kind == "folder" or need.revision == commit:
        return
    refs = repo_folder(need.place, need.repo) / "refs"
    ref = refs / need.revision
    make_folder(ref.parent)
    write_atomically(ref, commit.encode())


def read_ref(need: Need) -> str:
    """The commit noted for the need's revision; "" when there is none."""
    try:
        return (repo_folder(need.place, need.repo) / "refs" / need.revision).read_text("ascii", "replace").strip()
    except OSError:
        return ""


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, readable for every user id whatever the umask is."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        try:
            path.mkdir()
            _let_all_read(path, FOLDER_MODE)
        except FileExistsError:
            pass  # another container made it meanwhile


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a small file so that a reader sees the old one or the new one, never a part."""
    new = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        with new.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        _let_all_read(new, FILE_MODE)
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def _let_all_read(path: Path, mode: int) -> None:
    """Adds `mode` to what is allowed already: a volume for a group (fsGroup) keeps its group's rights."""
    now = path.stat().st_mode & 0o7777
    if now | mode == now:
        return
    try:
        path.chmod(now | mode)
    except OSError as error:
        if error.errno not in _FIXED_MODES:
            raise
        # vfat, SMB and FUSE mounts have one mode for all files, given when they are mounted
