"""The content network: LFS bytes behind signed addresses. It knows nothing of tokens, and must never be sent
one.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from localhub.messages import Request, Response, ranged, xml_error
from localhub.repos import HubFile
from localhub.state import State

_DENIED = xml_error(403, "AccessDenied", "Access Denied")
_SECONDS_OF_A_YEAR = 31_536_000


def address(state: State, repo_id: str, file: HubFile) -> str:
    """A fresh signed address of an LFS file."""
    folder = hashlib.sha256(repo_id.encode()).hexdigest()
    path = f"/repos/{folder[:2]}/{folder[2:4]}/{folder}/{file.sha256}"
    name = file.path.rsplit("/", 1)[-1]
    disposition = f"inline; filename*=UTF-8''{quote(name)}; filename=\"{name}\";"
    query = state.signer.query(path, state.url_seconds, **{"response-content-disposition": disposition})
    return f"{state.urls['cdn']}{path}?{query}"


def answer(state: State, request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        return xml_error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    content = state.blobs.get(request.path.rsplit("/", 1)[-1])
    if content is None or not state.signer.accepts(request.path, request.query):
        return _DENIED
    # the storage's own etag: neither the sha256 nor what the Hub calls X-Linked-ETag
    etag = hashlib.md5(request.path.encode(), usedforsecurity=False).hexdigest()
    headers = (
        ("Content-Type", "binary/octet-stream"),
        ("ETag", f'"{etag}-1"'),
        ("Last-Modified", "Thu, 15 Jan 2026 09:00:00 GMT"),
        ("Content-Disposition", request.query["response-content-disposition"]),
        ("Cache-Control", f"public, max-age={_SECONDS_OF_A_YEAR}"),
        ("X-Cache", "Miss from cloudfront"),
    )
    return ranged(request, Response(200, headers, content))
