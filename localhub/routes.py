"""The hub's own origin: `/api/...`, `/{repo}/resolve/...` and `/api/resolve-cache/...`, refusals included."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

from localhub import cdn, mirror
from localhub.access import MASK, Caller, is_open_file
from localhub.content import Content
from localhub.messages import Headers, Request, Response, json_answer, ranged, redirect, text
from localhub.refusals import (
    BAD_REQUEST,
    ENTRY_NOT_FOUND,
    INVALID_USERNAME,
    NO_PAGE,
    REVISION_NOT_FOUND,
    Refusal,
    reworded,
)
from localhub.repos import Commit, HubFile, Repo
from localhub.server import gzipped
from localhub.state import State
from localhub.tokens import whoami

_DATE = "2026-01-15T09:00:00.000Z"
_VERBS = "revision|tree|auth-check|paths-info|xet-read-token"
_NAME = rf"(?:[^/]+/(?!(?:{_VERBS}|resolve)(?:/|$))[^/]+|[^/]+)"
_API = re.compile(rf"/api/(?P<kind>models|datasets|spaces)/(?P<repo>{_NAME})(?:/(?P<verb>{_VERBS})(?:/(?P<rest>.*))?)?")
_RESOLVE = re.compile(rf"/(?P<kind>(?:datasets|spaces)/)?(?P<repo>{_NAME})/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_CACHE = re.compile(r"/api/resolve-cache/models/(?P<repo>[^/]+(?:/[^/]+)?)/(?P<revision>[0-9a-f]{40})/(?P<path>.+)")
_EXPOSED = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,"
    "X-Linked-Size,X-Linked-ETag,X-Xet-Hash"
)
_COMPRESSED_FROM = 1024
_TEXT = (".json", ".jsonl", ".md", ".txt", ".py", ".jinja", ".yaml", ".yml", ".gitattributes")
_HOME = b"<!doctype html><html><head><title>Local Hub</title></head><body><h1>Local Hub</h1></body></html>"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A refusal on its way to the one place that words it."""

    def __init__(self, refusal: Refusal, headers: Headers = ()) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.headers = headers


