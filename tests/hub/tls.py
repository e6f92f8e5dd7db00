"""Hosts on loopback that show a certificate of any kind, and a proxy before them: what they were told is kept."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import tempfile
import threading
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

BEGIN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2999, 12, 31, tzinfo=datetime.UTC)
PEM = serialization.Encoding.PEM
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Shown:
    """What a host shows. Of a name that is None, the issuer has none."""

    issuer: str | None = "Company Inspection CA"
    organisation: str | None = "Company Ltd"
    unit: str | None = None
    names: tuple[str, ...] = ("localhost", "hub.example")
    begin: datetime.datetime = BEGIN
    end: datetime.datetime = END
    weak: bool = False

    def context(self) -> ssl.SSLContext:
        """A server's, with a key and a certificate made for it."""
        return self.issued()[0]

    def issued(self) -> tuple[ssl.SSLContext, bytes]:
        """A server's context, and in PEM the certificate that a client would have to trust."""
        parts = (
            (NameOID.COMMON_NAME, self.issuer),
            (NameOID.ORGANIZATION_NAME, self.organisation),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
        )
        issuer = x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value is not None])
        issuer_key = ec.generate_private_key(ec.SECP256R1())
        key: Key = rsa.generate_private_key(65537, 1024) if self.weak else ec.generate_private_key(ec.SECP256R1())  # noqa: S505
        authority = (
            _certificate(issuer, issuer_key, issuer, BEGIN, END)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(issuer_key, hashes.SHA256())
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.names[0])])
        leaf = (
            _certificate(subject, key, issuer, self.begin, self.end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in self.names]), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            file.write(leaf.public_bytes(PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context, authority.public_bytes(PEM)


def _certificate(
    subject: x509.Name, key: Key, issuer: x509.Name, begin: datetime.datetime, end: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


@dataclass
class Listener:
    """Serves each connection in a thread of its own, until the end of the `with` block."""

    connections: int = 0
    _socket: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _threads: list[threading.Thread] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._one, connection)

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.serve(connection)

    def _start(self, run: object, *args: object) -> None:
        assert callable(run)
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


@dataclass
class Host(Listener):
    """Shakes hands, then only listens. `received` is what it was told after the handshakes; each of `contexts` serves
    one connection, the last one all that follow."""

    contexts: list[ssl.SSLContext] = field(default_factory=lambda: [Shown().context()])
    received: bytes = b""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/api/models/acme/tiny/auth-check"

    def serve(self, connection: socket.socket) -> None:
        context = self.contexts[min(self.connections, len(self.contexts)) - 1]
        with context.wrap_socket(connection, server_side=True) as tls:
            while data := tls.recv(65536):
                self.received += data


@dataclass
class ConnectProxy(Listener):
    """Lets CONNECT through to `target`, whatever host was asked for. `heads` are the requests that it got; with a
    `context`, it is spoken to over TLS."""

    target: int = 0
    context: ssl.SSLContext | None = None
    heads: list[str] = field(default_factory=list)

    def url(self, userinfo: str = "") -> str:
        return f"http{'s' if self.context else ''}://{userinfo}localhost:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        with self.context.wrap_socket(connection, server_side=True) if self.context else connection as client:
            head = b""
            while byte := client.recv(1):
                head += byte
                if head.endswith(b"\r\n\r\n"):
                    self.heads.append(head.decode())
                    self._tunnel(client)

    def _tunnel(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.target)) as host:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._start(_copy, host, client)
            _copy(client, host)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
