"""The state file: the present phase for programs (`state.json`), and one line for the healthcheck (`health`).

Both are replaced atomically. The folder is `ENTRYPOINT_STATE_DIR`, or the first of `/run/model-entrypoint`, a folder
under `/tmp` and one under `/dev/shm` (which Docker gives even to a container with a read-only root) that this user can
write to. No token is ever in it.

`health` holds "<phase> <text>"; the phases are those of `PHASES`. It exists so that a healthcheck, which runs every few
seconds for the life of the container, need not parse JSON.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

PHASES = ("starting", "checking", "waiting", "fetching", "verifying", "refused", "failed", "serving")
LINE_BYTES = 1000


def folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the state may lie, in order of preference."""
    given = environ.get("ENTRYPOINT_STATE_DIR", "").strip()
    if given:
        return (Path(given),)
    name = f"model-entrypoint-{os.geteuid()}"
    return (Path("/run/model-entrypoint"), Path("/tmp") / name, Path("/dev/shm") / name)  # noqa: S108


def find(environ: Mapping[str, str]) -> Path | None:
    """The folder in which a start of this user has left its state; None when there is none."""
    found = [folder for folder in folders(environ) if is_ours(folder) and (folder / "health").exists()]
    return max(found, key=lambda folder: (folder / "health").stat().st_mtime_ns, default=None)


def is_ours(folder: Path) -> bool:
    """Whether a folder can be trusted: in a place that all may write to, somebody else may have made it first."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    shared = folder.parent in (Path("/tmp"), Path("/dev/shm"))  # noqa: S108
    return not shared or (found.st_uid == os.geteuid() and (found.st_mode & 0o170000) == 0o040000)


class State:
    """Writes the state. Without a writable folder it keeps silent: `folder` is None then, and the caller says so."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._record: dict[str, Any] = {}
        self._written = 0.0

    @classmethod
    def open(cls, candidates: Iterable[Path]) -> State:
        for folder in candidates:
            try:
                folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                if not is_ours(folder):
                    continue
                probe = folder / f".probe-{os.getpid()}"
                probe.touch()
                probe.unlink()
            except OSError:
                continue
            return cls(folder)
        return cls(None)

    @property
    def phase(self) -> str:
        return str(self._record.get("phase", ""))

    def enter(self, phase: str, text: str, **fields: Any) -> None:
        """A new phase. `text` is the rest of the healthcheck's line."""
        self._record = {"phase": phase, "text": text, "pid": os.getpid(), "since": _utc_now(), **fields}
        self._write()

    def update(self, text: str, every_seconds: float = 1.0, **fields: Any) -> None:
        """The same phase, further on. Written at most once per `every_seconds`."""
        self._record.update(text=text, **fields)
        if time.monotonic() - self._written >= every_seconds:
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        if self.folder is None:
            return
        import json

        line = f"{self._record['phase']} {self._record['text']}".encode()[:LINE_BYTES]
        try:
            _replace(self.folder / "health", line + b"\n")
            _replace(self.folder / "state.json", json.dumps(self._record, indent=1).encode() + b"\n")
        except OSError:
            self.folder = None  # the disk under it is full or gone; the main job goes on without


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(path)


def _utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
