"""Where a file lies for the server that reads it, and how a proved file gets there.

The Hub cache layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache):

    <cache>/models--org--name/blobs/<etag>                      the bytes; etag = sha256, or git blob id for small files
    <cache>/models--org--name/snapshots/<commit>/<path>         a relative symlink to its blob
    <cache>/models--org--name/refs/<revision>                   the commit a branch or tag pointed to

Where the file system has no symlinks, the snapshot holds the file itself, as the client library does it.
In a plain folder (PrivateGPT's `models/<file>`) the file lies under its own path.

Everything is put in place by a rename within one file system, and is readable for every user id: containers that share
the volume run under different ones.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from entrypoint.values import Need, Place, RepoFile

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


def put(staged: Path, need: Need, commit: str, file: RepoFile) -> None:
    """Moves a proved file from its staging area to where the server looks. Atomic; an older one is replaced."""
    target = path_of(need, commit, file)
    staged.chmod(FILE_MODE)
    make_folder(target.parent)
    if need.place.kind == "folder":
        staged.replace(target)
        return
    blob = repo_folder(need.place, need.repo) / "blobs" / file.etag
    make_folder(blob.parent)
    staged.replace(blob)
    link_blob(need, commit, file)


def link_blob(need: Need, commit: str, file: RepoFile) -> None:
    """Makes the snapshot's pointer to a blob that lies there and is proved."""
    target = path_of(need, commit, file)
    blob = repo_folder(need.place, need.repo) / "blobs" / file.etag
    make_folder(target.parent)
    new = target.with_name(f"{target.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    try:
        new.symlink_to(os.path.relpath(blob, target.parent))
        new.replace(target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        blob.replace(target)


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
            path.chmod(FOLDER_MODE)
        except FileExistsError:
            pass  # another container made it meanwhile


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a small file so that a reader sees the old one or the new one, never a part."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        new.chmod(FILE_MODE)
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
