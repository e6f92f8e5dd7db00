"""The client library's session, made fit for a start that must end: time limits, a token that stays home, one error.

Three hooks on its HTTP client do it:

- every request gets a time limit. The library passes `timeout=None` explicitly on `model_info` and on the file tree,
  so a default on the client is not enough: the limits are filled into the request itself.
- the token goes to the endpoint's own origin and nowhere else, whatever redirect or mirror asks for it.
- every answer that is an error raises `Refusal` with the evidence in it, before the library can re-interpret it, hide
  it in a "check your connection", or sleep uncapped on a `Retry-After`. Retrying is decided in one place: `retry`.
"""

from __future__ import annotations

import os
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
ERROR_BODY_BYTES = 64 * 1024

_LIMITS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": None}


def open_api(endpoint: str, token: str | None) -> huggingface_hub.HfApi:
    """The library's API for `endpoint`, over a client with the three hooks. `token` is sent to that origin only."""
    home = _origin(httpx2.URL(endpoint))

    def fill_limits(request: httpx2.Request) -> None:
        given = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = {
            name: limit if given.get(name) is None else given[name] for name, limit in _LIMITS.items()
        }

    def keep_token_home(request: httpx2.Request) -> None:
        if _origin(request.url) != home:
            request.headers.pop("authorization", None)

    def client() -> httpx2.Client:
        return httpx2.Client(
            event_hooks={"request": [fill_limits, keep_token_home], "response": [_raise_refusal]},
            follow_redirects=True,
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )

    huggingface_hub.set_client_factory(client)
    return huggingface_hub.HfApi(
        endpoint=endpoint,
        token=token or False,
        library_name="model-entrypoint",
        library_version=__version__,
    )


@contextmanager
def evidence_of_faults(url: str = "") -> Iterator[None]:
    """Turns what the transport raises, and an answer that cannot be read, into a `Refusal`."""
    try:
        yield
    except Refusal:
        raise
    except httpx2.HTTPError as error:
        raise Refusal(from_exception(error, url)) from error


def _raise_refusal(response: httpx2.Response) -> None:
    wants_json = response.request.url.path.startswith("/api/") and response.request.method != "HEAD"
    is_page = response.headers.get("content-type", "").lower().startswith("text/html")
    if response.status_code < 400 and not (wants_json and is_page and not response.is_redirect):
        return
    body = b""
    if response.request.method != "HEAD":
        body = _beginning(response)
    raise Refusal(from_response(response, body))


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
