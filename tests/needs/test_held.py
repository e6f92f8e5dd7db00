"""What is met without the Hub: by a receipt, by proof of what a receipt tells, and offline by what lies there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache import layout, receipts
from entrypoint.failures import Failure
from entrypoint.needs import held
from entrypoint.values import Need, Place, RepoFile
from tests.cache.conftest import COMMIT, NOBODY, item, large, needs_root, small

FILES = {"model.safetensors": b"weights", "config.json": b"{}"}
WEIGHTS, CONFIG = large("model.safetensors", b"weights"), small("config.json", b"{}")
NOT_PUBLISHED = "model.safetensors (is not what the Hub published)"


@pytest.fixture
def need(tmp_path: Path) -> Need:
    return Need("acme/tiny", Place("hub-cache", tmp_path / "hub"), "ENTRYPOINT_MODELS")


def put(need: Need, files: dict[str, bytes], commit: str = COMMIT) -> None:
    need.place.path.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        staged = need.place.path / "staged"
        staged.write_bytes(content)
        layout.put(staged, need, commit, large(path, content))
    layout.write_ref(need, commit)


@pytest.fixture(params=["hub-cache", "folder"])
def kept(request: pytest.FixtureRequest, need: Need) -> Need:
    """A need that was fetched and has its receipt."""
    chosen = replace(need, place=replace(need.place, kind=request.param))
    put(chosen, {})
    for file, content in ((WEIGHTS, b"weights"), (CONFIG, b"{}")):
        (chosen.place.path / "staged").write_bytes(content)
        layout.put(chosen.place.path / "staged", chosen, COMMIT, file)
    receipts.write(item(chosen, WEIGHTS, CONFIG))
    return chosen


def weights(need: Need) -> Path:
    return layout.path_of(need, COMMIT, WEIGHTS)


def touch(need: Need) -> None:
    for file in (WEIGHTS, CONFIG):
        os.utime(layout.path_of(need, COMMIT, file), ns=(0, 1))


def replace_bytes(need: Need, content: bytes) -> None:
    weights(need).resolve().write_bytes(content)


def refused(*needs: Need) -> Failure:
    with pytest.raises(Failure) as caught:
        held.settle_offline(needs)
    return caught.value


@contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


# By receipt


def test_a_need_with_its_receipt_is_met(kept: Need) -> None:
    met, unmet = held.split([kept, kept])

    assert [receipt.commit for receipt in met.values()] == [COMMIT]
    assert unmet == []


def test_one_without_or_with_a_touched_file_is_not(kept: Need, need: Need) -> None:
    touch(kept)
    other = replace(need, repo="acme/other")

    assert held.split([kept, other]) == ({}, [kept, other])


def with_code(need: Need) -> tuple[Need, bytes]:
    return replace(need, auto_map=True), b'{"auto_map": {"AutoModel": "acme/code--modeling.Model"}}'


def test_a_met_models_code_repo_is_a_need_too(need: Need) -> None:
    model, config = with_code(need)
    put(model, {"config.json": config})
    receipts.write(item(model, large("config.json", config)))

    met, (code,) = held.split([model])

    assert list(met) == [model]
    assert code.repo == "acme/code"


@needs_root
def test_a_config_that_cannot_be_read_makes_the_model_unmet(need: Need, open_path: Path) -> None:
    model, config = with_code(need)
    put(model, {"config.json": config})
    layout.path_of(model, COMMIT, large("config.json", config)).resolve().chmod(0o600)
    receipts.write(item(model, large("config.json", config)))

    with as_nobody():
        assert held.split([model]) == ({}, [model])


# By proof of what the receipt tells


def test_files_with_new_times_and_the_same_bytes_are_proved_and_believed_from_then_on(kept: Need) -> None:
    touch(kept)
    heard: list[int] = []

    met, unmet = held.split([kept], prove=True, on_bytes=heard.append)

    assert (list(met), unmet) == ([kept], [])
    assert sum(heard) == len(b"weights" + b"{}")
    assert list(held.split([kept])[0]) == [kept], "the receipt was written anew"


@pytest.mark.parametrize("content", [b"w3ights", b"weigh", b"weights and more"])
def test_other_bytes_are_not(kept: Need, content: bytes) -> None:
    touch(kept)
    replace_bytes(kept, content)
    receipt = receipts.read(kept)
    assert receipt is not None

    assert held.reprove(kept, receipt) is None
    assert held.split([kept], prove=True) == ({}, [kept])


def test_nothing_is_read_where_a_size_tells(kept: Need) -> None:
    touch(kept)
    layout.path_of(kept, COMMIT, CONFIG).resolve().write_bytes(b"")
    receipt = receipts.read(kept)
    assert receipt is not None
    heard: list[int] = []

    assert held.reprove(kept, receipt, heard.append) is None
    assert heard == []


def test_a_pipe_in_a_files_place_is_not_waited_for(kept: Need) -> None:
    weights(kept).unlink()
    os.mkfifo(weights(kept))
    receipt = receipts.read(kept)
    assert receipt is not None

    assert held.reprove(kept, receipt) is None
    assert refused(kept).name == "cache-damaged"


def test_what_was_proved_counts_though_no_receipt_can_be_written(kept: Need, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(kept)
    receipt = receipts.read(kept)
    assert receipt is not None

    def read_only(_item: object) -> None:
        raise OSError("Read-only file system")

    monkeypatch.setattr(receipts, "write", read_only)
    proved = held.reprove(kept, receipt)
    assert proved is not None
    assert proved.files == (WEIGHTS, CONFIG)


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_an_impossible_path_in_a_receipt_proves_nothing(kept: Need, path: str) -> None:
    receipt = receipts.read(kept)
    assert receipt is not None

    assert held.reprove(kept, replace(receipt, files=(RepoFile(path, 1, "b"),))) is None


# Offline, with a receipt


def test_offline_touched_files_are_proved_by_hash(kept: Need) -> None:
    touch(kept)

    met, sentences = held.settle_offline([kept])

    assert [receipt.files for receipt in met.values()] == [(WEIGHTS, CONFIG)]
    assert sentences == []
    assert list(held.split([kept])[0]) == [kept], "the receipt was written anew"


def test_where_nothing_may_be_written_the_receipt_stays_as_it_was(kept: Need) -> None:
    touch(kept)

    assert list(held.settle_offline([kept], write=False)[0]) == [kept]
    assert held.split([kept]) == ({}, [kept])


@pytest.mark.parametrize("content", [b"w3ights", b"weigh", b""])
def test_offline_a_damaged_file_is_named_and_not_served(kept: Need, content: bytes) -> None:
    replace_bytes(kept, content)

    failure = refused(kept)

    assert (failure.name, failure.exit_code) == ("cache-damaged", 74)
    assert failure.what.endswith(f"acme/tiny@main (for ENTRYPOINT_MODELS): {NOT_PUBLISHED}.")
    assert str(kept.place.path) in failure.why


def remove(path: Path) -> None:
    path.unlink()


def remove_blob(path: Path) -> None:
    path.resolve().unlink()


@pytest.mark.parametrize("removed", [remove, remove_blob])
def test_offline_a_missing_file_is_named_and_not_served(kept: Need, removed: Callable[[Path], None]) -> None:
    removed(weights(kept))

    failure = refused(kept)

    assert (failure.name, failure.exit_code) == ("offline-incomplete", 78)
    assert failure.what.endswith("the cache lacks: acme/tiny@main (for ENTRYPOINT_MODELS): model.safetensors.")


@pytest.mark.parametrize("path", ["a\\u0000b", "\\ud800"])
def test_offline_an_impossible_path_in_a_receipt_is_no_defect(kept: Need, path: str) -> None:
    (paper,) = (layout.private_folder(kept.place) / "receipts").iterdir()
    paper.write_text(paper.read_text().replace("model.safetensors", path))

    failure = refused(kept)

    assert failure.name == "offline-incomplete"
    assert "(is no name of a file)" in failure.what
    assert "\0" not in failure.what


def test_offline_all_needs_that_lack_something_are_told_together(kept: Need, need: Need) -> None:
    replace_bytes(kept, b"w3ights")
    other = replace(need, repo="acme/other", patterns=("*.gguf",))

    failure = refused(kept, other)

    assert (failure.name, failure.exit_code) == ("offline-incomplete", 78)
    assert NOT_PUBLISHED in failure.what
    assert "acme/other@main (for ENTRYPOINT_MODELS): *.gguf" in failure.what


def test_offline_the_server_starts_without_an_optional_model_and_it_is_said(kept: Need) -> None:
    optional = replace(kept, required=False)
    replace_bytes(kept, b"w3ights")

    met, sentences = held.settle_offline([optional])

    assert met == {}
    assert sentences == [f"The server starts without acme/tiny@main (for ENTRYPOINT_MODELS): {NOT_PUBLISHED}."]


def test_offline_a_proved_models_code_repo_must_be_there_too(need: Need) -> None:
    model, config = with_code(need)
    put(model, {"config.json": config})
    receipts.write(item(model, large("config.json", config)))
    os.utime(layout.path_of(model, COMMIT, large("config.json", config)), ns=(0, 1))

    assert "acme/code@main" in refused(model).what


# Offline, without a receipt


def test_offline_what_lies_there_without_a_receipt_is_used_unproved(need: Need) -> None:
    put(need, FILES)

    met, (sentence,) = held.settle_offline([need])

    assert sentence == "acme/tiny lies in the cache without a receipt; offline it cannot be proved."
    (receipt,) = met.values()
    assert layout.root_of(need, receipt.commit) == weights(need).parent
    assert [file.path for file in receipt.files] == ["config.json", "model.safetensors"]
    assert not receipt.holds(), "nothing was proved"
    assert not receipt.vouches_for(receipt.files[0])
    assert receipts.read(need) is None


def test_a_commit_can_be_asked_for_by_name(need: Need) -> None:
    put(need, FILES)
    shutil.rmtree(layout.repo_folder(need.place, need.repo) / "refs")

    assert [r.commit for r in held.settle_offline([replace(need, revision=COMMIT)])[0].values()] == [COMMIT]
    assert refused(need).what.endswith(": every file.")


@pytest.mark.parametrize(
    ("patterns", "lacking"),
    [
        (("*.json", "*.gguf"), "*.gguf"),
        (("*.gguf", "voices/*"), "*.gguf, voices/*"),
        (("onnx/",), "onnx/"),
    ],
)
def test_offline_every_pattern_typed_by_hand_must_find_something(
    need: Need, patterns: tuple[str, ...], lacking: str
) -> None:
    put(need, FILES)

    failure = refused(replace(need, patterns=patterns))

    assert (failure.name, failure.exit_code) == ("offline-incomplete", 78)
    assert failure.what.endswith(f": {lacking}.")


def test_offline_only_the_files_that_were_asked_for_count(need: Need) -> None:
    put(need, {**FILES, "onnx/model.onnx": b"o"})
    asked = replace(need, patterns=("onnx/", "*.json"))

    (receipt,) = held.settle_offline([asked])[0].values()

    assert [file.path for file in receipt.files] == ["config.json", "onnx/model.onnx"]


def test_offline_one_of_a_tokenizers_many_possible_files_is_enough(need: Need) -> None:
    put(need, FILES)
    tokenizer = replace(need, use="tokenizer", patterns=("config.json", "tokenizer.model"))

    assert list(held.settle_offline([tokenizer])[0]) == [tokenizer]
    assert refused(replace(tokenizer, patterns=("vocab.txt",))).what.endswith(": vocab.txt.")


@pytest.mark.parametrize("patterns", [(), ("*.safetensors",), ("*",)])
def test_offline_a_pointer_to_a_lost_blob_is_a_missing_file(need: Need, patterns: tuple[str, ...]) -> None:
    put(need, FILES)
    weights(need).resolve().unlink()

    failure = refused(replace(need, patterns=patterns))

    assert (failure.name, failure.exit_code) == ("offline-incomplete", 78)
    assert failure.what.endswith(": model.safetensors.")


def test_offline_a_folder_without_files_is_no_model(need: Need) -> None:
    put(need, {})
    (weights(need).parent / "empty").mkdir(parents=True)

    assert refused(need).what.endswith(": every file.")


@needs_root
@pytest.mark.parametrize("closed", [".", "models--acme--tiny/snapshots", "models--acme--tiny/blobs"])
@pytest.mark.parametrize("receipt", [True, False], ids=["with a receipt", "without"])
def test_offline_a_cache_that_is_closed_to_this_user_is_said_to_be(
    need: Need, open_path: Path, closed: str, receipt: bool
) -> None:
    put(need, FILES)
    if receipt:
        receipts.write(item(need, WEIGHTS))
    (need.place.path / closed).chmod(0o700)

    with as_nobody():
        failure = refused(need)

    assert (failure.name, failure.exit_code) == ("offline-incomplete", 78)
    assert f"cannot be read by user {NOBODY}:{os.getegid()}" in failure.what


@needs_root
def test_offline_a_file_that_is_closed_to_this_user_is_named(need: Need, open_path: Path) -> None:
    put(need, FILES)
    weights(need).resolve().chmod(0o600)

    with as_nobody():
        failure = refused(need)

    assert f": model.safetensors (cannot be read by user {NOBODY}:" in failure.what


@pytest.mark.parametrize("commit", ["../../../other", "..", "a\0b", "x" * 300, ""])
def test_offline_an_odd_note_of_the_commit_leads_nowhere(need: Need, commit: str) -> None:
    put(need, FILES)
    (need.place.path / "other").mkdir()
    (need.place.path / "other" / "secret").touch()
    layout.write_ref(need, commit)

    assert refused(need).name == "offline-incomplete"
