"""The certificate authorities that were configured: each file is there, readable, and holds one.

A missing SSL_CERT_FILE ends the Hub client in a bare `[Errno 2]` without the file's name. And its readers
differ: requests (huggingface_hub before 1.0) reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE; httpx and xet read
SSL_CERT_FILE. A company's certificate that was given to one of them is meant for all, so what is not set is
filled in.
"""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from entrypoint.failures import CONFIG, Failure
from entrypoint.sentence import join, say
from entrypoint.settings.forms import Notice, path
from entrypoint.text import clean

_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAX_BUNDLE = 16 * 1024 * 1024
_PEM = rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]+)-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
_HASHED = r"[0-9a-fA-F]{8}\.\d+"
_NO_TRUST = "Without it no connection to the Hub can be trusted."


def settle(environ: MutableMapping[str, str], notices: list[Notice], home: Path) -> None:
    """Checks what is set; mirrors SSL_CERT_FILE and REQUESTS_CA_BUNDLE where one of them is missing.

    What `environ` then holds are whole paths: none of its readers knows `~` or `$NAME`.
    """
    folders = set()
    for name in [name for name in _FILES if name in environ]:
        file = path(environ[name], environ, home)
        if _is_folder(name, file):
            folders.add(name)
        environ[name] = str(file)
    if "SSL_CERT_DIR" in environ:
        parts = filter(None, environ["SSL_CERT_DIR"].split(":"))
        environ["SSL_CERT_DIR"] = ":".join(str(path(part, environ, home)) for part in parts)
    given = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if name in environ), None)
    if given:
        environ.setdefault("REQUESTS_CA_BUNDLE", environ[given])
        if "SSL_CERT_FILE" not in environ:
            # requests takes a folder under the same name; OpenSSL has another name for it.
            environ.setdefault("SSL_CERT_DIR" if given in folders else "SSL_CERT_FILE", environ[given])
    elif "SSL_CERT_FILE" in environ:
        environ["REQUESTS_CA_BUNDLE"] = environ["SSL_CERT_FILE"]
    if "SSL_CERT_DIR" in environ and "SSL_CERT_FILE" not in environ:
        _check_folders(environ["SSL_CERT_DIR"], notices)


def _is_folder(name: str, file: Path) -> bool:
    """Whether the variable names a folder, which only requests takes. Raises where a file is of no use."""
    shown = clean(str(file))
    try:
        if file.is_dir() and name != "SSL_CERT_FILE":
            return True
        with file.open("rb") as stream:
            data = stream.read(_MAX_BUNDLE)
    except FileNotFoundError:
        raise Failure(
            "ca-file-missing",
            CONFIG,
            say("{name} names {path}, which does not exist.", name=name, path=shown),
            _NO_TRUST,
            (
                say("mount the certificate file at {path}", path=shown),
                say("or correct or remove {name}", name=name),
            ),
        ) from None
    except OSError as error:
        uid, gid = os.geteuid(), os.getegid()
        raise Failure(
            "ca-file-unreadable",
            CONFIG,
            say(
                "{name} names {path}, which cannot be read by this container's user (uid {uid}, gid {gid}): {error}.",
                name=name,
                path=shown,
                uid=uid,
                gid=gid,
                error=error.strerror,
            ),
            _NO_TRUST,
            (
                say("mount a readable certificate file at {path} (on the host: chmod 0444)", path=shown),
                say("or remove {name}", name=name),
            ),
        ) from None
    if not any(_is_certificate(match[1]) for match in re.finditer(_PEM, data)):
        binary = data[:2] == b"\x30\x82"
        raise Failure(
            "ca-file-without-certificate",
            CONFIG,
            say("{name} names {path}, which holds no certificate in PEM form.", name=name, path=shown),
            "It looks like a certificate in binary (DER) form." if binary else "",
            (
                (say("convert it: openssl x509 -inform der -in {path} -out ca.pem", path=shown),)
                if binary
                else (
                    "put the certificate, from -----BEGIN CERTIFICATE----- on, into that file",
                    say("or remove {name}", name=name),
                )
            ),
        )
    return False


def _is_certificate(body: bytes) -> bool:
    """Whether the text between the PEM lines is base64 of an ASN.1 sequence, as every certificate is."""
    try:
        return binascii.a2b_base64(body)[:1] == b"\x30"
    except binascii.Error:
        return False


def _check_folders(value: str, notices: list[Notice]) -> None:
    names: list[str] = []
    troubles: list[str] = []
    for part in filter(None, value.split(":")):
        try:
            names += os.listdir(part)  # noqa: PTH208 - the names are all that is needed
        except OSError as error:
            troubles.append(f"{clean(part)}: {error.strerror}")
    if troubles and not names:
        raise Failure(
            "ca-folder-unreadable",
            CONFIG,
            say("SSL_CERT_DIR names a folder that cannot be read. {troubles}.", troubles=join("; ", troubles)),
            _NO_TRUST,
            ("mount the folder of certificates there", "or correct or remove SSL_CERT_DIR"),
        )
    if not any(re.fullmatch(_HASHED, name) for name in names):
        notices.append(
            Notice(
                "ca-folder-not-hashed",
                say(
                    "SSL_CERT_DIR names {folder}, where OpenSSL finds no certificate: it looks for names such as "
                    "5ed36f99.0; run openssl rehash on the folder, or set SSL_CERT_FILE.",
                    folder=clean(value),
                ),
            )
        )
