"""HTTP requests and answers as values, and the arithmetic of ranges."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from localhub.content import Content

Headers = tuple[tuple[str, str], ...]

REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in. Header names are in lower case; `target` is the path with its query,
    undecoded.
    """

    origin: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    client: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        return dict(self.pairs)

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def without(self, *headers: str) -> Request:
        return replace(self, headers={k: v for k, v in self.headers.items() if k not in headers})


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `start` and `length` choose the part of `content` that is sent (a 206)."""

    status: int = 200
    headers: Headers = ()
    content: Content = field(default_factory=lambda: Content.of(b""))
    start: int = 0
    length: int = -1
    chunked: bool = False

    @property
    def body_length(self) -> int:
        return self.content.size if self.length < 0 else self.length

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """These headers added, unless the answer already has them."""
        return replace(self, headers=self.headers + tuple(h for h in headers if self.header(h[0]) is None))


def text(status: int, body: str, headers: Headers = ()) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"), *headers), Content.of(body))


def json_answer(value: Any, status: int = 200, headers: Headers = ()) -> Response:
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Response(status, (("Content-Type", "application/json; charset=utf-8"), *headers), Content.of(body))


def xml_error(status: int, code: str, message: str, headers: Headers = ()) -> Response:
    """An error in the storage services' own words (no mark of the Hub on it)."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>{error}'
    return Response(status, (("Content-Type", "application/xml"), *headers), Content.of(body))


def redirect(status: int, location: str, headers: Headers = ()) -> Response:
    return text(status, f"{REASONS[status]}. Redirecting to {location}", (("Location", location), *headers))


def ranged(request: Request, whole: Response) -> Response:
    """`whole`, or the part of it that the request's `Range` asks for (one range; several get the whole, as S3
    does).

    `If-Range` must name the answer's ETag (strongly) or its Last-Modified, else the whole is sent.
    """
    whole = whole.with_headers(("Accept-Ranges", "bytes"))
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", "").strip())
    if match is None or match.groups() == ("", ""):
        return whole
    condition = request.headers.get("if-range")
    if condition is not None and condition not in (whole.header("etag"), whole.header("last-modified")):
        return whole
    size = whole.content.size
    first, last = match.groups()
    if first:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
        if last and int(last) < int(first):
            return whole
    else:
        start, end = max(0, size - int(last)), size - 1
    if start > end:
        return replace(
            xml_error(416, "InvalidRange", "The requested range is not satisfiable"),
            headers=(("Content-Type", "application/xml"), ("Content-Range", f"bytes */{size}")),
        )
    part = replace(whole, status=206, start=start, length=end - start + 1)
    return part.with_headers(("Content-Range", f"bytes {start}-{end}/{size}"))
