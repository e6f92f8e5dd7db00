"""The way to the endpoint, step by step: name, proxy, certificate, clock, answer."""

from __future__ import annotations

import email.utils
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from entrypoint.doctor import proxies, told
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.probe import Answer
from entrypoint.doctor.wording import Wording
from entrypoint.failures import PROTOCOL, UNAVAILABLE
from entrypoint.hub.verdicts import Bearer, judge
from entrypoint.remedies import Context
from entrypoint.settings import Settings
from entrypoint.settings.proxies import Proxy, chosen
from entrypoint.text import clean, human_duration
from entrypoint.values import EXIT_CODES, Evidence

CLOCK_SECONDS = 300.0
ADDRESSES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Way:
    """Where the first connection goes: to the proxy if there is one, else to the endpoint itself."""

    endpoint: str
    proxy: Proxy

    @property
    def endpoint_host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    @property
    def secure(self) -> bool:
        return urlsplit(self.endpoint).scheme == "https"

    @property
    def first_host(self) -> str:
        return self.proxy.host or self.endpoint_host

    @property
    def first_port(self) -> int:
        return self.proxy.port or urlsplit(self.endpoint).port or (443 if self.secure else 80)


@dataclass(frozen=True, slots=True)
class Name:
    """What the name server said: addresses, or why there are none."""

    addresses: tuple[str, ...] = ()
    trouble: str = ""


def way(settings: Settings) -> Way:
    return Way(settings.endpoint, chosen(settings.environ, settings.endpoint))


