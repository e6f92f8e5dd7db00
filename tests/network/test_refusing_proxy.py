"""Behind a proxy that passes TLS on unread, or refuses to: by its rules (403), or for want of a password (407)."""

from __future__ import annotations

import json

import pytest

from localhub import LocalHub
from tests.network.conftest import FILES, PASSWORD, TOKEN, USER
from tests.network.proxies import Proxy
from tests.network.reading import fetched, holding, said, tells
from tests.process.harness import Program


@pytest.mark.parametrize("repo", ["acme/tiny", "acme/in-xet"])
def test_what_the_proxy_passes_on_comes_whole(program: Program, forwarding: Proxy, hub: LocalHub, repo: str) -> None:
    done = program("prefetch", ENTRYPOINT_MODELS=repo, HTTPS_PROXY=forwarding.url)

    assert done.returncode == 0, said(done)
    assert fetched(program, repo) == FILES
    content = "cas" if repo == "acme/in-xet" else "cdn"
    assert {request.origin for request in hub.requests} == {"hub", content}


@pytest.mark.parametrize("command", [("plan",), ("prefetch",), ("run", "--", "echo", "served")])
def test_a_proxy_that_refuses_is_named_without_its_password(
    program: Program, forwarding: Proxy, hub: LocalHub, command: tuple[str, ...]
) -> None:
    forwarding.decide(refuse=".")

    done = program(*command, HTTPS_PROXY=forwarding.with_credentials(USER, PASSWORD))

    assert done.returncode == 76, said(done)
    assert "acme/tiny proxy-refused" in said(done)
    assert f"http://***@127.0.0.1:{forwarding.port}" in said(done)
    assert "403" in said(done)
    assert not tells(PASSWORD, done)
    assert holding(program, PASSWORD) == []
    assert "served" not in done.stdout
    assert hub.requests == []


def test_programs_are_told_the_same_and_no_password_either(program: Program, forwarding: Proxy) -> None:
    forwarding.decide(refuse=".")

    done = program("prefetch", HTTPS_PROXY=forwarding.with_credentials(USER, PASSWORD), ENTRYPOINT_LOG="json")

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert "proxy-refused" in {line.get("verdict") for line in lines}, done.stderr
    assert not tells(PASSWORD, done)
    assert program.state["exit_code"] == 76
    assert "proxy-refused" in str(program.state)
    assert holding(program, PASSWORD) == []


def test_of_several_proxies_the_one_that_was_asked_is_named(program: Program, forwarding: Proxy) -> None:
    forwarding.decide(refuse=".")
    others = {"HTTP_PROXY": "http://other.invalid:3128", "ALL_PROXY": "http://last.invalid:3128"}

    done = program("plan", HTTPS_PROXY=forwarding.url, **others)

    assert "proxy-refused" in said(done)
    assert forwarding.url in said(done)
    assert ".invalid" not in said(done)


def test_its_403_is_not_taken_for_the_hubs(program: Program, forwarding: Proxy) -> None:
    forwarding.decide(refuse=".")

    done = program("prefetch", ENTRYPOINT_MODELS="acme/gated", HF_TOKEN=TOKEN, HTTPS_PROXY=forwarding.url)

    assert done.returncode == 76
    assert "acme/gated proxy-refused" in said(done)
    assert "terms" not in said(done)
    assert f"{TOKEN}" not in str(forwarding.seen("connect"))


def test_a_refusal_is_not_asked_again(program: Program, forwarding: Proxy) -> None:
    forwarding.decide(refuse=".")

    program("prefetch", HTTPS_PROXY=forwarding.url)

    assert len(forwarding.seen("connect")) == 1


@pytest.mark.parametrize("given", ["none", "wrong"])
def test_a_proxy_that_wants_a_password_leads_to_the_step_that_gives_it_one(
    program: Program, asking: Proxy, hub: LocalHub, given: str
) -> None:
    address = asking.url if given == "none" else asking.with_credentials(USER, "Wr0ng-pass")

    done = program("prefetch", HTTPS_PROXY=address)

    assert done.returncode == 76, said(done)
    assert "acme/tiny proxy-refused" in said(done)
    assert "407" in said(done)
    assert "HTTPS_PROXY=http://name:password@proxy:port" in said(done)
    assert not tells("Wr0ng-pass", done)
    assert holding(program, "Wr0ng-pass") == []
    assert hub.requests == []


