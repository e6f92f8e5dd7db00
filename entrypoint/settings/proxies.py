"""Which proxy is in force for an address, and by which variable: as the clients choose it, and so as messages name it.

curl, httpx and xet take the lower-case name of each pair first; a blank one there takes the other out of force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from entrypoint.settings.variables import PROXY_NAMES
from entrypoint.text import mask_url


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy for an address, and the variable that names it; blank for none. `value` may hold a password."""

    value: str = field(default="", repr=False)
    variable: str = ""

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    @property
    def is_here(self) -> bool:
        """Whether its address is that of this very machine: in a container, of the container."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def port(self) -> int:
        if not self.value:
            return 0
        return self._parts.port or (443 if self._parts.scheme == "https" else 80)

    @property
    def shown(self) -> str:
        return mask_url(self.value)

    @property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.value if "://" in self.value else f"http://{self.value}")
        except ValueError:  # no address at all, which settings refuse; a message is to come out all the same
            return urlsplit("")


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables of an environment, in either case of letters."""
    return {name: value for name, value in environ.items() if name.lower() in PROXY_NAMES}


def chosen(environ: Mapping[str, str], url: str) -> Proxy:
    if is_exempt(environ, url):
        return Proxy()
    for lower in (variable_for(url).lower(), "all_proxy"):
        name, value = in_force(environ, lower)
        if value:
            return Proxy(value, name)
    return Proxy()


def variable_for(url: str) -> str:
    """The variable by which a proxy for an address is usually named."""
    return "HTTP_PROXY" if url.startswith("http://") else "HTTPS_PROXY"


def in_force(environ: Mapping[str, str], lower: str) -> tuple[str, str]:
    """Of a pair of variables, the name that counts, and its value; `lower` is the one in lower case."""
    name = lower if lower in environ else lower.upper()
    return name, environ.get(name, "").strip()


def is_exempt(environ: Mapping[str, str], url: str) -> bool:
    import urllib.request  # much, for what is asked only where something went wrong

    listed = in_force(environ, "no_proxy")[1]
    host = urlsplit(url).hostname or ""
    bypassed = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # missing in typeshed
    return bool(listed) and bool(bypassed(host, {"no": listed}))
