"""The client library's session, made fit for a start that must end: time limits, a token that stays home, one error.

Hooks on its HTTP client do it:

- every request gets time limits. The library passes `timeout=None` explicitly on `model_info` and on the file tree,
  so a default on the client is not enough: the limits are filled into the request itself. A server that drips its
  answer byte by byte passes those, so a question as a whole is limited, too.
- the token goes to the endpoint's own origin and nowhere else, whatever redirect or mirror asks for it.
- every answer that is an error raises `Refusal` with the evidence in it, before the library can re-interpret it, hide
  it in a "check your connection", or sleep uncapped on a `Retry-After`. Retrying is decided in one place: `retry`.

A broken connection becomes a `Refusal` as early. Else the library would ask for the tree six times by itself, and close
the client under the threads that are using it. Only what streams (a download) keeps the library's own handling.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Read by the library at import: no extra requests for statistics, no update checks, no bars of its own, and the token
# only where we pass it.
os.environ.update(
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    HF_HUB_DISABLE_IMPLICIT_TOKEN="1",  # noqa: S106
    HF_HUB_DISABLE_UPDATE_CHECK="1",
)

import httpx2
import huggingface_hub

from entrypoint import __version__
from entrypoint.hub.evidence import Refusal, from_exception, from_response

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
QUESTION_SECONDS = 120.0
ERROR_BODY_BYTES = 64 * 1024

_UNTIL = "entrypoint.until"


def open_api(endpoint: str, token: str | None) -> huggingface_hub.HfApi:
    """The library's API for `endpoint`, over a client with the hooks. `token` is sent to that origin only.

    The library has one client for the whole process: the last call decides.
    """
    home = _origin(httpx2.URL(endpoint))

    def fill_limits(request: httpx2.Request) -> None:
        limits = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}
        given = {name: limit for name, limit in request.extensions.get("timeout", {}).items() if limit is not None}
        request.extensions["timeout"] = {**limits, **given}

    def keep_token_home(request: httpx2.Request) -> None:
        if _origin(request.url) != home:
            request.headers.pop("authorization", None)

    def client() -> httpx2.Client:
        return _Client(
            event_hooks={"request": [fill_limits, keep_token_home], "response": [_end_in_time, _raise_refusal]},
            follow_redirects=True,
            timeout=None,
        )

    huggingface_hub.set_client_factory(client)
    return huggingface_hub.HfApi(
        endpoint=endpoint,
        token=token or False,
        library_name="model-entrypoint",
        library_version=__version__,
    )


def limited() -> dict[str, Any]:
    """The `extensions` of a request that streams but is a question all the same, with its limit as a whole."""
    return {_UNTIL: time.monotonic() + QUESTION_SECONDS}


@contextmanager
def evidence_of_faults(url: str = "") -> Iterator[None]:
    """Turns what the transport raises, and an answer that cannot be read, into a `Refusal`."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
        # InvalidURL: a link of the answer that is none. SSLError: certificates that OpenSSL cannot load.
        raise Refusal(from_exception(error, url)) from error


class _Client(httpx2.Client):
    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        if stream:
            return super().send(request, stream=True, **options)
        request.extensions.update(limited())
        with evidence_of_faults(str(request.url.copy_with(query=None))):
            return super().send(request, **options)


class _Until(httpx2.SyncByteStream):
    """A body that must have come by a moment of the monotonic clock."""

    def __init__(self, response: httpx2.Response, until: float) -> None:
        assert isinstance(response.stream, httpx2.SyncByteStream)
        self._request = response.request
        self._stream = response.stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._until:
                raise httpx2.ReadTimeout("the answer comes too slowly", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _end_in_time(response: httpx2.Response) -> None:
    until = response.request.extensions.get(_UNTIL)
    if until is not None:
        response.stream = _Until(response, until)


def _raise_refusal(response: httpx2.Response) -> None:
    if response.has_redirect_location or (response.status_code < 300 and not _is_page_for_data(response)):
        return
    body = b""
    if response.request.method != "HEAD":
        body = _beginning(response)
    raise Refusal(from_response(response, body))


def _is_page_for_data(response: httpx2.Response) -> bool:
    """Whether a page came where the Hub only has data. Under /api/resolve-cache lie files, and a file may be a page."""
    path = response.request.url.path
    is_data = path.startswith("/api/") and not path.startswith("/api/resolve-cache/")
    return is_data and response.headers.get("content-type", "").lower().startswith("text/html")


def _beginning(response: httpx2.Response) -> bytes:
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= ERROR_BODY_BYTES:
                break
    except httpx2.HTTPError:
        pass  # the status line is answer enough
    finally:
        response.close()
    return bytes(body[:ERROR_BODY_BYTES])


def _origin(url: httpx2.URL) -> tuple[str, str, Any]:
    return (url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme))
