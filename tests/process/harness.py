"""The program as a process of its own, in an environment of the test's own, against a hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localhub import LocalHub

REPOSITORY = Path(__file__).parents[2]
SECONDS = 30


@dataclass
class Program:
    """`python -m entrypoint` with a home and a state folder under `folder`. `hub` None: there is none to reach."""

    folder: Path
    hub: LocalHub | None = None
    variables: dict[str, str] = field(default_factory=dict)
    under: Sequence[str] = ()

    def environ(self, **variables: str) -> dict[str, str]:
        given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": str(self.folder / "home")}
        given |= {"ENTRYPOINT_STATE_DIR": str(self.folder / "state"), "PYTHONDONTWRITEBYTECODE": "1"}
        if self.hub is not None:
            given |= self.hub.environment(self.folder / "hf")
        return given | self.variables | variables

    def command(self, *arguments: str | bytes) -> list[str | bytes]:
        return [*self.under, sys.executable, "-m", "entrypoint", *arguments]

    def __call__(self, *arguments: str | bytes, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environ(**variables),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=SECONDS,
            check=False,
        )

    def start(self, *arguments: str | bytes, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environ(**variables),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def state(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.folder / "state" / "state.json").read_bytes())
        return record

    @property
    def phase(self) -> str:
        try:
            return str(self.state["phase"])
        except (OSError, ValueError):
            return ""

    @property
    def cache(self) -> Path:
        return self.folder / "hf" / "hub"


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Waits for what another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def descendants(pid: int) -> list[int]:
    """The processes below one, found by their parents; those that are only waited for count not."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in ("Z", "X"):
                parents[int(entry.name)] = int(fields[1])
    found: list[int] = []
    layer = [pid]
    while layer:
        layer = [child for child, parent in parents.items() if parent in layer]
        found += layer
    return found
