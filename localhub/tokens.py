"""Tokens, what they reach, and what `whoami-v2` tells about them and their account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from localhub.repos import Repo

Role = Literal["read", "write", "fineGrained"]
TokenState = Literal["valid", "expired", "revoked"]
OrgRole = Literal["admin", "write", "contributor", "read"]

READ_CONTENT = "repo.content.read"
Scopes = Collection[str] | Mapping[str, Collection[str]]
"""Names (`account`, `org` or `org/name`), each with its permissions; names alone may be read."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a fine-grained token may do with one repo, or with all repos of an account or an organisation."""

    name: str
    permissions: tuple[str, ...] = (READ_CONTENT,)

    def reads(self, repo: Repo) -> bool:
        return READ_CONTENT in self.permissions and self.name in (repo.id, repo.owner)


def scopes(given: Scopes) -> tuple[Scope, ...]:
    if isinstance(given, Mapping):
        return tuple(Scope(name, tuple(permissions)) for name, permissions in given.items())
    return tuple(Scope(name) for name in given)


@dataclass(frozen=True, slots=True)
class Token:
    """`scoped` is what a fine-grained token names; `reads_gated` is its permission for public gated repos."""

    secret: str
    user: str
    name: str = "token"
    role: Role = "read"
    reads_gated: bool = True
    scoped: tuple[Scope, ...] = ()
    state: TokenState = "valid"

    def covers(self, repo: Repo) -> bool:
        """Whether a private repo is within the token's reach."""
        return self.role != "fineGrained" or any(scope.reads(repo) for scope in self.scoped)

    def opens_gates(self, repo: Repo) -> bool:
        return self.reads_gated or self.covers(repo)


def whoami(token: Token, orgs: Mapping[str, OrgRole]) -> dict[str, object]:
    """The answer of `whoami-v2`. `orgs` are the organisations of the token's account, with its role in each."""
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
                    "entity": {"_id": _id(scope.name), "type": _type(scope.name, token.user), "name": scope.name},
                    "permissions": list(scope.permissions),
                }
                for scope in token.scoped
            ],
        }
    return {
        "type": "user",
        "id": _id(token.user),
        "name": token.user,
        "fullname": token.user.capitalize(),
        "isPro": False,
        "orgs": [
            {"type": "org", "id": _id(name), "name": name, "fullname": name.capitalize(), "roleInOrg": role}
            for name, role in orgs.items()
        ],
        "auth": {"type": "access_token", "accessToken": access},
    }


def _id(name: str) -> str:
    return f"{sum(name.encode()):024x}"


def _type(name: str, user: str) -> str:
    if "/" in name:
        return "model"
    return "user" if name == user else "org"