@pytest.mark.parametrize("repo", ["acme/tiny", "acme/in-xet"])
@pytest.mark.parametrize("written", [PASSWORD, PASSWORD.replace("-", "%2D")])
def test_with_the_right_password_it_goes_through_and_the_password_is_in_nothing(
    program: Program, asking: Proxy, repo: str, written: str
) -> None:
    done = program("prefetch", ENTRYPOINT_MODELS=repo, HTTPS_PROXY=asking.with_credentials(USER, written))

    assert done.returncode == 0, said(done)
    assert fetched(program, repo) == FILES
    assert not tells(PASSWORD, done) and not tells(written, done)
    assert holding(program, PASSWORD) == holding(program, written) == []


def test_a_file_host_that_the_proxy_refuses_is_named_and_not_the_hub(
    program: Program, forwarding: Proxy, hub: LocalHub
) -> None:
    hub.set_reach("cdn", "unknown")
    forwarding.decide(refuse="cdn.localhub.invalid")

    done = program("prefetch", HTTPS_PROXY=forwarding.with_credentials(USER, PASSWORD))

    assert done.returncode == 76, said(done)
    assert "acme/tiny proxy-refused" in said(done)
    assert "let the proxy pass hub.test, cdn.localhub.invalid" in said(done)
    assert "The Hub was never asked" not in said(done)
    assert "model.safetensors" not in fetched(program)
    assert not tells(PASSWORD, done)
    assert holding(program, PASSWORD) == []


def test_where_the_proxy_refuses_only_the_xet_storage_the_file_comes_over_http(
    program: Program, forwarding: Proxy, hub: LocalHub
) -> None:
    hub.set_reach("cas", "unknown")
    forwarding.decide(refuse="cas.localhub.invalid")

    done = program(
        "prefetch", ENTRYPOINT_MODELS="acme/in-xet", HTTPS_PROXY=forwarding.url, ENTRYPOINT_STALL_SECONDS="2"
    )

    assert done.returncode == 0, said(done)
    assert fetched(program, "acme/in-xet") == FILES
    assert {request.origin for request in hub.requests} == {"hub", "cdn"}


def test_a_hub_without_tls_behind_a_proxy_that_answers_403_by_itself(
    program: Program, forwarding: Proxy, plain_hub: LocalHub
) -> None:
    program.hub = plain_hub
    forwarding.decide(refuse=".")

    done = program("prefetch", HTTP_PROXY=forwarding.with_credentials(USER, PASSWORD))

    assert done.returncode == 76, said(done)
    assert "acme/tiny not-a-hub" in said(done) or "acme/tiny proxy-refused" in said(done)
    assert "Blocked by policy" in said(done)
    assert not tells(PASSWORD, done)
    assert holding(program, PASSWORD) == []
    assert plain_hub.requests == []


def test_a_hub_without_tls_behind_a_proxy_that_wants_a_password(
    program: Program, asking: Proxy, plain_hub: LocalHub
) -> None:
    program.hub = plain_hub

    refused = program("prefetch", HTTP_PROXY=asking.url)
    served = program("prefetch", HTTP_PROXY=asking.with_credentials(USER, PASSWORD))

    assert refused.returncode == 76, said(refused)
    assert "acme/tiny proxy-refused" in said(refused)
    assert "name:password@" in said(refused)
    assert served.returncode == 0, said(served)
    assert fetched(program) == FILES


def test_what_no_proxy_names_does_not_go_to_it(program: Program, forwarding: Proxy, hub: LocalHub) -> None:
    forwarding.decide(refuse=".")
    # past the proxy, nobody knows the name: the address is what is left
    program.variables |= {"HF_ENDPOINT": hub.url.replace("hub.test", "127.0.0.1")}

    done = program("plan", HTTPS_PROXY=forwarding.url, NO_PROXY="127.0.0.1")

    assert done.returncode == 0, said(done)
    assert forwarding.seen("connect") == []