class Moved(Exception):  # noqa: N818 - likewise
    """The repo has a new name."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(new)
        self.old = old
        self.new = new


def answer(state: State, request: Request) -> Response:
    unknown = mirror.instead(state.auth_check, request.path)
    if unknown is not None:
        return unknown
    caller = state.access.caller(request.headers.get("authorization"))
    bucket, cost = _bucket(request.path)
    limits, refusal = state.limits.take(bucket, caller.user or request.client, bool(caller.user), cost)
    response = reworded(refusal or _routed(state, request, caller), state.wording)
    return _finished(request, response.with_headers(*limits))


def _bucket(path: str) -> tuple[str, int]:
    if path.startswith("/api/resolve-cache/"):
        return "resolvers", 0
    if path == "/api/whoami-v2":
        return "whoami", 1
    if path.startswith("/api/"):
        return "api", 1
    return ("resolvers" if _RESOLVE.fullmatch(path) else "pages"), 1


def _routed(state: State, request: Request, caller: Caller) -> Response:
    api = request.path.startswith("/api/") and not request.path.startswith("/api/resolve-cache/")
    try:
        return _route(state, request, caller)
    except Refused as refused:
        return worded(refused.refusal, api, refused.headers)
    except Moved as moved:
        return redirect(307, request.target.replace(f"/{moved.old}", f"/{moved.new}", 1))


def worded(refusal: Refusal, api: bool, headers: Headers = ()) -> Response:
    """A refusal as the Hub writes it: JSON under /api, plain text elsewhere, and in headers, for HEAD."""
    code = (("X-Error-Code", refusal.code),) if refusal.code else ()
    challenge = (
        (("WWW-Authenticate", 'Bearer realm="Authentication required", charset="UTF-8"'),)
        if refusal.status == 401
        else ()
    )
    marks = (
        *code,
        ("X-Error-Message", refusal.message),
        *challenge,
        ("X-Cache", "Error from cloudfront"),
        *headers,
    )
    if api:
        return json_answer({"error": refusal.message}, refusal.status, marks)
    return text(refusal.status, refusal.message, marks)


def _finished(request: Request, response: Response) -> Response:
    """The headers that every answer of the Hub carries, and compression for callers that take it."""
    trace = request.headers.get("x-amzn-trace-id", "")
    root = uuid.uuid4().hex
    request_id = f"Root=1-{root[:8]}-{root[8:]}" + (f";{trace}" if trace else "")
    if response.header("etag") is None and response.status not in (302, 307):
        digest = hashlib.sha1(response.content.read(), usedforsecurity=False).digest()
        tag = base64.b64encode(digest).decode().rstrip("=")[:27]
        response = response.with_headers(("ETag", f'W/"{response.content.size:x}-{tag}"'))
    response = response.with_headers(
        ("X-Powered-By", "huggingface-moon"),
        ("X-Request-Id", request_id),
        ("Access-Control-Expose-Headers", _EXPOSED),
        ("Vary", "Origin"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Cache", "Miss from cloudfront"),
    )
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    kind = response.header("content-type") or ""
    compressible = response.status == 200 and kind.startswith(("application/json", "text/"))
    if takes_gzip and compressible and response.content.size >= _COMPRESSED_FROM:
        return gzipped(response)
    return response


def _route(state: State, request: Request, caller: Caller) -> Response:
    read = request.method in ("GET", "HEAD")
    path = request.path
    if path == "/api/whoami-v2" and read:
        return _whoami(state, caller)
    if read and (match := _CACHE.fullmatch(path)):
        return _cached_file(state, request, caller, match)
    if match := _API.fullmatch(path):
        repo_id, rest = unquote(match["repo"]), match["rest"] or ""
        if match["verb"] == "paths-info":
            if request.method == "POST":
                return _paths_info(state, request, *_visible(state, caller, match["kind"], repo_id), unquote(rest))
        elif read and not (match["verb"] is None and rest):
            asker, repo = _visible(state, caller, match["kind"], repo_id)
            return _API_VERBS[match["verb"] or "revision"](state, request, asker, repo, rest)
    if read and (match := _RESOLVE.fullmatch(path)):
        return _resolve(state, request, caller, match)
    if read and path == "/":
        return Response(200, (("Content-Type", "text/html; charset=utf-8"),), Content.of(_HOME))
    raise Refused(NO_PAGE)


def _whoami(state: State, caller: Caller) -> Response:
    if caller.bad is not None:
        raise Refused(caller.bad)
    if caller.token is None:
        raise Refused(INVALID_USERNAME)
    return json_answer(whoami(caller.token, state.access.orgs_of(caller.user)))


def _visible(state: State, caller: Caller, kind: str, repo_id: str) -> tuple[Caller, Repo]:
    """The repo, if the caller may know that it exists, and the caller as repo routes see it."""
    caller = state.access.on_repo_routes(caller)
    with state.lock:
        new_name = state.renamed.get(repo_id, "")
        repo = state.repos.get(new_name or repo_id) if kind == "models" else None
    refusal = state.access.may_see(caller, repo)
    if refusal is not None:
        raise Refused(refusal)
    assert repo is not None
    if new_name:
        raise Moved(repo_id, new_name)
    return caller, repo


def _readable(state: State, caller: Caller, repo: Repo) -> bool:
    return state.access.may_read(caller, repo) is None


def _require_read(state: State, caller: Caller, repo: Repo) -> None:
    refusal = state.access.may_read(caller, repo)
    if refusal is not None:
        raise Refused(refusal)


def _api_commit(repo: Repo, revision: str) -> Commit:
    commit = repo.commit_at(revision)
    if commit is None:
        raise Refused(Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound"))
    return commit


def _require_enabled(state: State, caller: Caller, repo: Repo) -> None:
    if repo.disabled is True:
        _require_read(state, caller, repo)


def _model_info(state: State, request: Request, caller: Caller, repo: Repo, rest: str) -> Response:
    _require_enabled(state, caller, repo)
    commit = _api_commit(repo, unquote(rest) or "main")
    query = request.query
    open_to_caller = _readable(state, caller, repo)
    siblings = []
    for file in commit.files.values():
        sibling: dict[str, Any] = {"rfilename": file.path}
        if query.get("blobs") == "true":
            sibling |= {"blobId": file.oid, "size": file.size}
            if file.lfs:
                sibling["lfs"] = {
                    "sha256": file.sha256 if open_to_caller else MASK,
                    "size": file.size,
                    "pointerSize": file.pointer_size,
                }
        siblings.append(sibling)
    info: dict[str, Any] = {
        "_id": hashlib.sha256(repo.id.encode()).hexdigest()[:24],
        "id": repo.id,
        "private": repo.private,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "modelId": repo.id,
        "author": repo.owner,
        "sha": commit.sha,
        "lastModified": _DATE,
        "gated": repo.gated or False,
        "disabled": bool(repo.disabled),
        "createdAt": _DATE,
        "siblings": siblings,
        "usedStorage": sum(file.size for file in commit.files.values()),
    }
    if query.get("securityStatus") == "true":
        info["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": []}
    wanted = {value for key, value in request.pairs if key in ("expand", "expand[]")}
    if wanted:
        info = {key: value for key, value in info.items() if key in wanted | {"_id", "id"}}
    return json_answer(info)


def _entry(path: str, file: HubFile | None, masked: bool, expand: bool) -> dict[str, Any]:
    entry: dict[str, Any]
    if file is None:
        oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
        entry = {"type": "directory", "oid": oid, "size": 0, "path": path}
    else:
        entry = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
        if file.lfs:
            entry["lfs"] = {
                "oid": MASK if masked else file.sha256,
                "size": file.size,
                "pointerSize": file.pointer_size,
            }
        if file.xet_hash:
            entry["xetHash"] = MASK if masked else file.xet_hash
    if expand:
        entry["lastCommit"] = {"id": "0" * 40, "title": "initial commit", "date": _DATE}
    return entry


def _tree(state: State, request: Request, caller: Caller, repo: Repo, rest: str) -> Response:
    _require_enabled(state, caller, repo)
    revision, _, folder = rest.partition("/")
    commit = _api_commit(repo, unquote(revision) or "main")
    folder = unquote(folder).strip("/")
    if not commit.has_folder(folder):
        raise Refused(replace(ENTRY_NOT_FOUND, message=f'{folder} does not exist on "{unquote(revision)}"'))
    query = request.query
    entries = list(commit.tree(folder, query.get("recursive", "").lower() == "true"))
    try:
        size = min(state.page_size, max(1, int(query.get("limit") or state.page_size)))
        start = int(base64.urlsafe_b64decode(query["cursor"])) if query.get("cursor") else 0
    except ValueError as error:
        raise Refused(BAD_REQUEST) from error
    masked = not _readable(state, caller, repo)
    expand = query.get("expand", "").lower() == "true"
    page = [_entry(path, file, masked, expand) for path, file in entries[start : start + size]]
    headers: Headers = ()
    if start + size < len(entries):
        cursor = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        following = urlencode({**query, "limit": str(size), "cursor": cursor})
        headers = (("Link", f'<{state.urls["hub"]}{request.path}?{following}>; rel="next"'),)
    return json_answer(page, headers=headers)


def _paths_info(state: State, request: Request, caller: Caller, repo: Repo, revision: str) -> Response:
    _require_enabled(state, caller, repo)
    commit = _api_commit(repo, revision or "main")
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            given = request.json()
            wanted, expand = list(given["paths"]), bool(given.get("expand"))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(BAD_REQUEST) from error
    else:
        form = replace(request, target="/?" + request.body.decode()).pairs
        wanted = [value for key, value in form if key in ("paths", "paths[]")]
        expand = dict(form).get("expand", "").lower() == "true"
    masked = not _readable(state, caller, repo)
    found = []
    for path in wanted:
        file = commit.files.get(path)
        if file is not None or commit.has_folder(path):
            found.append(_entry(path, file, masked, expand))
    return json_answer(found)


def _auth_check(state: State, request: Request, caller: Caller, repo: Repo, rest: str) -> Response:
    if rest:
        raise Refused(NO_PAGE)
    _require_read(state, caller, repo)
    return text(200, "OK")


def _xet_read_token(state: State, request: Request, caller: Caller, repo: Repo, rest: str) -> Response:
    _require_read(state, caller, repo)
    _api_commit(repo, unquote(rest) or "main")
    token, expires = state.signer.token(state.xet_token_seconds, repo=repo.id)
    headers = (
        ("X-Xet-Cas-Url", state.urls["cas"]),
        ("X-Xet-Access-Token", token),
        ("X-Xet-Token-Expiration", str(expires)),
    )
    return json_answer({"casUrl": state.urls["cas"], "exp": expires, "accessToken": token}, headers=headers)


_API_VERBS: dict[str, Callable[[State, Request, Caller, Repo, str], Response]] = {
    "revision": _model_info,
    "tree": _tree,
    "auth-check": _auth_check,
    "xet-read-token": _xet_read_token,
}


def _file(state: State, caller: Caller, kind: str, match: re.Match[str]) -> tuple[Repo, Commit, HubFile]:
    """The file that a resolve path names, after every question in the Hub's order."""
    caller, repo = _visible(state, caller, kind, unquote(match["repo"]))
    path = unquote(match["path"])
    if repo.disabled or not is_open_file(path):
        _require_read(state, caller, repo)
    commit = repo.commit_at(unquote(match["revision"]))
    if commit is None:
        raise Refused(REVISION_NOT_FOUND)
    file = commit.files.get(path)
    if file is None:
        raise Refused(ENTRY_NOT_FOUND, (("X-Repo-Commit", commit.sha),))
    return repo, commit, file


