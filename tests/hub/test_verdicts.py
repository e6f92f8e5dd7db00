"""Which verdict follows from status, code and words of a refusal, and from what is known of the token."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.hub.evidence import Trouble
from entrypoint.hub.verdicts import Bearer, Target, depends_on_bearer, depends_on_face, judge
from entrypoint.values import EXIT_CODES, Evidence, Identity, Repo

NOBODY = Bearer(token_set=False)
ALICE = Bearer(token_set=True, identity=Identity("alice", "laptop", "read"))
FINE = Bearer(token_set=True, identity=Identity("alice", "ci", "fineGrained", reads_gated=True))
NARROW = Bearer(token_set=True, identity=Identity("alice", "ci", "fineGrained", reads_gated=False))
BAD = Bearer(token_set=True, said=Evidence(status=401, message="Invalid username or password.", from_hub=True))
EXPIRED = Bearer(token_set=True, said=Evidence(status=401, message='User Access Token "ci" is expired', from_hub=True))
UNTOLD = Bearer(token_set=True, said=Evidence(status=429, from_hub=True, retry_after=300))
NO_WHOAMI = Bearer(token_set=True, said=Evidence(status=404, from_hub=True))
PORTAL = Bearer(token_set=True, said=Evidence(status=401, message="Sign in", from_hub=False))
BARRED = Bearer(token_set=True, said=Evidence(status=403, message="Your account is locked", from_hub=True))

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
        # what a proxy answered itself, and where it got no further
        (replace(said(403, from_hub=False), trouble="proxy"), ALICE, "proxy-refused"),
        (replace(said(503, from_hub=False), trouble="connect"), ALICE, "hub-unreachable"),
        # whoami itself is closed to the token: nobody said that it is bad
        (said(401, "", "a sentence of next year"), BARRED, "refused"),
        (said(401, "GatedRepo", ANONYMOUS), BARRED, "refused"),
        (said(401, "", 'User Access Token "ci" is expired'), BARRED, "token-expired"),
        (said(403, "GatedRepo", NOT_AUTHORIZED), BARRED, "terms-not-accepted"),
        (said(404, "RepoNotFound"), BARRED, "repo-not-found"),
        # a token's name is no reason
        (said(401, "", 'User Access Token "expired" is not known'), BAD, "token-invalid"),
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
        (Evidence(trouble="clock"), NOBODY, "tls-untrusted"),
        (Evidence(trouble="proxy"), NOBODY, "proxy-refused"),
        (Evidence(), NOBODY, "hub-unreachable"),
    ],
)  # fmt: skip
def test_a_refusal_gets_its_name(evidence: Evidence, bearer: Bearer, verdict: str) -> None:
    assert judge(evidence, bearer) == verdict


# What the repo itself is known to be, and what the token names


def face(gated: str = "", *, disabled: bool = False) -> Repo:
    return Repo("c" * 40, gated, disabled=disabled)


def token(*readable: str, reads_gated: bool = False, orgs: tuple[str, ...] = (), account: str = "alice") -> Bearer:
    """A fine-grained token that may read these."""
    return Bearer(True, Identity(account, "ci", "fineGrained", reads_gated, orgs, readable))


def reader(*orgs: str) -> Bearer:
    return Bearer(True, Identity("alice", "laptop", "read", orgs=orgs))


UNKNOWN = "a sentence of next year"
OPEN, GATED, DISABLED, HIDDEN = face(), face("auto"), face(disabled=True), None


@pytest.mark.parametrize("words", [UNKNOWN, "", "您没有权限"])
@pytest.mark.parametrize(
    ("status", "bearer", "repo", "public", "verdict"),
    [
        # disabled, for whoever asks
        (403, NOBODY, "acme/tiny", DISABLED, "repo-disabled"),
        (403, ALICE, "acme/tiny", DISABLED, "repo-disabled"),
        (403, token(), "acme/tiny", face("manual", disabled=True), "repo-disabled"),
        # gated
        (403, NOBODY, "acme/tiny", GATED, "token-missing"),
        (403, token(), "acme/tiny", GATED, "token-lacks-gated-scope"),
        (403, token("acme/other"), "acme/tiny", face("manual"), "token-lacks-gated-scope"),
        (403, token("acme/tiny-2", "acm"), "acme/tiny", GATED, "token-lacks-gated-scope"),
        (403, token("acme/tiny"), "acme/tiny", GATED, "refused"),
        (403, token("acme"), "acme/tiny", GATED, "refused"),
        (403, token("Acme/Tiny"), "acme/tiny", GATED, "refused"),
        (403, token(reads_gated=True), "acme/tiny", GATED, "refused"),
        (403, ALICE, "acme/tiny", GATED, "refused"),
        (403, reader("acme"), "acme/tiny", GATED, "refused"),
        # open to everybody: no scope is needed for it
        (403, token("acme/other", reads_gated=True), "acme/tiny", OPEN, "refused"),
        (403, token("acme/other"), "acme/tiny", OPEN, "refused"),
        (403, token("acme/other", orgs=("acme",)), "acme/tiny", OPEN, "org-policy"),
        (403, token("acme/tiny"), "acme/tiny", OPEN, "refused"),
        # not to be seen at all: the token is to blame only for what its account could let it name
        (403, token("acme/other", reads_gated=True, orgs=("acme",)), "acme/tiny", HIDDEN, "token-lacks-repo-scope"),
        (403, token(reads_gated=True), "alice/tiny", HIDDEN, "token-lacks-repo-scope"),
        (403, token(reads_gated=True, orgs=("umbrella",)), "acme/tiny", HIDDEN, "refused"),
        (403, token(), "acme/tiny", HIDDEN, "token-lacks-gated-scope"),
        (403, token("acme/tiny"), "acme/tiny", HIDDEN, "refused"),
        # a member, with a token that reaches the repo
        (403, reader("umbrella", "ACME"), "acme/tiny", OPEN, "org-policy"),
        (403, reader("acme"), "acme/tiny", HIDDEN, "org-policy"),
        (403, token("acme", orgs=("acme",)), "acme/tiny", OPEN, "org-policy"),
        (403, token("acme/tiny", orgs=("acme",)), "acme/tiny", HIDDEN, "org-policy"),
        # not a member: neither of an organisation whose name begins alike, nor in one's own namespace
        (403, reader("acm", "acme-2"), "acme/tiny", OPEN, "refused"),
        (403, reader("acme"), "alice/tiny", OPEN, "refused"),
        (403, reader("acme", "tiny"), "tiny", OPEN, "refused"),
        (403, ALICE, "acme/tiny", OPEN, "refused"),
        (403, NOBODY, "acme/tiny", OPEN, "refused"),
        # the token is unknown to whoami
        (403, BAD, "acme/tiny", OPEN, "token-invalid"),
        (403, EXPIRED, "acme/tiny", HIDDEN, "token-expired"),
        (403, BARRED, "acme/tiny", OPEN, "refused"),
        # 401 without a code
        (401, NOBODY, "acme/tiny", GATED, "token-missing"),
        (401, NOBODY, "acme/tiny", OPEN, "token-missing"),
        (401, NOBODY, "acme/tiny", HIDDEN, "repo-missing-or-private"),
        (401, ALICE, "acme/tiny", GATED, "terms-not-accepted"),
        (401, ALICE, "acme/tiny", OPEN, "refused"),
        (401, ALICE, "acme/tiny", HIDDEN, "refused"),
        (401, BAD, "acme/tiny", GATED, "token-invalid"),
        (401, EXPIRED, "acme/tiny", OPEN, "token-expired"),
        (401, UNTOLD, "acme/tiny", GATED, "token-invalid"),
        (401, BARRED, "acme/tiny", GATED, "refused"),
        # 404 without a code
        (404, NOBODY, "acme/tiny", GATED, "token-missing"),
        (404, NOBODY, "acme/tiny", HIDDEN, "repo-missing-or-private"),
        (404, token("acme/other", orgs=("acme",)), "acme/tiny", HIDDEN, "token-lacks-repo-scope"),
        (404, token(), "alice/tiny", HIDDEN, "token-lacks-repo-scope"),
        (404, token(), "Alice/tiny", HIDDEN, "token-lacks-repo-scope"),
        (404, token("alice"), "alice/tiny", HIDDEN, "repo-not-found"),
        (404, token("acme/tiny", orgs=("acme",)), "acme/tiny", HIDDEN, "repo-not-found"),
        (404, token("acme/other", orgs=("umbrella",)), "acme/tiny", HIDDEN, "repo-not-found"),
        (404, token(), "tiny", HIDDEN, "repo-not-found"),
        (404, reader("acme"), "acme/tiny", HIDDEN, "repo-not-found"),
        (404, BAD, "alice/tiny", HIDDEN, "token-invalid"),
    ],
)
def test_without_known_words_the_token_and_the_repo_decide(
    status: int, bearer: Bearer, repo: str, public: Repo | None, verdict: str, words: str
) -> None:
    target = Target(repo, public)
    assert judge(said(status, "", words), bearer, target) == verdict
    if status == 404:
        assert judge(said(status, "RepoNotFound", words), bearer, target) == verdict


@pytest.mark.parametrize("bearer", [NOBODY, ALICE, token("acme/other", orgs=("acme",)), UNTOLD])
def test_a_mirror_that_shows_an_open_repo_and_not_its_file_lacks_the_file(bearer: Bearer) -> None:
    shown = Target("acme/tiny", OPEN)
    assert judge(said(404), bearer, shown) == "file-not-found"
    assert judge(said(404, "RepoNotFound"), bearer, shown) != "file-not-found", "the Hub's own word on the repo"
    assert judge(said(404), BAD, shown) == "token-invalid"


def test_known_words_come_before_what_is_only_likely() -> None:
    member = reader("acme")
    target = Target("acme/tiny", OPEN)
    assert judge(said(403, "", NOT_AUTHORIZED), member, target) == "terms-not-accepted"
    assert judge(said(403, "", "Access to this resource is disabled."), member, target) == "repo-disabled"
    assert judge(said(403, "", "This organization requires single sign-on"), token(), target) == "org-policy"


def test_the_scope_for_gated_repos_is_not_missed_by_an_open_one() -> None:
    assert judge(said(403, "", SCOPE), token("acme/tiny"), Target("acme/tiny", OPEN)) == "refused"


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("acme/sso", "refused"),
        ("acme/IP address", "refused"),
        ("acme/disabled-resource", "refused"),
        ("acme/fine-grained-gated", "refused"),
        ("acme/x is gated", "refused"),
    ],
)
def test_a_repos_name_is_not_the_hubs_word(name: str, verdict: str) -> None:
    assert judge(said(403, "", f"You may not read {name}, sorry"), ALICE, Target(name, OPEN)) == verdict


SENTENCES = (ANONYMOUS, NOT_AUTHORIZED, SCOPE, USERNAME, CREDENTIALS, 'User Access Token "ci" is expired',
             "Your request to access model a/b is awaiting a review from the repo authors.",
             "Access to this resource is disabled.", "This organization requires single sign-on",
             "Your fine-grained token may not read this repository")  # fmt: skip
any_words = st.one_of(st.text(), st.sampled_from(SENTENCES), st.sampled_from(SENTENCES).map(str.upper))


@given(any_words)
@pytest.mark.parametrize(
    ("status", "code", "bearer", "target", "verdict"),
    [
        (401, "GatedRepo", NOBODY, Target("a/b", GATED), "token-missing"),
        (401, "GatedRepo", ALICE, Target("a/b", GATED), "terms-not-accepted"),
        (403, "GatedRepo", NOBODY, Target("a/b"), "token-missing"),
        (401, "", NOBODY, Target("a/b", GATED), "token-missing"),
        (401, "", NOBODY, Target("a/b", OPEN), "token-missing"),
        (403, "", ALICE, Target("a/b", DISABLED), "repo-disabled"),
        (403, "", token(), Target("a/b", GATED), "token-lacks-gated-scope"),
        (403, "", NOBODY, Target("a/b", GATED), "token-missing"),
        (404, "", NOBODY, Target("a/b"), "repo-missing-or-private"),
        (404, "RepoNotFound", ALICE, Target("a/b"), "repo-not-found"),
        (404, "RepoNotFound", token(), Target("alice/b"), "token-lacks-repo-scope"),
        (404, "RepoNotFound", BAD, Target("a/b"), "token-invalid"),
        (404, "RevisionNotFound", ALICE, Target("a/b"), "revision-not-found"),
        (404, "EntryNotFound", ALICE, Target("a/b"), "file-not-found"),
        (407, "", ALICE, Target("a/b"), "proxy-refused"),
        (429, "", ALICE, Target("a/b"), "rate-limited"),
        (451, "", ALICE, Target("a/b"), "refused"),
        (500, "", ALICE, Target("a/b"), "hub-error"),
        (503, "", NOBODY, Target("a/b"), "hub-error"),
    ],
)
def test_no_words_at_all_change_what_the_rest_decides(
    status: int, code: str, bearer: Bearer, target: Target, verdict: str, words: str
) -> None:
    assert judge(said(status, code, words), bearer, target) == verdict


# These words decide within a case: which step of the gate it is, and whether a bad token has only expired.
@given(any_words)
@pytest.mark.parametrize(
    ("status", "code", "bearer", "verdicts"),
    [
        (403, "GatedRepo", ALICE, {"terms-not-accepted", "review-pending", "review-rejected", "access-reset"}),
        (401, "", BAD, {"token-invalid", "token-expired"}),
        (401, "GatedRepo", BAD, {"token-invalid", "token-expired"}),
    ],
)
def test_any_words_at_all_stay_within_their_case(
    status: int, code: str, bearer: Bearer, verdicts: set[str], words: str
) -> None:
    assert judge(said(status, code, words), bearer, Target("a/b")) in verdicts


evidences = st.builds(
    Evidence,
    status=st.one_of(st.just(0), st.integers(100, 599)),
    code=st.sampled_from(["", "GatedRepo", "RepoNotFound", "RevisionNotFound", "EntryNotFound", "Unheard"]),
    message=st.one_of(st.text(), st.sampled_from([ANONYMOUS, NOT_AUTHORIZED, SCOPE, USERNAME, CREDENTIALS])),
    from_hub=st.booleans(),
    trouble=st.sampled_from(get_args(Trouble)),
)
names = st.text() | st.sampled_from(["alice", "acme", "acme/tiny"])
bearers = st.builds(
    Bearer,
    token_set=st.booleans(),
    identity=st.none()
    | st.builds(
        Identity,
        account=names,
        reads_gated=st.none() | st.booleans(),
        orgs=st.lists(names).map(tuple),
        readable=st.none() | st.lists(names).map(tuple),
    ),
    said=st.none() | evidences,
)
targets = st.builds(Target, names, st.none() | st.builds(face, st.sampled_from(["", "auto"]), disabled=st.booleans()))


@given(evidences, bearers, targets)
def test_every_refusal_gets_a_name_that_has_an_exit_code(evidence: Evidence, bearer: Bearer, target: Target) -> None:
    verdict = judge(evidence, bearer, target)
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
        known = {judge(evidence, bearer) for bearer in (ALICE, FINE, NARROW, BAD, EXPIRED, UNTOLD, NO_WHOAMI, BARRED)}
        assert known == {judge(evidence, Bearer(token_set=True))}


@given(evidences, bearers)
def test_where_the_repos_face_is_not_worth_a_request_it_would_not_change_the_verdict(
    evidence: Evidence, bearer: Bearer
) -> None:
    if not depends_on_face(evidence) and evidence.status != 404:
        known = {judge(evidence, bearer, Target("acme/tiny", public)) for public in (OPEN, GATED, DISABLED, HIDDEN)}
        assert len(known) == 1
