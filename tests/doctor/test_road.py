"""The way to the endpoint, judged on what answered."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from entrypoint.doctor import road
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.probe import Answer
from entrypoint.doctor.road import Name, Way
from entrypoint.doctor.wording import Wording
from entrypoint.doctor.zh import CHINESE
from entrypoint.remedies import Context
from entrypoint.settings.proxies import Proxy
from entrypoint.values import Evidence

NOW = 1_790_000_000.0
ENDPOINT = "https://huggingface.co"
CONTEXT = Context(ENDPOINT, "HF_TOKEN")
DIRECT = Way(ENDPOINT, Proxy())
PROXIED = Way(ENDPOINT, Proxy("http://clerk:secret@proxy:3128", "HTTPS_PROXY"))
HUB = Answer(Evidence(url=ENDPOINT, status=200, from_hub=True), {}, True, "TLSv1.3", "R11")


def failed(trouble: str, **more: str) -> Answer:
    return Answer(replace(Evidence(url=ENDPOINT, trouble=trouble, message="it broke"), **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("off", "status"), [(0, "ok"), (299, "ok"), (-299, "ok"), (301, "bad"), (-301, "bad"), (86_400, "bad")]
)
def test_a_clock_may_be_off_by_five_minutes(off: float, status: str) -> None:
    assert road.clock(formatdate(NOW - off, usegmt=True), NOW, ENGLISH).status == status


@pytest.mark.parametrize(("off", "word"), [(7200, "2 h ahead"), (-7200, "2 h behind")])
def test_a_wrong_clock_is_told_with_its_direction_and_a_remedy(off: float, word: str) -> None:
    finding = road.clock(formatdate(NOW - off, usegmt=True), NOW, ENGLISH)

    assert word in finding.text
    assert finding.facts == {"seconds_ahead": off}
    assert "clock of the host" in finding.steps[0]
    assert finding.exit_code == 76


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_an_answer_without_a_date_says_nothing_about_the_clock(date: str) -> None:
    assert road.clock(date, NOW, ENGLISH).status == "skipped"


def test_an_untrusted_certificate_is_told_with_its_issuer_and_the_authorities_in_force() -> None:
    answer = failed("tls", issuer="ACME Inspection CA")
    finding = road.tls(DIRECT, answer, CONTEXT, "en", ENGLISH, {"SSL_CERT_FILE": "/etc/ca.pem"})

    assert (finding.status, finding.exit_code) == ("bad", 76)
    assert "ACME Inspection CA" in finding.text
    assert "SSL_CERT_FILE=/etc/ca.pem" in finding.text
    assert any("SSL_CERT_FILE" in step for step in finding.steps)


def test_a_handshake_counts_even_where_no_answer_followed() -> None:
    silent = replace(failed("timeout"), connected=True, tls="TLSv1.3", issuer="R11")

    assert road.tls(DIRECT, silent, CONTEXT, "en", ENGLISH, {}).status == "ok"
    assert road.proxy_passes(PROXIED, silent, CONTEXT, "en", ENGLISH).status == "ok"
    assert road.endpoint(DIRECT, silent, CONTEXT, "en", ENGLISH).status == "bad"


@pytest.mark.parametrize(("lang", "words"), [("en", ENGLISH), ("zh", CHINESE)])
def test_a_certificate_out_of_its_time_is_told_with_the_clock_and_not_as_untrusted(lang: str, words: Wording) -> None:
    answer = failed("clock", issuer="R11", valid="2026-04-01 to 2026-06-30")
    context = replace(CONTEXT, now=NOW)
    finding = road.tls(DIRECT, answer, context, lang, words, {})

    assert (finding.status, finding.exit_code) == ("bad", 76)
    assert "2026-04-01" in finding.text and "2026-06-30" in finding.text and "2026-09-21" in finding.text
    assert "not trusted" not in finding.text and "不受信任" not in finding.text
    assert finding.facts["valid"] == "2026-04-01 to 2026-06-30"
    assert any("timedatectl" in step for step in finding.steps)
    assert not any("SSL_CERT_FILE" in step for step in finding.steps)


@pytest.mark.parametrize("answer", [Answer(Evidence(url=ENDPOINT, status=403)), failed("connect")])
def test_where_the_proxy_is_to_blame_the_endpoint_is_not_judged(answer: Answer) -> None:
    assert road.proxy_passes(PROXIED, answer, CONTEXT, "en", ENGLISH).status == "bad"
    assert road.endpoint(PROXIED, answer, CONTEXT, "en", ENGLISH).status == "skipped"
    assert road.endpoint(DIRECT, answer, CONTEXT, "en", ENGLISH).status == "bad"


def test_chinese_sentences_stand_beside_each_other_without_a_blank() -> None:
    text = road.endpoint(DIRECT, failed("connect"), CONTEXT, "zh", CHINESE).text
    assert "。错误信息：" in text
    assert text.startswith("hub-unreachable：")


def test_a_plain_endpoint_has_no_certificate_to_look_at() -> None:
    plain = Way("http://mirror", Proxy())

    assert road.tls(plain, HUB, CONTEXT, "en", ENGLISH, {}).status == "skipped"


def test_the_authorities_in_force_are_those_that_the_client_takes(tmp_path: Path) -> None:
    assert road.authorities({"SSL_CERT_DIR": "/d", "SSL_CERT_FILE": "/f"}) == "SSL_CERT_FILE=/f"
    assert road.authorities({"SSL_CERT_DIR": "/d"}) == "SSL_CERT_DIR=/d"
    assert "=" not in road.authorities({})


@pytest.mark.parametrize(
    ("answer", "status", "code", "word"),
    [
        (HUB, "ok", 0, "answers as a Hub"),
        (Answer(Evidence(url=ENDPOINT, status=404, from_hub=True)), "ok", 0, "answers as a Hub"),
        (Answer(Evidence(url=ENDPOINT, status=200)), "bad", 76, "not-a-hub"),
        (Answer(Evidence(url=ENDPOINT, status=503, from_hub=True)), "bad", 69, "hub-error"),
        (Answer(Evidence(url=ENDPOINT, status=429, from_hub=True)), "bad", 75, "rate-limited"),
        (failed("connect"), "bad", 69, "hub-unreachable"),
        (failed("timeout"), "bad", 69, "hub-unreachable"),
        (failed("tls"), "skipped", 0, "could not be asked"),
        (failed("proxy"), "skipped", 0, "could not be asked"),
    ],
)
def test_the_endpoint_is_judged_by_who_answered(answer: Answer, status: str, code: int, word: str) -> None:
    finding = road.endpoint(DIRECT, answer, CONTEXT, "en", ENGLISH)

    assert (finding.status, finding.exit_code) == (status, code)
    assert word in finding.text
    assert bool(finding.steps) == (status == "bad")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (HUB, "ok"),
        (replace(failed("tls"), connected=True), "ok"),
        (failed("proxy"), "bad"),
        (Answer(Evidence(url=ENDPOINT, status=403)), "bad"),
        (failed("connect"), "bad"),
        (replace(failed("connect"), connected=True), "bad"),
        (replace(failed("timeout"), connected=True), "skipped"),
    ],
)
def test_a_proxy_passes_where_anything_came_through_it(answer: Answer, status: str) -> None:
    finding = road.proxy_passes(PROXIED, answer, CONTEXT, "en", ENGLISH)

    assert finding.status == status
    assert "http://***@proxy:3128" in finding.text


def test_through_a_proxy_it_is_the_proxys_name_that_must_be_known() -> None:
    assert (PROXIED.first_host, PROXIED.first_port) == ("proxy", 3128)
    assert (DIRECT.first_host, DIRECT.first_port) == ("huggingface.co", 443)


def test_a_name_that_is_not_known_has_the_remedy_of_a_refused_start() -> None:
    finding = road.dns(DIRECT, Name(trouble="Name or service not known"), CONTEXT, "en", ENGLISH)

    assert (finding.status, finding.exit_code) == ("bad", 69)
    assert any("dns: 1.1.1.1" in step for step in finding.steps)


def test_many_addresses_are_cut_short() -> None:
    finding = road.dns(DIRECT, Name(("1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4")), CONTEXT, "en", ENGLISH)

    assert finding.text.endswith("3.3.3.3, …")
