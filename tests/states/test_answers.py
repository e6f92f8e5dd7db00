"""Every answer that people posted from the live Hub, given again on all routes of its repo to the whole program:
verdict, exit code, and the facts in the text that the person then reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from entrypoint import plan, remedies
from entrypoint.remedies import Context
from entrypoint.values import Need, Place
from localhub import LocalHub, Sample
from tests.hub.conftest import TOKEN, Asking
from tests.hub.test_samples import SAMPLES, is_answer

REPO = "acme/tiny"


@dataclass(frozen=True)
class Expected:
    """`asker` sends no token (""), alice's, hers without a scope for gated repos, or one that the Hub does not know."""

    verdict: str
    exit_code: int
    asker: str
    says: tuple[str, ...]


ALICE = ('knows you as "alice"', '"laptop"', "from HF_TOKEN")
STRANGER = ("from HF_TOKEN", "/settings/tokens", "in place of the old one")
NOBODY = ("saw no token", "/settings/tokens", "HF_TOKEN=hf_")
ANSWERS = {
    "gated_no_token": Expected("token-missing", 77, "", (*NOBODY, "Gated")),
    "gated_no_token_old_wording": Expected("token-missing", 77, "", (*NOBODY, "Gated")),
    "gated_terms_not_accepted": Expected("terms-not-accepted", 77, "alice", (*ALICE, '"Agree and access repository"')),
    "gated_pending": Expected("review-pending", 77, "alice", (*ALICE, "/settings/gated-repos", "awaiting a review")),
    "gated_rejected": Expected("review-rejected", 77, "alice", (*ALICE, "/discussions", "has been rejected")),
    "token_lacks_gated_scope": Expected(
        "token-lacks-gated-scope", 77, "narrow", (*ALICE, "canReadGatedRepos=true", "/settings/tokens")
    ),
    "token_invalid": Expected("token-invalid", 77, "stranger", STRANGER),
    "token_invalid_or_expired": Expected("token-invalid", 77, "stranger", STRANGER),
    "token_expired": Expected("token-expired", 77, "stranger", STRANGER),
    "repo_missing_or_private_anon": Expected("repo-missing-or-private", 77, "", (*NOBODY, "/models?search=")),
    "repo_missing_or_private_auth": Expected("repo-not-found", 78, "alice", (*ALICE, "/models?search=")),
    "revision_missing": Expected("revision-not-found", 78, "alice", ('"main"', "/tree/main")),
    "entry_missing": Expected("file-not-found", 78, "alice", ("/tree/main", "correct the file names")),
    "repo_disabled": Expected("repo-disabled", 77, "alice", (*ALICE, "name another model")),
    "rate_limited": Expected("rate-limited", 75, "", ("429", "wait")),
    "server_error": Expected("hub-error", 69, "", ("wait a few minutes", "a restart helps")),
}
GIVEN = [sample for sample in SAMPLES if is_answer(sample)]


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        for sample in GIVEN:
            hub.add_repo(repo_of(sample), {"config.json": b"{}"}, gated="auto")
        hub.add_token(TOKEN, user="alice", name="laptop")
        hub.add_token(TOKEN + "b", user="alice", name="laptop", role="fineGrained", reads_gated=False)
        yield hub


@pytest.fixture
def answering(shared: LocalHub, trust: Callable[[LocalHub], None]) -> Iterator[LocalHub]:
    trust(shared)
    yield shared
    shared.clear_faults()


def repo_of(sample: Sample) -> str:
    return sample.repo or REPO


def test_every_kind_of_answer_is_in_the_table() -> None:
    assert {sample.kind for sample in GIVEN} == ANSWERS.keys()


@pytest.mark.parametrize("sample", GIVEN, ids=lambda sample: sample.id)
def test_an_answer_of_the_live_hub_is_explained(answering: LocalHub, asking: Asking, sample: Sample) -> None:
    expected = ANSWERS[sample.kind]
    token = {"": None, "alice": TOKEN, "narrow": TOKEN + "b", "stranger": "hf_" + "c" * 34}[expected.asker]
    answering.answer(f"/api/models/{repo_of(sample)}/", *sample.answer(api=True))
    answering.answer(f"/{repo_of(sample)}/resolve/", *sample.answer(api=False))
    need = Need(repo_of(sample), Place("hub-cache", Path("/cache")), "ENTRYPOINT_MODELS")

    verdicts = plan.check_all(asking.access(answering.url, token).ask([need]))
    text = " ".join(remedies.explain(verdicts, Context(answering.url, "HF_TOKEN" if token else "")).split())

    assert (verdicts[0].name, remedies.exit_code(verdicts)) == (expected.verdict, expected.exit_code)
    told = [need.repo, expected.verdict, "Requested by ENTRYPOINT_MODELS", str(sample.status), *expected.says]
    told += [f"Exit code {expected.exit_code}:"]
    assert [fact for fact in told if fact not in text] == [], text
