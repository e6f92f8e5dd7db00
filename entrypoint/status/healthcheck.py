"""The healthcheck: one line and exit code 0 only when the server itself answers. It runs for the life of the container.

While the entrypoint still works, its state file has the answer. After the handover the server is asked over plain HTTP;
this is done on a bare socket, because `http.client` alone would triple the cost of a check, and `typing` double it.
"""

from __future__ import annotations

import _socket
import os
import time

from entrypoint.status import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 4.0
HEAD_BYTES = 1024


def main(environ: Mapping[str, str]) -> int:
    """Prints the line. 0: the server is up; 1: anything else."""
    phase, text = read_state(environ)
    if phase in ("", "serving"):
        note = text
        code, text = ask_server(health_url(environ))
        text = f"{text}; {note}" if note else text
    else:
        code, text = 1, f"{phase}: {text}"
    os.write(1, text.encode(errors="backslashreplace") + b"\n")
    return code


def read_state(environ: Mapping[str, str]) -> tuple[str, str]:
    """Phase and text of the state file; both blank when there is none (the server was started without us)."""
    folder = place.find(environ)
    if folder is None:
        return "", ""
    try:
        with open(f"{folder}/health", "rb", buffering=0) as stream:  # noqa: PTH123 - one system call less
            line = stream.read(4096).decode("utf-8", "replace").strip().partition("\n")[0]
    except OSError:
        return "", ""
    phase, _, text = line.partition(" ")
    return phase, text


def health_url(environ: Mapping[str, str]) -> str:
    """`ENTRYPOINT_HEALTH_URL`, by default `/health` on the server's own port (`PORT`, else 8080)."""
    port = environ.get("PORT", "").strip(place.SURROUNDINGS) or "8080"
    url = environ.get("ENTRYPOINT_HEALTH_URL", "").strip(place.SURROUNDINGS) or "http://127.0.0.1:$PORT/health"
    return url.replace("${PORT}", port).replace("$PORT", port)


def ask_server(url: str, seconds: float = TIMEOUT_SECONDS) -> tuple[int, str]:
    """(0, text) when `url` answers 2xx. Only plain HTTP: a server behind TLS is asked on its plain health port."""
    host, port, path = split(url)
    url = _shown(url)
    if not host:
        return 1, f"ENTRYPOINT_HEALTH_URL must be like http://127.0.0.1:8080/health, not {url[:200]!r}"
    try:
        head = _first_answer(host, port, path, time.monotonic() + seconds)
    except TimeoutError:
        return 1, f"server does not answer within {seconds:g} s: {url}"
    except OSError as error:
        return 1, f"server not up yet: {url}: {error.strerror or error}"
    parts = head.split(b" ", 2)
    if not head.startswith(b"HTTP/1.") or len(parts) < 2 or not parts[1][:3].isdigit():
        return 1, f"server answers something other than HTTP: {url}"
    status = int(parts[1][:3])
    if 200 <= status < 300:
        return 0, f"serving: {url} {status}"
    # 503 is how a server says that it is still loading its model (llama.cpp's /health).
    return 1, f"server {'not ready' if status == 503 else 'unwell'}: {url} {status}"


def split(url: str) -> tuple[str, int, str]:
    """Host, port and path of an http URL; a blank host when it is none."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, _, port = (
        authority.rpartition(":") if not authority.endswith("]") and ":" in authority else (authority, "", "80")
    )
    host = host.strip("[]")
    plain = url.isascii() and url.isprintable() and " " not in url and "@" not in authority
    plain = plain and authority.startswith("[") == ("]" in authority) and not set("?#").intersection(authority)
    if scheme.lower() != "http" or not plain or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536:
        return "", 0, ""
    return host, int(port), slash + path or "/"


def _shown(url: str) -> str:
    """The line can be read by whoever may inspect the container; a secret in the address is not for them."""
    if "@" in url or "?" in url or "hf_" in url:
        from entrypoint import text  # its import costs what only such an address spends

        return text.shown(text.mask_url(url), 200)
    return url


def _first_answer(host: str, port: int, path: str, until: float) -> bytes:
    """The beginning of the answer from the first of the host's addresses that takes the connection.

    "localhost" is ::1 and 127.0.0.1, and many servers listen on one of them only.
    """
    # As bytes: a str would be encoded by the "idna" codec, whose import costs more than all the rest.
    addresses = _socket.getaddrinfo(host.encode(), port, 0, _socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(addresses, start=1):
        connection = _socket.socket(family, kind, protocol)
        try:
            connection.settimeout(_left(until))
            connection.connect(address)
            return _exchange(connection, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", path, until)
        except ConnectionRefusedError:
            if number == len(addresses):
                raise
        finally:
            connection.close()
    raise OSError(f"{host} has no address")


def _exchange(connection: _socket.socket, authority: str, path: str, until: float) -> bytes:
    request = f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: model-entrypoint\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    head = b""
    while b"\r\n" not in head and len(head) < HEAD_BYTES:
        connection.settimeout(_left(until))
        chunk = connection.recv(HEAD_BYTES)
        if not chunk:
            break
        head += chunk
    return head


def _left(until: float) -> float:
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
