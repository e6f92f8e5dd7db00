"""Which certificates our own traffic trusts on a base image that has none where OpenSSL looks."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from entrypoint.hub.trust import fallback


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root file system; the interpreter's OpenSSL was built to look in /usr/lib/ssl."""
    where = ssl.DefaultVerifyPaths("", "", "X", "/usr/lib/ssl/cert.pem", "X", "/usr/lib/ssl/certs")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: where)
    return tmp_path / "root"


def put(root: Path, path: str) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True)
    file.write_text("certificates")
    return file


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_the_user_set_is_not_overruled(root: Path, name: str) -> None:
    put(root, "/etc/ssl/certs/ca-certificates.crt")
    assert fallback({name: "/company"}, root) == {}


@pytest.mark.parametrize("path", ["/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs/5ed36f99.0"])
def test_where_openssl_finds_certificates_by_itself_it_is_left_alone(root: Path, path: str) -> None:
    put(root, path)
    put(root, "/etc/pki/tls/certs/ca-bundle.crt")
    assert fallback({}, root) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ],
)
def test_the_image_keeps_them_elsewhere(root: Path, path: str) -> None:
    file = put(root, path)
    (root / "usr/lib/ssl/certs").mkdir(parents=True)  # there, but empty
    assert fallback({"SSL_CERT_FILE": ""}, root) == {"SSL_CERT_FILE": str(file)}


def test_an_image_without_any_uses_those_of_our_own_layer(root: Path, tmp_path: Path) -> None:
    ours = put(tmp_path / "prefix", "etc/ssl/ca-certificates.crt")
    assert fallback({}, root, tmp_path / "prefix") == {"SSL_CERT_FILE": str(ours)}
    put(root, "/etc/ssl/cert.pem")
    assert fallback({}, root, tmp_path / "prefix") == {"SSL_CERT_FILE": str(root / "etc/ssl/cert.pem")}


def test_without_any_at_all_nothing_is_made_up(root: Path, tmp_path: Path) -> None:
    assert fallback({}, root, tmp_path / "prefix") == {}
