"""The Xet storage: reconstructions of any range, signed xorb ranges, tokens that expire."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localhub import LocalHub
from localhub.xet import Span, XetStore, chunk_table, merged
from tests.localhub.conftest import WEIGHTS, Client, ask

NOISE = random.Random(7).randbytes(1_200_000)  # noqa: S311 - incompressible, so that chunks are stored as they are
MIXED = WEIGHTS[:700_000] + NOISE + WEIGHTS[300_000:900_000]


def cas_token(hub: LocalHub, repo: str) -> str:
    answer = ask(hub, "GET", f"/api/models/{repo}/xet-read-token/main")
    told = answer.json()
    assert answer.headers["x-xet-cas-url"] == told["casUrl"] == hub.cas_url
    assert answer.headers["x-xet-access-token"] == told["accessToken"]
    assert answer.headers["x-xet-token-expiration"] == str(told["exp"])
    return str(told["accessToken"])


def xet_hash(hub: LocalHub, repo: str, path: str) -> str:
    [found] = [e["xetHash"] for e in ask(hub, "GET", f"/api/models/{repo}/tree/main").json() if e["path"] == path]
    return str(found)


@pytest.fixture
def packed(hub: LocalHub) -> LocalHub:
    hub.add_repo("acme/xet", {"a.bin": WEIGHTS, "m.bin": MIXED}, xet=["*.bin"])
    hub.add_repo("acme/other", {"n.bin": NOISE}, xet=["*.bin"])
    return hub


def test_resolve_names_hash_token_route_and_reconstruction(packed: LocalHub) -> None:
    answer = ask(packed, "HEAD", "/acme/xet/resolve/main/a.bin")
    digest = xet_hash(packed, "acme/xet", "a.bin")
    commit = answer.headers["x-repo-commit"]
    assert (answer.status, answer.headers["x-xet-hash"]) == (302, digest)
    assert answer.headers["link"] == (
        f'<{packed.url}/api/models/acme/xet/xet-read-token/{commit}>; rel="xet-auth", '
        f'<{packed.cas_url}/v1/reconstructions/{digest}>; rel="xet-reconstruction-info"'
    )


def test_xet_hashes_are_masked_for_callers_without_access(packed: LocalHub) -> None:
    packed.set_repo("acme/xet", gated="auto")
    packed.add_token("hf_owner", user="acme")
    assert xet_hash(packed, "acme/xet", "a.bin") == "*" * 64
    [seen] = [
        e for e in ask(packed, "GET", "/api/models/acme/xet/tree/main", "hf_owner").json() if e["path"] == "a.bin"
    ]
    assert len(set(seen["xetHash"])) > 1


def test_a_reconstruction_needs_a_token_of_a_repo_that_holds_the_file(packed: LocalHub) -> None:
    packed.add_token("hf_alice", user="alice")
    address = f"{packed.cas_url}/v1/reconstructions/{xet_hash(packed, 'acme/xet', 'a.bin')}"
    good, other = cas_token(packed, "acme/xet"), cas_token(packed, "acme/other")
    statuses = [ask(packed, "GET", address, token).status for token in ("", "hf_alice", good + "x", other, good)]
    assert statuses == [401, 401, 401, 404, 200]
    assert [leak.headers["authorization"] for leak in packed.leaks] == ["Bearer hf_alice"]
    packed.advance(3601)
    assert ask(packed, "GET", address, good).status == 401


def test_the_second_version_of_the_route_is_not_there(packed: LocalHub) -> None:
    digest = xet_hash(packed, "acme/xet", "a.bin")
    address = f"{packed.cas_url}/v2/reconstructions/{digest}"
    assert ask(packed, "GET", address, cas_token(packed, "acme/xet")).status == 404


def test_a_xorb_is_served_only_in_the_range_that_was_signed(packed: LocalHub) -> None:
    digest = xet_hash(packed, "acme/xet", "a.bin")
    token = cas_token(packed, "acme/xet")
    info = ask(packed, "GET", f"{packed.cas_url}/v1/reconstructions/{digest}", token).json()
    [(_, fetches)] = info["fetch_info"].items()
    fetch = fetches[0]
    start, end = fetch["url_range"]["start"], fetch["url_range"]["end"]
    got = ask(packed, "GET", fetch["url"], headers={"Range": f"bytes={start}-{end}"})
    assert (got.status, len(got.body)) == (206, end - start + 1)
    for wrong in ({}, {"Range": f"bytes={start}-{end + 1}"}):
        assert ask(packed, "GET", fetch["url"], headers=wrong).status == 403
    packed.advance(3601)
    assert ask(packed, "GET", fetch["url"], headers={"Range": f"bytes={start}-{end}"}).status == 403


def test_a_range_after_the_end_is_refused(packed: LocalHub) -> None:
    address = f"{packed.cas_url}/v1/reconstructions/{xet_hash(packed, 'acme/xet', 'a.bin')}"
    token = cas_token(packed, "acme/xet")
    answer = ask(packed, "GET", address, token, {"Range": f"bytes={len(WEIGHTS)}-{len(WEIGHTS) + 1}"})
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(WEIGHTS)}")


def test_the_stock_client_reads_any_range_of_a_file(packed: LocalHub, client: Client) -> None:
    told = ask(packed, "GET", "/api/models/acme/xet/xet-read-token/main").json()
    code = f"""
