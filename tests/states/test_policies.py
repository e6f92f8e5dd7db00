"""An organisation's policy: 403, no code, and words that are on no record. What is left when all else is ruled out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from localhub import LocalHub
from tests.states.conftest import Deployment
from tests.states.rule import EXIT_CODES
from tests.states.world import A_FEW_TOKENS, ACCOUNT, GOOD_TOKENS, NONE, READ, REPOS, TOKEN_NAME, Repo, Token

UNKNOWN_WORDS = "Not from there, my friend."
KNOWN_WORDS = ("Please sign in with SSO to go on.", "Your IP address is not in the allow-list.")
NOTHING, ORGANISATION = GOOD_TOKENS[3], GOOD_TOKENS[6]
OURS, DISABLED, GATED, FOREIGN = (
    next(repo for repo in REPOS if repo.id == name)
    for name in (
        "acme/open-none-there",
        "acme/open-none-disabled-in-its-metadata",
        "acme/manual-accepted-there",
        "other/open-none-there",
    )
)


@pytest.fixture
def barred(hub: LocalHub) -> Iterator[LocalHub]:
    for name in ("acme", "other"):
        hub.set_policy(name, UNKNOWN_WORDS)
    yield hub
    for name in ("acme", "other"):
        hub.set_policy(name, None)


@pytest.mark.parametrize(
    ("token", "repo", "verdict", "says"),
    [
        (READ, OURS, "org-policy", ("administrator", "organisation acme", f'"{ACCOUNT}"', f'"{TOKEN_NAME}"')),
        (ORGANISATION, OURS, "org-policy", ("administrator", "organisation acme", f'"{ACCOUNT}"')),
        (NOTHING, OURS, "org-policy", ("administrator", "organisation acme", f'"{TOKEN_NAME}"')),
        (READ, FOREIGN, "refused", (UNKNOWN_WORDS, f'"{ACCOUNT}"', f"/{FOREIGN.id}")),
        (NONE, OURS, "refused", (UNKNOWN_WORDS, f"/{OURS.id}")),
        (READ, DISABLED, "repo-disabled", ("name another model",)),
        (NOTHING, GATED, "token-lacks-gated-scope", ("canReadGatedRepos=true",)),
        (READ, GATED, "refused", (UNKNOWN_WORDS, f"/{GATED.id}")),
    ],
    ids=lambda value: value.kind if isinstance(value, Token) else value.id if isinstance(value, Repo) else "",
)
def test_in_words_that_nobody_knows_whoami_and_metadata_tell(
    deployment: Deployment, barred: LocalHub, token: Token, repo: Repo, verdict: str, says: tuple[str, ...]
) -> None:
    row = deployment.ask(barred.url, token, [repo])[0]
    assert (row.verdict.name, row.exit_code) == (verdict, EXIT_CODES[verdict])
    assert row.lacks([repo.id, verdict, "ENTRYPOINT_MODELS", "403", f"Exit code {row.exit_code}:", *says]) == []


@pytest.mark.parametrize("words", KNOWN_WORDS)
@pytest.mark.parametrize(
    "token", [token for token in A_FEW_TOKENS if token.good or token == NONE], ids=lambda t: t.kind
)
def test_words_that_name_a_policy_are_believed(
    deployment: Deployment, barred: LocalHub, token: Token, words: str
) -> None:
    for name in ("acme", "other"):
        barred.set_policy(name, words)
    for row in deployment.ask(barred.url, token, [OURS, FOREIGN]):
        assert row.verdict.name == "org-policy"
        assert row.lacks([words, f"organisation {row.repo.namespace}", "administrator", "Exit code 77:"]) == []


@pytest.mark.parametrize("token", [READ, ORGANISATION], ids=lambda token: token.kind)
def test_a_policy_that_closes_the_metadata_too_is_told_to_a_member(
    deployment: Deployment, barred: LocalHub, token: Token
) -> None:
    barred.set_policy("acme", UNKNOWN_WORDS, metadata=True)
    row = deployment.ask(barred.url, token, [OURS])[0]
    assert row.verdict.name == "org-policy"
    assert row.lacks([UNKNOWN_WORDS, "organisation acme", "administrator"]) == []


def test_a_bad_token_is_told_before_any_policy(deployment: Deployment, barred: LocalHub) -> None:
    unknown = replace(READ, kind="unheard of")
    assert deployment.ask(barred.url, unknown, [OURS])[0].verdict.name == "token-invalid"
