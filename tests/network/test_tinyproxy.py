"""tinyproxy, a proxy of the kind that small networks run: it refuses by rules of its own and in its own words."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.network.conftest import PASSWORD, TOKEN, USER, missing
from tests.network.reading import fetched, holding, said, tells
from tests.process.harness import Program

START_SECONDS = 20


@dataclass(frozen=True)
class Tinyproxy:
    port: int
    log: Path

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


Start = Callable[..., Tinyproxy]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts one with the given lines of configuration."""
    program = shutil.which("tinyproxy")
    if program is None:
        missing("tinyproxy is not installed: apt install tinyproxy-bin")
    with ExitStack() as stack:
        yield lambda *lines: stack.enter_context(_running(program, tmp_path / "tinyproxy", lines))


def test_a_host_that_is_filtered_is_refused_by_the_proxy(program: Program, start: Start, hub: LocalHub) -> None:
    proxy = start(f'Filter "{_filter(program.folder)}"', "FilterDefaultDeny Yes")

    done = program("prefetch", HTTPS_PROXY=f"http://{USER}:{PASSWORD}@{proxy.place}")

    assert done.returncode == 76, said(done)
    assert "acme/tiny proxy-refused" in said(done)
    assert f"http://***@{proxy.place}" in said(done)
    assert not tells(PASSWORD, done)
    assert holding(program, PASSWORD) == []
    assert hub.requests == []
    assert "Proxying refused on filtered domain" in proxy.log.read_text()


def test_a_port_that_is_not_open_is_refused_by_the_proxy_and_not_by_the_gate(program: Program, start: Start) -> None:
    proxy = start("ConnectPort 443")

    done = program("plan", ENTRYPOINT_MODELS="acme/gated", HF_TOKEN=TOKEN, HTTPS_PROXY=f"http://{proxy.place}")

    assert done.returncode == 76, said(done)
    assert "acme/gated proxy-refused" in said(done)
    assert TOKEN not in proxy.log.read_text()


def test_it_lets_through_who_gives_the_password(program: Program, start: Start, hub: LocalHub) -> None:
    proxy = start(f"BasicAuth {USER} {PASSWORD}")
    # tinyproxy asks the machine for names, which knows only this one
    program.variables |= {"HF_ENDPOINT": hub.url.replace("hub.test", "localhost"), "ENTRYPOINT_MODELS": "acme/tiny"}

    refused = program("plan", HTTPS_PROXY=f"http://{proxy.place}")
    passed = program("plan", HTTPS_PROXY=f"http://{USER}:{PASSWORD}@{proxy.place}")

    assert refused.returncode == 76, said(refused)
    assert "HTTPS_PROXY=http://name:password@proxy:port" in said(refused)
    assert passed.returncode == 0, said(passed)
    assert hub.requests != []


def test_a_hub_without_tls_gets_its_403_from_the_proxy(program: Program, start: Start, plain_hub: LocalHub) -> None:
    program.hub = plain_hub
    proxy = start(f'Filter "{_filter(program.folder)}"', "FilterDefaultDeny Yes")

    done = program("prefetch", ENTRYPOINT_MODELS="acme/gated", HF_TOKEN=TOKEN, HTTP_PROXY=f"http://{proxy.place}")

    assert done.returncode == 76, said(done)
    assert "acme/gated not-a-hub" in said(done) or "acme/gated proxy-refused" in said(done)
    assert "terms" not in said(done)
    assert fetched(program, "acme/gated") == {}


def _filter(folder: Path) -> Path:
    allowed = folder / "allowed"
    allowed.write_text("debian.org\n")
    return allowed


@contextmanager
def _running(program: str, folder: Path, lines: tuple[str, ...]) -> Iterator[Tinyproxy]:
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = (f"Port {port}", "Listen 127.0.0.1", f'LogFile "{folder / "log"}"', "LogLevel Notice", "Timeout 30")
    (folder / "conf").write_text("\n".join((*settings, *lines)) + "\n")
    process = subprocess.Popen([program, "-d", "-c", str(folder / "conf")], cwd=folder)
    try:
        _wait(port, process)
        yield Tinyproxy(port, folder / "log")
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("tinyproxy does not listen")
