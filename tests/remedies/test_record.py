"""A refusal as fields: a program is told all that a person is."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from entrypoint.remedies import Context, explain, fields
from entrypoint.remedies.languages import LANGUAGES
from entrypoint.remedies.samples import SAMPLES
from entrypoint.values import EXIT_CODES, Evidence, Verdict
from tests.remedies.people import ALICE, HUB, LISTED, NARROW, NOT_AUTHORIZED, TOKENIZER, WAITING, WITH_TOKEN, packed

EXAMPLES = [(verdict, context) for name in EXIT_CODES for verdict, context in SAMPLES[name] if not verdict.granted]


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else [str(value)]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("verdict", "context"), EXAMPLES)
def test_nothing_is_told_to_a_person_alone(verdict: Verdict, context: Context, lang: str) -> None:
    w = LANGUAGES[lang]
    left = packed(explain([verdict], context, lang))
    told = [text for value in fields(verdict, context, lang).values() for text in strings(value)]
    frame = [w.go_on, w.go_on_as.format(account="alice"), w.link.format(link=""), w.without.format(how="")]
    frame += [w.without_in_ways, "✗"]
    for text in sorted(map(packed, [*told, *frame]), key=len, reverse=True):
        if text:
            left = left.replace(text, "|")
    assert re.fullmatch(r"(\||\d\.)*", left), left


@pytest.mark.parametrize(("verdict", "context"), EXAMPLES)
def test_every_refusal_has_the_same_fields_and_is_json(verdict: Verdict, context: Context) -> None:
    told = fields(verdict, context)
    assert set(told) == set(fields(Verdict(TOKENIZER, "granted"), WITH_TOKEN))
    assert json.loads(json.dumps(told)) == told
    assert told["docs"] == f"docs/refusals.md#{verdict.name}"


def test_what_is_to_be_copied_keeps_its_lines() -> None:
    told = fields(Verdict(TOKENIZER, "token-missing"), Context(HUB, ""))
    step = told["steps"].index(next(step for step in told["steps"] if "environment:" in step))
    assert told["copy"][step] == "environment:\n  HF_TOKEN: ${HF_TOKEN:-}"
    assert "\n" not in told["steps"][step]
    assert told["copy"][0] == ""


def test_the_facts_behind_the_sentences_are_fields_of_their_own() -> None:
    told = fields(Verdict(LISTED, "token-lacks-repo-scope", NOT_AUTHORIZED, NARROW), WITH_TOKEN)
    assert (told["account"], told["token_name"], told["role"]) == ("alice", "laptop", "fineGrained")
    assert (told["readable"], told["orgs"]) == (["alice", "acme/one"], ["acme"])
    assert fields(Verdict(LISTED, "refused", NOT_AUTHORIZED, ALICE), WITH_TOKEN)["readable"] is None
    evidence = Evidence(f"{HUB}/x", trouble="clock", issuer="Acme CA", valid="2026-01-01 to 2027-01-01")
    context = replace(WITH_TOKEN, proxies={"https_proxy": "http://bob:pa55@proxy.test:3128"}, now=0.0)
    told = fields(Verdict(LISTED, "tls-untrusted", evidence), context)
    assert (told["issuer"], told["valid"], told["now"]) == (
        "Acme CA",
        "2026-01-01 to 2027-01-01",
        "1970-01-01 00:00 UTC",
    )
    assert (told["host"], told["proxy"], told["trouble"]) == ("huggingface.co", "http://***@proxy.test:3128", "clock")


def test_who_waits_says_so_and_names_no_exit() -> None:
    told = fields(Verdict(LISTED, "terms-not-accepted", NOT_AUTHORIZED, ALICE), WAITING)
    assert told["waits"] is True
    assert told["outcome"] == "Nothing was downloaded. Waiting for access; asking again by itself."


@pytest.mark.parametrize(("name", "helps"), [("hub-error", True), ("rate-limited", True), ("token-missing", False)])
def test_whether_a_restart_helps_is_a_field(name: str, helps: bool) -> None:
    assert fields(Verdict(LISTED, name), WITH_TOKEN)["restart_helps"] is helps
