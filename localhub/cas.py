"""The CAS origin: how files are put together from xorbs, and the xorbs' bytes behind signed addresses.

Only version 1 of the reconstruction route is spoken; the stock client asks for version 2 first and falls back
on 404.
"""

from __future__ import annotations

import re

from localhub.content import Content
from localhub.messages import Request, Response, json_answer, ranged, text, xml_error
from localhub.state import State
from localhub.xet import Span, merged

_RECONSTRUCTION = re.compile(r"/v1/reconstructions/([0-9a-f]{64})")
_XORB = re.compile(r"/xorbs/default/([0-9a-f]{64})")


def answer(state: State, request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        return text(404, "Not Found")
    if match := _XORB.fullmatch(request.path):
        return _xorb(state, request, match[1])
    if match := _RECONSTRUCTION.fullmatch(request.path):
        return _reconstruction(state, request, match[1])
    return text(404, "Not Found")


def _xorb(state: State, request: Request, name: str) -> Response:
    query = request.query
    if not state.signer.accepts(request.path, query) or request.headers.get("range") != query["X-Xet-Signed-Range"]:
        return xml_error(403, "AccessDenied", "Access Denied")
    return ranged(
        request,
        Response(200, (("Content-Type", "application/octet-stream"),), Content.of(state.xet.xorb(name))),
    )


def _reconstruction(state: State, request: Request, file_hash: str) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    claims = state.signer.claims(token) if scheme.lower() == "bearer" else None
    if claims is None:
        return text(401, "Unauthorized")
    if file_hash not in state.xet.files or not _belongs(state, claims["repo"], file_hash):
        return text(404, "Not Found")
    size = state.xet.size(file_hash)
    start, end = 0, size
    if match := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", "")):
        start, end = int(match[1]), min(int(match[2]) + 1, size)
    if start >= size or end <= start:
        return text(416, "Range Not Satisfiable", (("Content-Range", f"bytes */{size}"),))
    skip, terms = state.xet.reconstruction(file_hash, start, end)
    by_xorb: dict[str, list[Span]] = {}
    for span, _ in terms:
        by_xorb.setdefault(span.xorb, []).append(span)
    return json_answer(
        {
            "offset_into_first_range": skip,
            "terms": [
                {
                    "hash": span.xorb,
                    "unpacked_length": length,
                    "range": {"start": span.first, "end": span.end},
                }
                for span, length in terms
            ],
            "fetch_info": {xorb: [_fetch(state, span) for span in merged(spans)] for xorb, spans in by_xorb.items()},
        }
    )


def _fetch(state: State, span: Span) -> dict[str, object]:
    path = f"/xorbs/default/{span.xorb}"
    signed = {"X-Xet-Signed-Range": f"bytes={span.start}-{span.last}"}
    return {
        "range": {"start": span.first, "end": span.end},
        "url": f"{state.urls['cas']}{path}?{state.signer.query(path, state.url_seconds, **signed)}",
        "url_range": {"start": span.start, "end": span.last},
    }


def _belongs(state: State, repo_id: str, file_hash: str) -> bool:
    with state.lock:
        repo = state.repos.get(repo_id)
        commits = list(repo.commits.values()) if repo is not None else []
    return any(file.xet_hash == file_hash for commit in commits for file in commit.files.values())
