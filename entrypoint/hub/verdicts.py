"""From evidence to a verdict: a pure decision on status, code and words, in the order of what can be relied on.

1. Was it the Hub that answered? A proxy's or a captive portal's page is never taken for the Hub's word.
2. `X-Error-Code`, then the status; the sentence only where these two leave several cases open, and then an unknown
   sentence falls back to the most common case, never to an error.
3. With a token, `whoami` tells a bad token from an account without access: the Hub answers both with 401 and sentences
   that have changed over the years ("Invalid credentials in Authorization header", "Invalid username or password.").
"""

from __future__ import annotations

from dataclasses import dataclass

from entrypoint.values import Evidence, Identity


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is known of the token: set or not, and what `whoami` said. `said` is its refusal, if it was one."""

    token_set: bool
    identity: Identity | None = None
    said: Evidence | None = None

    @property
    def rejected(self) -> bool:
        return self.said is not None and self.said.status in (401, 403)


def judge(evidence: Evidence, bearer: Bearer) -> str:
    """The name of the verdict for a refusal (docs/refusals.md); `refused` for what nobody has seen yet."""
    if not evidence.status:
        return _NO_ANSWER.get(evidence.trouble, "hub-unreachable")
    if evidence.status == 429:
        return "rate-limited"
    if evidence.status == 407:
        return "proxy-refused"
    if evidence.status == 408 or evidence.status >= 500:
        return "hub-error"
    if not evidence.from_hub:
        return "not-a-hub"
    by_code = {
        "GatedRepo": _gated,
        "RepoNotFound": _repo_not_found,
        "RevisionNotFound": lambda _e, _b: "revision-not-found",
        "EntryNotFound": lambda _e, _b: "file-not-found",
    }
    by_status = {401: _unauthorized, 403: _forbidden, 404: _repo_not_found}
    decide = by_code.get(evidence.code) or by_status.get(evidence.status)
    return decide(evidence, bearer) if decide else "refused"


_NO_ANSWER = {"tls": "tls-untrusted", "proxy": "proxy-refused"}


def _gated(evidence: Evidence, bearer: Bearer) -> str:
    if evidence.status == 401:
        if not bearer.token_set:
            return "token-missing"
        # A bad token on a gated file has been seen to get the anonymous visitor's answer, word for word.
        return _bad_token(evidence, bearer) if bearer.identity is None else "terms-not-accepted"
    words = evidence.message.lower()
    for phrase, verdict in _GATE_WORDS:
        if phrase in words:
            return verdict
    if not bearer.token_set:
        return "token-missing"
    return "terms-not-accepted"


_GATE_WORDS = (
    ("awaiting a review", "review-pending"),
    ("has been rejected", "review-rejected"),
    ("has been reset", "access-reset"),
)


def _unauthorized(evidence: Evidence, bearer: Bearer) -> str:
    if not bearer.token_set:
        return "repo-missing-or-private"
    if bearer.identity is not None and not _says_expired(evidence):
        return "refused"
    return _bad_token(evidence, bearer)


def _bad_token(evidence: Evidence, bearer: Bearer) -> str:
    if _says_expired(evidence) or (bearer.said is not None and _says_expired(bearer.said)):
        return "token-expired"
    return "token-invalid"


def _says_expired(evidence: Evidence) -> bool:
    return evidence.status == 401 and "expired" in evidence.message.lower()


def _forbidden(evidence: Evidence, bearer: Bearer) -> str:
    words = evidence.message.lower()
    if "disabled" in words and "resource" in words:
        return "repo-disabled"
    fine_grained = bearer.identity is not None and bearer.identity.role == "fineGrained"
    if "fine-grained" in words or (fine_grained and bearer.identity and bearer.identity.reads_gated is False):
        return "token-lacks-gated-scope"
    return "refused"


def _repo_not_found(evidence: Evidence, bearer: Bearer) -> str:
    if not bearer.token_set:
        return "repo-missing-or-private"
    # A mirror (olah) answers 401 RepoNotFound both for a missing repo and for a bad token.
    if evidence.status == 401 and bearer.rejected:
        return _bad_token(evidence, bearer)
    return "repo-not-found"
