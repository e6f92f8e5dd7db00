"""The client library's session, made fit for a start that must end: time limits, a token that stays home, one error.

Hooks on its HTTP client do it:

- every request gets time limits. The library passes `timeout=None` explicitly on `model_info` and on the file tree,
  so a default on the client is not enough: the limits are filled into the request itself. A server that drips its
  answer byte by byte passes those, so a question as a whole is limited, too.
- the token goes to the endpoint's own origin and nowhere else, whatever redirect or mirror asks for it. xet's native
  code is outside of this client, and is handed the token together with an address from the answer: so that address,
  too, is let through only where it is at home. Without it the file comes over HTTP.
- every answer that is an error raises `Refusal` with the evidence in it, before the library can re-interpret it, hide
  it in a "check your connection", or sleep uncapped on a `Retry-After`. Retrying is decided in one place: `retry`.

A broken connection becomes a `Refusal` as early. Else the library would ask for the tree six times by itself, and close
the client under the threads that are using it. Only what streams (a download) keeps the library's own handling, once it
is connected.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterator
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
from huggingface_hub import constants

from entrypoint import __version__
from entrypoint.hub.evidence import Refusal, from_exception, from_response
from entrypoint.text import mask_url
from entrypoint.values import Evidence

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
QUESTION_SECONDS = 120.0
BRIEF_QUESTION_SECONDS = 8.0
# A listing of 100,000 files has 100 pages; one whose next page is itself would never end.
MOST_REQUESTS = 2000
LEAST_SECONDS = 0.1  # a limit of nothing, or less, would be an error of its own
ERROR_BODY_BYTES = 64 * 1024

_UNTIL = "entrypoint.until"


class _Question(threading.local):
    """What the present question of this thread has cost so far, and how long an answer may take."""

    requests = 0
    seconds = math.inf


_question = _Question()


def open_api(endpoint: str, token: str | None, deadline: float | None = None) -> huggingface_hub.HfApi:
    """The library's API for `endpoint`, over a client with the hooks. `token` is sent to that origin only.

    No time limit lasts beyond `deadline` (of `time.monotonic`, seconds). The library has one client for the whole
    process: the last call decides.
    """
    home = _origin(httpx2.URL(endpoint))

    def fill_limits(request: httpx2.Request) -> None:
        limits = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}
        limits = {name: min(limit, _question.seconds) for name, limit in limits.items()}
        given = {name: limit for name, limit in request.extensions.get("timeout", {}).items() if limit is not None}
        now = time.monotonic()
        left = math.inf if deadline is None else max(LEAST_SECONDS, deadline - now)
        request.extensions["timeout"] = {name: min(limit, left) for name, limit in {**limits, **given}.items()}
        if _UNTIL in request.extensions:
            request.extensions[_UNTIL] = min(request.extensions[_UNTIL], now + left)

    def keep_token_home(request: httpx2.Request) -> None:
        if _origin(request.url) != home:
            request.headers.pop("authorization", None)

    def keep_xet_home(response: httpx2.Response) -> None:
        headers = response.headers
        link = response.links.get(constants.HUGGINGFACE_HEADER_LINK_XET_AUTH_KEY, {})
        route = link.get("url") or headers.get(constants.HUGGINGFACE_HEADER_X_XET_REFRESH_ROUTE)
        if constants.HUGGINGFACE_HEADER_X_XET_HASH not in headers or route is None:
            return
        headers.pop("link", None)
        headers.pop(constants.HUGGINGFACE_HEADER_X_XET_REFRESH_ROUTE, None)
        with contextlib.suppress(httpx2.InvalidURL):
            address = _at_endpoint(route, endpoint)
            if _origin(address) == home:
                # as written by us: what reads it next may find another host in the same odd text
                headers[constants.HUGGINGFACE_HEADER_X_XET_REFRESH_ROUTE] = str(address)
                return
        headers.pop(constants.HUGGINGFACE_HEADER_X_XET_HASH)

    def raise_refusal(response: httpx2.Response) -> None:
        url = response.request.url
        _raise_refusal(response, at_home=_origin(url) == home, proxied=_is_proxied(url))

    def client() -> httpx2.Client:
        return _Client(
            event_hooks={
                "request": [fill_limits, keep_token_home],
                "response": [_end_in_time, raise_refusal, keep_xet_home],
            },
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
    return {_UNTIL: time.monotonic() + min(QUESTION_SECONDS, _question.seconds)}


@contextlib.contextmanager
def evidence_of_faults(url: str = "") -> Iterator[None]:
    """Turns what the transport raises, and an answer that cannot be read, into a `Refusal`."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
        # InvalidURL: a link of the answer that is none. SSLError: certificates that OpenSSL cannot load.
        raise Refusal(from_exception(error, url)) from error


