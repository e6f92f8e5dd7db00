"""Which proxy is in force for an address, and by which variable."""

from __future__ import annotations

import pytest

from entrypoint.settings.proxies import Proxy, chosen, variables

HUB = "https://huggingface.co"
PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"HTTPS_PROXY": PROXY}, "proxy"),
        ({"https_proxy": "http://lower:1", "HTTPS_PROXY": PROXY}, "lower"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, ""),
        ({"ALL_PROXY": PROXY}, "proxy"),
        ({"HTTP_PROXY": PROXY}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "huggingface.co"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "example.org"}, "proxy"),
        ({"HTTPS_PROXY": "proxy:3128"}, "proxy"),
        ({}, ""),
    ],
)
def test_the_proxy_in_force_is_the_one_that_the_client_takes(environ: dict[str, str], host: str) -> None:
    assert chosen(environ, HUB).host == host


@pytest.mark.parametrize(
    ("environ", "url", "variable"),
    [
        ({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY}, HUB, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": PROXY, "https_proxy": PROXY}, HUB, "https_proxy"),
        ({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY}, "http://mirror", "HTTP_PROXY"),
        ({"ALL_PROXY": PROXY}, HUB, "ALL_PROXY"),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "huggingface.co"}, HUB, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "huggingface.co"}, "https://cas-server.xethub.hf.co/v1", "HTTPS_PROXY"),
    ],
)
def test_the_variable_that_names_it_is_known(environ: dict[str, str], url: str, variable: str) -> None:
    assert chosen(environ, url).variable == variable


def test_a_proxys_password_is_not_shown() -> None:
    proxy = chosen({"HTTPS_PROXY": "http://user:secret@proxy:3128"}, HUB)
    assert (proxy.host, proxy.port, proxy.shown) == ("proxy", 3128, "http://***@proxy:3128")
    assert "secret" not in repr(proxy)


@pytest.mark.parametrize(
    ("value", "port"), [("proxy:3128", 3128), ("http://proxy", 80), ("https://proxy", 443), ("", 0)]
)
def test_a_port_that_is_not_given_is_that_of_the_scheme(value: str, port: int) -> None:
    assert Proxy(value).port == port


@pytest.mark.parametrize(
    ("value", "here"),
    [("http://localhost:3128", True), ("127.0.0.1:3128", True), ("http://[::1]:3128", True), ("http://proxy", False)],
)
def test_a_proxy_on_loopback_is_sought_in_the_container_itself(value: str, here: bool) -> None:
    assert Proxy(value).is_here is here


def test_only_the_proxy_variables_are_handed_on() -> None:
    environ = {"HTTPS_PROXY": PROXY, "no_proxy": "", "HF_TOKEN": "hf_secret", "PATH": "/bin"}
    assert variables(environ) == {"HTTPS_PROXY": PROXY, "no_proxy": ""}
