"""Where the proxy variables contradict each other."""

from __future__ import annotations

import pytest

from entrypoint.doctor.proxies import contradictions

HUB = "https://huggingface.co"
PROXY = "http://proxy:3128"


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
