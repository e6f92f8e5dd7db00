"""The questions that this program asks the Hub, each with its answer as a value; every failure is a `Refusal`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import huggingface_hub
import tenacity
from huggingface_hub.errors import HFValidationError

from entrypoint.failures import CONFIG, Failure
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.session import evidence_of_faults, open_api
from entrypoint.text import clean
from entrypoint.values import Evidence, Identity, Repo, RepoFile

T = TypeVar("T")
_MASKED = re.compile(r"\*+")


class Hub:
    """One endpoint, asked with one token or none. `retrying` is the policy for each single question."""

    def __init__(self, endpoint: str, token: str | None, retrying: tenacity.Retrying) -> None:
        self.endpoint = endpoint
        self._api: huggingface_hub.HfApi = open_api(endpoint, token)
        self._token = token
        self._retrying = retrying

    def may_read(self, repo: str) -> None:
        """`GET /api/models/{repo}/auth-check`: silent when the repo's files may be read."""
        self._ask(lambda: self._api.auth_check(repo), f"/api/models/{repo}/auth-check")

    def repo(self, repo: str, revision: str) -> Repo:
        """The commit to which `revision` points, the gating, and every file with size and hashes.

        The metadata of a gated repo is public; hashes are masked (64 asterisks) for who may not read it, and come
        out blank here.
        """
        return self._ask(lambda: self._repo(repo, revision), f"/api/models/{repo}/revision/{revision}")

    def head_file(self, repo: str, commit: str, path: str) -> None:
        """`HEAD /{repo}/resolve/{commit}/{path}`: what the server will ask; decides where auth-check is missing."""
        url = huggingface_hub.hf_hub_url(repo, path, revision=commit, endpoint=self.endpoint)
        token = self._token or False
        self._ask(lambda: huggingface_hub.get_hf_file_metadata(url, token=token), url)

    def read(self, repo: str, commit: str, path: str, limit: int = 1_000_000) -> bytes:
        """The first `limit` bytes of a small file."""
        url = huggingface_hub.hf_hub_url(repo, path, revision=commit, endpoint=self.endpoint)

        def get() -> bytes:
            headers = huggingface_hub.utils.build_hf_headers(  # type: ignore[attr-defined]
                token=self._token or False
            )
            with huggingface_hub.get_session().stream("GET", url, headers=headers) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) >= limit:
                        break
                return bytes(body[:limit])

        return self._ask(get, url)

    def whoami(self) -> Identity:
        """`GET /api/whoami-v2`: whom the token belongs to. It has a strict rate limit of its own: ask once."""
        answer = self._ask(lambda: self._api.whoami(), "/api/whoami-v2")
        token = _mapping(_mapping(answer.get("auth")).get("accessToken"))
        role = clean(str(token.get("role") or ""), 40)
        reads_gated = None
        if role == "fineGrained":
            reads_gated = bool(_mapping(token.get("fineGrained")).get("canReadGatedRepos"))
        return Identity(
            account=clean(str(answer.get("name") or ""), 100),
            token_name=clean(str(token.get("displayName") or ""), 100),
            role=role,
            reads_gated=reads_gated,
        )

    def _ask(self, question: Callable[[], T], where: str) -> T:
        url = where if where.startswith("http") else self.endpoint + where

        def once() -> T:
            with evidence_of_faults(url):
                try:
                    return question()
                except HFValidationError as error:
                    raise Failure(
                        "bad-model-name", CONFIG, f"A model's name is none: {clean(str(error), 200)}"
                    ) from error
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    # json.JSONDecodeError is a ValueError; the others come of JSON that has another shape
                    raise Refusal(_unreadable(url, error)) from error

        return self._retrying.copy()(once)

    def _repo(self, repo: str, revision: str) -> Repo:
        info = self._api.model_info(repo, revision=revision)
        if info.disabled:
            raise Refusal(
                Evidence(
                    url=f"{self.endpoint}/api/models/{repo}",
                    status=403,
                    message="Access to this resource is disabled.",
                    from_hub=True,
                )
            )
        commit = str(info.sha or "")
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise ValueError(f"the answer names no commit: {commit!r}")
        entries = self._api.list_repo_tree(repo, recursive=True, revision=commit)
        files = tuple(_file(entry) for entry in entries if isinstance(entry, huggingface_hub.RepoFile))
        gated = info.gated if isinstance(info.gated, str) else ""
        return Repo(commit=commit, gated=clean(gated, 20), files=files)


def _file(entry: huggingface_hub.RepoFile) -> RepoFile:
    """A file of the listing. Its path becomes a path on disk, so one that leaves its folder is refused here."""
    path = entry.path
    if path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"the listing holds a path that leaves its folder: {path!r}")
    lfs = entry.lfs
    return RepoFile(
        path=path,
        size=int(lfs.size if lfs else entry.size),
        blob_id=_hash(entry.blob_id),
        sha256=_hash(lfs.sha256) if lfs else "",
        xet_hash=_hash(entry.xet_hash or ""),
    )


def _hash(value: str) -> str:
    if _MASKED.fullmatch(value):
        return ""
    if value and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value):
        raise ValueError(f"the listing holds a hash that is none: {value!r}")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unreadable(url: str, error: Exception) -> Evidence:
    return Evidence(url=url, status=200, message=clean(f"unreadable answer: {error}", 200), from_hub=False)
