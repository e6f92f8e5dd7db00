"""The code that a model's config.json asks for from other repos becomes needs, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.needs.automap import code_repos
from entrypoint.needs.names import repo_fault
from entrypoint.values import Need, Place
from tests.needs import unhurried

CACHE = Place("hub-cache", Path("/models/cache"))
NOMIC = Need(
    "nomic-ai/nomic-embed-text-v1.5",
    CACHE,
    "huggingface.embedding_hf_model_name",
    required=False,
    asker="PrivateGPT",
    use="embedding",
    auto_map=True,
)


def repos(config: object) -> list[str]:
    return [need.repo for need in code_repos(json.dumps(config).encode(), NOMIC)]


def test_nomic_embed_needs_the_code_of_nomic_bert_in_the_same_place() -> None:
    config = {
        "auto_map": {
            "AutoConfig": "nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig",
            "AutoModel": "nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel",
        }
    }
    assert code_repos(json.dumps(config).encode(), NOMIC) == (
        Need(
            "nomic-ai/nomic-bert-2048",
            CACHE,
            "huggingface.embedding_hf_model_name",
            patterns=("*.py", "*.json"),
            required=False,
            asker="PrivateGPT",
            use="code",
        ),
    )


def test_code_in_the_repo_itself_needs_no_other() -> None:
    assert repos({"auto_map": {"AutoConfig": "configuration_x.XConfig", "AutoModel": None}}) == []
    assert repos({"auto_map": {"AutoConfig": "Nomic-AI/nomic-embed-text-v1.5--configuration_x.XConfig"}}) == []


def test_tokenizers_name_a_slow_and_a_fast_class_in_a_list() -> None:
    assert repos({"auto_map": {"AutoTokenizer": ["a/b--tok.Slow", None], "AutoModel": "c/d--m.M"}}) == [
        "a/b",
        "c/d",
    ]
    assert repos({"auto_map": ["a/b--tok.Slow", None]}) == ["a/b"]


def test_the_revision_of_the_code_is_honoured_if_it_can_be_one() -> None:
    auto_map = {"AutoModel": "a/b--m.M"}
    for asked, got in [("v2", "v2"), ("../x", "main"), (7, "main"), (None, "main")]:
        config = json.dumps({"auto_map": auto_map, "code_revision": asked}).encode()
        assert [need.revision for need in code_repos(config, NOMIC)] == [got]


@pytest.mark.parametrize(
    "value",
    [
        "../../etc--x.Y",
        "a/b/c--x.Y",
        "--x.Y",
        "a b--x.Y",
        "https://evil.example/a--x.Y",
        "\x00--x",
        "\ud800--x",
    ],
)
def test_what_cannot_be_a_repo_is_left_out(value: str) -> None:
    assert repos({"auto_map": {"AutoModel": value, "AutoConfig": "a/b--x.Y"}}) == ["a/b"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b'"auto_map"',
        b"{",
        b"\xff\xfe",
        b"<!doctype html>",
        b"[" * 100_000,
        b'{"auto_map": ' + b"[" * 100_000,
        b'{"auto_map": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_file_that_is_no_config_asks_for_nothing(raw: bytes) -> None:
    assert code_repos(raw, NOMIC) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text("ab/.-"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@unhurried
@given(
    st.binary() | st.fixed_dictionaries({"auto_map": JSON, "code_revision": JSON}).map(lambda c: json.dumps(c).encode())
)
def test_any_bytes_give_needs_with_valid_names_or_none(raw: bytes) -> None:
    for need in code_repos(raw, NOMIC):
        assert repo_fault(need.repo) == ""
        assert need.repo != NOMIC.repo
