"""The proxy variables: which of them is in force for an address, and where they contradict each other.

curl, httpx and xet take the lower-case name of each pair first; a blank one there takes the other out of force.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from entrypoint.settings.variables import PROXY_NAMES
from entrypoint.text import mask_url

Kind = Literal["differ", "blank", "https-missing", "exempt"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The proxy for an address: where it listens, and the variable that named it. No host means none."""

    host: str = ""
    port: int = 0
    shown: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`first` and `second` are names of variables, `value` what is in force; credentials are masked."""

    kind: Kind
    first: str
    second: str
    value: str = ""


def chosen(environ: Mapping[str, str], url: str) -> Chosen:
    parts = urlsplit(url)
    if _is_exempt(environ, url):
        return Chosen()
    for lower in (f"{parts.scheme}_proxy", "all_proxy"):
        name, value = _in_force(environ, lower)
        if value:
            proxy = urlsplit(value if "://" in value else f"http://{value}")
            port = proxy.port or (443 if proxy.scheme == "https" else 80)
            return Chosen(proxy.hostname or "", port, mask_url(value), name)
    return Chosen()


def contradictions(environ: Mapping[str, str], url: str) -> Iterator[Contradiction]:
    """What is odd about the variables for someone who wants to reach `url`."""
    for lower in PROXY_NAMES:
        upper = lower.upper()
        if lower not in environ or not environ.get(upper, "").strip():
            continue
        if not environ[lower].strip():
            yield Contradiction("blank", upper, lower)
        elif environ[lower].strip() != environ[upper].strip():
            yield Contradiction("differ", upper, lower, mask_url(environ[lower].strip()))
    http, http_value = _in_force(environ, "http_proxy")
    secure = urlsplit(url).scheme == "https"
    if secure and http_value and not _in_force(environ, "https_proxy")[1] and not _in_force(environ, "all_proxy")[1]:
        yield Contradiction("https-missing", http, "HTTPS_PROXY", mask_url(http_value))
    wanted, value = _in_force(environ, "https_proxy" if secure else "http_proxy")
    if not value:
        wanted, value = _in_force(environ, "all_proxy")
    if value and _is_exempt(environ, url):
        yield Contradiction("exempt", _in_force(environ, "no_proxy")[0], wanted, _in_force(environ, "no_proxy")[1])


def _in_force(environ: Mapping[str, str], lower: str) -> tuple[str, str]:
    name = lower if lower in environ else lower.upper()
    return name, environ.get(name, "").strip()


def _is_exempt(environ: Mapping[str, str], url: str) -> bool:
    listed = _in_force(environ, "no_proxy")[1]
    host = urlsplit(url).hostname or ""
    bypassed = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # missing in typeshed
    return bool(listed) and bool(bypassed(host, {"no": listed}))
