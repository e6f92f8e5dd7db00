"""Behind mitmproxy, which opens all TLS: what a company's firewall does, with and without its certificate at hand."""

from __future__ import annotations

import pytest

from localhub import LocalHub
from tests.network.conftest import FILES, TOKEN
from tests.network.proxies import Proxy
from tests.network.reading import fetched, holding, said, tells
from tests.process.harness import Program


@pytest.mark.parametrize("command", [("plan",), ("prefetch",), ("run", "--", "echo", "served")])
def test_without_the_companys_ca_the_issuer_and_the_variable_are_named(
    program: Program, inspecting: Proxy, hub: LocalHub, command: tuple[str, ...]
) -> None:
    done = program(*command, HTTPS_PROXY=inspecting.url)

    assert done.returncode == 76, said(done)
    assert "acme/tiny tls-untrusted" in said(done)
    assert "mitmproxy" in said(done)
    assert "SSL_CERT_FILE" in said(done)
    assert "served" not in done.stdout
    assert hub.requests == []
    assert fetched(program) == {}


def test_the_token_is_given_to_nobody_who_is_not_trusted(program: Program, inspecting: Proxy) -> None:
    variables = {"ENTRYPOINT_MODELS": "acme/gated", "HF_TOKEN": TOKEN, "HTTPS_PROXY": inspecting.url}

    refused = program("prefetch", **variables)

    assert refused.returncode == 76
    assert inspecting.seen("untrusted")
    assert inspecting.seen("request") == []
    assert [event for event in inspecting.seen("connect") if TOKEN in str(event)] == []

    served = program("prefetch", **variables, SSL_CERT_FILE=str(inspecting.ca_file))
    assert served.returncode == 0, said(served)
    assert f"Bearer {TOKEN}" in {event["headers"].get("authorization") for event in inspecting.seen("request")}
    assert not tells(TOKEN, refused, served)
    assert holding(program, TOKEN) == []


def test_a_trouble_of_trust_is_not_asked_again(program: Program, inspecting: Proxy) -> None:
    program("prefetch", HTTPS_PROXY=inspecting.url)

    assert len(inspecting.seen("untrusted")) == 1


@pytest.mark.parametrize("repo", ["acme/tiny", "acme/in-xet"])
def test_with_the_companys_ca_everything_goes_through(
    program: Program, inspecting: Proxy, hub: LocalHub, repo: str
) -> None:
    done = program(
        *("run", "--", "echo", "served"),
        ENTRYPOINT_MODELS=repo,
        HTTPS_PROXY=inspecting.url,
        SSL_CERT_FILE=str(inspecting.ca_file),
    )

    assert (done.returncode, done.stdout) == (0, "served\n"), said(done)
    assert fetched(program, repo) == FILES
    content = "cas" if repo == "acme/in-xet" else "cdn"
    assert {request.origin for request in hub.requests} == {"hub", content}
    assert len(inspecting.seen("request")) == len(hub.requests)


@pytest.mark.parametrize("repo", ["acme/tiny", "acme/in-xet"])
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_older_names_of_the_variable_do_as_well(
    program: Program, inspecting: Proxy, hub: LocalHub, repo: str, name: str
) -> None:
    program.variables |= {key: value for key, value in program.environ().items() if key.startswith("HF_")}
    program.hub = None
    assert "SSL_CERT_FILE" not in program.environ()

    done = program("prefetch", ENTRYPOINT_MODELS=repo, HTTPS_PROXY=inspecting.url, **{name: str(inspecting.ca_file)})

    assert done.returncode == 0, said(done)
    assert fetched(program, repo) == FILES


def test_a_sign_in_page_is_told_as_one_and_never_taken_for_a_model(program: Program, inspecting: Proxy) -> None:
    inspecting.decide(page=".")

    done = program("prefetch", HTTPS_PROXY=inspecting.url, SSL_CERT_FILE=str(inspecting.ca_file))

    assert done.returncode == 76
    assert "acme/tiny not-a-hub" in said(done)
    assert "Network sign-in" in said(done)
    assert fetched(program) == {}


@pytest.mark.parametrize("rule", ["page", "refuse"])
def test_a_page_in_place_of_the_file_alone_is_told_as_one(program: Program, inspecting: Proxy, rule: str) -> None:
    inspecting.decide(**{rule: "/repos/"})

    done = program(
        "prefetch",
        HTTPS_PROXY=inspecting.url,
        SSL_CERT_FILE=str(inspecting.ca_file),
        ENTRYPOINT_DEADLINE_SECONDS="8",
    )

    assert done.returncode == 76, said(done)
    assert "acme/tiny not-a-hub" in said(done)
    assert ("Network sign-in" if rule == "page" else "Blocked by policy") in said(done)
    assert "model.safetensors" not in fetched(program)


def test_an_inspecting_proxys_own_403_is_not_the_hubs(program: Program, inspecting: Proxy) -> None:
    inspecting.decide(refuse="/api/")

    done = program(
        "prefetch",
        ENTRYPOINT_MODELS="acme/gated",
        HF_TOKEN=TOKEN,
        HTTPS_PROXY=inspecting.url,
        SSL_CERT_FILE=str(inspecting.ca_file),
    )

    assert done.returncode == 76, said(done)
    assert "acme/gated not-a-hub" in said(done)
    assert "Blocked by policy" in said(done)
    assert "terms" not in said(done)
