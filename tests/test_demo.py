"""The demo, run as a newcomer runs it. It checks its own claims, and ends with 1 when one does not hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("gguf", reason="not installed; `make venv` does")
pytest.importorskip("xllamacpp", reason="not installed; `make venv` does")

from tests.parts import tiny_gguf

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.parts


def test_the_demo_tells_the_main_job_in_order_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        told, complaints = process.communicate(timeout=110)

    assert process.returncode == 0, told + complaints
    position = 0
    for milestone in (
        "token-missing",
        "exit code 77",
        "terms-not-accepted",
        '"alice"',
        "exit code 77",
        "model-entrypoint healthcheck",
        "HF_HUB_OFFLINE 1",
        tiny_gguf.ANSWER,
        "kill -TERM",
        "exit code 0",
        "0 requests at the Hub",
    ):
        position = told.index(milestone, position) + 1
    assert list(tmp_path.iterdir()) == []
    assert processes_mentioning(tmp_path) == []


def test_ctrl_c_in_the_middle_of_a_fetch_ends_every_process_and_removes_every_file(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "model-entrypoint healthcheck" in line:
                break
        assert len(processes_mentioning(tmp_path)) > 1
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
    assert processes_mentioning(tmp_path) == []


@contextmanager
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def processes_mentioning(folder: Path) -> list[int]:
    """The processes whose environment names `folder`: the demo and all that it started."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:  # ended meanwhile, or not ours
            continue
    return found
