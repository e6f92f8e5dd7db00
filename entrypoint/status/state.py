"""The state file: the present phase for programs (`state.json`), and one line for the healthcheck (`health`).

Both are replaced atomically. The folder is `ENTRYPOINT_STATE_DIR`, or the first of `/run/model-entrypoint`, a folder
under `/tmp` and one under `/dev/shm` (which Docker gives even to a container with a read-only root) that this user can
write to. No token is ever in it: `State.secrets` are taken out of all that is written.

`health` holds "<phase> <text>"; the phases are those of `PHASES`. It exists so that a healthcheck, which runs every few
seconds for the life of the container, need not parse JSON.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from entrypoint.status import place

PHASES = ("starting", "checking", "waiting", "fetching", "verifying", "refused", "failed", "serving")
LINE_BYTES = 1000


def folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the state may lie, in order of preference."""
    return tuple(map(Path, place.candidates(environ)))


class State:
    """Writes the state. Without a writable folder it keeps silent: `folder` is None then, and the caller says so.

    Where a write fails later, the files are removed: no state at all lets the healthcheck ask the server, while an old
    one would call a server that runs "fetching" for ever.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.secrets: Sequence[str] = ()
        self._record: dict[str, Any] = {}
        self._written = 0.0

    @classmethod
    def open(cls, candidates: Iterable[Path]) -> State:
        for folder in candidates:
            try:
                if not folder.is_dir():
                    folder.mkdir(parents=True)
                    folder.chmod(0o755)
                if not place.is_ours(str(folder)):
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
        """A new phase, one of `PHASES`. `text` is the rest of the healthcheck's line; in `serving`, `note`."""
        assert phase in PHASES, phase
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

        from entrypoint.redaction import redactor
        from entrypoint.text import clean

        redact = redactor(self.secrets)
        record = _redacted(self._record, redact)
        record["text"] = clean(record["text"], LINE_BYTES)
        # Once the server runs, it is asked itself; then only a note of ours is worth a place beside its answer.
        if "note" in record:
            record["note"] = clean(record["note"], LINE_BYTES)
        said = record.get("note", "") if self.phase == "serving" else record["text"]
        line = f"{self.phase} {said}".strip().encode()[:LINE_BYTES].decode(errors="ignore")
        try:
            _replace(self.folder / "health", line.encode() + b"\n")
            _replace(self.folder / "state.json", json.dumps(record, indent=1).encode() + b"\n")
        except OSError:
            for name in ("health", "state.json"):
                with contextlib.suppress(OSError):
                    (self.folder / name).unlink()


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(inner, redact) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner, redact) for inner in value]
    return value


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(path)


def _utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
