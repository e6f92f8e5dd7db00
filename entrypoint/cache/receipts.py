"""The record of what was fetched and proved for a need. A later start trusts it and asks nobody.

A receipt is written last, after every file is in place. It holds as long as every file that it lists has the size and
the modification time that it had when it was proved; anything else (a shortened, replaced, restored file, a receipt
that cannot be read) sends the start down the full line, which proves by hash before it fetches.

One file per need in `<place>/.model-entrypoint/receipts/`, named after the repo and a digest of what was asked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entrypoint.cache.layout import make_folder, path_of, private_folder, write_atomically
from entrypoint.values import Item, Need, RepoFile

FORMAT = 1
COMMIT_BYTES = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What lies in place for a need: the commit and its files, each with the time (ns) it had when it was proved.

    Without times it tells what lies there, and vouches for none of it.
    """

    need: Need
    commit: str
    files: tuple[RepoFile, ...]
    times: tuple[int, ...]

    def holds(self) -> bool:
        """Whether every file is there with its size and time. A pointer is followed to its blob."""
        return bool(self.files) and bool(self.times) and all(map(self._unchanged, self.files, self.times))

    def vouches_for(self, file: RepoFile) -> bool:
        """Whether this very file (by its hash) was proved and has not been touched since."""
        known = {(f.path, f.etag): time for f, time in zip(self.files, self.times, strict=False)}
        time_ns = known.get((file.path, file.etag))
        return time_ns is not None and self._unchanged(file, time_ns)

    def _unchanged(self, file: RepoFile, time_ns: int) -> bool:
        try:
            found = path_of(self.need, self.commit, file).stat()
        except (OSError, ValueError):  # ValueError: a damaged receipt may name a path with a NUL in it
            return False
        return found.st_size == file.size and found.st_mtime_ns == time_ns


def read(need: Need) -> Receipt | None:
    """The receipt for a need, or None when there is none or it cannot be understood."""
    try:
        record = json.loads(_path(need).read_bytes())
        if record["format"] != FORMAT or record["asked"] != _asked(need):
            return None
        commit = record["commit"]
        if len(bytes.fromhex(commit)) != COMMIT_BYTES:
            return None
        files = tuple(
            RepoFile(path=str(f["path"]), size=int(f["size"]), blob_id=str(f["blob_id"]), sha256=str(f["sha256"]))
            for f in record["files"]
        )
        times = tuple(int(f["mtime_ns"]) for f in record["files"])
        return Receipt(need, commit, files, times)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def write(item: Item) -> Receipt:
    """Writes the receipt of a need whose files are all in place and proved. Raises OSError."""
    times = tuple(path_of(item.need, item.commit, file).stat().st_mtime_ns for file in item.files)
    record = {
        "format": FORMAT,
        "asked": _asked(item.need),
        "commit": item.commit,
        "files": [
            {
                "path": file.path,
                "size": file.size,
                "blob_id": file.blob_id,
                "sha256": file.sha256,
                "mtime_ns": time,
            }
            for file, time in zip(item.files, times, strict=True)
        ],
    }
    path = _path(item.need)
    make_folder(path.parent)
    write_atomically(path, json.dumps(record, indent=1).encode() + b"\n")
    return Receipt(item.need, item.commit, item.files, times)


def _asked(need: Need) -> dict[str, Any]:
    return {
        "repo": need.repo,
        "revision": need.revision,
        "patterns": list(need.patterns),
        "kind": need.place.kind,
    }


def _path(need: Need) -> Path:
    asked = json.dumps(_asked(need), sort_keys=True).encode()
    digest = hashlib.sha256(asked).hexdigest()[:16]
    name = f"{need.repo.replace('/', '--')}.{digest}.json"
    return private_folder(need.place) / "receipts" / name
