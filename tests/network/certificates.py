"""A server on loopback whose certificate is good for other times than now."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

TODAY = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
DATES = {
    "expired yesterday": (TODAY - 30 * DAY, TODAY - DAY),
    "good from tomorrow": (TODAY + DAY, TODAY + 30 * DAY),
}


@contextmanager
def showing(folder: Path, begin: datetime.datetime, end: datetime.datetime) -> Iterator[tuple[int, Path]]:
    """A TLS server whose certificate is good from `begin` to `end`; its port, and the CA that signed it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_before=begin, not_after=end).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    continue  # the client does not trust it, as it should not

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], folder / "ca.pem"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
