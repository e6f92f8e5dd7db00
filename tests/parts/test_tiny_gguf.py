from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("gguf", reason="not installed; `make venv` does")

from tests.parts import tiny_gguf

ROOT = Path(__file__).parents[2]


@pytest.mark.parts
def test_llama_cpp_loads_it_and_chats_as_its_weights_say(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="not installed; `make venv` does")
    model = tmp_path / "tiny.gguf"
    tiny_gguf.write(model)
    environment = {"PATH": os.environ["PATH"], "ENTRYPOINT_MODEL_PATH": str(model), "PORT": "0"}

    with subprocess.Popen(
        [sys.executable, "-m", "demo.llama_server"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            lines = [server.stdout.readline() for _ in range(3)]
            assert model.name in lines[1]
            answer = chat(lines[2].split()[-1], "Who are you?")
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=10) == 0
        finally:
            server.kill()

    assert answer == tiny_gguf.ANSWER


def test_the_same_seed_makes_the_same_file_and_another_seed_another_of_the_same_size(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "again", "other")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        tiny_gguf.write(file, seed)

    hashes = [sha256(file.read_bytes()).hexdigest() for file in files]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len({file.stat().st_size for file in files}) == 1


def test_a_wider_feed_forward_makes_a_larger_file(tmp_path: Path) -> None:
    tiny_gguf.write(tmp_path / "wide", feed_forward=2048)
    assert 7e6 < (tmp_path / "wide").stat().st_size < 8e6


def chat(url: str, question: str) -> str:
    body = {"messages": [{"role": "user", "content": question}], "max_tokens": 64}
    request = urllib.request.Request(  # noqa: S310  # the server's own loopback address
        f"{url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        content: str = json.load(response)["choices"][0]["message"]["content"]
    return content
