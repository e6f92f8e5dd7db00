from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from tests.settings.conftest import Read, Refusal, names


@pytest.fixture(scope="session")
def pem() -> bytes:
    return trustme.CA().cert_pem.bytes()


@pytest.fixture
def ca(tmp_path: Path, pem: bytes) -> str:
    file = tmp_path / "ca.pem"
    file.write_bytes(pem)
    return str(file)


def test_one_certificate_variable_is_mirrored_into_the_other(read: Read, ca: str) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        found = read(**{name: ca})
        assert dict(found.environ) == {"SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca}
        assert found.notices == ()


def test_curls_certificate_is_meant_for_all(read: Read, ca: str) -> None:
    assert dict(read(CURL_CA_BUNDLE=ca).environ) == {
        "CURL_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
    }


def test_two_certificate_variables_stay_as_they_were_set(read: Read, ca: str, tmp_path: Path, pem: bytes) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(b"# a comment\n" + pem)
    environ = {"SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": str(other)}
    assert dict(read(**environ).environ) == environ


@pytest.mark.parametrize("given", ["~/ca.pem", "$WHERE/ca.pem", " '${WHERE}/ca.pem'"])
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_every_reader_gets_the_whole_path(read: Read, home: Path, pem: bytes, name: str, given: str) -> None:
    home.mkdir()
    (home / "ca.pem").write_bytes(pem)
    environ = read(**{name: given, "WHERE": str(home)}).environ
    assert {environ[n] for n in (name, "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")} == {str(home / "ca.pem")}


def test_a_relative_certificate_path_is_made_whole_for_a_server_elsewhere(
    read: Read, ca: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(ca).parent)
    assert read(SSL_CERT_FILE="ca.pem").environ["SSL_CERT_FILE"] == ca


def test_openssl_gets_the_whole_paths_of_its_folders(read: Read, home: Path) -> None:
    (home / "certs").mkdir(parents=True)
    (home / "certs/5ed36f99.0").touch()
    found = read(SSL_CERT_DIR="~/certs:/nowhere")
    assert found.environ["SSL_CERT_DIR"] == f"{home}/certs:/nowhere"


def test_a_blank_is_filled_from_the_other(read: Read, ca: str) -> None:
    assert read(SSL_CERT_FILE="", REQUESTS_CA_BUNDLE=ca).environ["SSL_CERT_FILE"] == ca


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_missing_certificate_file_is_named_with_its_variable(refusal: Refusal, name: str, tmp_path: Path) -> None:
    failure = refusal(**{name: str(tmp_path / "corporate.pem")})
    assert failure.name == "ca-file-missing"
    assert failure.what == f"{name} names {tmp_path}/corporate.pem, which does not exist."
    assert "mount the certificate" in failure.todo[0]


def test_an_unreadable_certificate_file_is_named_with_the_uid(refusal: Refusal, as_nobody: int) -> None:
    failure = refusal(SSL_CERT_FILE="/etc/shadow")
    assert failure.name == "ca-file-unreadable"
    assert f"uid {as_nobody}" in failure.what
    assert "/etc/shadow" in failure.what


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Please log in</html>",
        b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB",
        b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_file_without_a_certificate_is_refused(refusal: Refusal, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    failure = refusal(REQUESTS_CA_BUNDLE=str(file))
    assert failure.name == "ca-file-without-certificate"
    assert f"REQUESTS_CA_BUNDLE names {file}" in failure.what


def test_a_binary_certificate_is_refused_with_the_command_that_converts_it(
    refusal: Refusal, tmp_path: Path, pem: bytes
) -> None:
    file = tmp_path / "ca.crt"
    file.write_bytes(ssl.PEM_cert_to_DER_cert(pem.decode()))
    assert f"openssl x509 -inform der -in {file}" in refusal(SSL_CERT_FILE=str(file)).todo[0]


def test_a_folder_for_requests_becomes_openssls_folder(read: Read, tmp_path: Path, pem: bytes) -> None:
    (tmp_path / "5ed36f99.0").write_bytes(pem)
    found = read(REQUESTS_CA_BUNDLE=str(tmp_path))
    assert dict(found.environ) == {"REQUESTS_CA_BUNDLE": str(tmp_path), "SSL_CERT_DIR": str(tmp_path)}
    assert found.notices == ()


def test_a_folder_in_the_place_of_openssls_file_is_refused(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(SSL_CERT_FILE=str(tmp_path))
    assert failure.name == "ca-file-unreadable"
    assert "Is a directory" in failure.what


def test_a_missing_certificate_folder_is_named(refusal: Refusal, tmp_path: Path) -> None:
    failure = refusal(SSL_CERT_DIR=str(tmp_path / "certs"))
    assert failure.name == "ca-folder-unreadable"
    assert f"{tmp_path}/certs: No such file or directory" in failure.what


def test_a_folder_whose_names_openssl_does_not_look_for_is_told(read: Read, ca: str) -> None:
    found = read(SSL_CERT_DIR=str(Path(ca).parent))
    assert names(found) == ["ca-folder-not-hashed"]
    assert "openssl rehash" in found.notices[0].text


def test_one_usable_folder_of_several_is_enough(read: Read, tmp_path: Path, pem: bytes) -> None:
    (tmp_path / "5ed36f99.0").write_bytes(pem)
    assert read(SSL_CERT_DIR=f"{tmp_path}/nowhere:{tmp_path}").notices == ()
