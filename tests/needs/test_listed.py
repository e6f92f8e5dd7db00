"""The list given by hand: what people write, what they paste, and what is refused, in words to act on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs.listed import parse
from entrypoint.needs.names import repo_fault
from entrypoint.values import Need, Place
from tests.needs import unhurried

HUB = Place("hub-cache", Path("/cache"))


def listed(text: str, *, required: bool = True) -> tuple[Need, ...]:
    return parse(text, variable="ENTRYPOINT_MODELS", place=HUB, required=required)


def short(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(need.repo, need.revision, need.patterns) for need in listed(text)]


def refusal(text: str) -> str:
    with pytest.raises(Failure) as caught:
        listed(text)
    failure = caught.value
    assert (failure.name, failure.exit_code) == ("bad-model-name", CONFIG)
    assert failure.what.startswith("ENTRYPOINT_MODELS ")
    assert failure.todo
    return failure.what


def test_an_entry_becomes_a_need_in_the_name_of_its_variable() -> None:
    assert parse("a/b", variable="ENTRYPOINT_OPTIONAL_MODELS", place=HUB, required=False) == (
        Need("a/b", HUB, "ENTRYPOINT_OPTIONAL_MODELS", required=False),
    )


def test_revision_and_patterns_are_read() -> None:
    patterns = ("*.gguf", "onnx/model.onnx")
    assert short("org/name@refs/pr/3:*.gguf,onnx/model.onnx") == [("org/name", "refs/pr/3", patterns)]


def test_the_oldest_repos_have_no_organization() -> None:
    assert short("gpt2") == [("gpt2", "main", ())]


def test_blanks_and_line_breaks_separate_entries_and_comments_are_left_out() -> None:
    text = "\n  a/b\tc/d\r\n# e/f is too large\n  g/h@v1   # the one with a licence\n"
    assert short(text) == [("a/b", "main", ()), ("c/d", "main", ()), ("g/h", "v1", ())]


@pytest.mark.parametrize("text", ["a/b, c/d", "a/b,c/d", "a/b , c/d", "a/b ,c/d,", ",a/b,\nc/d,"])
def test_commas_between_entries_without_patterns_can_only_separate(text: str) -> None:
    assert short(text) == [("a/b", "main", ()), ("c/d", "main", ())]


def test_patterns_bind_to_the_name_before_them() -> None:
    assert short("a/b@v1,c/d:*.json e/f") == [
        ("a/b", "v1", ()),
        ("c/d", "main", ("*.json",)),
        ("e/f", "main", ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a/b:config.json, tokenizer.json",
        "a/b:*.gguf, c/d",
        "a/b:*.gguf,c/d",
        "a/b:*.gguf ,TheBloke/Mistral-7B-v0.1-GGUF",
        "a/b:*.gguf,c/d:*.json",
        "a/b:*.gguf,c/d@v1",
    ],
)
def test_a_comma_that_could_mean_either_is_refused_and_not_guessed(text: str) -> None:
    assert "comma" in refusal(text) or "blank" in refusal(text)


@pytest.mark.parametrize("text", ["", "  \n\t", "None", "null", '""', "'none'", "# a/b", " , "])
def test_no_value_in_any_spelling_lists_nothing(text: str) -> None:
    assert listed(text) == ()


@pytest.mark.parametrize("text", ["a/b None", "null a/b"])
def test_a_placeholder_beside_models_is_a_slot_that_nobody_filled(text: str) -> None:
    assert "placeholder" in refusal(text)


@pytest.mark.parametrize("text", ['"a/b c/d"', "'a/b' \"c/d\"", "'a/b'\n'c/d'"])
def test_quotes_left_by_an_env_file_are_removed(text: str) -> None:
    assert [repo for repo, _, _ in short(text)] == ["a/b", "c/d"]


@pytest.mark.parametrize(
    ("address", "repo", "revision", "patterns"),
    [
        ("https://huggingface.co/a/b", "a/b", "main", ()),
        ("https://huggingface.co/a/b/", "a/b", "main", ()),
        ("http://www.huggingface.co/a/b?library=x#files", "a/b", "main", ()),
        ("https://hf.co/gpt2", "gpt2", "main", ()),
        ("huggingface.co/a/b", "a/b", "main", ()),
        ("https://huggingface.co/a/tree", "a/tree", "main", ()),
        ("https://huggingface.co/a/b@v1:*.gguf", "a/b", "v1", ("*.gguf",)),
        ("https://huggingface.co/a/b/tree/v1", "a/b", "v1", ()),
        ("https://huggingface.co/gpt2/tree/main", "gpt2", "main", ()),
        ("https://huggingface.co/a/b/tree/refs%2Fpr%2F1", "a/b", "refs/pr/1", ()),
        ("https://huggingface.co/a/b/tree/main/onnx", "a/b", "main", ("onnx/*",)),
        ("https://huggingface.co/a/b/blob/main/x/y%20z.gguf", "a/b", "main", ("x/y z.gguf",)),
        ("https://huggingface.co/a/b/resolve/v1/y[1].gguf?download=true", "a/b", "v1", ("y[[]1].gguf",)),
    ],
)
def test_the_address_of_a_page_is_what_it_shows(
    address: str, repo: str, revision: str, patterns: tuple[str, ...]
) -> None:
    assert short(address) == [(repo, revision, patterns)]


def test_addresses_may_stand_with_commas_between_them() -> None:
    text = "https://huggingface.co/a/b,https://huggingface.co/c/d, https://huggingface.co/e/f/tree/v1, g/h"
    assert [(repo, revision) for repo, revision, _ in short(text)] == [
        ("a/b", "main"),
        ("c/d", "main"),
        ("e/f", "v1"),
        ("g/h", "main"),
    ]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("https://example.org/a/b", "another host"),
        ("https://huggingface.co.example.org/a/b", "another host"),
        ("https://huggingface.co/datasets/a/b", "Hub's datasets"),
        ("https://huggingface.co/spaces/a/b", "Hub's spaces"),
        ("https://huggingface.co/a/b/discussions/1", "more than one slash"),
        ("https://huggingface.co/a/b/blob/main", "names no file"),
        ("https://huggingface.co/a/b/tree", "no revision"),
        ("https://huggingface.co/a/b/blob/main/../../x", "leaves the repo's folder"),
        ("https://huggingface.co/a/b/blob/main/%2e%2e/x", "leaves the repo's folder"),
        ("https://huggingface.co/a--b/c/tree/main", "'--'"),
        ("https://huggingface.co", "own address"),
        ("https://huggingface.co/", "own address"),
        ("https://[::1/a/b", "not a readable address"),
        ("a/b@", "no revision"),
        ("a/b@x..y", "git would not accept"),
        ("a/b:", "empty pattern"),
        ("a/b:x,,y", "empty pattern"),
        ("a/b:../x", "leaves the repo's folder"),
        ("a/b:/etc/passwd", "leaves the repo's folder"),
        (":x", "no name"),
        ("a/b,:x", "no name"),
        ("https://huggingface.co/a/b/tree/main,c/d", "comma in an address"),
        ("https://huggingface.co/a%2Fb", "letters, digits"),
        ("a/b/c", "more than one slash"),
        ("a/b.git", "'.git'"),
        ("-", "begin or end"),
    ],
)
def test_what_names_no_model_is_refused_with_the_entry_and_the_reason(entry: str, says: str) -> None:
    what = refusal(f"ok/ok {entry} fine/fine")
    assert says in what
    assert entry in what


def test_the_entry_is_shown_short_and_without_control_characters() -> None:
    what = refusal("a/\x1b[31m" + "b" * 300)
    assert what.isprintable()
    assert len(what) < 300


def test_a_token_in_the_list_is_refused_and_not_repeated() -> None:
    token = "hf_" + "A1b2C3d4" * 4
    what = refusal(f"a/b {token}")
    assert "access token" in what
    assert token not in what


def test_the_same_model_twice_is_one_need_with_the_patterns_of_both() -> None:
    assert short("a/b:x.json a/b:y.json,x.json a/b@main:z.json") == [("a/b", "main", ("x.json", "y.json", "z.json"))]
    assert short("a/b a/b") == [("a/b", "main", ())]


def test_another_revision_and_the_whole_beside_a_part_are_needs_of_their_own() -> None:
    assert short("a/b a/b@v1 a/b:onnx/*") == [
        ("a/b", "main", ()),
        ("a/b", "v1", ()),
        ("a/b", "main", ("onnx/*",)),
    ]


@unhurried
@given(st.text() | st.text("ab/:@,.*-# \n\"'hf") | st.from_regex(r"(https://huggingface\.co/)?[\w/:@,.%*]{0,30}"))
def test_any_text_is_needs_with_valid_names_or_a_named_failure(text: str) -> None:
    try:
        needs = listed(text)
    except Failure as failure:
        assert failure.name == "bad-model-name"
        assert failure.what.isprintable()
        return
    assert all(repo_fault(need.repo) == "" for need in needs)
    assert all(".." not in pattern.split("/") for need in needs for pattern in need.patterns)


NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True).filter(lambda name: not repo_fault(name))
REPO = st.tuples(NAME, NAME).map("/".join)
PATTERNS = st.lists(NAME.map(lambda name: f"*{name}.json"), max_size=3, unique=True).map(tuple)
ENTRY = st.tuples(REPO, NAME, PATTERNS)


@unhurried
@given(st.lists(ENTRY, unique_by=lambda entry: entry[:2]), st.sampled_from([" ", "\n", "\t \n"]))
def test_what_is_written_by_the_grammar_is_read_back_as_it_was(
    entries: list[tuple[str, str, tuple[str, ...]]], blank: str
) -> None:
    written = blank.join(
        f"{repo}@{revision}" + (":" + ",".join(patterns) if patterns else "") for repo, revision, patterns in entries
    )
    assert short(written) == entries
