"""What the server does with requests that are none, and with defects of its own."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub, routes
from localhub.messages import Request, Response
from localhub.state import State
from tests.localhub.conftest import WEIGHTS, ask, cdn_address


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 nonsense\r\n\r\n",
        b"GET / SPDY/3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_400_and_the_hub_goes_on(hub: LocalHub, sent: bytes) -> None:
    trust = ssl.create_default_context(cafile=str(hub.ca_file))
    raw = socket.create_connection(("127.0.0.1", urlsplit(hub.url).port or 0), timeout=10)
    with trust.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert ask(hub, "GET", "/").status == 200


def test_a_defect_of_the_hub_is_500_at_once_and_raised_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(state: State, request: Request) -> Response:
        raise LookupError("a defect")

    monkeypatch.setattr(routes, "answer", broken)
    hub = LocalHub().start()
    assert ask(hub, "GET", "/").status == 500
    with pytest.raises(RuntimeError, match="LookupError: a defect"):
        hub.close()
    assert "LookupError: a defect" in capsys.readouterr().err


def test_many_clients_are_served_at_once(hub: LocalHub) -> None:
    address = cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")

    def part(number: int) -> bytes:
        start = number * 100_000
        return ask(hub, "GET", address, headers={"Range": f"bytes={start}-{start + 99_999}"}).body

    with ThreadPoolExecutor(16) as pool:
        assert b"".join(pool.map(part, range(25))) == WEIGHTS
    assert sum(record.bytes_sent for record in hub.requests if record.origin == "cdn") == len(WEIGHTS)


def test_closing_the_hub_ends_connections_that_are_kept_alive() -> None:
    hub = LocalHub(tls=False).start()
    with socket.create_connection(("127.0.0.1", urlsplit(hub.url).port or 0), timeout=10) as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\n\r\n")
        assert connection.recv(4096).endswith(b"\r\n\r\n")
        hub.close()
        assert connection.recv(1) == b""


def test_a_closed_hub_frees_its_ports_and_its_folder() -> None:
    with LocalHub() as hub:
        ca_file, port = hub.ca_file, urlsplit(hub.url).port or 0
        assert ca_file.is_file()
    assert not ca_file.parent.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with LocalHub(port=port) as again:
        assert urlsplit(again.url).port == port
