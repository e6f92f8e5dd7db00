"""The rules for names are the Hub's: what passes here, huggingface_hub accepts, and the other way round."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils._validators import validate_repo_id
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.needs.names import PLACEHOLDERS, pattern_fault, repo_fault, revision_fault
from tests.needs import unhurried

NAME_LIKE = st.text("abzAZ09._-/", max_size=12) | st.text(max_size=8) | st.text("ab", min_size=94, max_size=99)


def hub_accepts(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


@unhurried
@given(NAME_LIKE)
def test_a_name_that_passes_is_one_that_the_client_accepts(name: str) -> None:
    if not repo_fault(name):
        assert hub_accepts(name)


@unhurried
@given(NAME_LIKE.filter(lambda name: name.isascii() and name.strip() == name))
def test_a_name_that_the_client_accepts_passes_unless_it_is_a_placeholder(name: str) -> None:
    too_long = any(len(part) > 96 for part in name.split("/"))
    if hub_accepts(name) and name.casefold() not in PLACEHOLDERS and not too_long:
        assert repo_fault(name) == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "blank"),
        ("None", "placeholder"),
        ("null", "placeholder"),
        ("${MODEL}", "placeholder"),
        ("<org>/<name>", "placeholder"),
        ("a/b/c", "more than one slash"),
        ("a/", "lacks a part"),
        ("/b", "lacks a part"),
        ("a/b--c", "'--'"),
        ("a/b..c", "'..'"),
        ("a/-b", "begin or end"),
        ("a/b.", "begin or end"),
        ("a/b.git", "'.git'"),
        ("a/b\n", "only letters"),
        ("ä/b", "only letters"),
        ("a/" + "b" * 97, "96"),
        ("hf_" + "A1b2C3d4" * 4, "access token"),
    ],
)
def test_a_wrong_name_is_told_what_is_wrong_with_it(name: str, says: str) -> None:
    assert says in repo_fault(name)


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/pr/7", "feature/ünï", "0" * 40])
def test_what_git_accepts_as_a_revision_passes(revision: str) -> None:
    assert revision_fault(revision) == ""


@pytest.mark.parametrize(
    "revision", ["", "a..b", "a b", "a\x07b", "a\u200eb", "-x", "/x", "x/", "x.lock", "a~1", "a" * 256]
)
def test_what_git_does_not_accept_as_a_revision_is_refused(revision: str) -> None:
    assert revision_fault(revision) != ""


@pytest.mark.parametrize("pattern", ["*.gguf", "onnx/*", "sub/..json", "[ab]?.bin", "tokenizer.json"])
def test_a_glob_that_stays_inside_passes(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


@pytest.mark.parametrize("pattern", ["", "/etc/*", "../x", "a/../../b", "..", "a\\..\\b", "a\nb", "c/d@v1"])
def test_a_glob_that_leaves_the_folder_or_is_none_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern) != ""
