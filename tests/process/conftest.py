"""A hub with one model, and the program pointed at it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.process.harness import Program

TOKEN = "hf_" + "a" * 34
WEIGHTS = random.Random(2).randbytes(3_000_000)  # noqa: S311 - reproducible bytes, no secret
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", FILES)
        yield running


@pytest.fixture
def program(hub: LocalHub, tmp_path: Path) -> Program:
    return Program(tmp_path, hub, {"ENTRYPOINT_MODELS": "acme/tiny"})


@pytest.fixture
def started(program: Program) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that the test starts; all are gone when it is over."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
