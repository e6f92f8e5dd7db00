"""From evidence to a verdict: a pure decision, in the order of what can be relied on.

1. Was it the Hub that answered? A proxy's or a captive portal's page is never taken for the Hub's word.
2. `X-Error-Code`, then the status.
3. With a token, `whoami` tells a bad token from an account without access: the Hub answers both with 401 and sentences
   that have changed over the years ("Invalid credentials in Authorization header", "Invalid username or password.").
   It also says what a fine-grained token may read, and to which organisations the account belongs.
4. The repo's public face: whether it is there at all, gated, disabled.
5. The sentence, only where these leave several cases open. An unknown one falls back to the case that the rest of the
   evidence makes the most likely, never to an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from entrypoint.values import Evidence, Identity, Repo


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is known of the token: set or not, and what `whoami` said. `said` is its refusal, if it was one."""

    token_set: bool
    identity: Identity | None = None
    said: Evidence | None = None

    @property
    def rejected(self) -> bool:
        """The Hub does not know the token."""
        return self.said is not None and self.said.status == 401 and self.said.from_hub

    @property
    def barred(self) -> bool:
        """The Hub knows the token or its account, and answers it nothing: not even who it is."""
        return self.said is not None and self.said.status == 403 and self.said.from_hub

    @property
    def lacks_gated_scope(self) -> bool:
        return self.identity is not None and self.identity.reads_gated is False

    def names(self, target: Target) -> bool:
        """Whether the token may read the repo by a scope of its own, or is not limited to scopes."""
        readable = self.identity.readable if self.identity else None
        return readable is None or bool({name.lower() for name in readable} & {target.repo, target.namespace})

    def is_member(self, target: Target) -> bool:
        """Whether the repo is one of an organisation to which the account belongs."""
        orgs = self.identity.orgs if self.identity else ()
        return target.namespace in {name.lower() for name in orgs}

    def is_at_home(self, target: Target) -> bool:
        """Whether the repo is the account's own, or of an organisation to which it belongs."""
        own = self.identity is not None and target.namespace == self.identity.account.lower()
        return own or self.is_member(target)


@dataclass(frozen=True, slots=True)
class Target:
    """The repo that was refused: its name, and its public face where that was told (None: unknown)."""

    name: str = ""
    face: Repo | None = None

    @property
    def repo(self) -> str:
        """As the Hub compares names: in any case of letters."""
        return self.name.lower()

    @property
    def namespace(self) -> str:
        return self.repo.rpartition("/")[0]

    @property
    def gated(self) -> bool:
        return self.face is not None and bool(self.face.gated)

    @property
    def open(self) -> bool:
        return self.face is not None and not self.face.gated

    @property
    def disabled(self) -> bool:
        return self.face is not None and self.face.disabled

    def words(self, evidence: Evidence) -> str:
        """What was said, in lower case, without the repo's name: a model called `sso-login` is no policy."""
        words = evidence.message.lower()
        return words.replace(self.repo, " ") if self.repo else words


ANY = Target()


def judge(evidence: Evidence, bearer: Bearer, target: Target = ANY) -> str:
    """The name of the verdict for a refusal (docs/refusals.md); `refused` for what nobody has seen yet."""
    return _whoever_asks(evidence) or _decider(evidence)(evidence, bearer, target)


def depends_on_bearer(evidence: Evidence) -> bool:
    """Whether it matters for the verdict who asked: `whoami` is worth a request only then."""
    return not _whoever_asks(evidence)


def depends_on_face(evidence: Evidence) -> bool:
    """Whether the repo's public face matters: for the verdict, or (gated by whom) for what to do about it."""
    return evidence.status in (401, 403) and not _whoever_asks(evidence)


def _whoever_asks(evidence: Evidence) -> str:
    """The verdict, where it is the same for everybody; else nothing."""
    if evidence.trouble or not evidence.status:
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


def _decider(evidence: Evidence) -> Callable[[Evidence, Bearer, Target], str]:
    by_status = {401: _unauthorized, 403: _forbidden, 404: _repo_not_found}
    return {"GatedRepo": _gated, "RepoNotFound": _repo_not_found}.get(evidence.code) or by_status[evidence.status]


_NO_ANSWER = {"tls": "tls-untrusted", "clock": "tls-untrusted", "proxy": "proxy-refused"}
_BY_STATUS = {
    407: "proxy-refused",
    408: "hub-error",
    425: "hub-error",
    429: "rate-limited",
    511: "not-a-hub",  # "network authentication required": only a network's sign-in page says it (RFC 6585)
}
_ABOUT_CONTENT = {"RevisionNotFound": "revision-not-found", "EntryNotFound": "file-not-found"}
# What the gate says, for mirrors that pass on the body but not the Hub's headers (older wordings included).
_GATE = re.compile(r"\bis (restricted|gated)\b|authorized list|awaiting a review|has been (rejected|reset) by")
# No answer of this kind is on public record; the documents speak of SSO and of address lists.
_POLICY = re.compile(r"\bsso\b|single sign-on|\bip address|\ballow-?list")


