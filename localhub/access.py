"""Who may read what: tokens, accounts' standing with gated repos, and the Hub's refusals word for word.

The sentences are those that people posted from the live Hub (tests/data/hub-answers.json). The order of the
questions is the Hub's: is the token one; may its account see the repo; is the repo disabled; may the account
pass the gate; and only then whether the revision and the file exist.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

from localhub.repos import Repo

Role = Literal["read", "write", "fineGrained"]
TokenState = Literal["valid", "expired", "revoked"]
Standing = Literal["accepted", "none", "pending", "rejected", "reset"]
BadTokenAnswer = Literal["invalid-credentials", "invalid-username", "as-anonymous"]

MASK = "*" * 64
_OPEN_FILES = re.compile(r"README\.md|LICENSE(\.md|\.txt)?")


@dataclass(frozen=True, slots=True)
class Token:
    """`scoped` are the repos that a fine-grained token names; `reads_gated` is its permission for public
    gated repos.
    """

    secret: str
    user: str
    name: str = "token"
    role: Role = "read"
    reads_gated: bool = True
    scoped: tuple[str, ...] = ()
    state: TokenState = "valid"

    def covers(self, repo: Repo) -> bool:
        """Whether a private repo is within the token's reach."""
        return self.role != "fineGrained" or repo.id in self.scoped

    def opens_gates(self, repo: Repo) -> bool:
        return self.role != "fineGrained" or self.reads_gated or repo.id in self.scoped


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    message: str
    code: str = ""


INVALID_CREDENTIALS = Refusal(401, "Invalid credentials in Authorization header")
INVALID_USERNAME = Refusal(401, "Invalid username or password.")
REPO_NOT_FOUND = Refusal(404, "Repository not found", "RepoNotFound")
DISABLED = Refusal(403, "Access to this resource is disabled.")
LACKS_GATED_SCOPE = Refusal(
    403,
    "Please enable access to public gated repositories in your fine-grained token settings to view this repository.",
)
ENTRY_NOT_FOUND = Refusal(404, "Entry not found", "EntryNotFound")
REVISION_NOT_FOUND = Refusal(404, "Revision not found", "RevisionNotFound")

_GATED_ANONYMOUS = (
    "Access to model {id} is restricted. You must have access to it and be authenticated to access it. Please log in."
)
_GATED: dict[str, str] = {
    "none": "Access to model {id} is restricted and you are not in the authorized list. "
    "Visit https://huggingface.co/{id} to ask for access.",
    "pending": "Your request to access model {id} is awaiting a review from the repo authors.",
    "rejected": "Your request to access model {id} has been rejected by the repo's authors.",
    "reset": "Your request to access model {id} has been reset by the repo's authors. "
    "Visit https://huggingface.co/{id} to submit a new request.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `bad` is the refusal that the token itself earns, whatever is asked for."""

    token: Token | None = None
    bad: Refusal | None = None

    @property
    def user(self) -> str:
        return self.token.user if self.token else ""


@dataclass(slots=True)
class Access:
    bad_token: BadTokenAnswer = "invalid-credentials"
    tokens: dict[str, Token] = field(default_factory=dict)
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add_token(self, token: Token) -> None:
        if token.role not in get_args(Role) or token.state not in get_args(TokenState):
            raise ValueError(f"no such role or state: {token.role!r}, {token.state!r}")
        with self.lock:
            self.tokens[token.secret] = token

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
            return Caller(bad=Refusal(401, f'User Access Token "{token.name}" is expired'))
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
        return token is not None and token.covers(repo) and self.standing(token.user, repo) == "accepted"

    def may_see(self, caller: Caller, repo: Repo | None) -> Refusal | None:
        """Why the repo's page and metadata are refused. A private repo is never told from a missing one."""
        if caller.bad is not None:
            return caller.bad
        if repo is None or not self.sees(caller, repo):
            return INVALID_USERNAME if caller.token is None else REPO_NOT_FOUND
        return None

    def may_read(self, caller: Caller, repo: Repo) -> Refusal | None:
        """Why the contents of a visible repo are refused."""
        if repo.disabled:
            return DISABLED
        if not repo.gated:
            return None
        if caller.token is None:
            return Refusal(401, _GATED_ANONYMOUS.format(id=repo.id), "GatedRepo")
        if not caller.token.opens_gates(repo):
            return LACKS_GATED_SCOPE
        standing = self.standing(caller.token.user, repo)
        if standing == "accepted":
            return None
        return Refusal(403, _GATED[standing].format(id=repo.id), "GatedRepo")


def is_open_file(path: str) -> bool:
    """The files at a repo's root that every visitor of a gated repo may read."""
    return _OPEN_FILES.fullmatch(path) is not None


def whoami(token: Token) -> dict[str, object]:
    """The answer of `whoami-v2`."""
    access: dict[str, object] = {
        "displayName": token.name,
        "role": token.role,
        "createdAt": "2026-01-15T09:00:00.000Z",
    }
    if token.role == "fineGrained":
        access["fineGrained"] = {
            "canReadGatedRepos": token.reads_gated,
            "global": [],
            "scoped": [
                {
                    "entity": {"_id": f"{number:024x}", "type": "model", "name": name},
                    "permissions": ["repo.content.read"],
                }
                for number, name in enumerate(token.scoped)
            ],
        }
    return {
        "type": "user",
        "id": f"{sum(token.user.encode()):024x}",
        "name": token.user,
        "fullname": token.user.capitalize(),
        "isPro": False,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": access},
    }
