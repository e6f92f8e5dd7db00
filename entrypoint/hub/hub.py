"""The questions that this program asks the Hub, each with its answer as a value; every failure is a `Refusal`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import huggingface_hub
import tenacity
from huggingface_hub.errors import HFValidationError

from entrypoint.failures import CONFIG, Failure
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.retry import briefly
from entrypoint.hub.session import (
    BRIEF_QUESTION_SECONDS,
    begin_question,
    evidence_of_faults,
    limited,
    open_api,
)
from entrypoint.redaction import known
from entrypoint.sentence import say
from entrypoint.text import clean
from entrypoint.values import Evidence, Identity, Repo, RepoFile

T = TypeVar("T")
MOST_FILES = 100_000
MOST_NAMES = 500
NAME_LIMIT = 100
_MASKED = re.compile(r"\*+")


class Hub:
    """One endpoint, asked with one token or none. `retrying` is the policy for each single question; none lasts beyond
    `deadline` (of `time.monotonic`, seconds)."""

    def __init__(
        self, endpoint: str, token: str | None, retrying: tenacity.Retrying, deadline: float | None = None
    ) -> None:
        self.endpoint = endpoint
        self._api: huggingface_hub.HfApi = open_api(endpoint, token, deadline)
        self._token = token
        self._retrying = retrying
        self._take_out = known([token] if token else [])

    def may_read(self, repo: str) -> None:
        """`GET /api/models/{repo}/auth-check`: silent when the repo's files may be read."""
        self._ask(lambda: self._api.auth_check(repo), f"/api/models/{repo}/auth-check")

    def repo(self, repo: str, revision: str, *, hashes: bool = False) -> Repo:
        """The commit to which `revision` points, the gating, and every file with size and hashes.

        The metadata of a gated repo is public; hashes are masked (64 asterisks) for who may not read it, and come
        out blank here. `hashes`: each masked one is asked for with a HEAD of its file, which takes access. For a
        mirror (olah) keeps the listing that an earlier visitor got, and gives it to those who may read, too.
        """
        where = f"/api/models/{repo}/revision/{revision}"
        return self._ask(lambda: self._repo(repo, revision, hashes), where)

    def public_face(self, repo: str) -> Repo:
        """Whether the repo is gated, or disabled: public, and without its files. Worth no long retries."""
        return self._ask(lambda: _face(self._api.model_info(repo)), f"/api/models/{repo}", brief=True)

    def head_file(self, repo: str, commit: str, path: str) -> None:
        """`HEAD /{repo}/resolve/{commit}/{path}`: what the server will ask; decides where auth-check is missing."""
        self._ask(lambda: self._head(repo, commit, path), self._url(repo, commit, path))

    def read(self, repo: str, commit: str, path: str, limit: int = 1_000_000) -> bytes:
        """The first `limit` bytes of a small file."""
        url = self._url(repo, commit, path)

        def get() -> bytes:
            headers = huggingface_hub.utils.build_hf_headers(  # type: ignore[attr-defined]
                token=self._token or False
            )
            session = huggingface_hub.get_session()
            with session.stream("GET", url, headers=headers, extensions=limited()) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) >= limit:
                        break
                return bytes(body[:limit])

        return self._ask(get, url)

    def whoami(self) -> Identity:
        """`GET /api/whoami-v2`: whom the token belongs to. It has a strict rate limit of its own: ask once."""
        return self._ask(lambda: _identity(self._api.whoami()), "/api/whoami-v2", brief=True)

    def _ask(self, question: Callable[[], T], where: str, *, brief: bool = False) -> T:
        url = where if where.startswith("http") else self.endpoint + where

        def once() -> T:
            begin_question(BRIEF_QUESTION_SECONDS if brief else math.inf)
            with evidence_of_faults(url):
                try:
                    return question()
                except HFValidationError as error:
                    what = say("A model's name is none: {error}", error=clean(str(error), 200))
                    raise Failure("bad-model-name", CONFIG, what) from error
                except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
                    # json.JSONDecodeError is a ValueError; the others come of JSON that has another shape
                    raise Refusal(_unreadable(url, error)) from error

        policy = briefly(self._retrying) if brief else self._retrying.copy()
        return policy(once)

    def _url(self, repo: str, commit: str, path: str) -> str:
        return huggingface_hub.hf_hub_url(repo, path, revision=commit, endpoint=self.endpoint)

    def _head(self, repo: str, commit: str, path: str) -> huggingface_hub.HfFileMetadata:
        return huggingface_hub.get_hf_file_metadata(
            self._url(repo, commit, path),
            token=self._token or False,
            timeout=huggingface_hub.constants.HF_HUB_ETAG_TIMEOUT,
        )

    def _repo(self, repo: str, revision: str, hashes: bool) -> Repo:
        info = self._api.model_info(repo, revision=revision)
        face = _face(info)
        if face.disabled:
            raise Refusal(
                Evidence(
                    url=f"{self.endpoint}/api/models/{repo}",
                    status=403,
                    message="Access to this resource is disabled.",
                    from_hub=True,
                )
            )
        commit = face.commit
        if not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise ValueError(f"the answer names no commit: {commit!r}")
        entries = self._api.list_repo_tree(repo, recursive=True, revision=commit)
        files = []
        for number, entry in enumerate(entries):
            if number >= MOST_FILES:
                raise ValueError(f"the listing goes on after {MOST_FILES} entries")
            if isinstance(entry, huggingface_hub.RepoFile):
                file = _file(entry)
                if self._take_out(file.path) != file.path:
                    raise ValueError("the listing holds a file that is named after the token")  # names are not secret
                if hashes and entry.lfs and not file.sha256:
                    file = replace(file, sha256=self._published_sha256(repo, commit, file.path))
                files.append(file)
        return replace(face, files=tuple(files))

    def _published_sha256(self, repo: str, commit: str, path: str) -> str:
        etag = self._head(repo, commit, path).etag or ""
        if not re.fullmatch("[0-9a-f]{64}", etag):
            raise ValueError(f"the listing hides the hash of {path!r}, and so does the file's own answer")
        return etag