def _gated(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    if not bearer.token_set:
        return "token-missing"
    if evidence.status == 401:
        # A bad token on a gated file has been seen to get the anonymous visitor's answer, word for word. A good one
        # gets 403; so where `whoami` was no help (rate-limited, missing on a mirror), 401 still speaks of the token.
        return _without_entry(evidence, bearer) if bearer.identity is None else "terms-not-accepted"
    words = target.words(evidence)
    return next((verdict for phrase, verdict in _GATE_WORDS if phrase in words), "terms-not-accepted")


_GATE_WORDS = (
    ("awaiting a review", "review-pending"),
    ("has been rejected", "review-rejected"),
    ("has been reset", "access-reset"),
)


def _unauthorized(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    at_gate = target.gated or bool(_GATE.search(target.words(evidence)))
    if not bearer.token_set:
        # a repo that shows itself to everybody is neither missing nor private
        return "token-missing" if at_gate or target.face is not None else "repo-missing-or-private"
    if bearer.identity is None or _says_expired(evidence):
        return _without_entry(evidence, bearer)
    return "terms-not-accepted" if at_gate else "refused"


def _without_entry(evidence: Evidence, bearer: Bearer) -> str:
    """The verdict for a 401 to a token of which `whoami` told nothing good."""
    return "refused" if bearer.barred and not _says_expired(evidence) else _bad_token(evidence, bearer)


def _bad_token(evidence: Evidence, bearer: Bearer) -> str:
    if _says_expired(evidence) or (bearer.said is not None and _says_expired(bearer.said)):
        return "token-expired"
    return "token-invalid"


def _says_expired(evidence: Evidence) -> bool:
    # not the token's own name, which stands in quotes
    return evidence.status == 401 and "expired" in re.sub('"[^"]*"', "", evidence.message.lower())


def _forbidden(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    """A 403 without a code. Sure obstacles first, then known words, then what is the most likely."""
    return _by_facts(bearer, target) or _by_words(evidence, bearer, target) or _by_likelihood(evidence, bearer, target)


def _by_facts(bearer: Bearer, target: Target) -> str:
    if target.disabled:
        return "repo-disabled"
    if target.gated and not bearer.token_set:
        return "token-missing"
    if target.gated and bearer.lacks_gated_scope and not _opens_gate(bearer, target):
        return "token-lacks-gated-scope"
    return ""


def _opens_gate(bearer: Bearer, target: Target) -> bool:
    """A fine-grained token needs no general permission for gated repos where it names this one."""
    limited = bearer.identity is not None and bearer.identity.readable is not None
    return limited and bearer.names(target)


def _by_words(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    words = target.words(evidence)
    if "disabled" in words and "resource" in words:
        return "repo-disabled"
    if _GATE.search(words):
        return _gated(evidence, bearer, target)
    if _POLICY.search(words):
        return "org-policy"
    if "fine-grained" in words and "gated" in words:
        return "" if target.open else "token-lacks-gated-scope"
    return "token-lacks-repo-scope" if "fine-grained" in words else ""


def _by_likelihood(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    if bearer.rejected:
        return _bad_token(evidence, bearer)
    if bearer.lacks_gated_scope and not target.open and not _opens_gate(bearer, target):
        return "token-lacks-gated-scope"
    if target.face is None and bearer.is_at_home(target) and not bearer.names(target):
        return "token-lacks-repo-scope"  # what the token sees without a scope for it needs none
    if bearer.is_member(target) and not target.gated:
        return "org-policy"  # a member, whose token reaches the repo: what is left is a rule of the organisation
    return "refused"


def _repo_not_found(evidence: Evidence, bearer: Bearer, target: Target) -> str:
    shows_itself = target.open and evidence.code != "RepoNotFound"  # as a mirror lists what it then cannot give
    if not bearer.token_set:
        if shows_itself:
            return "file-not-found"
        return "token-missing" if target.gated else "repo-missing-or-private"
    # Mirrors answer a bad token as if there were none (KohakuHub), or as if the repo were missing (olah: 401): what
    # is hidden from that token is no proof that the name is wrong.
    if bearer.rejected:
        return _bad_token(evidence, bearer)
    if shows_itself:
        return "file-not-found"
    # The Hub hides the private repos that a token may not read. A stranger's it would not show to another token either.
    if bearer.is_at_home(target) and not bearer.names(target):
        return "token-lacks-repo-scope"
    return "repo-not-found"
