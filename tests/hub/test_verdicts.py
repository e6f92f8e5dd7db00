"""Which verdict follows from status, code and words of a refusal, and from what is known of the token."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.hub.evidence import Trouble
from entrypoint.hub.verdicts import Bearer, depends_on_bearer, judge
from entrypoint.values import EXIT_CODES, Evidence, Identity

NOBODY = Bearer(token_set=False)
ALICE = Bearer(token_set=True, identity=Identity("alice", "laptop", "read"))
FINE = Bearer(token_set=True, identity=Identity("alice", "ci", "fineGrained", reads_gated=True))
NARROW = Bearer(token_set=True, identity=Identity("alice", "ci", "fineGrained", reads_gated=False))
BAD = Bearer(token_set=True, said=Evidence(status=401, message="Invalid username or password.", from_hub=True))
EXPIRED = Bearer(token_set=True, said=Evidence(status=401, message='User Access Token "ci" is expired', from_hub=True))
UNTOLD = Bearer(token_set=True, said=Evidence(status=429, from_hub=True, retry_after=300))
NO_WHOAMI = Bearer(token_set=True, said=Evidence(status=404, from_hub=True))
PORTAL = Bearer(token_set=True, said=Evidence(status=401, message="Sign in", from_hub=False))

NOT_AUTHORIZED = "Access to model a/b is restricted and you are not in the authorized list. Visit https://..."
ANONYMOUS = "Access to model a/b is restricted. You must have access to it and be authenticated to access it."
SCOPE = "Please enable access to public gated repositories in your fine-grained token settings to view this repository."
USERNAME = "Invalid username or password."
CREDENTIALS = "Invalid credentials in Authorization header"


def said(status: int, code: str = "", message: str = "", *, from_hub: bool = True) -> Evidence:
    return Evidence(status=status, code=code, message=message, from_hub=from_hub)


@pytest.mark.parametrize(
    ("evidence", "bearer", "verdict"),
    [
        # a gated model
        (said(401, "GatedRepo", ANONYMOUS), NOBODY, "token-missing"),
        (said(403, "GatedRepo", NOT_AUTHORIZED), NOBODY, "token-missing"),
        (said(403, "GatedRepo", NOT_AUTHORIZED), ALICE, "terms-not-accepted"),
        (said(403, "GatedRepo", "Your request to access model a/b is awaiting a review"), ALICE, "review-pending"),
        (said(403, "GatedRepo", "... has been rejected by the repo's authors."), ALICE, "review-rejected"),
        (said(403, "GatedRepo", "... has been reset by the repo's authors."), ALICE, "access-reset"),
        (said(403, "GatedRepo", "a sentence of next year"), ALICE, "terms-not-accepted"),
        (said(403, "GatedRepo"), ALICE, "terms-not-accepted"),
        # the Hub treats a token that it does not know like none, on gated files
        (said(401, "GatedRepo", ANONYMOUS), BAD, "token-invalid"),
        (said(401, "GatedRepo", ANONYMOUS), EXPIRED, "token-expired"),
        # a gateway that does not pass the token on, though whoami knows it
        (said(401, "GatedRepo", ANONYMOUS), ALICE, "terms-not-accepted"),
        # whoami was no help: 401 still speaks of the token
        (said(401, "GatedRepo", ANONYMOUS), UNTOLD, "token-invalid"),
        (said(401, "GatedRepo", ANONYMOUS), NO_WHOAMI, "token-invalid"),
        (said(403, "GatedRepo", NOT_AUTHORIZED), UNTOLD, "terms-not-accepted"),
        # a mirror that passes on the body alone
        (said(401, "", ANONYMOUS), NOBODY, "token-missing"),
        (said(401, "", "Repo model a/b is gated. You must be authenticated to access it."), NOBODY, "token-missing"),
        (said(403, "", NOT_AUTHORIZED), ALICE, "terms-not-accepted"),
        (said(403, "", "Your request to access model a/b is awaiting a review from the repo authors."), ALICE,
         "review-pending"),
        # fine-grained tokens
        (said(403, "", SCOPE), NARROW, "token-lacks-gated-scope"),
        (said(403, "", SCOPE), UNTOLD, "token-lacks-gated-scope"),
        (said(403, "", "a sentence of next year"), NARROW, "token-lacks-gated-scope"),
        (said(403), NARROW, "token-lacks-gated-scope"),
        (said(403, "GatedRepo", NOT_AUTHORIZED), NARROW, "terms-not-accepted"),
        (said(403, "", "Your fine-grained token may not read this repository"), FINE, "token-lacks-repo-scope"),
        (said(404, "RepoNotFound", "Repository not found"), FINE, "repo-not-found"),
        # bad tokens, on public repos too
        (said(401, "", CREDENTIALS), BAD, "token-invalid"),
        (said(401, "", USERNAME), BAD, "token-invalid"),
        (said(401, "", "a sentence of next year"), BAD, "token-invalid"),
        (said(401), BAD, "token-invalid"),
        (said(401, "", CREDENTIALS), UNTOLD, "token-invalid"),
        (said(401, "", 'User Access Token "ci" is expired'), BAD, "token-expired"),
        (said(401, "", 'User Access Token "ci" is expired'), UNTOLD, "token-expired"),
        (said(401, "", CREDENTIALS), EXPIRED, "token-expired"),
        (said(401, "", "a sentence of next year"), ALICE, "refused"),
        # missing, or private
        (said(401, "", USERNAME), NOBODY, "repo-missing-or-private"),
        (said(401), NOBODY, "repo-missing-or-private"),
        (said(401, "RepoNotFound"), NOBODY, "repo-missing-or-private"),
        (said(404, "RepoNotFound"), NOBODY, "repo-missing-or-private"),
        (said(404), NOBODY, "repo-missing-or-private"),
        (said(404, "RepoNotFound", "Repository not found"), ALICE, "repo-not-found"),
        (said(404), ALICE, "repo-not-found"),
        (said(401, "RepoNotFound"), ALICE, "repo-not-found"),
        (said(401, "RepoNotFound"), BAD, "token-invalid"),
        (said(404, "RepoNotFound"), BAD, "token-invalid"),
        (said(404, "RepoNotFound"), EXPIRED, "token-expired"),
        (said(404, "RepoNotFound"), UNTOLD, "repo-not-found"),
        (said(404, "RepoNotFound"), PORTAL, "repo-not-found"),
        # what is in it
        (said(404, "RevisionNotFound", "Invalid rev id: v9"), ALICE, "revision-not-found"),
        (said(404, "EntryNotFound", "Entry not found"), NOBODY, "file-not-found"),
        # shut
        (said(403, "", "Access to this resource is disabled."), NARROW, "repo-disabled"),
        (said(403, "", "Access to this resource is disabled."), NOBODY, "repo-disabled"),
        (said(403, "", "This organization requires single sign-on"), NARROW, "org-policy"),
        (said(403, "", "Your IP address is not on the allow list of acme"), ALICE, "org-policy"),
        (said(403, "", "a sentence of next year"), ALICE, "refused"),
        (said(403, "", "a sentence of next year"), NOBODY, "refused"),
        (said(451, "", "for legal reasons"), ALICE, "refused"),
        (said(400, "", "Bad Request"), ALICE, "refused"),
        # passing
        (said(429), NOBODY, "rate-limited"),
        (said(429, from_hub=False), ALICE, "rate-limited"),
        (said(500), ALICE, "hub-error"),
        (said(503, from_hub=False), ALICE, "hub-error"),
        (said(408), ALICE, "hub-error"),
        (said(425), ALICE, "hub-error"),
        # the content network, after the Hub granted the file
        (replace(said(403, "", "AccessDenied"), elsewhere=True), ALICE, "hub-error"),
        (replace(said(404), elsewhere=True), NOBODY, "hub-error"),
        (replace(said(400), elsewhere=True), NOBODY, "hub-error"),
        (replace(said(403, from_hub=False), elsewhere=True), ALICE, "not-a-hub"),
        # not the Hub
        (said(407), ALICE, "proxy-refused"),
        (said(511), ALICE, "not-a-hub"),
        (said(200, from_hub=False), ALICE, "not-a-hub"),
        (said(401, from_hub=False), BAD, "not-a-hub"),
        (said(403, from_hub=False), NARROW, "not-a-hub"),
        (said(404, from_hub=False), ALICE, "not-a-hub"),
        # no answer
        (Evidence(trouble="dns"), ALICE, "hub-unreachable"),
        (Evidence(trouble="connect"), NOBODY, "hub-unreachable"),
        (Evidence(trouble="timeout"), NOBODY, "hub-unreachable"),
        (Evidence(trouble="reset"), NOBODY, "hub-unreachable"),
        (Evidence(trouble="other"), NOBODY, "hub-unreachable"),
        (Evidence(trouble="tls"), NOBODY, "tls-untrusted"),
        (Evidence(trouble="proxy"), NOBODY, "proxy-refused"),
        (Evidence(), NOBODY, "hub-unreachable"),
    ],
)  # fmt: skip
def test_a_refusal_gets_its_name(evidence: Evidence, bearer: Bearer, verdict: str) -> None:
    assert judge(evidence, bearer) == verdict


evidences = st.builds(
    Evidence,
    status=st.one_of(st.just(0), st.integers(100, 599)),
    code=st.sampled_from(["", "GatedRepo", "RepoNotFound", "RevisionNotFound", "EntryNotFound", "Unheard"]),
    message=st.one_of(st.text(), st.sampled_from([ANONYMOUS, NOT_AUTHORIZED, SCOPE, USERNAME, CREDENTIALS])),
    from_hub=st.booleans(),
    trouble=st.sampled_from(get_args(Trouble)),
)
bearers = st.builds(
    Bearer,
    token_set=st.booleans(),
    identity=st.none() | st.builds(Identity, st.text(), st.text(), st.text(), st.none() | st.booleans()),
    said=st.none() | evidences,
)


@given(evidences, bearers)
def test_every_refusal_gets_a_name_that_has_an_exit_code(evidence: Evidence, bearer: Bearer) -> None:
    verdict = judge(evidence, bearer)
    assert verdict in EXIT_CODES
    assert verdict != "granted"


@pytest.mark.parametrize("verdict_words", ["", "The Hub has found other words for this.", "您需要登录"])
@pytest.mark.parametrize(
    ("status", "code", "bearer", "verdict"),
    [
        (401, "GatedRepo", NOBODY, "token-missing"),
        (401, "GatedRepo", BAD, "token-invalid"),
        (403, "GatedRepo", ALICE, "terms-not-accepted"),
        (403, "", NARROW, "token-lacks-gated-scope"),
        (401, "", BAD, "token-invalid"),
        (401, "", EXPIRED, "token-expired"),
        (401, "", NOBODY, "repo-missing-or-private"),
        (404, "RepoNotFound", ALICE, "repo-not-found"),
        (404, "RevisionNotFound", ALICE, "revision-not-found"),
        (404, "EntryNotFound", ALICE, "file-not-found"),
        (429, "", ALICE, "rate-limited"),
    ],
)
def test_another_sentence_does_not_change_what_status_code_and_whoami_say(
    status: int, code: str, bearer: Bearer, verdict: str, verdict_words: str
) -> None:
    assert judge(said(status, code, verdict_words), bearer) == verdict


@given(evidences)
def test_where_whoami_is_not_worth_a_request_it_would_not_change_the_verdict(evidence: Evidence) -> None:
    if not depends_on_bearer(evidence):
        known = {judge(evidence, bearer) for bearer in (ALICE, FINE, NARROW, BAD, EXPIRED, UNTOLD, NO_WHOAMI)}
        assert known == {judge(evidence, Bearer(token_set=True))}