def begin_question(seconds: float = math.inf) -> None:
    """To be called before a question that may take several requests, each of them at most `seconds`, or less."""
    _question.requests = 0
    _question.seconds = seconds


class _Client(httpx2.Client):
    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        if stream:
            return self._stream(request, **options)
        _question.requests += 1
        if _question.requests > MOST_REQUESTS:
            url = mask_url(str(request.url.copy_with(query=None)))
            raise Refusal(Evidence(url=url, status=200, message="the answer goes on for ever", from_hub=False))
        request.extensions.update(limited())
        with evidence_of_faults(str(request.url.copy_with(query=None))):
            return super().send(request, **options)

    def _stream(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """A blocked host of files is told at once: the library would try it for a minute by itself, in silence."""
        try:
            return super().send(request, stream=True, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            if "range" in request.headers:  # the library holds a beginning, which a `Refusal` would throw away
                raise
            raise Refusal(from_exception(error, str(request.url.copy_with(query=None)))) from error


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


def _raise_refusal(response: httpx2.Response, *, at_home: bool, proxied: bool) -> None:
    if response.has_redirect_location or (response.status_code < 300 and not _is_page_for_data(response)):
        return
    body = b""
    if response.request.method != "HEAD":
        body = _beginning(response)
    raise Refusal(from_response(response, body, at_home=at_home, proxied=proxied))


def _is_page_for_data(response: httpx2.Response) -> bool:
    """Whether a page came where the Hub only has data. Under /api/resolve-cache lie files, and a file may be a page."""
    path = response.request.url.path
    is_data = path.startswith("/api/") and not path.startswith("/api/resolve-cache/")
    # The Hub's own HEAD of a file names the commit; a sign-in page, asked for the same, does not.
    is_head_of_file = response.request.method == "HEAD" and "x-repo-commit" not in response.headers
    is_page = response.headers.get("content-type", "").lower().startswith("text/html")
    return is_page and (is_data or is_head_of_file or _is_signed_for_no_page(response.request.url))


def _is_signed_for_no_page(url: httpx2.URL) -> bool:
    """Whether the address is one of the content network's, signed for a file that by its name is no page."""
    named = re.search(r'filename="([^"]+)"', url.params.get("response-content-disposition", ""))
    return named is not None and not named[1].lower().endswith((".html", ".htm", ".xhtml"))


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


def _is_proxied(url: httpx2.URL) -> bool:
    proxies = urllib.request.getproxies()
    in_force = proxies.get(url.scheme) or proxies.get("all")
    return bool(in_force) and not urllib.request.proxy_bypass(url.host)


def _origin(url: httpx2.URL) -> tuple[str, str, Any]:
    return (url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme))


def _at_endpoint(address: str, endpoint: str) -> httpx2.URL:
    """An address from an answer, in full and without a user's name in it. As in the library, the Hub's own public
    address means the endpoint: mirrors pass on its answers as they are."""
    base = endpoint.rstrip("/") + "/"
    if address.startswith(constants.HUGGINGFACE_CO_URL_HOME):
        address = base + address.removeprefix(constants.HUGGINGFACE_CO_URL_HOME)
    return httpx2.URL(base).join(address).copy_with(username=None, password=None)
