"""Addresses at which a content host is not to be reached while the API answers: what a firewall that lets only
huggingface.co pass makes of the content network and of the Xet storage.

| reach | what a client meets |
|---|---|
| `there` | the host |
| `refused` | "connection refused" |
| `blackholed` | no answer to any connection attempt, as where packets are dropped |
| `unknown` | a name that does not exist |

A firewall's page in place of the answers is a fault: `hub.fault("html", "cdn", status=403, times=None)`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal, get_args

Reach = Literal["there", "refused", "blackholed", "unknown"]
HOSTS = ("cdn", "cas")


class Nowhere:
    """Ports of `host` that are taken but lead nowhere, made when first asked for."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._made: dict[Reach, socket.socket] = {}
        self._waiting: list[socket.socket] = []
        self._lock = threading.Lock()

    def url(self, origin: str, reach: Reach, true_url: str) -> str:
        """`true_url`, with that in it which makes the host unreachable."""
        if origin not in HOSTS or reach not in get_args(Reach):
            raise ValueError(f"{origin!r} cannot be {reach!r}: {', '.join(HOSTS)}; {', '.join(get_args(Reach))}")
        if reach == "there":
            return true_url
        if reach == "unknown":
            return f"{true_url.partition(':')[0]}://{origin}.localhub.invalid"
        return f"{true_url.rpartition(':')[0]}:{self._port(reach)}"

    def close(self) -> None:
        with self._lock:
            for connection in (*self._waiting, *self._made.values()):
                connection.close()

    def _port(self, reach: Reach) -> int:
        with self._lock:
            if reach not in self._made:
                self._made[reach] = self._full() if reach == "blackholed" else self._deaf()
            port: int = self._made[reach].getsockname()[1]
            return port

    def _deaf(self) -> socket.socket:
        """Bound, so that nobody else gets the port, but not listening."""
        taken = socket.socket(socket.AF_INET)
        taken.bind((self._host, 0))
        return taken

    def _full(self) -> socket.socket:
        """A listener that accepts nobody, its queue filled: Linux then drops every further attempt silently."""
        listener = socket.create_server((self._host, 0), backlog=0)
        for _ in range(2):
            connection = socket.socket(socket.AF_INET)
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # on its way is enough
                connection.connect(listener.getsockname())
            self._waiting.append(connection)
        return listener
