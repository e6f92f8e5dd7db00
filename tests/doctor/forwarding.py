"""A small forwarding proxy: it passes CONNECT on, or refuses it as it is told."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

REASONS = {200: "Connection established", 403: "Forbidden", 407: "Proxy Authentication Required", 502: "Bad Gateway"}


@contextlib.contextmanager
def forwarding(status: int = 200) -> Iterator[str]:
    """The address of a proxy that answers `status` to every CONNECT; with 200 it then passes on what comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, status), daemon=True).start()
    try:
        yield f"http://user:pa55word@127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _accept(listener: socket.socket, status: int) -> None:
    with contextlib.suppress(OSError):  # closed at the end of the test
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, status), daemon=True).start()


def _serve(client: socket.socket, status: int) -> None:
    with client, contextlib.suppress(OSError):  # the client may leave at any moment
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        body = b"" if status == 200 else b"<html><title>not here</title></html>"
        length = "" if status == 200 else f"Content-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        client.sendall(f"HTTP/1.1 {status} {REASONS[status]}\r\n{length}\r\n".encode() + body)
        if status == 200:
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                _pass_on(client, server)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)