def resolve(way: Way) -> Name:
    """Blocks as long as the system's resolver does: it knows no time limit."""
    try:
        found = socket.getaddrinfo(way.first_host, way.first_port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that is too long
        return Name(trouble=clean(getattr(error, "strerror", None) or str(error), 100))
    return Name(tuple(dict.fromkeys(str(address[4][0]) for address in found)))


def dns(way: Way, name: Name, context: Context, lang: str, w: Wording) -> Finding:
    facts = {"host": way.first_host, "addresses": list(name.addresses)}
    if name.trouble:
        # the remedy is the one of a start that meets the same
        evidence = Evidence(url=way.endpoint, trouble="dns", message=name.trouble)
        steps = told.of_endpoint(evidence, "hub-unreachable", context, lang).steps
        template = w.dns_bad_proxy if way.proxy.host else w.dns_bad
        text = say(template, host=way.first_host, variable=way.proxy.variable, trouble=name.trouble)
        return Finding("dns", "bad", text, facts | {"trouble": name.trouble}, steps, UNAVAILABLE, True)
    more = "" if len(name.addresses) <= ADDRESSES_SHOWN else ", …"
    shown = ", ".join(name.addresses[:ADDRESSES_SHOWN]) + more
    template = w.dns_proxy if way.proxy.host else w.dns_ok
    if name.addresses == (way.first_host,):
        template = w.dns_literal
    return Finding("dns", "ok", say(template, host=way.first_host, addresses=shown, to=way.endpoint_host), facts)


def proxy_variables(settings: Settings, w: Wording) -> Iterator[Finding]:
    """The contradictions. Whether the proxy passes is told by `proxy_passes`."""
    texts = {
        "differ": w.proxy_differ,
        "blank": w.proxy_blank,
        "https-missing": w.proxy_https_missing,
        "exempt": w.proxy_exempt,
    }
    steps = {
        "differ": w.proxy_differ_step,
        "blank": w.proxy_blank_step,
        "https-missing": w.proxy_https_missing_step,
        "exempt": w.proxy_exempt_step,
    }
    for odd in proxies.contradictions(settings.environ, settings.endpoint):
        said = {"first": odd.first, "second": odd.second, "value": odd.value, "endpoint": settings.endpoint}
        facts = {"kind": odd.kind, "variables": [odd.first, odd.second]}
        yield Finding("proxy", "warning", say(texts[odd.kind], **said), facts, (say(steps[odd.kind], **said),))


def proxy_passes(way: Way, answer: Answer, context: Context, lang: str, w: Wording) -> Finding:
    facts = {"proxy": way.proxy.shown, "variable": way.proxy.variable}
    said = {"proxy": way.proxy.shown, "variable": way.proxy.variable, "host": way.endpoint_host}
    if not way.proxy.host:
        return Finding("proxy", "ok", w.proxy_none)
    evidence = answer.evidence
    if evidence.trouble == "proxy" or (evidence.status in (403, 407) and not evidence.from_hub):
        steps = told.of_endpoint(evidence, "proxy-refused", context, lang).steps
        text = say(w.proxy_refuses, **said, answer=evidence.message or evidence.status)
        return Finding("proxy", "bad", text, facts, steps, EXIT_CODES["proxy-refused"], True)
    if evidence.trouble == "connect" and answer.connected:  # it said so itself
        steps = told.of_endpoint(evidence, "hub-unreachable", context, lang).steps
        text = say(w.proxy_beyond, **said, answer=evidence.message or evidence.status)
        return Finding("proxy", "bad", text, facts, steps, UNAVAILABLE, True)
    if not answer.came and not answer.connected:
        steps = told.of_endpoint(evidence, "hub-unreachable", context, lang).steps
        text = say(w.proxy_unreachable, **said, answer=evidence.message)
        return Finding("proxy", "bad", text, facts, steps, UNAVAILABLE, True)
    if answer.came or answer.tls or evidence.trouble in ("tls", "clock"):
        return Finding("proxy", "ok", say(w.proxy_passes, **said), facts)
    return Finding("proxy", "skipped", say(w.proxy_unknown, **said), facts)


def tls(way: Way, answer: Answer, context: Context, lang: str, w: Wording, environ: Mapping[str, str]) -> Finding:
    trusted = authorities(environ)
    facts: dict[str, object] = {"authorities": trusted, "issuer": answer.issuer or answer.evidence.issuer}
    if not way.secure:
        return Finding("tls", "skipped", say(w.tls_plain, endpoint=way.endpoint), facts)
    if answer.evidence.trouble == "clock":
        said = told.of_endpoint(answer.evidence, "tls-untrusted", context, lang)
        facts["valid"] = answer.evidence.valid
        return Finding("tls", "bad", said.means, facts, said.steps, EXIT_CODES["tls-untrusted"], True)
    if answer.evidence.trouble == "tls":
        issuer = answer.evidence.issuer
        template = w.tls_untrusted if issuer else w.tls_untrusted_unnamed
        text = say(template, host=way.endpoint_host, issuer=issuer, trusted=trusted, message=answer.evidence.message)
        steps = told.of_endpoint(answer.evidence, "tls-untrusted", context, lang).steps
        return Finding("tls", "bad", text, facts, steps, EXIT_CODES["tls-untrusted"], True)
    if not answer.tls:
        return Finding("tls", "skipped", say(w.tls_unknown, trusted=trusted), facts)
    text = say(w.tls_ok, version=answer.tls, issuer=answer.issuer, trusted=trusted)
    return Finding("tls", "ok", text, facts | {"version": answer.tls})


def authorities(environ: Mapping[str, str]) -> str:
    """The variable and the file or folder whose certificate authorities are in force, as the client chooses them."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if environ.get(name):
            return f"{name}={environ[name]}"
    default = ssl.get_default_verify_paths()
    for path in (default.openssl_cafile, default.openssl_capath):
        if os.path.exists(path):  # noqa: PTH110 - a closed parent is no trouble of ours
            return path
    return "-"


def clock(date: str, now: float, w: Wording) -> Finding:
    """The endpoint's `Date` (RFC 9110, 6.6.1), from whatever answer, against our own time. `now` is Unix time."""
    try:
        theirs = email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return Finding("clock", "skipped", w.clock_unknown)
    off = now - theirs
    facts = {"seconds_ahead": round(off)}
    said = {"off": human_duration(abs(off)), "date": date}
    if abs(off) <= CLOCK_SECONDS:
        return Finding("clock", "ok", say(w.clock_ok, **said), facts)
    template = w.clock_ahead if off > 0 else w.clock_behind
    return Finding("clock", "bad", say(template, **said), facts, (w.clock_step, w.clock_restart), PROTOCOL, True)


def endpoint(way: Way, answer: Answer, context: Context, lang: str, w: Wording) -> Finding:
    evidence = answer.evidence
    facts = {"endpoint": way.endpoint, "status": evidence.status, "trouble": evidence.trouble}
    in_the_way = evidence.trouble in ("tls", "clock", "proxy")
    if in_the_way or proxy_passes(way, answer, context, lang, w).status == "bad":
        return Finding("endpoint", "skipped", say(w.endpoint_unknown, endpoint=way.endpoint), facts)
    if evidence.from_hub and evidence.status < 500 and evidence.status not in (407, 408, 425, 429):
        return Finding("endpoint", "ok", say(w.endpoint_ok, endpoint=way.endpoint), facts)
    verdict = judge(evidence, Bearer(token_set=False))
    said = told.of_endpoint(evidence, verdict, context, lang)
    text = w.colon.join((verdict, say("{means}", means=said.means)))
    return Finding("endpoint", "bad", text, facts | {"verdict": verdict}, said.steps, EXIT_CODES[verdict], True)
