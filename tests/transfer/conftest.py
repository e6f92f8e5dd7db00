"""A hub, jobs for what it publishes, and a transfer by a real worker process."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from entrypoint.cache import layout, staging
from entrypoint.transfer.move import areas_held, move
from entrypoint.transfer.progress import Display, Snapshot
from entrypoint.transfer.supervise import Limits, Listener, Supervisor
from entrypoint.transfer.wire import JobItem
from entrypoint.values import Item, Need, Place, Plan, RepoFile
from localhub import LocalHub

TOKEN = "hf_" + "a" * 34
WEIGHTS = random.Random(1).randbytes(3_000_000)  # noqa: S311 - reproducible bytes, no secret
FILES = {"config.json": b"{}", "sub/tokenizer.json": b'{"a": 1}', "model.safetensors": WEIGHTS}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", FILES)
        yield running


@pytest.fixture
def need(tmp_path: Path) -> Need:
    return Need("acme/tiny", Place("hub-cache", tmp_path / "hub"), "ENTRYPOINT_MODELS")


def published(hub: LocalHub, repo: str = "acme/tiny") -> tuple[str, tuple[RepoFile, ...]]:
    """Commit and files of a repo, as the hub lists them."""
    commit = hub._repo(repo).commit_at("main")
    assert commit is not None
    files = [RepoFile(f.path, f.size, f.oid, f.sha256, f.xet_hash) for f in commit.files.values()]
    return commit.sha, tuple(files)


def planned(hub: LocalHub, need: Need) -> Plan:
    commit, files = published(hub, need.repo)
    return Plan((Item(need, commit, files, files),))


def job_item(hub: LocalHub, need: Need) -> JobItem:
    (item,) = planned(hub, need).items
    layout.make_folder(staging.folder(item))
    return JobItem(need, item.commit, item.missing, staging.folder(item))


def visible(place: Path) -> dict[str, bytes]:
    """What a server sees of a Hub cache: the snapshots' paths, and what they hold."""
    found = place.glob("models--*/snapshots/*/**/*")
    return {"/".join(path.relative_to(place).parts[3:]): path.read_bytes() for path in found if path.is_file()}


def blobs(place: Path) -> list[Path]:
    return list(place.glob("models--*/blobs/*"))


def file_requests(hub: LocalHub, path: str) -> list[str]:
    """The GETs of a file's bytes, wherever they were sent to."""
    asked = [r for r in hub.requests if r.method == "GET" and (r.origin == "cdn" or r.path.endswith(path))]
    return [request.path for request in asked if request.status in (200, 206) or request.fault]


@dataclass
class Transfer:
    """One transfer and what it told. `worker` is the process at work."""

    hub: LocalHub
    plan: Plan
    environ: Mapping[str, str]
    token: str | None = None
    stall: float = 30.0
    deadline: float | None = None
    when: Callable[[Transfer, Snapshot], None] = lambda _transfer, _snapshot: None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def run(self) -> None:
        with areas_held(self.plan, lambda _seconds: None):
            move(self.plan, self.supervisor())

    def supervisor(self) -> Supervisor:
        listener = Listener(self._log, self._progress, Display(lambda _snapshot: None))
        limits = Limits(self.stall, self.deadline)
        return Supervisor(self.hub.url, self.token, self.environ, limits, listener, self._watch)

    @property
    def worker(self) -> subprocess.Popen[bytes]:
        return self.workers[-1]

    def _watch(self, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None:
            self.workers.append(process)

    def _log(self, text: str, **fields: Any) -> None:
        self.lines.append(" ".join((text, *map(str, fields.values()))))

    def _progress(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self.when(self, snapshot)


@pytest.fixture
def transfer(hub: LocalHub, need: Need, tmp_path: Path) -> Transfer:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    return Transfer(hub, planned(hub, need), kept | hub.environment(tmp_path / "home"))


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended, but that nobody has waited for, does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")
