"""What stands between the Hub and us: kind of token x repo x fault. Nobody is blamed for what the network does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from entrypoint.hub import session
from localhub import LocalHub
from tests.states.conftest import Deployment
from tests.states.rule import EXIT_CODES, check, expected, expected_without_whoami
from tests.states.world import A_FEW_TOKENS, GOOD_TOKENS, NONE, READ, REPOS, SAMPLE, TOKENS, Token


@dataclass(frozen=True)
class Fault:
    """`kind` and `options` as for `LocalHub.fault`; `says` is what must stand in the text, beside verdict and repo."""

    name: str
    verdict: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    says: tuple[str, ...] = ()


LIMITED = {
    "status": 429,
    "headers": {"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=1;w=60'},
}
FAULTS = (
    Fault("a rate limit's window", "rate-limited", "status", LIMITED, ("429", "wait 55 seconds")),
    Fault(
        "a pause asked for",
        "rate-limited",
        "status",
        {"status": 429, "headers": {"Retry-After": "20"}},
        ("429", "wait 20 seconds"),
    ),
    Fault("500", "hub-error", "status", {"status": 500}, ("500", "wait a few minutes")),
    Fault("503", "hub-error", "status", {"status": 503}, ("503", "wait a few minutes")),
    Fault("a page, 200", "not-a-hub", "html", {"status": 200}, ("Network sign-in", "in a browser on this network")),
    Fault("a page, 403", "not-a-hub", "html", {"status": 403}, ("403", "Network sign-in", "in a browser")),
    Fault("a reset connection", "hub-unreachable", "reset", {}, ("was cut", "curl -I")),
    Fault("no answer in time", "hub-unreachable", "stall", {}, ("did not answer in time", "curl -I")),
)
ON_THE_WAY = [fault for fault in FAULTS if fault.kind != "stall"]
PASSING = [fault for fault in ON_THE_WAY if fault.verdict != "not-a-hub"]
ATTEMPTS = 5


def named(value: object) -> str:
    return value.name if isinstance(value, Fault) else value.kind if isinstance(value, Token) else ""


def check_fault(deployment: Deployment, endpoint: str, token: Token, fault: Fault) -> None:
    for row in deployment.ask(endpoint, token, SAMPLE[::3]):
        assert (row.verdict.name, row.exit_code) == (fault.verdict, EXIT_CODES[fault.verdict]), row.repo.row
        host = urlsplit(endpoint).hostname or ""
        named = [row.repo.id, fault.verdict, "ENTRYPOINT_MODELS", host, f"Exit code {row.exit_code}:", *fault.says]
        assert row.lacks(named) == [], row.text
        assert row.verdict.identity is None
        assert row.lacks([row.repo.id, fault.verdict, host, str(row.exit_code)], row.chinese) == []


@pytest.mark.parametrize("fault", FAULTS, ids=named)
@pytest.mark.parametrize("token", TOKENS, ids=named)
def test_a_fault_on_every_route_is_told_whatever_token_and_repo(
    deployment: Deployment, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, token: Token, fault: Fault
) -> None:
    if fault.kind == "stall":
        monkeypatch.setattr(session, "READ_SECONDS", 0.05)
    hub.fault(fault.kind, "hub", times=None, **fault.options)
    check_fault(deployment, hub.url, token, fault)


@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_a_proxys_407_over_plain_http_is_the_proxys(deployment: Deployment, token: Token) -> None:
    proxy: dict[str, Any] = {"status": 407, "headers": {"Proxy-Authenticate": 'Basic realm="proxy"'}}
    with LocalHub(tls=False) as plain:
        plain.fault("status", "hub", times=None, **proxy)
        fault = Fault("407", "proxy-refused", "status", proxy, ("407", "name and password", "NO_PROXY="))
        check_fault(deployment, plain.url, token, fault)


@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_a_certificate_that_is_not_trusted(
    deployment: Deployment, hub: LocalHub, monkeypatch: pytest.MonkeyPatch, token: Token
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    check_fault(
        deployment, hub.url, token, Fault("tls", "tls-untrusted", "", {}, ("SSL_CERT_FILE", "CA certificate of"))
    )


@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_a_name_that_does_not_exist(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, token: Token) -> None:
    def nobody_knows(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
    says = ("could not be resolved", "hub.invalid", "name server")
    check_fault(deployment, "https://hub.invalid", token, Fault("dns", "hub-unreachable", "", {}, says))


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_a_port_where_nobody_listens(deployment: Deployment, closed_port: int, token: Token) -> None:
    says = ("No connection to 127.0.0.1 could be made", "port 443")
    endpoint = f"https://127.0.0.1:{closed_port}"
    check_fault(deployment, endpoint, token, Fault("refused", "hub-unreachable", "", {}, says))


# Faults that pass, and faults on one route


@pytest.mark.parametrize("fault", PASSING, ids=named)
def test_a_fault_that_passes_changes_no_verdict(deployment: Deployment, hub: LocalHub, fault: Fault) -> None:
    hub.fault(fault.kind, "hub", times=ATTEMPTS - 1, **fault.options)
    check(deployment.ask(hub.url, READ, SAMPLE, ATTEMPTS), READ, expected)


@pytest.mark.parametrize("fault", ON_THE_WAY[1::2], ids=named)
@pytest.mark.parametrize("token", A_FEW_TOKENS, ids=named)
def test_without_whoami_the_verdict_stays_but_for_a_tokens_reach(
    deployment: Deployment, hub: LocalHub, token: Token, fault: Fault
) -> None:
    hub.fault(fault.kind, "whoami", times=None, **fault.options)
    check(deployment.ask(hub.url, token, SAMPLE), token, expected_without_whoami, known=False)


def test_whoamis_own_rate_limit_is_not_waited_for(deployment: Deployment, hub: LocalHub) -> None:
    hub.rate_limit("whoami", quota=0)
    check(deployment.ask(hub.url, READ, REPOS, ATTEMPTS), READ, expected_without_whoami, known=False)
    assert deployment.asking.pauses == []


@pytest.mark.parametrize("fault", ON_THE_WAY, ids=named)
@pytest.mark.parametrize("token", (NONE, READ, GOOD_TOKENS[3]), ids=named)
def test_a_listing_that_fails_is_told_only_where_the_gate_had_nothing_to_say(
    deployment: Deployment, hub: LocalHub, token: Token, fault: Fault
) -> None:
    gated = [repo for repo in SAMPLE if repo.gated and repo.state == "there"]
    open_ = [repo for repo in SAMPLE if not repo.gated and repo.state == "there"]
    hub.fault(fault.kind, r"/(revision|tree)/", times=None, **fault.options)
    for row in deployment.ask(hub.url, token, [*gated, *open_]):
        verdict = expected(token, row.repo)
        assert row.verdict.name == (fault.verdict if verdict == "granted" else verdict)
