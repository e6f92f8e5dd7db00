"""Who signed the certificate that was not trusted, and when it is good: what a person needs to tell a company's
TLS-inspecting proxy from a wrong clock.

A failed handshake does not hand out the certificate. So it is looked at again, without trusting it: nothing is sent
but a handshake, and what goes before it where a proxy is in force. The standard library reads certificates only of a
peer that it has verified, hence two looks: the first gets the bytes, the second trusts just these.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from entrypoint.hub.evidence import from_exception, is_untrusted_certificate
from entrypoint.text import clean

SECONDS = 3.0
NAME_LIMIT = 100
_NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which the ssl module has no name


@dataclass(frozen=True, slots=True)
class Certificate:
    """Cleaned for display. `valid` is as in "2025-01-01 to 2026-01-01"; `proxy` is HOST:PORT where the certificate is
    the one of a proxy that is spoken to over TLS, and not of the host behind it."""

    issuer: str
    valid: str
    proxy: str = ""


def look(url: str) -> Certificate | None:
    """The certificate that is shown on the way to `url`, by the same proxy as every request; None if none can be seen.

    Takes up to four connections, each limited to `SECONDS` at every step. Never raises for what the network does.
    """
    proxy = ""
    try:
        address = httpx2.URL(url)
        watch = _Watch()
        try:
            _shake_hands(address, _trusting_all(), watch)
        except httpx2.HTTPError as error:
            if not is_untrusted_certificate(from_exception(error)):
                raise
            # any certificate of the host itself would do: this is the one of a proxy before it, and is checked
            proxy = watch.peer
            address = httpx2.URL(f"https://{proxy}")
            _shake_hands(address, _trusting_all(), watch, directly=True)
        if address.scheme != "https" or not watch.leaf:
            return None
        _shake_hands(address, _trusting_only(watch.leaf), watch, directly=bool(proxy))
        return Certificate(_issuer(watch.fields), _valid(watch.fields), proxy)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
        # ValueError: a proxy's address that is none, or a date in the certificate. Whatever is wrong here, the fault
        # that made us look is told all the same.
        return None


class _Enough(Exception):  # noqa: N818 - what was wanted
    """All handshakes are made, and nothing has been said yet."""


class _Watch:
    """Follows a request's connections (httpx's `trace` extension), and ends it before the request itself goes out.

    `peer` is the HOST:PORT to which the last connection went; `leaf` and `fields` are the certificate that was shown
    last, as bytes and, where it was verified, in words.
    """

    def __init__(self) -> None:
        self.peer = ""
        self.leaf = b""
        self.fields: dict[str, Any] = {}

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        step = event.partition(".")[2]
        if step == "connect_tcp.started":
            host = f"[{info['host']}]" if ":" in info["host"] else info["host"]
            self.peer = f"{host}:{info['port']}"
        elif step == "start_tls.complete":
            tls = info["return_value"].get_extra_info("ssl_object")
            self.leaf, self.fields = tls.getpeercert(True) or b"", tls.getpeercert(False) or {}
        elif step == "send_request_headers.started" and info["request"].method != b"CONNECT":
            raise _Enough


def _shake_hands(address: httpx2.URL, context: ssl.SSLContext, watch: _Watch, *, directly: bool = False) -> None:
    origin = address.copy_with(username=None, password=None, path="/", query=None, fragment=None)
    try:
        with httpx2.Client(verify=context, timeout=SECONDS, trust_env=not directly) as client:
            client.head(origin, extensions={"trace": watch})
    except _Enough:
        pass


def _trusting_all() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # a certificate that is too weak to be trusted can still be described
    return context


def _trusting_only(leaf: bytes) -> ssl.SSLContext:
    """The certificate itself is all the proof that it needs: of no other peer will any be read, of this one at any time
    and for any name."""
    context = _trusting_all()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags |= _NO_CHECK_TIME
    context.load_verify_locations(cadata=leaf)
    return context


def _issuer(fields: dict[str, Any]) -> str:
    """`Common name, Organisation`; where neither is there, whatever names the issuer."""
    names = {kind: value for part in fields.get("issuer", ()) for kind, value in part}
    chosen = [names[kind] for kind in ("commonName", "organizationName") if kind in names]
    return clean(", ".join(dict.fromkeys(chosen or names.values())), NAME_LIMIT)


def _valid(fields: dict[str, Any]) -> str:
    begin, end = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(fields[name]), UTC).date() for name in ("notBefore", "notAfter")
    )
    return f"{begin} to {end}"
