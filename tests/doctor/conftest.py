"""A hub with one model, the program pointed at it, and its report read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.cache.conftest import open_path
from tests.process.harness import Program

__all__ = ["FILES", "TOKEN", "Report", "examine", "hub", "open_path", "program"]

TOKEN = "hf_" + "a" * 34
FILES = {"config.json": b"{}", "model.safetensors": b"w" * 2_000_000}


@dataclass(frozen=True)
class Report:
    """What `doctor --json` said, and how it ended."""

    code: int
    checks: list[dict[str, Any]]
    seconds: float
    text: str

    def of(self, name: str) -> dict[str, Any]:
        """The only line of a check."""
        (check,) = self.all(name)
        return check

    def all(self, name: str) -> list[dict[str, Any]]:
        return [check for check in self.checks if check["name"] == name]

    @property
    def bad(self) -> list[str]:
        return [check["name"] for check in self.checks if check["status"] == "bad"]


def examine(program: Program, *command: str, **variables: str) -> Report:
    ended = program("doctor", "--json", *(["--", *command] if command else []), **variables)
    assert ended.stdout, ended.stderr
    said = json.loads(ended.stdout)
    assert said["exit_code"] == ended.returncode
    return Report(ended.returncode, said["checks"], said["seconds"], ended.stdout + ended.stderr)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", FILES)
        running.add_token(TOKEN, user="alice", name="laptop", role="read")
        yield running


@pytest.fixture
def program(hub: LocalHub, tmp_path: Path) -> Program:
    return Program(tmp_path, hub, {"ENTRYPOINT_MODELS": "acme/tiny"})