import json, hashlib, hf_xet
group = hf_xet.XetSession().new_download_stream_group(
    endpoint={told["casUrl"]!r}, token={told["accessToken"]!r}, token_expiry_unix_secs={told["exp"]})
def part(start, end):
    info = hf_xet.XetFileInfo({xet_hash(packed, "acme/xet", "m.bin")!r}, {len(MIXED)})
    stream = group.download_stream(info, start=start, end=end)
    return hashlib.sha256(b"".join(bytes(piece) for piece in stream)).hexdigest()
print(json.dumps([part(*r) for r in [(0, 1), (650_000, 750_001), (1_899_999, 2_400_000), (0, {len(MIXED)})]]))
"""
    ranges = [(0, 1), (650_000, 750_001), (1_899_999, 2_400_000), (0, len(MIXED))]
    assert client.run(code) == [sha256(MIXED[start:end]).hexdigest() for start, end in ranges]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[XetStore, str]]:
    folder = tmp_path_factory.mktemp("store")
    store = XetStore(folder / "cas")
    for name, data in (("first", WEIGHTS), ("mixed", MIXED)):
        (folder / name).write_bytes(data)
        [digest] = store.pack([folder / name])
    yield store, digest


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_range_is_put_together_from_the_chunks_it_touches(store: tuple[XetStore, str], data: st.DataObject) -> None:
    xet, digest = store
    start = data.draw(st.integers(0, len(MIXED) - 1))
    end = data.draw(st.integers(start + 1, len(MIXED)))
    skip, terms = xet.reconstruction(digest, start, end)
    put_together = b"".join(unpacked(xet.xorb(span.xorb), span) for span, _ in terms)
    assert put_together[skip : skip + end - start] == MIXED[start:end]
    assert len(put_together) == sum(length for _, length in terms)
    largest = 128 * 1024
    assert skip < largest
    assert len(put_together) < end - start + 2 * largest


def unpacked(xorb: Path, span: Span) -> bytes:
    raw = xorb.read_bytes()
    chunks = chunk_table(xorb)[span.first : span.end]
    assert (span.start, span.last) == (chunks[0].start, chunks[-1].after - 1)
    assert all(raw[c.start + 4] == 0 for c in chunks), "noise is stored unpacked"
    return b"".join(raw[c.start + 8 : c.after] for c in chunks)


def test_a_file_that_shares_chunks_with_another_has_several_terms(store: tuple[XetStore, str]) -> None:
    xet, digest = store
    _, terms = xet.reconstruction(digest, 0, len(MIXED))
    assert len({span.xorb for span, _ in terms}) == 2
    assert xet.size(digest) == len(MIXED)


def test_fetches_of_one_xorb_are_joined_where_they_touch() -> None:
    spans = [Span("x", 4, 6, 40, 59), Span("x", 0, 2, 0, 19), Span("x", 1, 3, 10, 29), Span("x", 3, 4, 30, 39)]
    assert merged(spans) == [Span("x", 0, 6, 0, 59)]
    assert merged([spans[0], spans[1]]) == [spans[1], spans[0]]
    assert merged([Span("x", 0, 6, 0, 59), Span("x", 1, 2, 10, 19)]) == [Span("x", 0, 6, 0, 59)]
