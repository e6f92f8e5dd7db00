"""Kind of token x gate x repo x how a bad token is answered: verdict, exit code, and the facts in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any

import pytest

from entrypoint import remedies
from entrypoint.remedies import Context
from localhub import LocalHub
from localhub.access import BadTokenAnswer
from tests.states.conftest import Deployment, Hubs
from tests.states.rule import (
    OTHER_WORDS,
    Rule,
    check,
    expected,
    expected_from_status_and_code,
    expected_in_other_words,
    expected_of_mirror,
)
from tests.states.world import (
    A_FEW_TOKENS,
    BAD_TOKEN_ANSWERS,
    BAD_TOKENS,
    READ,
    REPOS,
    SAMPLE,
    TOKENS,
    Repo,
    Token,
)

COLUMNS = [(token, "invalid-credentials") for token in TOKENS]
COLUMNS += [(token, answer) for answer in BAD_TOKEN_ANSWERS[1:] for token in BAD_TOKENS]

OTHER_SENTENCES: dict[str, Any] = {
    "a sentence of next year": lambda said: f"{OTHER_WORDS} #{len(said)}.",
    "no sentence": "",
    "another language": "Prière de vous adresser au guichet.",
}
MIRRORS = ("repo-not-found", "json", "html", "not-allowed")
# A disabled repo whose metadata is closed, too, is told by its sentence alone.
TOLD_BY_WORDS = tuple(repo for repo in REPOS if repo.state == "disabled")


def named(value: object) -> str:
    return value.kind if isinstance(value, Token) else value if isinstance(value, str) else ""


def pairs(ways: Iterable[str], repos: tuple[Repo, ...] = REPOS) -> list[tuple[Token, str, tuple[Repo, ...]]]:
    """The first way with every token and with `repos`, the others with a sample of both."""
    first, *others = ways
    return [(token, first, repos) for token in TOKENS] + list(product(A_FEW_TOKENS, others, (SAMPLE,)))


@pytest.mark.parametrize(("token", "answer"), COLUMNS, ids=named)
def test_every_repo_gets_the_verdict_of_the_rule(
    deployment: Deployment, hubs: Hubs, trust: Callable[[LocalHub], None], token: Token, answer: BadTokenAnswer
) -> None:
    hub = hubs(answer)
    trust(hub)
    rule = partial(expected, unknown_tokens_ignored=answer == "as-anonymous")
    check(deployment.ask(hub.url, token, REPOS), token, rule)


@pytest.mark.parametrize(("token", "words", "repos"), pairs(OTHER_SENTENCES), ids=named)
def test_in_other_words_the_verdict_stays_as_far_as_status_code_and_whoami_carry_it(
    deployment: Deployment, hub: LocalHub, token: Token, words: str, repos: tuple[Repo, ...]
) -> None:
    hub.set_wording(OTHER_SENTENCES[words])
    rest = [repo for repo in repos if repo not in TOLD_BY_WORDS]
    check(deployment.ask(hub.url, token, rest), token, expected_in_other_words)


@pytest.mark.parametrize("token", [token for token in TOKENS if token not in BAD_TOKENS], ids=named)
def test_what_only_the_lost_sentence_told_is_shown_as_it_came(
    deployment: Deployment, hub: LocalHub, token: Token
) -> None:
    hub.set_wording("Prière de vous adresser au guichet.")
    for row in deployment.ask(hub.url, token, TOLD_BY_WORDS):
        said = [row.repo.id, "403", "Prière de vous adresser au guichet.", f"{hub.url}/", "Exit code 77:"]
        assert row.lacks(said) == [], row.text
        assert row.exit_code == 77
        assert row.verdict.name not in ("granted", "terms-not-accepted", "review-pending", "token-invalid")


@pytest.mark.parametrize(("token", "auth_check", "repos"), pairs(MIRRORS, SAMPLE), ids=named)
def test_a_mirror_without_auth_check_leads_to_the_same_verdicts(
    deployment: Deployment, hub: LocalHub, token: Token, auth_check: Any, repos: tuple[Repo, ...]
) -> None:
    hub.set_auth_check(auth_check)
    check(deployment.ask(hub.url, token, repos), token, expected_of_mirror)


@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_in_other_words_and_without_whoami_status_and_code_are_left(
    deployment: Deployment, hub: LocalHub, token: Token
) -> None:
    hub.set_wording(OTHER_WORDS)
    hub.rate_limit("whoami", quota=0)
    rest = [repo for repo in SAMPLE if repo not in TOLD_BY_WORDS]
    check(deployment.ask(hub.url, token, rest), token, expected_from_status_and_code, known=False)


def test_all_of_them_at_once_end_with_the_code_that_a_restart_cannot_heal(
    deployment: Deployment, hub: LocalHub
) -> None:
    verdicts = [row.verdict for row in deployment.ask(hub.url, READ, REPOS)]
    text = remedies.explain(verdicts, Context(hub.url, "HF_TOKEN"))
    assert remedies.exit_code(verdicts) == 77
    assert "Exit code 77:" in text
    assert [repo.id for repo in REPOS if repo.id not in text] == []


def test_the_table_names_each_repo_once() -> None:
    names = {repo.id for repo in REPOS}
    assert len(names) == len(REPOS)


def test_between_them_the_rules_have_every_verdict_about_access() -> None:
    rules: tuple[Rule, ...] = (expected, expected_from_status_and_code)
    reached = {rule(token, repo) for rule in rules for token in TOKENS for repo in REPOS}
    assert reached == {
        "granted",
        "token-missing",
        "token-invalid",
        "token-expired",
        "token-lacks-gated-scope",
        "token-lacks-repo-scope",
        "terms-not-accepted",
        "review-pending",
        "review-rejected",
        "access-reset",
        "repo-not-found",
        "repo-missing-or-private",
        "revision-not-found",
        "file-not-found",
        "repo-disabled",
        "refused",
    }
