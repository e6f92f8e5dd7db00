"""A hub for each test, an HTTP client that hides nothing, and the real client in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub

WEIGHTS = random.Random(20260115).randbytes(2_500_000)  # noqa: S311 - reproducible bytes, no secret


class Reachable(Protocol):
    """A hub in this process or in another one."""

    @property
    def url(self) -> str: ...

    @property
    def ca_file(self) -> Path: ...

    def environment(self, home: Path) -> dict[str, str]: ...


@dataclass(frozen=True)
class Answer:
    """One answer as it came, redirects not followed."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    hub: Reachable,
    method: str,
    address: str,
    token: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request to a path of the hub, or to an address on any of its origins."""
    url = urlsplit(address if address.startswith("http") else hub.url + address)
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        trust = ssl.create_default_context(cafile=str(hub.ca_file))
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, context=trust, timeout=20)
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=20)
    sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        connection.request(method, f"{url.path}?{url.query}" if url.query else url.path, body, sent)
        response = connection.getresponse()
        got = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, got, response.read())
    finally:
        connection.close()


def cdn_address(hub: LocalHub, path: str, token: str = "") -> str:
    """The signed address to which an LFS file's resolve path redirects."""
    answer = ask(hub, "GET", path, token)
    assert answer.status == 302, answer
    return answer.headers["location"]


@dataclass(frozen=True)
class Client:
    """The real huggingface_hub client, in a process of its own with `home` as HF_HOME."""

    hub: Reachable
    home: Path

    def run(self, code: str, token: str = "", **environment: str) -> Any:
        """Run code that prints one JSON value as its last line; returns that."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
        variables = kept | self.hub.environment(self.home) | {"HF_XET_LOG_DEST": os.devnull} | environment
        variables |= {"HF_TOKEN": token} if token else {}
        done = subprocess.run(
            [sys.executable, "-c", code], env=variables, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def snapshot(self, repo: str, token: str = "", **environment: str) -> Path:
        code = f"import json, huggingface_hub as h; print(json.dumps(h.snapshot_download({repo!r})))"
        return Path(self.run(code, token, **environment))


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", {"config.json": b"{}", "model.safetensors": WEIGHTS, "README.md": b"# Tiny"})
        yield running


@pytest.fixture
def client(hub: LocalHub, tmp_path: Path) -> Client:
    return Client(hub, tmp_path / "home")
