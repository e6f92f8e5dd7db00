"""What is still to be moved, and what was asked for but is not in the repo."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint import plan
from entrypoint.cache import layout, receipts
from entrypoint.failures import Failure
from entrypoint.values import Item, Need, Place, Repo, RepoFile, Verdict
from tests.test_selection import COMMIT, ask, listing


def test_an_optional_model_that_needs_a_choice_does_not_end_the_start() -> None:
    verdict = plan.check(Verdict(ask(required=False), "granted", repo=listing("a.Q4.gguf", "a.Q8.gguf")))

    assert verdict.name == "file-not-found"
    assert "a.Q4.gguf, a.Q8.gguf" in verdict.detail


def test_a_required_model_that_needs_a_choice_does() -> None:
    with pytest.raises(Failure, match="gguf-choice-needed"):
        plan.check(Verdict(ask(), "granted", repo=listing("a.Q4.gguf", "a.Q8.gguf")))


def test_a_pattern_that_matches_nothing_is_an_error_with_the_names_the_repo_has_the_likeliest_first() -> None:
    quants = [f"mistral-7b-instruct.{q}.gguf" for q in ("Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")]
    repo = listing("config.json", *quants)

    verdict = plan.check(Verdict(ask("config.json", "mistral-7b-instruct.q4_k_m.gguf"), "granted", repo=repo))

    assert verdict.name == "file-not-found"
    assert verdict.detail.startswith(
        "mistral-7b-instruct.q4_k_m.gguf matches nothing; the repo has mistral-7b-instruct.Q4_K_M.gguf, "
    )
    assert verdict.detail.endswith("and 2 more")
    assert "config.json matches" not in verdict.detail


def test_a_tokenizers_usual_names_need_not_all_be_there_but_one_must() -> None:
    need = ask("tokenizer.json", "tokenizer.model", "vocab.txt", use="tokenizer")

    assert plan.check(Verdict(need, "granted", repo=listing("tokenizer.json"))).granted
    assert plan.check(Verdict(need, "granted", repo=listing("model.gguf"))).name == "file-not-found"


def test_an_empty_repo_holds_no_file_that_a_server_reads() -> None:
    verdict = plan.check(Verdict(ask(), "granted", repo=listing(".gitattributes", "README.md")))

    assert verdict.name == "file-not-found"
    assert "README.md" in verdict.detail


def test_a_refusal_stays_the_refusal_that_it_is() -> None:
    refused = Verdict(ask("nothing.gguf"), "terms-not-accepted", repo=listing("model.safetensors"))

    assert plan.check(refused) is refused


def test_hostile_file_names_are_shown_without_their_control_characters() -> None:
    verdict = plan.check(Verdict(ask("x"), "granted", repo=listing("a\x1b[2Jb.gguf")))

    assert "\x1b" not in verdict.detail


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


def published(path: str, content: bytes) -> RepoFile:
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False)
    return RepoFile(path, len(content), blob.hexdigest())


def lay(need: Need, file: RepoFile, content: bytes) -> Path:
    target = layout.path_of(need, COMMIT, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def test_a_file_that_lies_there_whole_is_not_moved_again_and_a_damaged_one_is(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))
    good, bad, gone = published("good", b"12345"), published("bad", b"12345"), published("gone", b"12345")
    lay(need, good, b"12345")
    lay(need, bad, b"1234!")
    read: list[int] = []

    made = plan.make([Verdict(need, "granted", repo=Repo(COMMIT, files=(good, bad, gone)))], read.append)

    assert [file.path for file in made.items[0].missing] == ["bad", "gone"]
    assert made.items[0].files == (good, bad, gone)
    assert (made.bytes_missing, made.files_missing) == (10, 2)
    assert sum(read) == 10, "both files that lie there were read, and the reading was told"


def test_a_file_for_which_a_receipt_vouches_is_not_read_again(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))
    proved = published("model.safetensors", b"12345")
    lay(need, proved, b"12345")
    receipts.write(Item(need, COMMIT, (proved,), ()))
    read: list[int] = []

    made = plan.make([Verdict(need, "granted", repo=Repo(COMMIT, files=(proved,)))], read.append)

    assert made.bytes_missing == 0
    assert read == []


def test_a_file_that_two_needs_share_is_counted_once(cache: Path) -> None:
    shared, own = published("config.json", b"{}"), published("model.safetensors", b"12345")
    repo = Repo(COMMIT, files=(shared, own))
    whole = ask(place=Place("hub-cache", cache))
    tokenizer = ask("config.json", place=Place("hub-cache", cache))

    made = plan.make([Verdict(whole, "granted", repo=repo), Verdict(tokenizer, "granted", repo=repo)])

    assert (made.bytes_missing, made.files_missing) == (7, 2)
    assert [len(item.files) for item in made.items] == [2, 1]


def test_what_is_refused_is_no_part_of_the_plan(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))

    assert plan.make([Verdict(need, "review-pending", repo=listing("config.json"))]).items == ()


def test_the_plan_for_a_person_names_what_comes_and_what_is_there(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))
    made = plan.make(
        [Verdict(need, "granted", repo=Repo(COMMIT, files=(published("model.safetensors", b"x" * 1500),)))]
    )
    held = receipts.Receipt(replace(need, repo="acme/here"), "d" * 40, (published("x", b"x"),), (1,))

    assert list(plan.lines([held], made)) == [
        "acme/here@dddddddddddd: in place and proved (ENTRYPOINT_MODELS)",
        "acme/tiny@cccccccccccc: 1 of 1 files to fetch (ENTRYPOINT_MODELS)",
        "     1.5 kB  model.safetensors",
        "1.5 kB in 1 files to fetch",
    ]


def test_a_choice_is_asked_for_only_after_all_refusals_are_told() -> None:
    undecided = Verdict(ask(), "granted", repo=listing("a.Q4.gguf", "a.Q8.gguf"))
    refused = Verdict(ask(), "terms-not-accepted")

    assert [verdict.name for verdict in plan.check_all([undecided, refused])] == ["granted", "terms-not-accepted"]
    with pytest.raises(Failure, match="gguf-choice-needed"):
        plan.check_all([undecided, Verdict(ask(required=False), "terms-not-accepted")])


def lay_blob(need: Need, file: RepoFile, content: bytes) -> Path:
    blob = layout.blob_of(need, file)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    return blob


def test_bytes_that_lie_there_under_another_commit_or_none_need_no_room_but_only_a_link(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))
    here, new = published("model.safetensors", b"12345"), published("config.json", b"{}")
    lay_blob(need, here, b"12345")
    before = sorted(cache.rglob("*"))

    made = plan.make([Verdict(need, "granted", repo=Repo(COMMIT, files=(here, new)))])

    (item,) = made.items
    assert (item.missing, item.linkable, item.to_fetch) == ((here, new), (here,), (new,))
    assert made.bytes_missing == 2
    assert made.files_missing == 2, "the link is still to be made"
    assert sorted(cache.rglob("*")) == before, "planning writes nothing"
    assert list(plan.lines([], made)) == [
        "acme/tiny@cccccccccccc: 1 of 2 files to fetch, 1 to link (ENTRYPOINT_MODELS)",
        "        2 B  config.json",
        "2 B in 1 files to fetch",
    ]


def test_a_damaged_blob_is_fetched_and_read_only_once_to_see_it(cache: Path) -> None:
    need = ask(place=Place("hub-cache", cache))
    file = published("model.safetensors", b"12345")
    blob = lay_blob(need, file, b"1234!")
    target = layout.path_of(need, COMMIT, file)
    target.parent.mkdir(parents=True)
    target.symlink_to(blob)
    read: list[int] = []

    made = plan.make([Verdict(need, "granted", repo=Repo(COMMIT, files=(file,)))], read.append)

    assert (made.items[0].linkable, made.bytes_missing, sum(read)) == ((), 5, 5)


def test_in_a_plain_folder_there_are_no_blobs_to_link(cache: Path) -> None:
    need = ask(place=Place("folder", cache))
    file = published("model.gguf", b"12345")
    lay_blob(need, file, b"12345")

    made = plan.make([Verdict(need, "granted", repo=Repo(COMMIT, files=(file,)))])

    assert (made.items[0].linkable, made.bytes_missing) == ((), 5)
