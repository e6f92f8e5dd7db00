"""Every answer that people got from the live Hub, given again on the route where they got it, to the real client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint.hub.access import Access
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.hub import Hub
from entrypoint.values import Evidence
from localhub import LocalHub, Sample, load_samples
from tests.hub.conftest import TOKEN, Asking, need

SAMPLES = load_samples(Path(__file__).parents[1] / "data" / "hub-answers.json")

# kind of answer -> the verdict that it must lead to, and who asks: "nobody" (no token), "alice" (a token that the Hub
# knows), "alice, fine-grained" (without the scope for gated repos), "a stranger" (a token that it does not know).
ANSWERS = {
    "gated_no_token": ("token-missing", "nobody"),
    "gated_no_token_old_wording": ("token-missing", "nobody"),
    "gated_terms_not_accepted": ("terms-not-accepted", "alice"),
    "gated_pending": ("review-pending", "alice"),
    "gated_rejected": ("review-rejected", "alice"),
    "token_lacks_gated_scope": ("token-lacks-gated-scope", "alice, fine-grained"),
    "token_invalid": ("token-invalid", "a stranger"),
    "token_invalid_or_expired": ("token-invalid", "a stranger"),
    "token_expired": ("token-expired", "a stranger"),
    "repo_missing_or_private_anon": ("repo-missing-or-private", "nobody"),
    "repo_missing_or_private_auth": ("repo-not-found", "alice"),
    "revision_missing": ("revision-not-found", "alice"),
    "entry_missing": ("file-not-found", "alice"),
    "repo_disabled": ("repo-disabled", "alice"),
    "rate_limited": ("rate-limited", "nobody"),
    "server_error": ("hub-error", "nobody"),
}
NOT_THE_HUBS = {
    "rate_limit_headers": "headers of every answer, refusal or not: test_evidence",
    "storage_denied": "the xet storage's answer inside the client's native code: a matter of the transfer",
    "disk_full": "an error of this machine",
    "xet_masked_hash": "an error inside the client (cured in 2.4)",
    "permission": "an error of this machine",
    "dns": "no answer at all: test_access",
    "read_only_fs": "an error of this machine",
    "token_empty": "an error inside the client; a blank token is no token: settings",
}
NOT_THE_HUBS_EITHER = {"server-500-2": "a signed address of the storage, no route of the Hub"}

ROUTES = {
    "auth-check": "GET .*/auth-check",
    "listing": "GET .*/revision/",
    "head": "HEAD .*/resolve/",
    "read": "GET .*/resolve/",
    "whoami": "GET .*/whoami-v2",
}
QUESTIONS: dict[str, Callable[[Hub], object]] = {
    "auth-check": lambda client: client.may_read("acme/tiny"),
    "listing": lambda client: client.repo("acme/tiny", "main"),
    "head": lambda client: client.head_file("acme/tiny", "main", "config.json"),
    "read": lambda client: client.read("acme/tiny", "main", "config.json"),
    "whoami": lambda client: client.whoami(),
}


def routes(reported: str) -> tuple[str, ...]:
    """Where a sample was seen, by the words of its report. One seen "under /api" is asked for on both of its routes."""
    if "whoami" in reported:
        return ("whoami",)
    found = []
    if "auth-check" in reported or reported in ("API", "resolve / api"):
        found.append("auth-check")
    if "/api/" in reported and "auth-check" not in reported:
        found.append("listing")
    if "resolve" in reported:
        found += ["head"] if reported.startswith("HEAD") else []
        found += ["read"] if reported.startswith("GET resolve") else []
        found += [] if {"head", "read"} & set(found) else ["head", "read"]
    return tuple(found)


def is_answer(sample: Sample) -> bool:
    return sample.kind not in NOT_THE_HUBS and sample.id not in NOT_THE_HUBS_EITHER


CASES = [(sample, route) for sample in SAMPLES if is_answer(sample) for route in routes(sample.route)]


def test_every_kind_of_sample_has_a_verdict_or_a_reason_to_have_none() -> None:
    kinds = {sample.kind for sample in SAMPLES}
    assert kinds == ANSWERS.keys() | NOT_THE_HUBS.keys()
    assert not ANSWERS.keys() & NOT_THE_HUBS.keys()
    assert NOT_THE_HUBS_EITHER.keys() <= {sample.id for sample in SAMPLES}


def test_every_answer_of_the_hub_is_given_on_some_route() -> None:
    assert {sample.id for sample, _ in CASES} == {sample.id for sample in SAMPLES if is_answer(sample)}
    assert all(sample.status >= 400 for sample, _ in CASES)


@pytest.mark.parametrize(("sample", "route"), CASES, ids=[f"{sample.id} on {route}" for sample, route in CASES])
def test_an_answer_of_the_live_hub_gets_its_verdict(hub: LocalHub, asking: Asking, sample: Sample, route: str) -> None:
    verdict, asker = ANSWERS[sample.kind]
    if asker.startswith("alice"):
        fine = "fine-grained" in asker
        hub.add_token(TOKEN, user="alice", role="fineGrained" if fine else "read", reads_gated=not fine)
    # what a visitor was told to be missing does not show itself elsewhere
    hub.set_repo("acme/tiny", gated="auto", private=sample.kind.startswith("repo_missing_or_private"))
    hub.answer(ROUTES[route], *sample.answer(api=route not in ("head", "read")))
    client = asking.open(hub.url, None if asker == "nobody" else TOKEN)
    access = Access(client, token_set=asker != "nobody")

    with pytest.raises(Refusal) as refusal:
        QUESTIONS[route](client)
    said = refusal.value.evidence

    assert said.status == sample.status
    assert said.code == sample.code
    assert said.message in sample.message
    if route == "whoami":  # not the refusal itself, but what explains one
        said = Evidence(status=401, code="GatedRepo", from_hub=True)
    assert access.refused(need(), said).name == verdict
