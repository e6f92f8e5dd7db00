"""What was asked and answered, in order, for tests to look at."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from localhub.messages import Request


@dataclass(slots=True)
class Record:
    """One request. It is there from the moment the request was read; `status` and `bytes_sent` grow with the
    answer.

    `bytes_sent` counts body bytes handed to the kernel. `leaked` means that a Hub token reached an origin to
    which it must never be sent. `fault` names the fault that was played, if any.
    """

    origin: str
    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    range: str
    status: int = 0
    bytes_sent: int = 0
    leaked: bool = False
    fault: str = ""


@dataclass(slots=True)
class RequestLog:
    """Thread-safe; reading gives copies."""

    records: list[Record] = field(default_factory=list)
    tls_failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, request: Request, leaked: bool) -> Record:
        record = Record(
            request.origin,
            request.method,
            request.path,
            request.target,
            request.query,
            dict(request.headers),
            request.headers.get("range", ""),
            leaked=leaked,
        )
        with self.lock:
            self.records.append(record)
        return record

    def count(self, record: Record, more: int) -> None:
        with self.lock:
            record.bytes_sent += more

    def tls_failed(self, reason: str) -> None:
        with self.lock:
            self.tls_failures.append(reason)

    def copy(self) -> list[Record]:
        with self.lock:
            return [replace(record) for record in self.records]

    def clear(self) -> None:
        with self.lock:
            self.records.clear()
            self.tls_failures.clear()
