"""Bytes that are served: held in memory, or a file on disk of any size, read in slices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SLICE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """`data` if it is held in memory, else the file at `path`. `size` is in bytes."""

    size: int
    data: bytes | None = None
    path: Path | None = None

    @classmethod
    def of(cls, source: bytes | str | Path) -> Content:
        """Wrap bytes, text (as UTF-8) or a file."""
        if isinstance(source, Path):
            return cls(source.stat().st_size, path=source)
        data = source.encode() if isinstance(source, str) else source
        return cls(len(data), data=data)

    def slices(self, start: int = 0, length: int | None = None, step: int = SLICE) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them, in pieces of at most `step`."""
        left = self.size - start if length is None else length
        if self.data is not None:
            for at in range(start, start + left, step):
                yield self.data[at : min(at + step, start + left)]
            return
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(start)
            while left > 0:
                piece = file.read(min(step, left))
                if not piece:
                    raise OSError(f"{self.path} became shorter while it was served")
                left -= len(piece)
                yield piece

    def read(self) -> bytes:
        return b"".join(self.slices())

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for piece in self.slices():
            digest.update(piece)
        return digest.hexdigest()

    def git_oid(self) -> str:
        """Git's name of a blob: SHA-1 over "blob <size>\\0" and the bytes."""
        digest = hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
        for piece in self.slices():
            digest.update(piece)
        return digest.hexdigest()
