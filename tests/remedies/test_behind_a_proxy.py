"""Where a proxy is in force for an address, it is the proxy that is named, by the variable that sets it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from entrypoint.remedies import Context, explain, fields, headline
from entrypoint.values import Evidence, Verdict
from tests.remedies.people import HUB, LISTED, WAITING, flat, packed, steps_of

FILES = "https://cas-server.xethub.hf.co/v1"
SHOWN = "http://***@proxy.test:3128"
VALUE = "http://bob:pa55@proxy.test:3128"
PROXIED = Context(HUB, "", proxies={"https_proxy": VALUE})
DIRECT = Context(HUB, "")


def unreachable(trouble: Any, url: str = HUB, **more: Any) -> Verdict:
    return Verdict(LISTED, "hub-unreachable", Evidence(url, trouble=trouble, **more))


def told(trouble: Any, context: Context = PROXIED, lang: str = "en", url: str = HUB, **more: Any) -> str:
    return explain([unreachable(trouble, url, **more)], context, lang)


@pytest.mark.parametrize(
    ("trouble", "english", "chinese"),
    [
        (
            "connect",
            f"No connection to the proxy {SHOWN}, set as https_proxy, could be made. huggingface.co itself was never",
            f"无法连接 https_proxy 所设的代理 {SHOWN}；请求根本没有发往 huggingface.co",
        ),
        (
            "dns",
            f"The name of the proxy {SHOWN}, set as https_proxy, could not be resolved. huggingface.co itself was",
            f"https_proxy 所设代理 {SHOWN} 的域名无法解析；请求根本没有发往 huggingface.co",
        ),
        (
            "timeout",
            "either the proxy itself cannot be reached, or it gets no answer from huggingface.co",
            "要么代理本身无法连接，要么它得不到 huggingface.co 的应答",
        ),
    ],
)
def test_it_is_the_proxy_that_could_not_be_reached_and_not_the_hub(trouble: str, english: str, chinese: str) -> None:
    for lang, sentence, never in (("en", english, "No connection to huggingface"), ("zh", chinese, "DNS 服务器能")):
        text = packed(told(trouble, lang=lang))
        assert packed(sentence) in text
        assert "https_proxy" in headline(unreachable(trouble), PROXIED, lang)
        assert SHOWN in headline(unreachable(trouble), PROXIED, lang)
        record = fields(unreachable(trouble), PROXIED, lang)
        assert packed(sentence) in packed(record["means"])
        assert (record["proxy"], record["proxy_variable"]) == (SHOWN, "https_proxy")
        assert record["proxy_fault"] == trouble
        assert "pa55" not in text + str(record)
        assert never not in text
        assert "https_proxy" not in packed(told(trouble, DIRECT, lang))


@pytest.mark.parametrize("trouble", ["connect", "dns", "timeout"])
def test_the_steps_are_to_correct_the_variable_in_force_or_to_go_past_the_proxy(trouble: str) -> None:
    for lang, bypass in (("en", "or go past the proxy"), ("zh", "绕过代理")):
        steps = steps_of(told(trouble, lang=lang))
        assert "https_proxy" in steps[0] and SHOWN in steps[0]
        assert any(bypass in step and "NO_PROXY=huggingface.co,.huggingface.co,.hf.co" in step for step in steps)
        assert not any("curl" in step or "HTTPS_PROXY" in step or "HF_ENDPOINT" in step for step in steps)
        assert "docker compose up -d" in steps[-1]


def test_who_waits_is_told_that_a_proxy_that_comes_back_is_enough() -> None:
    waits = replace(WAITING, proxies={"HTTPS_PROXY": VALUE})
    assert steps_of(told("connect", waits))[-1].startswith("nothing more: this container asks again by itself")


def test_a_name_server_is_advised_for_the_name_of_the_proxy() -> None:
    assert any("give the container a name server that knows it" in step for step in steps_of(told("dns")))
    assert "name server" not in told("connect")
    assert "1.1.1.1" not in told("dns")


def test_a_proxy_on_the_host_is_not_found_on_the_containers_own_loopback() -> None:
    here = Context(HUB, "", proxies={"HTTPS_PROXY": "http://localhost:3128"})
    for lang in ("en", "zh"):
        assert '- "host.docker.internal:host-gateway"' in told("connect", here, lang)
        assert "host.docker.internal" not in told("connect", PROXIED, lang)
    assert "extra_hosts" not in told("connect", replace(here, command="systemctl restart gpt"))


def test_a_proxy_that_answers_but_gets_no_further_is_not_called_unreachable() -> None:
    over_tls, plain = {"message": "502 Bad Gateway"}, {"status": 504, "message": "Gateway Timeout"}
    for said in (over_tls, plain):
        text = flat(told("connect", **said))
        assert f"The proxy {SHOWN}, set as https_proxy, answers, but could not connect to huggingface.co." in text
        assert "correct the proxy's address" not in text
        assert "ask the network's administrators to let the proxy pass" in text


def test_of_a_connection_that_was_cut_nobody_can_say_who_cut_it() -> None:
    text = flat(told("reset"))
    assert "The connection to huggingface.co was cut: a firewall or a proxy on the way" in text
    assert f"see that the proxy {SHOWN} is right (https_proxy)" in text


def test_an_address_that_is_exempt_has_no_proxy_to_blame() -> None:
    partly = Context(HUB, "", proxies={"HTTPS_PROXY": VALUE, "NO_PROXY": "huggingface.co"})
    assert "No connection to huggingface.co could be made" in flat(told("connect", partly))
    files = flat(told("connect", partly, url=FILES))
    assert "The Hugging Face Hub itself answered and granted access" in files
    assert f"No connection to the proxy {SHOWN}, set as HTTPS_PROXY, could be made." in files


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"HTTPS_PROXY": VALUE}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://other:1", "https_proxy": VALUE}, "https_proxy"),
        ({"ALL_PROXY": VALUE}, "ALL_PROXY"),
        ({}, "HTTPS_PROXY"),
    ],
)
def test_a_password_goes_into_the_variable_that_is_in_force(variables: dict[str, str], named: str) -> None:
    wants = Verdict(LISTED, "proxy-refused", Evidence(HUB, 407))
    context = Context(HUB, "", proxies=variables)
    for lang in ("en", "zh"):
        assert f" {named}=http://name:password@proxy:port" in explain([wants], context, lang).replace("：", " ")
        assert named in headline(wants, context, lang)


def test_an_endpoint_without_tls_has_its_own_variable() -> None:
    text = explain([unreachable("connect", "http://hub.test")], Context("http://hub.test", ""))
    assert "set HTTP_PROXY=http://proxy:port" in flat(text)


@pytest.mark.parametrize(
    ("name", "evidence"),
    [("proxy-refused", Evidence(HUB, 407)), ("hub-unreachable", Evidence(HUB, trouble="connect"))],
)
def test_exceptions_that_are_listed_already_are_not_replaced(name: str, evidence: Evidence) -> None:
    listing = replace(PROXIED, proxies={**PROXIED.proxies, "no_proxy": "localhost,.corp"})
    verdict = Verdict(LISTED, name, evidence)
    for lang in ("en", "zh"):
        text = explain([verdict], listing, lang)
        assert "NO_PROXY=" not in text
        assert "no_proxy" in text and "huggingface.co,.huggingface.co,.hf.co" in packed(text)
        assert "NO_PROXY=" in explain([verdict], PROXIED, lang)


def test_a_page_that_came_through_a_proxy_may_be_the_proxys() -> None:
    page = Verdict(LISTED, "not-a-hub", Evidence(HUB, 403, message="Blocked"))
    assert f"see that the proxy {SHOWN} is right (https_proxy)" in flat(explain([page], PROXIED))
    assert "https_proxy" not in explain([page], DIRECT)
