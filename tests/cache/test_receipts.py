"""A receipt holds as long as nothing has changed, and no longer. Whatever damaged one lies there ends no start."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.values import Need
from tests.cache.conftest import COMMIT, item, large, small

WEIGHTS = large("model.safetensors", b"weights")
CONFIG = small("config.json", b"{}")


@pytest.fixture(params=["hub-cache", "folder"])
def kept(request: pytest.FixtureRequest, need: Need, in_folder: Need, tmp_path: Path) -> Need:
    """A need whose two files lie in place, with a receipt."""
    chosen = need if request.param == "hub-cache" else in_folder
    for file, content in ((WEIGHTS, b"weights"), (CONFIG, b"{}")):
        (tmp_path / "staged").write_bytes(content)
        layout.put(tmp_path / "staged", chosen, COMMIT, file)
    receipts.write(item(chosen, WEIGHTS, CONFIG))
    return chosen


def weights(need: Need) -> Path:
    return layout.path_of(need, COMMIT, WEIGHTS)


def paper(need: Need) -> Path:
    (found,) = (layout.private_folder(need.place) / "receipts").iterdir()
    return found


def read(need: Need) -> Receipt:
    receipt = receipts.read(need)
    assert receipt is not None
    return receipt


def test_it_holds_while_nothing_changes(kept: Need) -> None:
    receipt = read(kept)

    assert receipt.holds()
    assert (receipt.commit, receipt.files) == (COMMIT, (WEIGHTS, CONFIG))
    assert receipt.vouches_for(WEIGHTS)


def test_it_holds_where_the_volume_is_mounted_under_another_path(kept: Need, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    kept.place.path.rename(elsewhere)
    moved = replace(kept, place=replace(kept.place, path=elsewhere))

    assert read(moved).holds()


def touched(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def shortened(path: Path) -> None:
    times = path.stat()
    os.truncate(path, 3)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(b"w3ights")
    new.replace(path)


def removed(path: Path) -> None:
    path.unlink()


def its_blob_removed(path: Path) -> None:
    path.resolve().unlink()


@pytest.mark.parametrize("damage", [touched, shortened, replaced, removed, its_blob_removed])
def test_it_does_not_hold_when_a_file_is(kept: Need, damage: Callable[[Path], None]) -> None:
    damage(weights(kept))

    assert not read(kept).holds()
    assert not read(kept).vouches_for(WEIGHTS)
    assert read(kept).vouches_for(CONFIG), "what is whole need not be proved again"


def test_it_vouches_for_no_other_content_under_the_same_name(kept: Need) -> None:
    assert not read(kept).vouches_for(large("model.safetensors", b"of the next commit"))


def test_a_receipt_over_nothing_holds_nothing(need: Need) -> None:
    receipts.write(item(need))

    assert not read(need).holds()


@pytest.mark.parametrize(
    "asked",
    [{"repo": "acme/other"}, {"revision": "v2"}, {"patterns": ("*.gguf",)}],
    ids=lambda asked: next(iter(asked)),
)
def test_it_answers_only_for_what_was_asked(kept: Need, asked: dict[str, Any]) -> None:
    assert receipts.read(replace(kept, **asked)) is None


def test_one_that_was_copied_under_another_needs_name_is_not_believed(kept: Need) -> None:
    other = replace(kept, revision="v2")
    receipts.write(item(other, CONFIG))
    mine, others = sorted(
        (layout.private_folder(kept.place) / "receipts").iterdir(), key=lambda p: "v2" in p.read_text()
    )
    others.write_bytes(mine.read_bytes())

    assert receipts.read(other) is None


def test_who_asks_and_whether_it_must_be_makes_no_difference(kept: Need) -> None:
    assert receipts.read(replace(kept, source="llm.tokenizer", required=False, asker="PrivateGPT")) is not None


def test_one_of_another_format_is_none(kept: Need) -> None:
    record = json.loads(paper(kept).read_bytes())
    paper(kept).write_text(json.dumps({**record, "format": receipts.FORMAT + 1}))

    assert receipts.read(kept) is None


DAMAGES = [
    *(b"", b"\0" * 500, b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000),
    *(b'{"format": 1}', b'{"format": 1e999}'),
]


@pytest.mark.parametrize("content", DAMAGES, ids=range(len(DAMAGES)))
def test_a_damaged_one_is_none(kept: Need, content: bytes) -> None:
    paper(kept).write_bytes(content)

    assert receipts.read(kept) is None


@pytest.mark.parametrize(
    "file",
    [{"path": "a\0b"}, {"path": "\ud800"}, {"path": "../" * 40 + "etc/passwd"}, {"size": 10**400}, {"mtime_ns": None}],
    ids=lambda file: next(iter(file)),
)
def test_an_impossible_file_in_it_breaks_it(kept: Need, file: dict[str, Any]) -> None:
    record = json.loads(paper(kept).read_bytes())
    record["files"][0] |= file
    paper(kept).write_text(json.dumps(record))

    receipt = receipts.read(kept)
    assert receipt is None or not receipt.holds()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.sampled_from(["format", "asked", "commit", "files"]), values)
def test_whatever_stands_in_a_field_it_holds_only_as_it_was_written(kept: Need, field: str, value: object) -> None:
    written = paper(kept).read_bytes()
    record = json.loads(written)
    paper(kept).write_text(json.dumps({**record, field: value}))
    try:
        receipt = receipts.read(kept)
        assert receipt is None or not receipt.holds() or value == record[field]
    finally:
        paper(kept).write_bytes(written)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.integers(min_value=0), st.binary(max_size=6), st.integers(min_value=0, max_value=9))
def test_whatever_becomes_of_its_bytes_reading_it_raises_nothing(kept: Need, at: int, new: bytes, gone: int) -> None:
    written = paper(kept).read_bytes()
    at %= len(written)
    paper(kept).write_bytes(written[:at] + new + written[at + gone :])
    try:
        receipt = receipts.read(kept)
        assert receipt is None or receipt.holds() in (True, False)
    finally:
        paper(kept).write_bytes(written)


def test_it_says_nothing_of_the_token_or_of_where_it_lies(kept: Need) -> None:
    record = json.loads(paper(kept).read_bytes())

    assert set(record) == {"format", "asked", "commit", "files"}
    assert str(kept.place.path) not in paper(kept).read_text()
