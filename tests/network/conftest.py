"""A Hub that only a proxy knows the way to: its name resolves nowhere else. What reaches it came through the proxy."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from localhub import LocalHub
from tests.network import proxies
from tests.network.proxies import Proxy
from tests.process.harness import Program

HUB = "hub.test"
USER, PASSWORD = "clerk", "s3cret-Pa55"
TOKEN = "hf_" + "a1B2c3D4e5" * 3 + "f6G7"
WEIGHTS = random.Random(3).randbytes(2_000_000)  # noqa: S311 - reproducible bytes, no secret
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS}

Start = Callable[..., Proxy]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.parts)


def missing(trouble: str) -> NoReturn:
    """Skips, except where the engine is required, too: there, nothing is to be left out."""
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(f"REQUIRE_DOCKER=1, and {trouble}")
    pytest.skip(trouble)


@pytest.fixture(scope="session")
def company_hub() -> Iterator[LocalHub]:
    with LocalHub(name=HUB) as running:
        _fill(running)
        yield running


@pytest.fixture(scope="session")
def plain_company_hub() -> Iterator[LocalHub]:
    with LocalHub(tls=False, name=HUB) as running:
        _fill(running)
        yield running


@pytest.fixture
def hub(company_hub: LocalHub) -> Iterator[LocalHub]:
    """Over TLS, with an open model, the same in xet storage, and a gated one that alice may read."""
    yield from _fresh(company_hub)


@pytest.fixture
def plain_hub(plain_company_hub: LocalHub) -> Iterator[LocalHub]:
    """The same without TLS: what is asked of it goes to the proxy whole."""
    yield from _fresh(plain_company_hub)


@pytest.fixture
def program(hub: LocalHub, tmp_path: Path) -> Program:
    return Program(tmp_path, hub, {"ENTRYPOINT_MODELS": "acme/tiny", "ENTRYPOINT_LOG": "console"})


@pytest.fixture(scope="session")
def _start(company_hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    program = proxies.mitmdump()
    if program is None:
        missing("mitmdump is not installed: make venv, or put mitmproxy's on PATH")
    folder = tmp_path_factory.mktemp("proxies")
    with contextlib.ExitStack() as stack:
        yield lambda name, *options: stack.enter_context(
            proxies.running(program, folder / name, *options, trust=company_hub.ca_file, hosts=(HUB,))
        )


@pytest.fixture(scope="session")
def _inspecting(_start: Start) -> Proxy:
    return _start("inspecting")


@pytest.fixture(scope="session")
def _forwarding(_start: Start) -> Proxy:
    return _start("forwarding", "--ignore-hosts", ".*")


@pytest.fixture(scope="session")
def _asking(_start: Start) -> Proxy:
    return _start("asking", "--ignore-hosts", ".*", "--set", f"proxyauth={USER}:{PASSWORD}")


@pytest.fixture
def inspecting(_inspecting: Proxy) -> Proxy:
    """Opens all TLS, under a certificate authority of its own."""
    _inspecting.forget()
    return _inspecting


@pytest.fixture
def forwarding(_forwarding: Proxy) -> Proxy:
    """Passes TLS on unread."""
    _forwarding.forget()
    return _forwarding


@pytest.fixture
def asking(_asking: Proxy) -> Proxy:
    """Passes TLS on unread for who gives USER and PASSWORD; others get 407."""
    _asking.forget()
    return _asking


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed() -> Iterator[int]:
    """A port of which no other program can take hold, and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def _fill(hub: LocalHub) -> None:
    hub.add_repo("acme/tiny", FILES)
    hub.add_repo("acme/in-xet", FILES, xet=["model.safetensors"])
    hub.add_repo("acme/gated", FILES, gated="auto")
    hub.add_token(TOKEN, user="alice")
    hub.set_access("alice", "acme/gated", "accepted")


def _fresh(hub: LocalHub) -> Iterator[LocalHub]:
    hub.clear_requests()
    yield hub
    hub.clear_faults()
    for storage in ("cdn", "cas"):
        hub.set_reach(storage, "there")
