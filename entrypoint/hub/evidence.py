"""What an answer, or the lack of one, says: the headers and words of the Hub as an `Evidence`.

The client library's exception classes are no evidence: it hides a 403 behind "please check your connection" and
calls an anonymous 401 by different names over http and https. So the answer itself is read here.

Sources: the Hub sends `X-Error-Code` and `X-Error-Message` on every refusal (huggingface/xet-core#869 has a full
capture), the message again as `{"error": ...}` under /api and as plain text under /resolve, no body on HEAD, and
`RateLimit: "bucket";r=REMAINING;t=SECONDS` on every answer. Under /api it never answers with a page.
"""

from __future__ import annotations

import contextlib
import email.utils
import errno
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Literal

import httpx2

from entrypoint.text import clean, mask_secrets, mask_url
from entrypoint.values import Evidence

Trouble = Literal["", "dns", "connect", "timeout", "tls", "clock", "proxy", "reset", "other"]
MESSAGE_LIMIT = 300
_RATE_LIMIT = re.compile(r"\br\s*=\s*0\b.*?\bt\s*=\s*(\d+)")
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# From another host than the endpoint: a signed address that has expired, or bytes that are not there yet. The Hub gives
# a fresh address when it is asked again. A page is none of these: no storage says it so, but a network that blocks it.
_PASSING_ELSEWHERE = frozenset({401, 403, 404, 410})
_PASSING_TROUBLE = frozenset({"dns", "connect", "timeout", "reset", "other"})
_OUT_OF_ITS_TIME = frozenset({9, 10})  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED


class Refusal(Exception):  # noqa: N818 - it is what was said, not what broke
    """An answer that is not the one asked for, or no answer at all."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(f"{evidence.status or evidence.trouble}: {evidence.message}")
        self.evidence = evidence

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered otherwise a little later."""
        return is_passing(self.evidence)


def is_passing(evidence: Evidence) -> bool:
    """Rate limits, server faults and broken connections pass; a permanent refusal, TLS and proxy settings don't."""
    if evidence.elsewhere and evidence.from_hub and evidence.status in _PASSING_ELSEWHERE:
        return True
    if evidence.status:
        return evidence.status in _PASSING_STATUS
    return evidence.trouble in _PASSING_TROUBLE


def is_untrusted_certificate(evidence: Evidence) -> bool:
    """Whether a certificate was shown and not accepted: `tls` also stands for faults before there is one to see."""
    return evidence.trouble == "clock" or (
        evidence.trouble == "tls" and "certificate_verify_failed" in evidence.message.lower()
    )


def from_response(
    response: httpx2.Response, body: bytes, now: float | None = None, *, at_home: bool = True, proxied: bool = False
) -> Evidence:
    """The evidence in an HTTP answer. `body` is its beginning (it may be cut); `now` is the Unix time.

    `at_home`: the endpoint's own origin gave it. A mirror may send us on to a Hub: what bears `X-Error-*` is its word.
    `proxied`: a proxy is in force for that address, and may have answered in the endpoint's place.
    """
    headers = response.headers
    spoken = "x-error-code" in headers or "x-error-message" in headers
    by_proxy = proxied and not spoken and _bears_proxy_marks(response)
    elsewhere = not at_home and not spoken and not by_proxy
    message = _shown(headers.get("x-error-message") or _words(headers, body))
    if elsewhere:
        message = _shown(f"from {response.request.url.host}: {message}")
    return Evidence(
        url=mask_url(str(response.request.url.copy_with(query=None))),
        status=response.status_code,
        code=clean(headers.get("x-error-code", ""), 60),
        message=message,
        from_hub=not by_proxy and _bears_hub_marks(headers, body),
        # with a 5xx the proxy is willing, but does not get through at the moment
        trouble=("connect" if response.status_code >= 500 else "proxy") if by_proxy else "",
        retry_after=retry_after(headers, time.time() if now is None else now),
        elsewhere=elsewhere,
    )


def from_exception(error: BaseException, url: str = "") -> Evidence:
    """The evidence in a transport error: the first cause in its chain that names the fault.

    `url` is what was asked; where the error names a request, as after a redirect to a file host, that one counts.
    """
    trouble: Trouble = "other"
    message = str(error) or type(error).__name__
    for cause in _chain(error):
        found = _trouble(cause)
        if found:
            trouble, message = found, str(cause) or message
            break
    for cause in _chain(error):
        if isinstance(cause, httpx2.RequestError):
            with contextlib.suppress(RuntimeError):  # raised by httpx2 where no request is attached
                url = str(cause.request.url.copy_with(query=None))
    return Evidence(url=mask_url(url), message=_shown(message), trouble=trouble)


