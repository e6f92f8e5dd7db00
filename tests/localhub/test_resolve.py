"""How files are reached: the two kinds of redirects, ranges, signed addresses, compression."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import ssl
from urllib.parse import quote

import pytest

from localhub import LocalHub
from tests.localhub.conftest import WEIGHTS, ask, cdn_address

LFS = "/acme/tiny/resolve/main/model.safetensors"
SMALL = "/acme/tiny/resolve/main/config.json"


def test_a_small_file_stays_on_the_hub(hub: LocalHub) -> None:
    commit = ask(hub, "GET", "/api/models/acme/tiny").json()["sha"]
    first = ask(hub, "HEAD", SMALL)
    assert first.status == 307
    assert first.headers["location"].startswith(f"/api/resolve-cache/models/acme/tiny/{commit}/config.json?")
    assert (first.headers["x-repo-commit"], first.body) == (commit, b"")
    assert "etag" not in first.headers
    for method, body in (("HEAD", b""), ("GET", b"{}")):
        second = ask(hub, method, first.headers["location"])
        assert (second.status, second.body, second.headers["content-length"]) == (200, body, "2")
        assert second.headers["etag"] == f'"{hashlib.sha1(b"blob 2" + bytes(1) + b"{}").hexdigest()}"'  # noqa: S324
        assert second.headers["x-repo-commit"] == commit


def test_the_gate_stands_before_the_cached_file_too(hub: LocalHub) -> None:
    location = ask(hub, "GET", SMALL).headers["location"]
    hub.set_repo("acme/tiny", gated="auto")
    assert ask(hub, "GET", location).headers["x-error-code"] == "GatedRepo"


def test_an_lfs_file_is_on_another_origin(hub: LocalHub) -> None:
    for method in ("HEAD", "GET"):
        answer = ask(hub, method, LFS)
        assert answer.status == 302
        assert answer.headers["location"].startswith(f"{hub.cdn_url}/repos/")
        assert answer.headers["x-linked-size"] == str(len(WEIGHTS))
        assert answer.headers["x-linked-etag"] == f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'
        assert len(answer.headers["x-repo-commit"]) == 40
        redirect = f"Found. Redirecting to {answer.headers['location']}"
        assert answer.headers["content-length"] == str(len(redirect))
        assert answer.body == (b"" if method == "HEAD" else redirect.encode())


def test_the_content_network_has_an_etag_of_its_own_and_no_mark_of_the_hub(hub: LocalHub) -> None:
    answer = ask(hub, "GET", cdn_address(hub, LFS))
    assert answer.body == WEIGHTS
    assert hashlib.sha256(WEIGHTS).hexdigest() not in answer.headers["etag"]
    assert not {"x-repo-commit", "x-request-id", "x-linked-etag", "ratelimit"} & set(answer.headers)


@pytest.mark.parametrize(
    ("asked", "status", "content_range"),
    [
        ("bytes=0-0", 206, "bytes 0-0/2500000"),
        ("bytes=100-199", 206, "bytes 100-199/2500000"),
        ("bytes=2499999-", 206, "bytes 2499999-2499999/2500000"),
        ("bytes=-5", 206, "bytes 2499995-2499999/2500000"),
        ("bytes=-9999999", 206, "bytes 0-2499999/2500000"),
        ("bytes=2499990-9999999", 206, "bytes 2499990-2499999/2500000"),
        ("bytes=2500000-", 416, "bytes */2500000"),
        ("bytes=-0", 416, "bytes */2500000"),
        ("bytes=5-1", 200, None),
        ("bytes=0-1,5-6", 200, None),
        ("items=0-1", 200, None),
    ],
)
def test_ranges(hub: LocalHub, asked: str, status: int, content_range: str | None) -> None:
    answer = ask(hub, "GET", cdn_address(hub, LFS), headers={"Range": asked})
    assert (answer.status, answer.headers.get("content-range")) == (status, content_range)
    if status == 206:
        first, last = (int(n) for n in (content_range or "").split()[1].split("/")[0].split("-"))
        assert answer.body == WEIGHTS[first : last + 1]
    elif status == 200:
        assert answer.body == WEIGHTS
    assert int(answer.headers["content-length"]) == len(answer.body)
    head = ask(hub, "HEAD", cdn_address(hub, LFS), headers={"Range": asked})
    assert (head.status, head.headers["content-length"]) == (status, answer.headers["content-length"])


def test_if_range_asks_for_the_whole_when_the_file_is_another(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    etag = ask(hub, "HEAD", address).headers["etag"]
    wrong = f'"{hashlib.sha256(WEIGHTS).hexdigest()}"'
    statuses = {
        tag: ask(hub, "GET", address, headers={"Range": "bytes=5-9", "If-Range": tag}).status
        for tag in (etag, f"W/{etag}", wrong)
    }
    assert statuses == {etag: 206, f"W/{etag}": 200, wrong: 200}


def test_a_signed_address_is_good_for_one_file_and_one_hour(hub: LocalHub) -> None:
    address = cdn_address(hub, LFS)
    changed = {
        "expiry": address.replace("Expires=1", "Expires=9"),
        "signature": address[:-1] + ("0" if address[-1] != "0" else "1"),
        "no query": address.partition("?")[0],
        "disposition": address.replace("model.safetensors", "other.safetensors"),
    }
    for what, wrong in changed.items():
        refused = ask(hub, "GET", wrong)
        assert refused.status == 403, what
        assert b"<Code>AccessDenied</Code>" in refused.body
        assert "x-request-id" not in refused.headers
    hub.advance(3599)
    assert ask(hub, "HEAD", address).status == 200
    hub.advance(2)
    assert ask(hub, "HEAD", address).status == 403


def test_a_token_that_reaches_the_content_network_is_told(hub: LocalHub) -> None:
    hub.add_token("hf_alice", user="alice")
    address = cdn_address(hub, LFS, "hf_alice")
    ask(hub, "GET", address)
    assert hub.leaks == []
    ask(hub, "GET", address, "hf_alice")
    assert [(leak.origin, leak.headers["authorization"]) for leak in hub.leaks] == [("cdn", "Bearer hf_alice")]


def test_text_is_compressed_for_callers_that_take_it_and_then_has_no_length(hub: LocalHub) -> None:
    vocabulary = b'{"token": 1}' * 500
    hub.add_repo("acme/text", {"vocab.json": vocabulary})
    location = ask(hub, "GET", "/acme/text/resolve/main/vocab.json").headers["location"]
    packed = ask(hub, "GET", location, headers={"Accept-Encoding": "gzip", "Range": "bytes=10-"})
    assert (packed.status, gzip.decompress(packed.body)) == (200, vocabulary)
    assert packed.headers["etag"].startswith('W/"')
    assert not {"content-length", "content-range", "accept-ranges"} & set(packed.headers)
    plain = ask(hub, "GET", location, headers={"Accept-Encoding": "identity", "Range": "bytes=10-"})
    assert (plain.status, plain.body) == (206, vocabulary[10:])


def test_a_redirect_is_never_compressed_however_long_its_text(hub: LocalHub) -> None:
    name = "ö" * 100 + ".bin"
    hub.add_repo("acme/long", {name: WEIGHTS})
    answer = ask(hub, "GET", f"/acme/long/resolve/main/{quote(name)}", headers={"Accept-Encoding": "gzip"})
    assert len(answer.body) > 1024
    assert (answer.status, "content-encoding" in answer.headers) == (302, False)
    assert ask(hub, "GET", answer.headers["location"]).body == WEIGHTS


def test_connections_are_kept_alive_after_every_kind_of_answer(hub: LocalHub) -> None:
    trust = ssl.create_default_context(cafile=str(hub.ca_file))
    connection = http.client.HTTPSConnection("localhost", int(hub.url.rpartition(":")[2]), context=trust, timeout=20)
    connection.connect()
    socket = connection.sock
    for method, path in (("HEAD", LFS), ("GET", LFS), ("GET", "/api/nothing"), ("HEAD", "/acme/none"), ("GET", "/")):
        connection.request(method, path)
        connection.getresponse().read()
        assert connection.sock is socket
    connection.close()
