"""Whether bytes are what the Hub published: sha256 for LFS and xet files, git's blob id for small ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from entrypoint.values import RepoFile

_BLOCK = 1 << 20


def matches(path: Path, file: RepoFile, on_bytes: Callable[[int], None] = lambda _count: None) -> bool:
    """Reads the file once and compares. `on_bytes` hears of every block, as a sign of life. Raises OSError."""
    with path.open("rb", buffering=0) as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        if size != file.size:
            return False
        # git hash-object: SHA-1 over a header and the bytes; it names the blob here, it guards no secret
        git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        digest = hashlib.sha256() if file.sha256 else git
        block = memoryview(bytearray(_BLOCK))
        while count := stream.readinto(block):
            digest.update(block[:count])
            on_bytes(count)
    return digest.hexdigest() == file.etag
