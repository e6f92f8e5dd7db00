"""What is seen of a certificate that is not trusted, and what it costs to see it: nothing that is a secret."""

from __future__ import annotations

import base64
import datetime
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrypoint.hub import certificate
from entrypoint.hub.certificate import Certificate, look
from localhub import LocalHub
from localhub.tls import make_context
from tests.hub.tls import ConnectProxy, Host, Shown

COMPANY = Certificate("Company Inspection CA, Company Ltd", "2025-01-01 to 2999-12-31")


def day(year: int) -> datetime.datetime:
    return datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)


def seen(shown: Shown) -> Certificate | None:
    with Host(contexts=[shown.context()]) as host:
        return look(host.url)


def test_the_issuer_and_the_time_for_which_it_is_good() -> None:
    assert seen(Shown()) == COMPANY


@pytest.mark.parametrize(
    ("shown", "issuer"),
    [
        (Shown(organisation=None), "Company Inspection CA"),
        (Shown(issuer=None), "Company Ltd"),
        (Shown(issuer="mitmproxy", organisation="mitmproxy"), "mitmproxy"),
        (Shown(issuer=None, organisation=None, unit="Network Security"), "Network Security"),
        (Shown(issuer=None, organisation=None), ""),
        (Shown(issuer="a\x1b[31mb\nc\u202ed", organisation=None), "ab cd"),
        (Shown(issuer="x" * 64, organisation="y" * 64), "x" * 64 + ", " + "y" * 33 + "…"),
    ],
)
def test_whoever_issued_it_is_named_in_clean_and_short_text(shown: Shown, issuer: str) -> None:
    found = seen(shown)
    assert found is not None
    assert found.issuer == issuer


@pytest.mark.parametrize(
    ("shown", "valid"),
    [
        (Shown(begin=day(2001), end=day(2002)), "2001-01-01 to 2002-01-01"),
        (Shown(begin=day(2998)), "2998-01-01 to 2999-12-31"),
        (Shown(names=("other.example",)), COMPANY.valid),
        (Shown(weak=True), COMPANY.valid),
    ],
    ids=["expired", "not yet valid", "another name", "a weak key"],
)
def test_whatever_is_wrong_with_it_it_is_described(shown: Shown, valid: str) -> None:
    assert seen(shown) == Certificate(COMPANY.issuer, valid)


def test_a_host_that_is_not_trusted_is_told_nothing_at_all() -> None:
    with Host() as host:
        assert look(host.url.replace("://", "://alice:hf_secret@")) == COMPANY
    assert host.received == b""


def test_a_hub_is_not_asked_anything_either() -> None:
    with LocalHub() as hub:
        assert look(hub.url) == Certificate("trustme v1.2.1", "2000-01-01 to 3000-01-01")
        assert hub.requests == []


def test_of_two_certificates_in_turn_none_is_described() -> None:
    contexts = [Shown().context(), Shown(issuer="Another CA").context()]
    with Host(contexts=contexts) as host:
        assert look(host.url) is None
    assert host.connections == 2


# Through a proxy


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    """A plain proxy with a password before an untrusted host."""
    with Host() as host, ConnectProxy(target=host.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url("alice:s3cret@"))
        yield proxy
        assert host.received == b""


def test_the_way_goes_through_the_proxy_with_its_password(proxied: ConnectProxy) -> None:
    assert look("https://hub.example/api/models/acme/tiny") == COMPANY
    password = base64.b64encode(b"alice:s3cret").decode()
    assert len(proxied.heads) == 2
    for head in proxied.heads:
        assert head.startswith("CONNECT hub.example:443 HTTP/1.1\r\n")
        assert f"proxy-authorization: basic {password}".lower() in head.lower()
        assert "\r\nauthorization:" not in head.lower()


def test_not_where_it_is_an_exception(proxied: ConnectProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    with Host() as host:
        assert look(host.url) == COMPANY
    assert proxied.heads == []


@pytest.fixture
def trusted_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectProxy]:
    context, ca_file = make_context(tmp_path, ("localhost",))
    with Host() as host, ConnectProxy(target=host.port, context=context) as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        yield proxy


def test_through_a_proxy_over_tls_it_is_the_hosts_certificate(trusted_proxy: ConnectProxy) -> None:
    assert look("https://hub.example/") == COMPANY
    assert len(trusted_proxy.heads) == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_where_the_proxys_own_certificate_is_not_trusted_it_is_that_one(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with ConnectProxy(context=Shown(issuer="Proxy CA").context()) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", proxy.url("alice:s3cret@"))
        found = look(f"{scheme}://hub.example/")
        assert found == Certificate("Proxy CA, Company Ltd", COMPANY.valid, f"localhost:{proxy.port}")
    assert proxy.heads == []


def test_a_proxy_over_tls_that_is_trusted_is_not_blamed_for_a_plain_endpoint(
    trusted_proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", trusted_proxy.url())
    assert look("http://hub.example/") is None


# Where nothing is to be seen


@pytest.mark.parametrize("url", ["http://localhost:1/", "https://localhost:1/", "", "no address", "https://[::"])
def test_where_there_is_no_certificate_there_is_none(url: str) -> None:
    assert look(url) is None


def test_a_host_that_never_shakes_hands_ends_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "SECONDS", 0.2)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert look(f"https://localhost:{silent.getsockname()[1]}/") is None
    assert time.monotonic() - began < 5


def test_a_certificate_with_an_impossible_date_is_not_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenSSL shows a time that it cannot read; no library would make such a certificate."""
    real = certificate._Watch.__call__

    def with_bad_time(watch: certificate._Watch, event: str, info: dict[str, Any]) -> None:
        real(watch, event, info)
        watch.fields = watch.fields and {**watch.fields, "notAfter": "Bad time value"}

    monkeypatch.setattr(certificate._Watch, "__call__", with_bad_time)
    assert seen(Shown()) is None


def test_a_host_that_speaks_plainly_has_none() -> None:
    with LocalHub(tls=False) as hub:
        assert look(hub.url.replace("http:", "https:")) is None


def test_certificates_that_cannot_be_loaded_do_not_matter_for_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(broken))
    with Host() as host:
        assert look(host.url) == COMPANY


@pytest.mark.parametrize("proxy", ["http://localhost:1", "nonsense://"])
def test_a_proxy_that_cannot_be_used_is_no_error(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert look("https://hub.example/") is None


def test_the_ssl_module_still_has_no_name_for_the_flag() -> None:
    assert certificate._NO_CHECK_TIME not in [flag.value for flag in ssl.VerifyFlags]
