"""olah, a mirror that is not ours: as a proxy in front of a localhub, or serving a folder of git repos alone."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub
from tests.hub.conftest import asking, hub, plain_environment, trust  # noqa: F401 - fixtures

START_SECONDS = 60
_ON_OFF = {True: "true", False: "false"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.parts)
            if importlib.util.find_spec("olah") is None:
                item.add_marker(pytest.mark.skip(reason="olah is not installed: pip install --group mirrors"))
            elif shutil.which("git") is None:
                item.add_marker(pytest.mark.skip(reason="olah needs git, which is not installed"))


@dataclass(frozen=True)
class Mirror:
    url: str
    folder: Path


@pytest.fixture
def mirror(hub: LocalHub, tmp_path: Path) -> Iterator[Mirror]:  # noqa: F811
    """olah as a proxy: what it has not in its cache, it asks `hub` for, with the caller's own token."""
    with olah(tmp_path / "olah", hub) as running:
        yield running


@pytest.fixture
def local_mirror(tmp_path: Path) -> Iterator[Mirror]:
    """olah cut off from any Hub, serving `acme/tiny` from a git repo on its disk."""
    repo = tmp_path / "git" / "models" / "acme" / "tiny"
    repo.mkdir(parents=True)
    (repo / "config.json").write_text('{"model_type": "llama"}')
    (repo / "model.safetensors").write_bytes(os.urandom(300_000))
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(("git", "-C", str(repo), *command), check=True)
    with olah(tmp_path / "olah", offline=True, mirrors=tmp_path / "git") as running:
        yield running


@contextmanager
def olah(
    folder: Path, upstream: LocalHub | None = None, *, offline: bool = False, mirrors: Path | None = None
) -> Iterator[Mirror]:
    folder.mkdir()
    port = _free_port()
    basic: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "repos-path": str(folder / "cache"),
        "mirror-netloc": f"127.0.0.1:{port}",
        "mirror-lfs-netloc": f"127.0.0.1:{port}",
        "mirrors-path": [str(mirrors)] if mirrors else [],
    }
    if upstream is not None:
        basic |= {"hf-scheme": "https", "hf-netloc": urlsplit(upstream.url).netloc}
        basic |= {"hf-lfs-netloc": urlsplit(upstream.cdn_url).netloc}
    config = folder / "olah.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in basic.items()]
    config.write_text("\n".join(["[basic]", *lines, "[accessibility]", f"offline = {_ON_OFF[offline]}"]) + "\n")
    command = [sys.executable, "-m", "olah.server", "-c", str(config), "--log-path", str(folder / "logs")]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(port, process, folder / "output")
        yield Mirror(f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def prefetch(endpoint: str, home: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The whole line without the handover, in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "ENTRYPOINT_"))}
    ours = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "ENTRYPOINT_MODELS": "acme/tiny",
        "ENTRYPOINT_STATE_DIR": str(home / "state"),
    }
    return subprocess.run(
        [sys.executable, "-m", "entrypoint", "prefetch"],
        env={**inherited, **ours, **environ},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=90,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"olah does not listen:\n{output.read_text()}")
