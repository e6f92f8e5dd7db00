"""Which proxy is in force, and where the variables contradict each other."""

from __future__ import annotations

import pytest

from entrypoint.doctor.proxies import Chosen, chosen, contradictions

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


def test_a_proxys_password_is_not_shown() -> None:
    assert chosen({"HTTPS_PROXY": "http://user:secret@proxy:3128"}, HUB) == Chosen(
        "proxy", 3128, "http://***@proxy:3128", "HTTPS_PROXY"
    )


@pytest.mark.parametrize(
    ("environ", "kinds"),
    [
        ({"HTTPS_PROXY": PROXY, "https_proxy": "http://other:1"}, ["differ"]),
        ({"HTTPS_PROXY": PROXY, "https_proxy": PROXY}, []),
        ({"HTTPS_PROXY": PROXY, "https_proxy": ""}, ["blank"]),
        ({"HTTP_PROXY": PROXY}, ["https-missing"]),
        ({"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}, []),
        ({"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY}, []),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": ".huggingface.co,huggingface.co"}, ["exempt"]),
        ({"NO_PROXY": "huggingface.co"}, []),
    ],
)
def test_contradictions_are_found(environ: dict[str, str], kinds: list[str]) -> None:
    assert [odd.kind for odd in contradictions(environ, HUB)] == kinds


def test_a_plain_endpoint_needs_no_https_proxy() -> None:
    assert not list(contradictions({"HTTP_PROXY": PROXY}, "http://mirror"))


def test_no_password_is_in_a_contradiction() -> None:
    environ = {"HTTP_PROXY": "http://u:secret@a:1", "http_proxy": "http://u:hidden@b:1", "NO_PROXY": "huggingface.co"}

    assert "secret" not in str(list(contradictions(environ, HUB)))
    assert "hidden" not in str(list(contradictions(environ, HUB)))
