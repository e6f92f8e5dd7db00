"""One request that only looks: what the way to an address is like, through the very stack that the Hub client uses.

No redirect is followed and no token is sent but by the caller's own header. Only the head of the answer counts; of the
body so much is read as tells a Hub from a sign-in page.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from entrypoint.hub.evidence import from_exception, from_response
from entrypoint.values import Evidence

BODY_BYTES = 4096
LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """`evidence.status` is 0 where there was none; how far the request came is known all the same.

    `connected`: to the host, or to the proxy before it. `tls` is the protocol's version, `issuer` who signed the
    certificate that was trusted; blank before a handshake.
    """

    evidence: Evidence
    headers: Mapping[str, str] = field(default_factory=dict)
    connected: bool = False
    tls: str = ""
    issuer: str = ""

    @property
    def came(self) -> bool:
        return self.evidence.status > 0


def ask(
    url: str,
    until: float,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    trusting: bool = False,
    at_home: bool = True,
    proxied: bool = False,
) -> Answer:
    """The answer to one request, or why there was none by `until` (of `time.monotonic`).

    `trusting`: the certificate is not checked; to be used only to look at what is shown, never with a token.
    `at_home`: it is the endpoint that is asked. `proxied`: a proxy is in force for the address.
    """
    seconds = max(LEAST_SECONDS, until - time.monotonic())
    gone = _Way()
    try:
        client = httpx2.Client(verify=not trusting, timeout=seconds, follow_redirects=False)
        extensions = {"trace": gone}
        with client, client.stream(method, url, headers=dict(headers or {}), extensions=extensions) as response:
            evidence = from_response(response, _beginning(response), at_home=at_home, proxied=proxied)
            return Answer(evidence, dict(response.headers), gone.connected, gone.version, gone.issuer)
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
        return Answer(from_exception(error, url.partition("?")[0]), {}, gone.connected, gone.version, gone.issuer)


class _Way:
    """Follows a request (httpx's `trace` extension): how far it came, and the last TLS handshake on its way."""

    def __init__(self) -> None:
        self.connected = False
        self.version = self.issuer = ""

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            self.connected = True
        if event.endswith("start_tls.complete"):
            tls = info["return_value"].get_extra_info("ssl_object")
            self.version, self.issuer = tls.version() or "", _issuer(tls.getpeercert() or {})


def _beginning(response: httpx2.Response) -> bytes:
    body = bytearray()
    with contextlib.suppress(httpx2.HTTPError):  # the head of the answer is answer enough
        for chunk in response.iter_raw():
            body += chunk
            if len(body) >= BODY_BYTES:
                break
    return bytes(body)


def _issuer(certificate: Mapping[str, object]) -> str:
    """The common name, else the organisation, from the shape of `ssl.SSLSocket.getpeercert`."""
    parts = certificate.get("issuer")
    named = dict(pair for group in parts for pair in group) if isinstance(parts, tuple) else {}
    return str(named.get("commonName") or named.get("organizationName") or "")
