"""Every kind of token and every state of a repo, as rows; and how they are put into a hub.

The account is alice. She is a member of the organisation `acme` and has nothing to do with `other`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from entrypoint.values import Need, Place
from localhub import LocalHub
from localhub.access import BadTokenAnswer, Standing
from localhub.repos import Gated
from localhub.tokens import Role, TokenState

ACCOUNT = "alice"
ORGS = ("acme",)
TOKEN_NAME = "laptop"
FILES = {"config.json": b"{}", "README.md": b"# Tiny", "model.safetensors": b"w" * 2000}
MISSING_FILE = "nothing-*.bin"
MISSING_REVISION = "v9"

State = Literal[
    "there", "renamed", "private", "disabled", "disabled in its metadata", "missing", "no such revision", "no such file"
]


@dataclass(frozen=True)
class Token:
    """A kind of token. `scope` are the names that a fine-grained one may read; `beside` what it may only do else."""

    kind: str
    role: Role | Literal["none"] = "read"
    reads_gated: bool = True
    scope: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    state: TokenState | Literal["unknown"] = "valid"

    @property
    def secret(self) -> str | None:
        return None if self.role == "none" else "hf_" + self.kind.replace(" ", "").replace("-", "").ljust(34, "x")

    @property
    def good(self) -> bool:
        return self.role != "none" and self.state == "valid"

    def covers(self, repo: Repo) -> bool:
        return self.role != "fineGrained" or repo.published in self.scope or repo.namespace in self.scope

    def opens_gate_of(self, repo: Repo) -> bool:
        return self.reads_gated or self.covers(repo)


@dataclass(frozen=True)
class Repo:
    """A repo as alice meets it: `standing` is hers with its gate."""

    namespace: str
    gated: Gated
    standing: Standing
    state: State

    @property
    def id(self) -> str:
        """The name that the deployment asks for."""
        return f"{self.namespace}/{self.gated or 'open'}-{self.standing}-{self.state.replace(' ', '-')}"

    @property
    def published(self) -> str:
        """The name under which the hub has it."""
        return self.id + "-now" if self.state == "renamed" else self.id

    @property
    def row(self) -> str:
        gate = f"{self.gated} gate, {self.standing}" if self.gated else "no gate"
        return f"{self.id}: {self.state}, {gate}"

    @property
    def need(self) -> Need:
        return Need(
            self.id,
            Place("hub-cache", Path("/cache")),
            "ENTRYPOINT_MODELS",
            MISSING_REVISION if self.state == "no such revision" else "main",
            (MISSING_FILE,) if self.state == "no such file" else (),
        )


STANDINGS: tuple[Standing, ...] = ("accepted", "none", "pending", "rejected", "reset")
GATES: tuple[tuple[Gated, Standing], ...] = (
    ("", "none"),
    *(("auto", standing) for standing in STANDINGS),
    *(("manual", standing) for standing in STANDINGS),
)
STATES: tuple[State, ...] = (
    "there",
    "renamed",
    "private",
    "disabled",
    "disabled in its metadata",
    "no such revision",
    "no such file",
)
REPOS = (
    *(Repo("acme", gated, standing, state) for (gated, standing), state in product(GATES, STATES)),
    *(Repo(namespace, "", "none", "missing") for namespace in ("acme", ACCOUNT, "other")),
    *(Repo(namespace, "", "none", "private") for namespace in (ACCOUNT, "other")),
    Repo("other", "", "none", "there"),
    Repo("other", "auto", "accepted", "there"),
    Repo("other", "manual", "none", "private"),
)
# One of each state, open and behind a gate.
SAMPLE = tuple(repo for repo in REPOS if (repo.gated, repo.standing) in (("", "none"), ("manual", "none")))
_EVERY_SECOND = tuple(repo.published for repo in REPOS[::2])

NONE = Token("no token", "none")
READ = Token("read")
GOOD_TOKENS = (
    READ,
    Token("write", "write"),
    Token("fine-grained, gated repos", "fineGrained"),
    Token("fine-grained, nothing", "fineGrained", reads_gated=False),
    Token("fine-grained, some repos", "fineGrained", reads_gated=False, scope=_EVERY_SECOND),
    Token("fine-grained, some repos and gated ones", "fineGrained", scope=_EVERY_SECOND),
    Token("fine-grained, the organisation", "fineGrained", reads_gated=False, scope=("acme",)),
    Token("fine-grained, own repos and gated ones", "fineGrained", scope=(ACCOUNT,)),
    Token("fine-grained, inference only", "fineGrained", reads_gated=False, beside=("acme", ACCOUNT)),
)
EXPIRED = Token("expired", state="expired")
BAD_TOKENS = (EXPIRED, Token("revoked", state="revoked"), Token("unknown", state="unknown"))
TOKENS = (NONE, *GOOD_TOKENS, *BAD_TOKENS)
A_FEW_TOKENS = (NONE, READ, GOOD_TOKENS[3], GOOD_TOKENS[7], EXPIRED, BAD_TOKENS[2])
BAD_TOKEN_ANSWERS: tuple[BadTokenAnswer, ...] = ("invalid-credentials", "invalid-username", "as-anonymous")


def settle(hub: LocalHub) -> None:
    """Publishes every repo, and issues every token."""
    hub.rate_limit("api", quota=1_000_000)
    hub.rate_limit("resolvers", quota=1_000_000)
    hub.set_orgs(ACCOUNT, dict.fromkeys(ORGS, "read"))
    for token in TOKENS:
        if token.secret is not None and token.state != "unknown" and token.role != "none":
            scoped = {name: ["repo.content.read"] for name in token.scope}
            scoped |= {name: ["inference.serverless.write"] for name in token.beside}
            hub.add_token(
                token.secret,
                user=ACCOUNT,
                name=TOKEN_NAME,
                role=token.role,
                reads_gated=token.reads_gated,
                scoped=scoped,
                state=token.state,
            )
    for repo in REPOS:
        if repo.state == "missing":
            continue
        hub.add_repo(
            repo.published,
            FILES,
            gated=repo.gated,
            private=repo.state == "private",
            disabled={"disabled": True, "disabled in its metadata": "content"}.get(repo.state, False),  # type: ignore[arg-type]
            renamed_from=[repo.id] if repo.published != repo.id else [],
        )
        if repo.gated:
            hub.set_access(ACCOUNT, repo.published, repo.standing)
