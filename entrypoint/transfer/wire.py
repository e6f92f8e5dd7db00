"""What supervisor and worker say to each other: one JSON object a line.

The supervisor sends one `Job`, by the worker's standard input, token included: it is in no argument list. The pipe
stays open; its end tells the worker that the supervisor is gone. The worker answers with events on its standard
output, each an object with the key "event":

    {"event": "bytes", "count": 1048576}            arrived since the last such line; negative when a file starts again
    {"event": "alive"}                              nothing arrived, but work is being done (hashing, a told pause)
    {"event": "placed", "item": 0, "path": "..."}   fetched, proved, and visible to the server
    {"event": "note", "text": "...", ...}           one line for the log
    {"event": "failed", "item": 0, "path": "...", "kind": ..., ...}
                                                    given up. kind "refusal" carries the evidence, "disk-full" an
                                                    "error", "disk" also its "errno", "mismatch" nothing more
    {"event": "done"}                               everything is placed
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entrypoint.values import Evidence, Need, Place, RepoFile


@dataclass(frozen=True, slots=True)
class JobItem:
    """The files of one need that are still to be moved, and the staging area to move them through."""

    need: Need
    commit: str
    files: tuple[RepoFile, ...]
    area: Path


@dataclass(frozen=True, slots=True)
class Job:
    endpoint: str
    token: str | None
    items: tuple[JobItem, ...]
    parallel: int

    def __repr__(self) -> str:
        return f"Job({self.endpoint}, {len(self.items)} items)"  # never the token


def encode(job: Job) -> bytes:
    return json.dumps(dataclasses.asdict(job), default=str).encode() + b"\n"


def decode(line: bytes) -> Job:
    record = json.loads(line)
    return Job(
        endpoint=record["endpoint"],
        token=record["token"],
        items=tuple(_item(item) for item in record["items"]),
        parallel=record["parallel"],
    )


def evidence(record: dict[str, Any]) -> Evidence:
    return Evidence(**record)


def _item(record: dict[str, Any]) -> JobItem:
    need = record["need"]
    place = Place(kind=need["place"]["kind"], path=Path(need["place"]["path"]))
    return JobItem(
        need=Need(**{**need, "place": place, "patterns": tuple(need["patterns"])}),
        commit=record["commit"],
        files=tuple(RepoFile(**file) for file in record["files"]),
        area=Path(record["area"]),
    )
