"""A Hub over TLS for each test, and the real client opened on it: no test sleeps, and none keeps another's client."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.utils import _http

from entrypoint.hub.access import Access
from entrypoint.hub.hub import Hub
from entrypoint.hub.retry import patiently
from entrypoint.values import Need, Place, Verdict
from localhub import LocalHub

TOKEN = "hf_" + "a" * 34
FILES = {"config.json": b"{}", "README.md": b"# Tiny", "model.safetensors": b"w" * 2000}


def need(repo: str = "acme/tiny", revision: str = "main") -> Need:
    return Need(repo, Place("hub-cache", Path("/cache")), "ENTRYPOINT_MODELS", revision)


def asked(hub: LocalHub, path: str) -> list[str]:
    """`METHOD path` of the requests whose path holds `path`, in order."""
    return [f"{record.method} {record.path}" for record in hub.requests if path in record.path]


class Asking:
    """Opens the real client on an endpoint, and keeps the pauses that it would have made."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def open(self, endpoint: str, token: str | None = None, attempts: int = 1) -> Hub:
        return Hub(endpoint, token, patiently(attempts, sleep=self.pauses.append))

    def access(self, endpoint: str, token: str | None = None, attempts: int = 1, **options: Any) -> Access:
        return Access(self.open(endpoint, token, attempts), token_set=token is not None, **options)

    def verdict(
        self, endpoint: str, token: str | None = None, *, of: str = "acme/tiny", revision: str = "main"
    ) -> Verdict:
        return self.access(endpoint, token).ask([need(of, revision)])[0]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("HF_TOKEN", "SSL_CERT")):
            monkeypatch.delenv(name)


@pytest.fixture
def asking() -> Iterator[Asking]:
    yield Asking()
    huggingface_hub.set_client_factory(_http.default_client_factory)


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Callable[[LocalHub], None]:
    """Makes the client trust a hub's CA."""
    return lambda hub: monkeypatch.setenv("SSL_CERT_FILE", str(hub.ca_file))


@pytest.fixture
def hub(trust: Callable[[LocalHub], None]) -> Iterator[LocalHub]:
    with LocalHub() as running:
        trust(running)
        running.add_repo("acme/tiny", FILES)
        yield running
