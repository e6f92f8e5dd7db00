"""The last line agrees with the steps above it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from entrypoint.remedies import Context, explain, fields
from entrypoint.remedies.columns import WIDTH, columns
from entrypoint.values import Evidence, Repo, Verdict
from tests.remedies.people import (
    ALICE,
    HUB,
    LISTED,
    NOT_AUTHORIZED,
    RESTRICTED,
    WAITING,
    WITH_SECRET,
    WITH_TOKEN,
    WITHOUT_TOKEN,
    flat,
)

CLICK = "take the steps above first; then a restart is enough."
CHANGE = "a restart alone won't help; take the steps above first."
REVIEW = "a restart helps only once the authors have accepted."
REQUEST = "send the request; once it is accepted, a restart is enough."
MANUAL = Repo("0" * 40, "manual")


def last_line(name: str, context: Context = WITH_TOKEN, repo: Repo | None = None) -> str:
    return explain([Verdict(LISTED, name, NOT_AUTHORIZED, ALICE, repo)], context).partition(": ")[2].rpartition(": ")[2]


@pytest.mark.parametrize("name", ["terms-not-accepted", "access-reset", "org-policy", "refused", "not-a-hub"])
def test_after_a_click_a_restart_is_enough(name: str) -> None:
    assert last_line(name) == CLICK


@pytest.mark.parametrize("name", ["token-missing", "token-invalid", "token-lacks-repo-scope", "review-rejected"])
def test_after_a_change_of_the_environment_a_restart_is_not_enough(name: str) -> None:
    assert last_line(name) == CHANGE


def test_a_token_in_a_file_is_read_anew_by_a_restart() -> None:
    assert last_line("token-invalid", WITH_SECRET) == CLICK


@pytest.mark.parametrize("name", ["terms-not-accepted", "access-reset", "review-pending"])
def test_where_authors_answer_by_hand_a_restart_helps_after_their_answer(name: str) -> None:
    assert last_line(name, repo=MANUAL) == (REVIEW if name == "review-pending" else REQUEST)


def test_where_a_setting_may_be_wrong_a_restart_is_not_promised() -> None:
    down = Verdict(LISTED, "hub-unreachable", Evidence(f"{HUB}/x", trouble="connect"))
    behind = replace(WITH_TOKEN, proxies={"HTTPS_PROXY": "http://proxy.example:3128"})
    assert explain([down], behind).endswith("Exit code 69: a restart helps only if the settings above are right.")
    assert explain([down], WITH_TOKEN).endswith("Exit code 69: a restart helps, as soon as the Hub can be reached.")
    mirror = replace(WITH_TOKEN, endpoint="https://mirror.example")
    assert explain([down], mirror).endswith("a restart helps only if the settings above are right.")


def test_of_several_refusals_the_one_that_needs_most_is_told() -> None:
    terms = Verdict(LISTED, "terms-not-accepted", NOT_AUTHORIZED, ALICE)
    pending = Verdict(replace(LISTED, repo="org/b"), "review-pending", NOT_AUTHORIZED, ALICE)
    rejected = Verdict(replace(LISTED, repo="org/c"), "review-rejected", NOT_AUTHORIZED, ALICE)
    assert explain([terms, pending], WITH_TOKEN).endswith(CLICK)
    assert explain([terms, pending, rejected], WITH_TOKEN).endswith(CHANGE)


def test_a_hub_that_answers_with_a_fault_is_not_called_unreachable() -> None:
    fault, silence = Verdict(LISTED, "hub-error", Evidence(HUB, 503)), Verdict(LISTED, "hub-unreachable")
    assert explain([fault], WITH_TOKEN).endswith("Exit code 69: a restart helps, as soon as the Hub works again.")
    for verdicts in ([silence], [fault, silence]):
        assert explain(verdicts, WITH_TOKEN).endswith("a restart helps, as soon as the Hub can be reached.")


@pytest.mark.parametrize("context", [WITHOUT_TOKEN, replace(WAITING, token_source="")])
def test_that_nothing_was_downloaded_though_some_are_granted_is_explained(context: Context) -> None:
    granted = Verdict(replace(LISTED, repo="org/open"), "granted")
    refused = Verdict(LISTED, "token-missing", RESTRICTED)
    text = explain([granted, refused], context)
    assert "Nothing was downloaded: that begins once all required models are granted." in flat(text)
    assert all(columns(line) <= WIDTH for line in text.splitlines())
    assert "Nothing was downloaded. " in fields(refused, context)["outcome"]
    assert "What had been downloaded is kept. " in explain(
        [granted, refused], replace(context, nothing_downloaded=False)
    )
