"""One line for the state file, the healthcheck and the log."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.remedies import fallback_taken, granted_line, headline, waiting_line
from entrypoint.values import Evidence, Repo, Verdict
from tests.remedies.people import ALICE, HUB, LISTED, NOT_AUTHORIZED, REFUSALS, REPO, TOKENIZER, WAITING, WITH_TOKEN

TERMS = Verdict(TOKENIZER, "terms-not-accepted", NOT_AUTHORIZED, ALICE)


def test_a_headline_has_the_verdict_the_model_and_the_next_step() -> None:
    assert headline(TERMS, WITH_TOKEN) == (
        f'terms-not-accepted: {REPO}: as alice, press "Agree and access repository" on the model\'s page'
    )
    assert headline(TERMS, WITH_TOKEN, "zh") == (
        f"terms-not-accepted: {REPO}: 用账号“alice”登录模型页面，点击“Agree and access repository”"
    )


def test_who_waits_is_told_when_it_is_asked_again() -> None:
    assert waiting_line(TERMS, WAITING, "en", 20) == headline(TERMS, WAITING) + "; asking again in 20 s"
    assert waiting_line(TERMS, WAITING, "zh", 200) == headline(TERMS, WAITING, "zh") + "；3 min 20 s 后再次询问"


def test_what_was_granted_is_named_once_for_each_model() -> None:
    optional = Verdict(replace(LISTED, repo="org/optional", required=False), "token-missing")
    verdicts = [*[Verdict(TOKENIZER, "granted")] * 2, Verdict(LISTED, "granted"), optional]
    assert granted_line(verdicts, WAITING) == f"access to {REPO}, org/listed is granted; going on"
    assert granted_line(verdicts, WAITING, "zh") == f"已获得 {REPO}、org/listed 的访问权限，继续启动"


def test_many_models_are_cut_to_one_short_line() -> None:
    many = [Verdict(replace(LISTED, repo=f"org/{number}-{'long-' * 15}"), "granted") for number in range(9)]
    for lang, end in (("en", "… is granted; going on"), ("zh", "… 的访问权限，继续启动")):
        line = granted_line(many, WAITING, lang)
        assert len(line) == 200
        assert line.endswith(end)


@pytest.mark.parametrize(("lang", "loud"), [("en", "REFUSED"), ("zh", "被拒绝")])
def test_a_fallback_is_told_loudly_with_both_models_and_the_way_back(lang: str, loud: str) -> None:
    line = fallback_taken(TERMS, "org/open", WITH_TOKEN, lang)
    for part in (REPO, "terms-not-accepted", loud, "org/open", "ENTRYPOINT_FALLBACKS", "Agree and access repository"):
        assert part in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (
            Verdict(LISTED, "tls-untrusted", Evidence(HUB, trouble="tls", issuer="Acme CA")),
            'CA certificate of "Acme CA"',
        ),
        (Verdict(LISTED, "tls-untrusted", Evidence(HUB, trouble="clock")), "set the clock of the host"),
        (Verdict(LISTED, "proxy-refused", Evidence(HUB, 407)), "name and password, in HTTPS_PROXY"),
        (Verdict(LISTED, "hub-error", Evidence("https://cdn.test/x", 403, elsewhere=True)), "pass cdn.test, port 443"),
        (Verdict(LISTED, "hub-error", Evidence("https://cdn.test/x", 503, elsewhere=True)), "wait a few minutes"),
        (replace(TERMS, repo=Repo("0" * 40, "manual")), "send the request for access"),
    ],
)
def test_the_next_step_is_the_one_for_what_was_seen(verdict: Verdict, told: str) -> None:
    assert told in headline(verdict, WITH_TOKEN)


def test_a_token_in_a_file_is_replaced_in_that_file() -> None:
    line = headline(Verdict(LISTED, "token-invalid"), replace(WITH_TOKEN, token_source="/run/secrets/hf_token"))
    assert line == "token-invalid: org/listed: create a new Hub token and put it into /run/secrets/hf_token"


@given(st.text(max_size=400), st.sampled_from(REFUSALS), st.sampled_from(["en", "zh"]), st.floats(0, 1e7))
def test_a_line_is_one_line_and_short_whatever_the_names(text: str, name: str, lang: str, seconds: float) -> None:
    identity = replace(ALICE, account=text, token_name=text)
    verdict = Verdict(
        replace(LISTED, repo=text, source=text, patterns=(text,), revision=text), name, Evidence(issuer=text), identity
    )
    context = replace(WAITING, token_source=text)
    for line, limit in (
        (headline(verdict, context, lang), 160),
        (waiting_line(verdict, context, lang, seconds), 200),
        (granted_line([verdict, TERMS], context, lang), 200),
        (fallback_taken(verdict, text, context, lang), 600),
    ):
        assert len(line) <= limit
        assert line.isprintable()
