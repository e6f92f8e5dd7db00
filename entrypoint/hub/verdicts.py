"""From evidence to a verdict: a pure decision on status, code and words, in the order of what can be relied on.

1. Was it the Hub that answered? A proxy's or a captive portal's page is never taken for the Hub's word.
2. `X-Error-Code`, then the status; the sentence only where these two leave several cases open, and then an unknown
   sentence falls back to the most common case, never to an error.
3. With a token, `whoami` tells a bad token from an account without access: the Hub answers both with 401 and sentences
   that have changed over the years ("Invalid credentials in Authorization header", "Invalid username or password.").
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
        return self.said is not None and self.said.status == 401 and self.said.from_hub

    @property
    def lacks_gated_scope(self) -> bool:
        return self.identity is not None and self.identity.reads_gated is False


def judge(evidence: Evidence, bearer: Bearer) -> str:
    """The name of the verdict for a refusal (docs/refusals.md); `refused` for what nobody has seen yet."""
    return _whoever_asks(evidence) or _decider(evidence)(evidence, bearer)


def depends_on_bearer(evidence: Evidence) -> bool:
    """Whether it matters for the verdict who asked: `whoami` is worth a request only then."""
    return not _whoever_asks(evidence)


def _whoever_asks(evidence: Evidence) -> str:
    """The verdict, where it is the same for everybody; else nothing."""
    if not evidence.status:
        return _NO_ANSWER.get(evidence.trouble, "hub-unreachable")
    if evidence.status in _BY_STATUS:
        return _BY_STATUS[evidence.status]
    if evidence.status >= 500:
        return "hub-error"
    if not evidence.from_hub:
        return "not-a-hub"
    if evidence.elsewhere:
        return "hub-error"  # the Hub granted the file, and the host to which it sent us does not give it
    if evidence.code in _ABOUT_CONTENT:
        return _ABOUT_CONTENT[evidence.code]
    return "" if evidence.status in (401, 403, 404) else "refused"


def _decider(evidence: Evidence) -> Callable[[Evidence, Bearer], str]:
    by_status = {401: _unauthorized, 403: _forbidden, 404: _repo_not_found}
    return {"GatedRepo": _gated, "RepoNotFound": _repo_not_found}.get(evidence.code) or by_status[evidence.status]


_NO_ANSWER = {"tls": "tls-untrusted", "proxy": "proxy-refused"}
_BY_STATUS = {
    407: "proxy-refused",
    408: "hub-error",
    425: "hub-error",
    429: "rate-limited",
    511: "not-a-hub",  # "network authentication required": only a network's sign-in page says it (RFC 6585)
}
_ABOUT_CONTENT = {"RevisionNotFound": "revision-not-found", "EntryNotFound": "file-not-found"}
# What the gate says, for mirrors that pass on the body but not the Hub's headers (older wordings included).
_GATE = re.compile(
    r"\bis (restricted|gated)\b|authorized list|awaiting a review|has been (rejected|reset) by", re.IGNORECASE
)
# No answer of this kind is on public record; the documents speak of SSO and of address lists.
_POLICY = re.compile(r"\bSSO\b|single sign-on|\bIP address|\ballow-?list", re.IGNORECASE)


def _gated(evidence: Evidence, bearer: Bearer) -> str:
    if evidence.status == 401:
        if not bearer.token_set:
            return "token-missing"
        # A bad token on a gated file has been seen to get the anonymous visitor's answer, word for word. A good one
        # gets 403; so where `whoami` was no help (rate-limited, missing on a mirror), 401 still speaks of the token.
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
    if _GATE.search(evidence.message):
        return _gated(evidence, bearer)
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
    if _GATE.search(words):
        return _gated(evidence, bearer)
    if _POLICY.search(words):
        return "org-policy"
    if bearer.lacks_gated_scope or ("fine-grained" in words and "gated" in words):
        return "token-lacks-gated-scope"
    return "token-lacks-repo-scope" if "fine-grained" in words else "refused"


def _repo_not_found(evidence: Evidence, bearer: Bearer) -> str:
    if not bearer.token_set:
        return "repo-missing-or-private"
    # Mirrors answer a bad token as if there were none (KohakuHub), or as if the repo were missing (olah: 401): what
    # is hidden from that token is no proof that the name is wrong.
    if bearer.rejected:
        return _bad_token(evidence, bearer)
    return "repo-not-found"