def _face(info: huggingface_hub.ModelInfo) -> Repo:
    gated = info.gated if isinstance(info.gated, str) else ""
    return Repo(commit=str(info.sha or ""), gated=clean(gated, 20), disabled=info.disabled is True)


def _file(entry: huggingface_hub.RepoFile) -> RepoFile:
    """A file of the listing. Its path becomes a path on disk, so one that leaves its folder is refused here."""
    path = entry.path
    if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(f"the listing holds a path that leaves its folder: {path!r}")
    path.encode()  # half a surrogate is a ValueError here, and no name on disk
    lfs = entry.lfs
    size = int(lfs.size if lfs else entry.size)
    if size < 0:
        raise ValueError(f"the listing holds a file of {size} bytes: {path!r}")
    return RepoFile(
        path=path,
        size=size,
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


def _identity(answer: Any) -> Identity:
    account = answer["name"]
    if not (isinstance(account, str) and clean(account)):
        raise ValueError("the answer names no account")
    token = _mapping(_mapping(answer.get("auth")).get("accessToken"))
    role = clean(str(token.get("role") or ""), 40)
    scopes = _mapping(token.get("fineGrained"))
    reads_gated = scopes.get("canReadGatedRepos")
    return Identity(
        account=clean(account, NAME_LIMIT),
        token_name=clean(str(token.get("displayName") or ""), NAME_LIMIT),
        role=role,
        reads_gated=reads_gated if isinstance(reads_gated, bool) else None,
        orgs=_names(answer.get("orgs")),
        readable=_readable(scopes) if role == "fineGrained" else None,
    )


def _readable(scopes: dict[str, Any]) -> tuple[str, ...] | None:
    """What a fine-grained token may read, by name. None where that is not limited to names, or not fully said: of a
    list that is too long, the end may hold the very name that matters."""
    scoped, everywhere = scopes.get("scoped"), scopes.get("global")
    if not isinstance(scoped, list) or len(scoped) > MOST_NAMES or _reads_content(everywhere):
        return None
    readers = [_mapping(scope) for scope in scoped if _reads_content(_mapping(scope).get("permissions"))]
    entities = [_mapping(scope.get("entity")) for scope in readers]
    return _names([entity for entity in entities if entity.get("type") in ("user", "org", "model")])


def _reads_content(permissions: Any) -> bool:
    return isinstance(permissions, list) and any(
        permission in ("repo.content.read", "repo.write") for permission in permissions
    )


def _names(entries: Any) -> tuple[str, ...]:
    """The `name` of each entry that has one, cleaned; of a hostile number of them, the first."""
    if not isinstance(entries, list):
        return ()
    names = (_mapping(entry).get("name") for entry in entries[:MOST_NAMES])
    return tuple(shown for name in names if isinstance(name, str) and (shown := clean(name, NAME_LIMIT)))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unreadable(url: str, error: Exception) -> Evidence:
    return Evidence(url=url, status=200, message=clean(f"unreadable answer: {error}", 200), from_hub=False)
