"""Who may read what: tokens, organisations and their policies, and accounts' standing with gated repos.

The order of the questions is the Hub's: is the token one; may its account see the repo; does a policy of its
organisation stand in the way; is the repo disabled; may the account pass the gate; and only then whether the revision
and the file exist.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from localhub.refusals import (
    DISABLED,
    INVALID_CREDENTIALS,
    INVALID_USERNAME,
    LACKS_GATED_SCOPE,
    REPO_NOT_FOUND,
    Refusal,
    expired,
    gated,
)
from localhub.repos import Repo
from localhub.tokens import OrgRole, Role, Token, TokenState

Standing = Literal["accepted", "none", "pending", "rejected", "reset"]
BadTokenAnswer = Literal["invalid-credentials", "invalid-username", "as-anonymous"]

MASK = "*" * 64
_OPEN_FILES = re.compile(r"README\.md|LICENSE(\.md|\.txt)?")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `bad` is the refusal that the token itself earns, whatever is asked for."""

    token: Token | None = None
    bad: Refusal | None = None

    @property
    def user(self) -> str:
        return self.token.user if self.token else ""


@dataclass(frozen=True, slots=True)
class OrgPolicy:
    """A rule of an organisation (single sign-on, a list of networks) that keeps callers out, whoever they are.

    How the Hub words it is on no public record, nor whether the metadata is closed, too: both can be chosen.
    """

    words: str
    metadata: bool = False


@dataclass(slots=True)
class Access:
    """`policies` are those of organisations and of single repos, by name."""

    bad_token: BadTokenAnswer = "invalid-credentials"
    tokens: dict[str, Token] = field(default_factory=dict)
    orgs: dict[str, dict[str, OrgRole]] = field(default_factory=dict)
    policies: dict[str, OrgPolicy] = field(default_factory=dict)
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_token(self, token: Token) -> None:
        if token.role not in get_args(Role) or token.state not in get_args(TokenState):
            raise ValueError(f"no such role or state: {token.role!r}, {token.state!r}")
        with self.lock:
            self.tokens[token.secret] = token

    def set_orgs(self, user: str, orgs: Mapping[str, OrgRole]) -> None:
        unknown = set(orgs.values()) - set(get_args(OrgRole))
        if unknown:
            raise ValueError(f"no such role in an organisation: {', '.join(sorted(unknown))}")
        with self.lock:
            self.orgs[user] = dict(orgs)

    def orgs_of(self, user: str) -> Mapping[str, OrgRole]:
        with self.lock:
            return self.orgs.get(user, {})

    def set_policy(self, name: str, policy: OrgPolicy | None) -> None:
        with self.lock:
            if policy is None:
                self.policies.pop(name, None)
            else:
                self.policies[name] = policy

    def set_standing(self, user: str, repo: str, standing: Standing) -> None:
        if standing not in get_args(Standing):
            raise ValueError(f"no such standing: {standing!r}; there are {', '.join(get_args(Standing))}")
        with self.lock:
            self.standings[user, repo] = standing

    def caller(self, authorization: str | None) -> Caller:
        """Who sent this `Authorization` header; no header at all is an anonymous caller."""
        if authorization is None:
            return Caller()
        scheme, _, secret = authorization.partition(" ")
        with self.lock:
            token = self.tokens.get(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None or token.state == "revoked":
            bad = INVALID_USERNAME if self.bad_token == "invalid-username" else INVALID_CREDENTIALS
            return Caller(bad=bad)
        if token.state == "expired":
            return Caller(bad=expired(token.name))
        return Caller(token)

    def on_repo_routes(self, caller: Caller) -> Caller:
        """The caller as repo routes see it: some reports have them treat an unknown token as none at all."""
        if caller.bad is not None and self.bad_token == "as-anonymous" and caller.bad is INVALID_CREDENTIALS:
            return Caller()
        return caller

    def standing(self, user: str, repo: Repo) -> Standing:
        with self.lock:
            own: Standing = "accepted" if user and user == repo.owner else "none"
            return self.standings.get((user, repo.id), own)

    def sees(self, caller: Caller, repo: Repo) -> bool:
        if not repo.private:
            return True
        token = caller.token
        if token is None or not token.covers(repo):
            return False
        return repo.owner in self.orgs_of(token.user) or self.standing(token.user, repo) == "accepted"

    def may_see(self, caller: Caller, repo: Repo | None) -> Refusal | None:
        """Why the repo's page and metadata are refused. A private repo is never told from a missing one."""
        if caller.bad is not None:
            return caller.bad
        if repo is None or not self.sees(caller, repo):
            return INVALID_USERNAME if caller.token is None else REPO_NOT_FOUND
        policy = self._policy(repo)
        return Refusal(403, policy.words) if policy is not None and policy.metadata else None

    def may_read(self, caller: Caller, repo: Repo) -> Refusal | None:
        """Why the contents of a visible repo are refused."""
        policy = self._policy(repo)
        if policy is not None:
            return Refusal(403, policy.words)
        if repo.disabled:
            return DISABLED
        if not repo.gated:
            return None
        if caller.token is None:
            return gated(repo.id, "")
        if not caller.token.opens_gates(repo):
            return LACKS_GATED_SCOPE
        standing = self.standing(caller.token.user, repo)
        return None if standing == "accepted" else gated(repo.id, standing)

    def _policy(self, repo: Repo) -> OrgPolicy | None:
        with self.lock:
            return self.policies.get(repo.id) or self.policies.get(repo.owner)


def is_open_file(path: str) -> bool:
    """The files at a repo's root that every visitor of a gated repo may read."""
    return _OPEN_FILES.fullmatch(path) is not None
