"""The healthcheck: one line and exit code 0 only when the server itself answers. It runs for the life of the container.

While the entrypoint still works, its state file has the answer. After the handover the server is asked over plain HTTP;
this is done on a bare socket, because `http.client` alone would triple the cost of a check.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

TIMEOUT_SECONDS = 4
HEAD_BYTES = 1024


def main(environ: Mapping[str, str]) -> int:
    """Prints the line. 0: the server is up; 1: anything else."""
    phase, text = read_state(environ)
    if phase in ("", "serving"):
        code, text = ask_server(health_url(environ))
    else:
        code, text = 1, f"{phase}: {text}"
    sys.stdout.write(text + "\n")
    return code


def read_state(environ: Mapping[str, str]) -> tuple[str, str]:
    """Phase and text of the state file; both blank when there is none (the server was started without us)."""
    from entrypoint.status.state import find

    folder = find(environ)
    if folder is None:
        return "", ""
    try:
        with open(folder / "health", "rb", buffering=0) as stream:  # noqa: PTH123 - one system call less
            line = stream.read(4096).decode("utf-8", "replace").strip()
    except OSError:
        return "", ""
    phase, _, text = line.partition(" ")
    return phase, text


def health_url(environ: Mapping[str, str]) -> str:
    """`ENTRYPOINT_HEALTH_URL`, by default `/health` on the server's own port (`PORT`, else 8080)."""
    port = environ.get("PORT", "").strip() or "8080"
    return environ.get("ENTRYPOINT_HEALTH_URL", "").strip() or f"http://127.0.0.1:{port}/health"


def ask_server(url: str) -> tuple[int, str]:
    """(0, text) when `url` answers 2xx. Only plain HTTP: a server behind TLS is asked on its plain health port."""
    host, port, path = split(url)
    if not host:
        return 1, f"ENTRYPOINT_HEALTH_URL must be like http://127.0.0.1:8080/health, not {url[:200]!r}"
    try:
        head = _exchange(host, port, path)
    except TimeoutError:
        return 1, f"server does not answer within {TIMEOUT_SECONDS} s: {url}"
    except OSError as error:
        return 1, f"server not up yet: {url}: {os.strerror(error.errno) if error.errno else error}"
    parts = head.split(b" ", 2)
    if not head.startswith(b"HTTP/1.") or len(parts) < 2 or not parts[1][:3].isdigit():
        return 1, f"server answers something other than HTTP: {url}"
    status = int(parts[1][:3])
    return (0, f"serving: {url} {status}") if 200 <= status < 300 else (1, f"server unwell: {url} {status}")


def split(url: str) -> tuple[str, int, str]:
    """Host, port and path of an http URL; a blank host when it is none."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = (
        authority.rpartition(":") if not authority.endswith("]") and ":" in authority else (authority, "", "80")
    )
    host = host.strip("[]")
    if scheme.lower() != "http" or not port.isdecimal() or not 0 < int(port) < 65536:
        return "", 0, ""
    return host, int(port), slash + path or "/"


def _exchange(host: str, port: int, path: str) -> bytes:
    import _socket

    family, kind, protocol, _, address = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)[0]
    connection = _socket.socket(family, kind, protocol)
    try:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(address)
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: model-entrypoint\r\nConnection: close\r\n\r\n"
        )
        connection.send(request.encode("latin-1", "replace"))
        head = b""
        while b"\r\n" not in head and len(head) < HEAD_BYTES:
            chunk = connection.recv(HEAD_BYTES)
            if not chunk:
                break
            head += chunk
        return head
    finally:
        connection.close()
