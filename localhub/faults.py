"""The ways in which networks and servers fail, to be played on chosen requests.

| kind | what happens | parameters |
|---|---|---|
| `reset` | the connection is reset (RST) | `after`: body bytes sent before (None: not even headers); `at` |
| `cut` | the connection is closed in good order, too early | `after`, as above |
| `stall` | nothing more is sent until the client gives up | `after`, as above; `at` |
| `slow` | the body flows at `rate` bytes per second, after `delay` seconds | `rate` (0: free), `delay` |
| `corrupt` | one byte of the file is flipped, wherever it is asked for | `offset` in the file |
| `status` | an error answer instead | `status`, `headers`, `body` |
| `html` | a proxy's or captive portal's page instead, without any mark of the Hub | `status`: 200 or 403 |
| `no-range` | `Range` is ignored: 200 and the whole body | |

`at="connect"` plays before the TLS handshake; its route must be an origin's name.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from localhub.content import Content
from localhub.messages import Request, Response

Kind = Literal["reset", "cut", "stall", "slow", "corrupt", "status", "html", "no-range", "answer"]
ORIGINS = ("hub", "cdn", "cas")

PORTAL = b"""<!DOCTYPE html>
<html><head><title>Network sign-in</title></head>
<body><h1>Welcome</h1><p>Please accept the terms of use of this network to go on.</p></body></html>
"""

_PARAMETERS: dict[str, frozenset[str]] = {
    "reset": frozenset({"after", "at"}),
    "cut": frozenset({"after"}),
    "stall": frozenset({"after", "at"}),
    "slow": frozenset({"rate", "delay"}),
    "corrupt": frozenset({"offset"}),
    "status": frozenset({"status", "headers", "body"}),
    "html": frozenset({"status"}),
    "no-range": frozenset(),
    "answer": frozenset({"response"}),
}


@dataclass(slots=True, eq=False)
class Fault:
    """One armed fault. `hits`: how often it was played; `times` None: always; `skip` matches pass first."""

    kind: Kind
    route: str
    times: int | None
    skip: int
    params: dict[str, Any]
    hits: int = 0
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True

    @property
    def at_connect(self) -> bool:
        return self.params.get("at") == "connect"

    @property
    def after(self) -> int | None:
        value: int | None = self.params.get("after")
        return value

    def matches(self, request: Request) -> bool:
        if self.route in ORIGINS:
            return request.origin == self.route
        pattern = re.compile(self.route)
        return any(pattern.search(f"{request.method} {form}") for form in (request.path, request.target))

    def response(self) -> Response | None:
        """The answer that is given instead of the real one, if this kind has one."""
        if self.kind == "answer":
            answer: Response = self.params["response"]
            return answer
        if self.kind == "html":
            page = (("Content-Type", "text/html; charset=utf-8"), ("Server", "squid/6.13"))
            return Response(self.params.get("status", 200), page, Content.of(PORTAL))
        if self.kind == "status":
            return verbatim(
                self.params.get("status", 503), self.params.get("headers") or {}, self.params.get("body", b"")
            )
        return None


def verbatim(status: int, headers: Mapping[str, str], body: bytes | str) -> Response:
    return Response(status, tuple(headers.items()), Content.of(body))


@dataclass(slots=True)
class Faults:
    """All armed faults, in the order in which they were armed; each match uses one up."""

    armed: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, kind: str, route: str, times: int | None, skip: int, params: dict[str, Any]) -> Fault:
        if kind not in get_args(Kind):
            raise ValueError(f"no fault of kind {kind!r}; there are {', '.join(_PARAMETERS)}")
        unknown = set(params) - _PARAMETERS[kind]
        if unknown:
            raise ValueError(f"a {kind!r} fault has no parameter {', '.join(sorted(unknown))}")
        if params.get("at") not in (None, "connect") or (params.get("at") and route not in ORIGINS):
            raise ValueError('at="connect" is the only place to name, and its route must be an origin')
        try:
            re.compile(route)
        except re.error as error:
            raise ValueError(f"not a pattern: {route!r}: {error}") from error
        fault = Fault(kind, route, times, skip, params)  # type: ignore[arg-type]  # checked above
        with self.lock:
            self.armed.append(fault)
        return fault

    def clear(self) -> None:
        with self.lock:
            self.armed.clear()

    def on_connect(self, origin: str) -> Fault | None:
        with self.lock:
            return next((f for f in self.armed if f.at_connect and f.route == origin and self._use(f)), None)

    def instead(self, request: Request) -> Fault | None:
        """The fault that answers in place of the hub: `status`, `html` or a verbatim answer."""
        return self._first(request, ("status", "html", "answer"))

    def ignores_range(self, request: Request) -> bool:
        return "range" in request.headers and self._first(request, ("no-range",)) is not None

    def on_wire(self, request: Request) -> Fault | None:
        """The fault that befalls the sending of whatever answer there is."""
        return self._first(request, ("reset", "cut", "stall", "slow"))

    def corruption(self, request: Request, response: Response) -> Fault | None:
        """The fault that flips a byte of this answer; one whose offset is not in it stays armed."""
        if request.method == "HEAD" or response.status not in (200, 206):
            return None
        with self.lock:
            for fault in self.armed:
                if fault.kind != "corrupt" or not fault.matches(request):
                    continue
                offset = fault.params.get("offset", 0)
                if response.start <= offset < response.start + response.body_length and self._use(fault):
                    return fault
        return None

    def _first(self, request: Request, kinds: tuple[str, ...]) -> Fault | None:
        with self.lock:
            for fault in self.armed:
                if fault.kind in kinds and not fault.at_connect and fault.matches(request) and self._use(fault):
                    return fault
        return None

    @staticmethod
    def _use(fault: Fault) -> bool:
        if fault.cancelled or (fault.times is not None and fault.hits >= fault.times):
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        fault.hits += 1
        return True
