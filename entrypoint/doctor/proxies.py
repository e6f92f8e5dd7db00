"""Where the proxy variables contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from entrypoint.settings.proxies import in_force, is_exempt
from entrypoint.settings.variables import PROXY_NAMES
from entrypoint.text import mask_url

Kind = Literal["differ", "blank", "https-missing", "exempt"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`first` and `second` are names of variables, `value` what is in force; credentials are masked."""

    kind: Kind
    first: str
    second: str
    value: str = ""


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
    http, http_value = in_force(environ, "http_proxy")
    secure = urlsplit(url).scheme == "https"
    if secure and http_value and not in_force(environ, "https_proxy")[1] and not in_force(environ, "all_proxy")[1]:
        yield Contradiction("https-missing", http, "HTTPS_PROXY", mask_url(http_value))
    wanted, value = in_force(environ, "https_proxy" if secure else "http_proxy")
    if not value:
        wanted, value = in_force(environ, "all_proxy")
    if value and is_exempt(environ, url):
        yield Contradiction("exempt", in_force(environ, "no_proxy")[0], wanted, in_force(environ, "no_proxy")[1])