def _resolve(state: State, request: Request, caller: Caller, match: re.Match[str]) -> Response:
    repo, commit, file = _file(state, caller, "models" if match["kind"] is None else "others", match)
    headers: Headers = (("X-Repo-Commit", commit.sha), ("Accept-Ranges", "bytes"))
    if not file.lfs:
        place = f"/api/resolve-cache/models/{repo.id}/{commit.sha}/{quote(file.path)}"
        key = urlencode({request.path: "", "etag": f'"{file.oid}"'})
        return redirect(307, f"{place}?{key}", headers)
    headers += (("X-Linked-Size", str(file.size)), ("X-Linked-ETag", f'"{file.sha256}"'))
    if file.xet_hash:
        token = f"{state.urls['hub']}/api/models/{repo.id}/xet-read-token/{commit.sha}"
        terms = f"{state.urls['cas']}/v1/reconstructions/{file.xet_hash}"
        headers += (
            ("X-Xet-Hash", file.xet_hash),
            ("Link", f'<{token}>; rel="xet-auth", <{terms}>; rel="xet-reconstruction-info"'),
        )
    return redirect(302, cdn.address(state, repo.id, file), headers)


def _cached_file(state: State, request: Request, caller: Caller, match: re.Match[str]) -> Response:
    _, commit, file = _file(state, caller, "models", match)
    is_text = file.path.endswith(_TEXT)
    name = file.path.rsplit("/", 1)[-1]
    headers = (
        ("Content-Type", "text/plain; charset=utf-8" if is_text else "application/octet-stream"),
        ("ETag", f'"{file.oid}"'),
        ("X-Repo-Commit", commit.sha),
        ("Content-Disposition", f"inline; filename*=UTF-8''{quote(name)}; filename=\"{name}\";"),
    )
    whole = Response(200, headers, file.content)
    if is_text and "gzip" in request.headers.get("accept-encoding", "") and file.size >= _COMPRESSED_FROM:
        return whole
    return ranged(request, whole)
