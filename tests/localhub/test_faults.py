"""Each fault, seen on the wire with plain sockets and by the real client."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub
from tests.localhub.conftest import WEIGHTS, Client, ask, cdn_address

LFS = "/acme/tiny/resolve/main/model.safetensors"
QUIET = 0.3


@contextmanager
def opened(hub: LocalHub, address: str) -> Iterator[socket.socket]:
    """A connection on which a GET of the address was sent and nothing read yet."""
    url = urlsplit(address)
    connection = socket.create_connection(("127.0.0.1", url.port or 0), timeout=10)
    if url.scheme == "https":
        trust = ssl.create_default_context(cafile=str(hub.ca_file))
        connection = trust.wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False)
    with connection:
        connection.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield connection


@pytest.fixture
def plain() -> Iterator[LocalHub]:
    """A hub without TLS: Python's ssl module reports some resets as an early end of file."""
    with LocalHub(tls=False) as running:
        running.add_repo("acme/tiny", {"config.json": b"{}", "model.safetensors": WEIGHTS})
        yield running


def read_head(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        got += connection.recv(1)
    return got


def read_body(connection: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length and (piece := connection.recv(length - len(got))):
        got += piece
    return got


def test_a_reset_before_the_answer_is_a_real_one(plain: LocalHub) -> None:
    address = cdn_address(plain, LFS)
    plain.fault("reset", "cdn")
    with opened(plain, address) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert ask(plain, "GET", address).body == WEIGHTS
    reset, whole = (r for r in plain.requests if r.origin == "cdn")
    assert (reset.fault, reset.status, reset.bytes_sent) == ("reset", 0, 0)
    assert (whole.fault, whole.status, whole.bytes_sent) == ("", 200, len(WEIGHTS))


def test_a_reset_within_the_body_comes_after_so_many_bytes(plain: LocalHub) -> None:
    address = cdn_address(plain, LFS)
    plain.fault("reset", "cdn", after=1000)
    with opened(plain, address) as connection, pytest.raises(ConnectionResetError):
        while connection.recv(65536):
            pass
    assert plain.requests[-1].bytes_sent == 1000


def test_a_reset_under_tls_is_no_orderly_end(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    hub.fault("reset", "cdn", after=1000)
    with opened(hub, address) as connection, pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
        while connection.recv(65536):
            pass


def test_a_cut_ends_the_connection_in_good_order_too_early(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    hub.fault("cut", "cdn", after=1000)
    with opened(hub, address) as connection:
        assert f"Content-Length: {len(WEIGHTS)}".encode() in read_head(connection)
        assert read_body(connection, len(WEIGHTS)) == WEIGHTS[:1000]


def test_a_cut_before_the_answer_sends_nothing(hub: LocalHub) -> None:
    hub.fault("cut", "GET /acme/tiny")
    with opened(hub, hub.url + LFS) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("after", [None, 0, 1000])
def test_a_stall_is_silence_until_the_client_gives_up(hub: LocalHub, after: int | None) -> None:
    address = cdn_address(hub, LFS)
    fault = hub.fault("stall", "cdn", after=after)
    with opened(hub, address) as connection:
        if after is not None:
            read_head(connection)
            assert read_body(connection, after) == WEIGHTS[:after]
        connection.settimeout(QUIET)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert fault.hits == 1


def test_closing_the_hub_ends_a_stalled_connection() -> None:
    hub = LocalHub().start()
    hub.fault("stall", "hub", after=0)
    with opened(hub, hub.url + "/") as connection:
        read_head(connection)
        hub.close()
        # By version, OpenSSL tells the end as an error or as an end of file; a stall would be a TimeoutError.
        with contextlib.suppress(ssl.SSLEOFError, ConnectionResetError):
            assert connection.recv(1) == b""


@pytest.mark.parametrize("kind", ["reset", "stall"])
def test_a_fault_at_connect_comes_before_the_handshake(hub: LocalHub, kind: str) -> None:
    hub.fault(kind, "hub", at="connect")
    trust = ssl.create_default_context(cafile=str(hub.ca_file))
    address = ("127.0.0.1", urlsplit(hub.url).port or 0)
    with (
        pytest.raises(ConnectionResetError if kind == "reset" else TimeoutError),
        socket.create_connection(address, timeout=QUIET) as raw,
    ):
        trust.wrap_socket(raw, server_hostname="localhost")
    assert ask(hub, "GET", "/").status == 200


def test_a_slow_body_flows_at_its_rate_after_its_delay(hub: LocalHub) -> None:
    hub.add_repo("acme/slow", {"w.bin": WEIGHTS[:50_000]})
    address = cdn_address(hub, "/acme/slow/resolve/main/w.bin")
    hub.fault("slow", "cdn", rate=100_000, delay=0.1)
    began = time.monotonic()
    assert ask(hub, "GET", address).body == WEIGHTS[:50_000]
    assert time.monotonic() - began >= 0.5


def test_a_corrupt_byte_is_where_it_was_put_whatever_range_is_asked(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    fault = hub.fault("corrupt", "cdn", offset=1_000_000, times=2)
    assert ask(hub, "GET", address, headers={"Range": "bytes=0-999999"}).body == WEIGHTS[:1_000_000]
    assert fault.hits == 0
    damaged = bytearray(WEIGHTS)
    damaged[1_000_000] ^= 0xFF
    assert ask(hub, "GET", address, headers={"Range": "bytes=999999-1000001"}).body == damaged[999_999:1_000_002]
    assert ask(hub, "GET", address).body == damaged
    assert ask(hub, "GET", address).body == WEIGHTS


def test_an_error_status_stands_in_for_the_answer_so_many_times(hub: LocalHub) -> None:
    hub.fault("status", "/auth-check$", times=2, skip=1, status=503, headers={"Retry-After": "7"}, body=b"busy")
    answers = [ask(hub, "GET", "/api/models/acme/tiny/auth-check") for _ in range(4)]
    assert [a.status for a in answers] == [200, 503, 503, 200]
    assert (answers[1].headers["retry-after"], answers[1].body) == ("7", b"busy")
    assert "x-request-id" not in answers[1].headers


@pytest.mark.parametrize("status", [200, 403])
def test_a_proxys_page_bears_no_mark_of_the_hub(hub: LocalHub, status: int) -> None:
    hub.fault("html", "hub", status=status, times=None)
    for path in ("/api/models/acme/tiny", LFS):
        answer = ask(hub, "GET", path)
        assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert answer.body.startswith(b"<!DOCTYPE html>")
        assert not [name for name in answer.headers if name.startswith(("x-", "ratelimit"))]


def test_a_server_that_ignores_ranges_sends_the_whole(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    hub.fault("no-range", "cdn")
    first, second = (ask(hub, "GET", address, headers={"Range": "bytes=5-9"}) for _ in range(2))
    assert (first.status, first.body) == (200, WEIGHTS)
    assert (second.status, second.body) == (206, WEIGHTS[5:10])


def test_a_fault_can_be_aimed_at_a_file_on_the_content_network(hub: LocalHub) -> None:
    hub.add_repo("acme/two", {"a.bin": b"a", "b.bin": b"b"})
    addresses = [cdn_address(hub, f"/acme/two/resolve/main/{name}") for name in ("a.bin", "b.bin")]
    hub.fault("status", r"GET /repos/.*b\.bin", times=None, status=500)
    assert [ask(hub, "GET", address).status for address in addresses] == [200, 500]


def test_faults_end_when_they_are_cancelled_or_cleared(hub: LocalHub) -> None:
    first = hub.fault("status", "hub", times=None, status=500)
    assert ask(hub, "GET", "/").status == 500
    first.cancel()
    assert ask(hub, "GET", "/").status == 200
    hub.fault("status", "hub", times=None, status=500)
    hub.clear_faults()
    assert ask(hub, "GET", "/").status == 200


@pytest.mark.parametrize(
    ("kind", "route", "params"),
    [("explode", "hub", {}), ("cut", "hub", {"rate": 1}), ("reset", "GET /", {"at": "connect"}), ("slow", "(", {})],
)
def test_a_fault_that_cannot_be_is_refused_at_once(
    hub: LocalHub, kind: str, route: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"no fault|no parameter|an origin|not a pattern"):
        hub.fault(kind, route, **params)
    assert ask(hub, "GET", "/").status == 200


DOWNLOAD = """
import json, huggingface_hub as h
try:
    path = h.hf_hub_download("acme/tiny", "model.safetensors", etag_timeout=5)
    print(json.dumps(["ok", __import__("hashlib").sha256(open(path, "rb").read()).hexdigest()]))
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def test_the_client_lets_a_reset_escape(plain: LocalHub, tmp_path: Path) -> None:
    plain.fault("reset", "cdn", after=100_000)
    assert Client(plain, tmp_path).run(DOWNLOAD)[0] == "ReadError"


def test_the_client_does_not_retry_a_503_of_the_content_network(hub: LocalHub, client: Client) -> None:
    fault = hub.fault("status", "cdn", times=None, status=503)
    assert client.run(DOWNLOAD)[0] == "HfHubHTTPError"
    assert fault.hits == 1


def test_the_client_accepts_a_flipped_byte(hub: LocalHub, client: Client) -> None:
    hub.fault("corrupt", "cdn", offset=7)
    outcome, digest = client.run(DOWNLOAD)
    assert outcome == "ok"
    assert digest != hashlib.sha256(WEIGHTS).hexdigest()


def test_the_client_asks_again_after_a_cut(hub: LocalHub, client: Client) -> None:
    hub.fault("cut", "cdn", after=100_000)
    assert client.run(DOWNLOAD)[0] == "ok"
    assert [(r.fault, r.bytes_sent) for r in hub.requests if r.origin == "cdn"] == [
        ("cut", 100_000),
        ("", len(WEIGHTS)),
    ]
