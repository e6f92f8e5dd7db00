"""ENTRYPOINT_FALLBACKS: what people write, and what is refused at every start, before a model ever is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs.fallback_list import Fallback, key, parse, unasked
from entrypoint.needs.names import repo_fault
from entrypoint.values import Need, Place
from tests.needs import unhurried

OPEN = Fallback("gated/repo", "open/repo")
HUB = Place("hub-cache", Path("/cache"))


def refusal(text: str) -> str:
    with pytest.raises(Failure) as caught:
        parse(text)
    failure = caught.value
    assert (failure.name, failure.exit_code) == ("bad-fallback", CONFIG)
    assert failure.what.startswith("ENTRYPOINT_FALLBACKS holds ")
    assert "gated/repo=open/repo" in failure.todo[0]
    return failure.what


def test_a_fallback_is_found_under_the_repo_that_may_be_refused() -> None:
    assert parse("gated/repo=open/repo") == {"gated/repo": OPEN}


def test_the_hub_tells_no_capital_letters_apart() -> None:
    assert parse("Gated/Repo=open/repo")[key("gated/REPO")].instead_of == "Gated/Repo"


def test_revision_and_patterns_belong_to_the_open_model() -> None:
    fallbacks = parse("gated/repo=open/repo@refs/pr/3:*.gguf,onnx/model.onnx")
    assert fallbacks["gated/repo"] == Fallback("gated/repo", "open/repo", "refs/pr/3", ("*.gguf", "onnx/model.onnx"))


@pytest.mark.parametrize("blank", ["", "  \n", "# a/b=c/d", "none", '"null"', ",", "''"])
def test_nothing_is_no_fallback(blank: str) -> None:
    assert parse(blank) == {}


@pytest.mark.parametrize(
    "text",
    [
        "  gated/repo=open/repo  # because of the licence\n\n# e/f=g/h\n a/b=c/d\r\n",
        "gated/repo = open/repo\na/b\t=\tc/d",
        '"gated/repo=open/repo a/b=c/d"',
        "\"gated/repo=open/repo\" 'a/b=c/d'",
        '"gated/repo"="open/repo" a/b="c/d"',
        "gated/repo=open/repo,a/b=c/d",
        "gated/repo=open/repo, a/b=c/d,",
        "gated/repo=open/repo ,a/b=c/d",
        "https://huggingface.co/gated/repo=https://huggingface.co/open/repo/tree/main a/b=hf.co/c/d",
        "https://huggingface.co/gated/repo=https://huggingface.co/open/repo,a/b=c/d",
    ],
)
def test_it_is_taken_as_people_write_and_paste_it(text: str) -> None:
    assert parse(text) == {"gated/repo": OPEN, "a/b": Fallback("a/b", "c/d")}


def test_the_page_of_a_file_names_the_file() -> None:
    page = "https://huggingface.co/open/GGUF/blob/main/model.Q4_K_M.gguf"
    assert parse(f"gated/GGUF={page}")["gated/gguf"].patterns == ("model.Q4_K_M.gguf",)


def test_after_patterns_too_the_next_entry_may_stand_behind_comma_and_blank() -> None:
    assert set(parse("gated/repo=open/repo:*.gguf, a/b=c/d")) == {"gated/repo", "a/b"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("gated/repo", "lacks the '='"),
        ("gated/repo->open/repo", "lacks the '='"),
        ("gated/repo = open/repo other/model", '"other/model"'),
        ("=open/repo", "nothing before the '='"),
        ("gated/repo=", "nothing after the '='"),
        ("gated/repo=\nopen/repo", "nothing after the '='"),
        ("a/b=c/d=e/f", "more than one '='"),
        ("a/b=c/d:*.gguf,e/f=g/h", "more than one '='"),
        ("a/b==c/d", "more than one '='"),
        ("gated/repo@v1=open/repo", "a revision or patterns before the '='"),
        ("gated/repo:*.gguf=open/repo", "a revision or patterns before the '='"),
        ("gated/repo=Gated/Repo", "the same model on both sides"),
        ("gated/repo=open/repo,other/repo", "one model after the '=', not 2"),
        ("gated/repo,other/repo=open/repo", "lacks the '='"),
        ("hf.co/a/b,https://hf.co/c/d=open/repo", "one model before the '=', not 2"),
        ("gated/repo=open/repo:", "empty pattern"),
        ("gated/repo=open repo/x", '"repo/x"'),
        ("gated/repo=${OPEN_REPO}", "a placeholder that was never filled in"),
        ("gated/repo=hf_" + "a" * 34, "looks like an access token"),
        ("gated/repo=https://example.com/open/repo", "address of another host"),
        ("gated/repo=open/re--po", "may not hold '--'"),
        ("gated/repo=open/repo gated/repo=other/repo", "two fallbacks for gated/repo"),
        ("gated/repo=open/repo GATED/repo=open/repo", "two fallbacks for GATED/repo"),
        ("a/b=c/d c/d=e/f", "a chain: a/b=c/d, and c/d=e/f"),
        ("a/b=c/d C/D=a/b", "a chain"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_to_act_on(text: str, fault: str) -> None:
    assert fault in refusal(text)


def test_a_token_in_the_wrong_place_is_not_shown() -> None:
    assert "hf_aaaa" not in refusal("gated/repo=hf_" + "a" * 34)


def test_one_open_model_may_stand_in_for_several() -> None:
    assert [fallback.repo for fallback in parse("a/b=x/y c/d=x/y").values()] == ["x/y", "x/y"]


def test_a_fallback_for_a_model_that_nobody_asks_for_is_told_with_those_that_are() -> None:
    fallbacks = parse("gated/repo=open/repo gated/rpeo=open/repo")
    needs = [Need("Gated/Repo", HUB, "ENTRYPOINT_MODELS"), Need("other/model", HUB, "ENTRYPOINT_MODELS")]
    (notice,) = unasked(fallbacks, needs)
    assert notice.name == "fallback-for-nothing"
    assert "a fallback for gated/rpeo, which nothing here asks for" in notice.text
    assert notice.text.endswith("Asked for: Gated/Repo, other/model.")


part = st.text("abcXYZ019_-.", min_size=1, max_size=12)
repos = st.builds("{}/{}".format, part, part).filter(lambda name: not repo_fault(name))
patterns = st.lists(st.sampled_from(("*.gguf", "model.Q4_K_M.gguf", "onnx/*", "config.json")), unique=True, max_size=3)
revisions = st.sampled_from(("main", "v1.0", "refs/pr/3"))
pairs = st.lists(st.tuples(repos, repos, revisions, patterns), max_size=4)
blanks = st.text(" \t\n\r", min_size=1, max_size=4)


@unhurried
@given(pairs, st.data())
def test_whatever_is_written_by_the_rules_is_read_back(
    written: list[tuple[str, str, str, list[str]]], data: st.DataObject
) -> None:
    expected: dict[str, Fallback] = {}
    used: set[str] = set()
    text = ""
    for refused, taken, revision, globs in written:
        if key(refused) in expected or key(refused) in used or key(taken) in {*expected, key(refused)}:
            continue
        used.add(key(taken))
        expected[key(refused)] = Fallback(refused, taken, revision, tuple(globs))
        at = "" if revision == "main" else f"@{revision}"
        colon = ":" + ",".join(globs) if globs else ""
        text += data.draw(blanks) + f"{refused}={taken}{at}{colon}"
    assert parse(text) == expected


@unhurried
@given(st.text(alphabet=st.sampled_from("ab/=@:,*# \n\t\"'.-_{}$?h"), max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        found = parse(text)
    except Failure as failure:
        assert failure.name == "bad-fallback"
        assert failure.what.isprintable()
        return
    for name, fallback in found.items():
        assert name == key(fallback.instead_of)
        assert not repo_fault(fallback.instead_of)
        assert not repo_fault(fallback.repo)
        assert key(fallback.repo) not in found
