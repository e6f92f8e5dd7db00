"""What is learned from PrivateGPT's settings besides its needs: a token, held to the rules of every token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint import settings
from entrypoint.failures import Failure
from entrypoint.needs import deployment
from entrypoint.needs.deployment import Deployment
from tests.needs.fake_privategpt import FakePrivateGPT, settings_of

TOKEN = "hf_" + "p" * 34
Found = Callable[..., Deployment]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """The deployment of a PrivateGPT whose settings file holds a token."""
    gpt = FakePrivateGPT(tmp_path / "app")

    def find(token: str, mode: str = "huggingface", **environ: str) -> Deployment:
        huggingface = {"embedding_hf_model_name": "org/embed", "access_token": token}
        gpt.holds(settings_of("0.6", embedding={"mode": mode}, huggingface=huggingface))
        read = settings.read(gpt.environ | environ, stderr_is_terminal=False, home=tmp_path, root=tmp_path)
        return deployment.find(read, ("python", "-m", "private_gpt"), gpt.root)

    return find


def test_a_token_of_privategpts_settings_is_used_and_its_place_named(found: Found) -> None:
    token = found(TOKEN).token
    assert token is not None
    assert (token.value, token.source) == (TOKEN, "huggingface.access_token in PrivateGPT's settings")
    assert found(TOKEN).notices == ()


def test_it_is_tidied_with_a_notice(found: Found) -> None:
    wanted = found(f' "{TOKEN}"\n')
    assert wanted.token is not None
    assert wanted.token.value == TOKEN
    assert [notice.name for notice in wanted.notices] == ["token-tidied"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("your_token_here", "token-placeholder"),
        ("${HF_TOKEN}", "token-placeholder"),
        ("hf_töken_of_mine", "token-malformed"),
        ("hf_two words", "token-malformed"),
    ],
)
def test_what_cannot_be_a_token_is_refused_and_not_sent(found: Found, value: str, name: str) -> None:
    with pytest.raises(Failure) as caught:
        found(value)
    assert (caught.value.name, caught.value.exit_code) == (name, 78)
    assert caught.value.what.startswith("huggingface.access_token in PrivateGPT's settings holds")


def test_a_mirrors_token_may_have_another_form_there_too(found: Found) -> None:
    token = found("mirror:token", HF_ENDPOINT="https://mirror.example").token
    assert token is not None
    assert token.value == "mirror:token"


@pytest.mark.parametrize("blank", ["", "  ", '" "', "\u200b"])
def test_blanks_are_no_token(found: Found, blank: str) -> None:
    assert found(blank).token is None


def test_beside_a_token_in_the_environment_it_plays_no_part(found: Found) -> None:
    wanted = found("your_token_here", HF_TOKEN="hf_" + "e" * 34)
    assert (wanted.token, wanted.notices) == (None, ())


def test_where_nothing_is_needed_from_the_hub_it_plays_no_part(found: Found) -> None:
    wanted = found("your_token_here", mode="mock")
    assert (wanted.needs, wanted.token) == ((), None)