def retry_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds to wait by `Retry-After` (a number or an HTTP date) or `RateLimit` (r=0;t=SECONDS); 0 if unsaid.

    A date is meant by the clock of who sent it, which the answer's own `Date` shows; without one, by ours (`now`).
    """
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value[:9])
    if value:
        with contextlib.suppress(ValueError, TypeError, OverflowError):  # no date, or one beyond the calendar
            return max(0.0, _moment(value) - _sent_at(headers, now))
    exhausted = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return float(exhausted.group(1)[:9]) if exhausted else 0.0


def _sent_at(headers: Mapping[str, str], now: float) -> float:
    try:
        return _moment(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return now


def _moment(http_date: str) -> float:
    return email.utils.parsedate_to_datetime(http_date).timestamp()


def _shown(text: str) -> str:
    """Cleaned, and without what is a secret by its form: a server, or the client itself, may quote the token."""
    return clean(mask_secrets(clean(text, 4 * MESSAGE_LIMIT)), MESSAGE_LIMIT)


def _words(headers: Mapping[str, str], body: bytes) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = body.decode("utf-8", "replace")
    if kind.endswith("json") or text.lstrip().startswith("{"):
        with contextlib.suppress(ValueError, RecursionError):  # no JSON, or brackets without an end
            parsed = json.loads(text)
            if isinstance(parsed, dict):
                said = parsed.get("error") or parsed.get("message") or ""
                return said if isinstance(said, str) else json.dumps(said)
    if _looks_like_html(kind, text):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return title.group(1).strip() if title else "an HTML page"
    return text


def _looks_like_html(kind: str, text: str) -> bool:
    return kind in ("text/html", "application/xhtml+xml") or text.lstrip()[:15].lower().startswith(
        ("<!doctype html", "<html")
    )


def _bears_hub_marks(headers: Mapping[str, str], body: bytes) -> bool:
    """The Hub's own headers; or, for mirrors that lack them, an answer in JSON or plain text but no HTML page.

    `X-Request-Id` is no such mark: many gateways send one with their pages.
    """
    if any(mark in headers for mark in ("x-error-code", "x-error-message", "x-repo-commit")):
        return True
    if "proxy-authenticate" in headers:
        return False
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return not _looks_like_html(kind, body.decode("utf-8", "replace"))


def _bears_proxy_marks(response: httpx2.Response) -> bool:
    """Whether the answer is the proxy's own, and not one that it passed on: of `Via` and its like both may have one.

    `Proxy-Status` is set by every kind of intermediary; with an `error` the answer was made by it (RFC 9209, 2.1).
    """
    headers = response.headers
    return (
        response.status_code == 407
        or "proxy-authenticate" in headers
        or "x-squid-error" in headers
        or re.search(r";\s*error\s*=", headers.get("proxy-status", "")) is not None
    )


def _chain(error: BaseException) -> list[BaseException]:
    """The deepest cause first: the operating system's word counts more than the wrapper's."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found[::-1]


def _trouble(cause: BaseException) -> Trouble:
    if isinstance(cause, ssl.SSLCertVerificationError):
        # an error that no handshake raised has no code
        return "clock" if getattr(cause, "verify_code", 0) in _OUT_OF_ITS_TIME else "tls"
    if isinstance(cause, socket.gaierror):
        return "dns"
    if isinstance(cause, httpx2.ProxyError):
        # its message is the proxy's status line: with a 5xx it is willing, but does not get through at the moment
        return "connect" if re.match(r"5\d\d\b", str(cause)) else "proxy"
    if isinstance(cause, (TimeoutError, httpx2.TimeoutException)):
        return "timeout"
    if isinstance(cause, ssl.SSLError):
        # "wrong version number" comes of plain HTTP on a TLS port; an end of file in the middle is a cut connection
        return "reset" if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) else "tls"
    if isinstance(cause, (ConnectionResetError, BrokenPipeError, httpx2.RemoteProtocolError, httpx2.ReadError)):
        return "reset"
    if isinstance(cause, OSError) and cause.errno in (
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ECONNABORTED,
    ):
        return "connect"
    if isinstance(cause, httpx2.ConnectError):
        return "connect"
    return ""
