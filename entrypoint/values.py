"""The values that the stages hand on, from needs to receipts. All are frozen; sizes are bytes, times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Use = Literal["listed", "weights", "embedding", "tokenizer", "reranker", "code"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server looks for the files of a need.

    `hub-cache`: `path` is a Hub cache folder; files appear as `models--org--name/snapshots/<commit>/<file>`.
    `folder`: files appear in `path` under their own relative names (PrivateGPT's `models/<file>`).
    """

    kind: Literal["hub-cache", "folder"]
    path: Path


@dataclass(frozen=True, slots=True)
class Need:
    """One model that the deployment must have (`required`) or would like to have.

    `patterns` are globs over the repo's paths; none means "what a server reads" (see `selection`).
    `source` names who asks, in words that need no translation: `ENTRYPOINT_MODELS`, `llm.tokenizer`.
    `asker` is the program that asks: "" for the list given by hand, "PrivateGPT" for its settings.
    `use` is the key under which `remedies` explains what it is for and how to do without it.
    `auto_map`: the repo's config.json may name further repos that hold its code; they become needs, too.
    """

    repo: str
    place: Place
    source: str
    revision: str = "main"
    patterns: tuple[str, ...] = ()
    required: bool = True
    asker: str = ""
    use: Use = "listed"
    auto_map: bool = False


@dataclass(frozen=True, slots=True)
class RepoFile:
    """One file of a repo at one commit, as the Hub's listing gives it.

    `sha256` is there for LFS and xet files, `blob_id` (git's SHA-1 of "blob <size>\\0<bytes>") for all.
    """

    path: str
    size: int
    blob_id: str
    sha256: str = ""
    xet_hash: str = ""

    @property
    def etag(self) -> str:
        """The name of the file's blob in the Hub cache layout."""
        return self.sha256 or self.blob_id


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was answered to one request, or why there was no answer. All text is cleaned for display.

    `status` is 0 when no HTTP answer came; then `trouble` says which fault it was: `clock` is a certificate that is not
    valid at the time of this machine's clock, `tls` any other that is not trusted. `proxy` beside a status: a proxy
    gave that answer itself, and `connect` beside one: the proxy got no further.
    `from_hub` is whether the answer bears the Hub's own marks (`X-Error-*`, JSON), not a proxy's; `elsewhere`, whether
    another host than the endpoint gave it, to which we had been sent (the content network), and not as a Hub.
    `issuer` and `valid` describe the certificate that was not trusted: who signed it, and from when to when it is good.
    """

    url: str = ""
    status: int = 0
    code: str = ""
    message: str = ""
    from_hub: bool = False
    trouble: Literal["", "dns", "connect", "timeout", "tls", "clock", "proxy", "reset", "other"] = ""
    retry_after: float = 0.0
    elsewhere: bool = False
    issuer: str = ""
    valid: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the Hub knows us as (`whoami-v2`), and by which token. Never the token itself.

    `role` is `read`, `write` or `fineGrained`; `reads_gated` is None where the role does not say it. `orgs` are the
    organisations of which the account is a member. `readable` are the names (`account`, `org`, `org/name`) whose repos
    a fine-grained token may read; None where the role does not limit that, or it was not said.
    """

    account: str
    token_name: str = ""
    role: str = ""
    reads_gated: bool | None = None
    orgs: tuple[str, ...] = ()
    readable: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Repo:
    """The public face of a repo at the commit to which the asked revision points. `gated`: "", "auto" or "manual".

    `disabled`: the Hub still shows the repo's page, but gives none of its files.
    """

    commit: str
    gated: str = ""
    files: tuple[RepoFile, ...] = ()
    disabled: bool = False

    def has(self, path: str) -> bool:
        return any(file.path == path for file in self.files)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the Hub said about one need: `granted`, or one of the named refusals (docs/refusals.md)."""

    need: Need
    name: str
    evidence: Evidence = field(default_factory=Evidence)
    identity: Identity | None = None
    repo: Repo | None = None
    detail: str = ""

    @property
    def granted(self) -> bool:
        return self.name == "granted"


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be in place for one need: the files chosen from the repo, and those that the server does not see yet.

    Of the missing ones, `linkable` need no bytes: their proved blobs lie in the cache, and only a link to them misses.
    """

    need: Need
    commit: str
    files: tuple[RepoFile, ...]
    missing: tuple[RepoFile, ...]
    linkable: tuple[RepoFile, ...] = ()

    @property
    def to_fetch(self) -> tuple[RepoFile, ...]:
        return tuple(file for file in self.missing if file not in self.linkable)

    @property
    def bytes_missing(self) -> int:
        return sum(file.size for file in self.to_fetch)


@dataclass(frozen=True, slots=True)
class Plan:
    """All needs together. Files that two needs share in one place are counted once."""

    items: tuple[Item, ...]

    @property
    def bytes_missing(self) -> int:
        return sum(item.bytes_missing for item in self.items)

    @property
    def files_missing(self) -> int:
        return sum(len(item.missing) for item in self.items)


# The exit code of each verdict (docs/exit-codes.md). Where several needs are refused, the first of PRECEDENCE wins:
# a cause that a restart cannot heal is told before one that it can.
EXIT_CODES: dict[str, int] = {
    "granted": 0,
    "token-missing": 77,
    "token-invalid": 77,
    "token-expired": 77,
    "token-lacks-gated-scope": 77,
    "token-lacks-repo-scope": 77,
    "terms-not-accepted": 77,
    "review-pending": 77,
    "review-rejected": 77,
    "access-reset": 77,
    "repo-not-found": 78,
    "repo-missing-or-private": 77,
    "revision-not-found": 78,
    "file-not-found": 78,
    "repo-disabled": 77,
    "org-policy": 77,
    "rate-limited": 75,
    "hub-error": 69,
    "hub-unreachable": 69,
    "tls-untrusted": 76,
    "proxy-refused": 76,
    "not-a-hub": 76,
    "refused": 77,
}
# Nobody refused: the Hub does not answer at the moment, and may a little later.
PASSING = frozenset({"rate-limited", "hub-error", "hub-unreachable"})
# What no click on the Hub heals: a name that is wrong, a model that is gone, a decision that was taken, a certificate.
# Even where a refusal is waited for, these end the start.
FOR_GOOD = frozenset(
    {
        "repo-not-found",
        "repo-missing-or-private",
        "revision-not-found",
        "file-not-found",
        "repo-disabled",
        "review-rejected",
        "tls-untrusted",
    }
)
BAD_TOKEN = frozenset({"token-invalid", "token-expired"})
PRECEDENCE: tuple[int, ...] = (77, 78, 76, 69, 75)
