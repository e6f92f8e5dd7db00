"""Xet storage: packed by hf_xet itself, then served as the Hub's content-addressed storage (CAS) serves it.

A file is a list of terms, each a run of chunks in one xorb. Both formats are public
(https://huggingface.co/docs/xet): a shard lists the terms of files; a xorb is a row of chunks, each behind a
header of 8 bytes: version, packed length (24 bits), scheme, length (24 bits), all little-endian.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

_SHARD_HEADER = 48
_ENTRY = 48
_BOOKEND = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_METADATA = 1 << 30
_FOOTER_TAG = b"XETBLOB"


@dataclass(frozen=True, slots=True)
class Term:
    xorb: str
    first: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class Span:
    """Chunks `first` to `end` (exclusive) of one xorb, which are its bytes `start` to `last` (inclusive)."""

    xorb: str
    first: int
    end: int
    start: int
    last: int


@dataclass(slots=True)
class XetStore:
    """`folder` is the store as hf_xet lays it out for a `local://` endpoint."""

    folder: Path
    files: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pack(self, paths: list[Path]) -> list[str]:
        """Add files; returns their Xet hashes."""
        with self.lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            program = Path(__file__).with_name("xet_pack.py")
            environment = {
                **os.environ,
                "HF_XET_CACHE": str(self.folder / "cache"),
                "HF_XET_LOG_DEST": os.devnull,
                "HF_XET_TELEMETRY_ENABLED": "0",
            }
            done = subprocess.run(
                [sys.executable, program, self.folder, *paths],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"hf_xet could not pack {len(paths)} files: {done.stderr}")
            hashes: list[str] = json.loads(done.stdout)
            for shard in self.folder.glob("xet/xorbs/shards/*.mdb"):
                self.files.update(read_shard(shard.read_bytes()))
            return hashes

    def xorb(self, name: str) -> Path:
        return self.folder / "xet" / "xorbs" / "xorbs" / f"default.{name}"

    def reconstruction(self, file_hash: str, start: int, end: int) -> tuple[int, list[tuple[Span, int]]]:
        """What is needed for bytes `start` up to `end` of a file: the bytes to skip in the first term, and
        the terms.

        Each term is cut down to the chunks that the range touches; its number is the length of those
        unpacked.
        """
        at, skip = 0, 0
        chosen: list[tuple[Span, int]] = []
        for term in self.files[file_hash]:
            term_at, at = at, at + term.length
            if at <= start or term_at >= end:
                continue
            chunks = chunk_table(self.xorb(term.xorb))
            first, stop, position = term.first, term.end, term_at
            while position + chunks[first].length <= start:
                position += chunks[first].length
                first += 1
            if not chosen:
                skip = start - position
            last, unpacked = first, 0
            while last < stop and position + unpacked < end:
                unpacked += chunks[last].length
                last += 1
            chosen.append((Span(term.xorb, first, last, chunks[first].start, chunks[last - 1].after - 1), unpacked))
        return skip, chosen

    def size(self, file_hash: str) -> int:
        return sum(term.length for term in self.files[file_hash])


@dataclass(frozen=True, slots=True)
class Chunk:
    start: int
    after: int
    length: int


@lru_cache(maxsize=256)
def chunk_table(xorb: Path) -> tuple[Chunk, ...]:
    """Where each chunk of a xorb lies, its header included, and how long it is unpacked."""
    chunks = []
    with xorb.open("rb") as file:
        at = 0
        while len(header := file.read(8)) == 8 and not header.startswith(_FOOTER_TAG):
            packed = int.from_bytes(header[1:4], "little")
            chunks.append(Chunk(at, at + 8 + packed, int.from_bytes(header[5:8], "little")))
            at = file.seek(packed, os.SEEK_CUR)
    return tuple(chunks)


def read_shard(data: bytes) -> dict[str, tuple[Term, ...]]:
    """The files that a shard describes, by Xet hash."""
    files: dict[str, tuple[Term, ...]] = {}
    at = _SHARD_HEADER
    while data[at : at + 32] != _BOOKEND:
        name = hash_text(data[at : at + 32])
        flags, count = struct.unpack_from("<II", data, at + 32)
        at += _ENTRY
        terms = []
        for _ in range(count):
            _, length, first, end = struct.unpack_from("<IIII", data, at + 32)
            terms.append(Term(hash_text(data[at : at + 32]), first, end, length))
            at += _ENTRY
        files[name] = tuple(terms)
        at += _ENTRY * count if flags & _HAS_VERIFICATION else 0
        at += _ENTRY if flags & _HAS_METADATA else 0
    return files


def hash_text(raw: bytes) -> str:
    """Xet's way to write a hash: four little-endian 64-bit numbers."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def merged(spans: list[Span]) -> list[Span]:
    """The spans of one xorb, overlapping and adjoining ones joined: what is fetched from it."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda s: s.first):
        if joined and span.first <= joined[-1].end:
            before = joined[-1]
            joined[-1] = Span(
                span.xorb, before.first, max(before.end, span.end), before.start, max(before.last, span.last)
            )
        else:
            joined.append(span)
    return joined
