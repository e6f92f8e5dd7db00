"""One origin: a threading HTTP/1.1 server on a socket of its own, so that resets, cuts and stalls are done
for real.
"""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import ssl
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from io import BufferedReader

from localhub.content import SLICE, Content
from localhub.faults import Fault, Faults
from localhub.messages import REASONS, Request, Response
from localhub.record import Record, RequestLog

_MAX_HEAD = 64 * 1024
_MAX_BODY = 16 * 1024 * 1024


class BadRequestError(Exception):
    """What came in is not an HTTP request."""


class Ended(Exception):  # noqa: N818 - nothing went wrong
    """A fault ended the connection on purpose."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a handler decided: the answer, the record that belongs to it, and the fault to play while sending
    it.
    """

    response: Response
    record: Record | None = None
    fault: Fault | None = None
    flip: Fault | None = None


Handler = Callable[[Request], Answered]


class Origin:
    """`handler` turns each request into an `Answered`; everything else here is sockets.

    Connections live in daemon threads until the client ends them or `close` does.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        handler: Handler,
        context: ssl.SSLContext | None,
        log: RequestLog,
        faults: Faults,
        on_defect: Callable[[str], None],
    ) -> None:
        self.name = name
        self._handler = handler
        self._context = context
        self._log = log
        self._faults = faults
        self._on_defect = on_defect
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"localhub-{name}", daemon=True)

    def start(self) -> None:
        self._acceptor.start()

    def close(self) -> None:
        """End all connections at once and free the port."""
        self._stop.set()
        _shutdown(self._listener)
        if self._acceptor.is_alive():
            self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                _shutdown(connection)
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                raw, address = self._listener.accept()
            except OSError:
                if self._stop.is_set():
                    return
                raise
            thread = threading.Thread(target=self._serve, args=(raw, address[0]), daemon=True)
            with self._lock:
                self._threads.add(thread)
            thread.start()

    def _serve(self, raw: socket.socket, client: str) -> None:
        try:
            self._connection(raw, client)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
            if self._stop.is_set():
                _shutdown(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _connection(self, raw: socket.socket, client: str) -> None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            fault = self._faults.on_connect(self.name)
            if fault is not None:
                with self._tracked(raw):
                    if fault.kind == "reset":
                        _reset_on_close(raw)
                    else:
                        self._hold(raw)
                return
            if self._context is not None:
                with self._tracked(raw):
                    secured = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                with self._tracked(secured):
                    try:
                        secured.do_handshake()
                    except (ssl.SSLError, OSError) as error:
                        self._log.tls_failed(str(error))
                        return
                    self._requests(secured, client)
            else:
                with self._tracked(raw):
                    self._requests(raw, client)
        except (ConnectionError, ssl.SSLError, TimeoutError, Ended):
            return  # the client went away, or was sent away: the record shows how far it got
        except OSError:
            if not self._stop.is_set():
                self._on_defect(traceback.format_exc())

    def _requests(self, connection: socket.socket, client: str) -> None:
        with connection.makefile("rb") as reader:
            while not self._stop.is_set():
                try:
                    request = _read_request(reader, self.name, client)
                except BadRequestError as error:
                    answer = Response(400, (("Content-Type", "text/plain"), ("Connection", "close")))
                    connection.sendall(_head(replace(answer, content=Content.of(str(error))), close=True))
                    return
                if request is None:
                    return
                try:
                    answered = self._handler(request)
                except Exception:  # a defect of the stand-in must be seen as one, never pass for an answer of the Hub
                    self._on_defect(traceback.format_exc())
                    answered = Answered(Response(500))
                close = request.headers.get("connection", "").lower() == "close"
                self._send(connection, reader, request, answered, close)
                if close:
                    return

    def _send(
        self,
        connection: socket.socket,
        reader: BufferedReader,
        request: Request,
        answered: Answered,
        close: bool,
    ) -> None:
        response, record, fault = answered.response, answered.record, answered.fault
        if record is not None and fault is not None:
            record.fault = fault.kind
        end = fault if fault is not None and fault.kind != "slow" else None
        rate = 0.0
        if fault is not None and fault.kind == "slow":
            rate = float(fault.params.get("rate", 0))
            self._stop.wait(float(fault.params.get("delay", 0)))
        if end is not None and end.after is None:
            self._end(connection, reader, end)
        if record is not None:
            record.status = response.status
        connection.sendall(_head(response, close))
        allowed = None if end is None else end.after
        if request.method != "HEAD" and response.status not in (204, 304):
            for piece in _paced(_body(response, answered.flip, rate, allowed), rate, self._stop):
                self._count(record, len(piece))
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if response.chunked else piece)
            if response.chunked and end is None:
                connection.sendall(b"0\r\n\r\n")
        if end is not None:
            self._end(connection, reader, end)

    def _count(self, record: Record | None, more: int) -> None:
        if record is not None:
            self._log.count(record, more)

    def _end(self, connection: socket.socket, reader: BufferedReader, fault: Fault) -> None:
        if fault.kind == "stall":
            self._hold(connection)
        elif fault.kind == "reset":
            reader.close()
            _reset_on_close(connection)
        elif isinstance(connection, ssl.SSLSocket):
            # close_notify goes out; the client's own is not waited for
            connection.settimeout(0)
            with contextlib.suppress(ssl.SSLWantReadError):
                connection.unwrap()
        raise Ended

    def _hold(self, connection: socket.socket) -> None:
        """Do nothing until the client hangs up or the hub is closed."""
        while not self._stop.is_set():
            readable, _, _ = select.select([connection], [], [], 0.1)
            if readable and not socket.socket.recv(connection, 4096):
                return


def _reset_on_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shutdown(connection: socket.socket) -> None:
    # the base class's method: SSLSocket's own would drop the TLS state under the thread that is using it
    with contextlib.suppress(OSError):  # it is closed already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _read_request(reader: BufferedReader, origin: str, client: str) -> Request | None:
    """The next request, or None when the client has no more."""
    line = reader.readline(_MAX_HEAD)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError as error:
        raise BadRequestError("not an HTTP request line") from error
    if not version.startswith("HTTP/1."):
        raise BadRequestError("only HTTP/1.1 is spoken here")
    headers: dict[str, str] = {}
    while (field := reader.readline(_MAX_HEAD).decode("latin-1").strip()) != "":
        name, _, value = field.partition(":")
        headers[name.strip().lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise BadRequestError("a chunked request body is not supported")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _MAX_BODY:
        raise BadRequestError("the request body is too large, or its length is no number")
    return Request(origin, method, target, headers, reader.read(int(length)), client)


def _head(response: Response, close: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if response.header("date") is None:
        lines.append(f"Date: {formatdate(usegmt=True)}")
    if response.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif response.header("content-length") is None and response.status != 204:
        lines.append(f"Content-Length: {response.body_length}")
    if response.header("connection") is None:
        lines.append(f"Connection: {'close' if close else 'keep-alive'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _body(response: Response, flip: Fault | None, rate: float, allowed: int | None) -> Iterator[bytes]:
    length = response.body_length if allowed is None else min(allowed, response.body_length)
    step = SLICE if not rate else max(1, min(SLICE, int(rate / 20)))
    at = response.start
    wrong = -1 if flip is None else int(flip.params.get("offset", 0))
    for piece in response.content.slices(response.start, length, step):
        if at <= wrong < at + len(piece):
            damaged = bytearray(piece)
            damaged[wrong - at] ^= 0xFF
            yield bytes(damaged)
        else:
            yield piece
        at += len(piece)


def _paced(pieces: Iterator[bytes], rate: float, stop: threading.Event) -> Iterator[bytes]:
    """The pieces, held back so that no more than `rate` bytes per second flow (0: as they come)."""
    began, sent = time.monotonic(), 0
    for piece in pieces:
        yield piece
        sent += len(piece)
        if rate:
            stop.wait(max(0.0, began + sent / rate - time.monotonic()))


def gzipped(response: Response) -> Response:
    """The answer as the content network compresses text: chunked, without a length, its ETag weak, ranges
    ignored.
    """
    etag = response.header("etag")
    dropped = ("etag", "accept-ranges", "content-range", "content-length")
    headers = tuple(h for h in response.headers if h[0].lower() not in dropped)
    if etag is not None:
        headers += (("ETag", etag if etag.startswith("W/") else f"W/{etag}"),)
    packed = gzip.compress(response.content.read(), compresslevel=1, mtime=0)
    return Response(
        200,
        (*headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")),
        Content.of(packed),
        chunked=True,
    )
