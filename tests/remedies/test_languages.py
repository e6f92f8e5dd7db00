"""Every language says everything, and says it in itself."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from itertools import cycle, product
from typing import Any

import pytest

from entrypoint.remedies import Context, explain, fallback_taken, fields, granted_line, headline, waiting_line
from entrypoint.remedies.columns import WIDTH, columns
from entrypoint.remedies.languages import LANGUAGES, wording
from entrypoint.values import EXIT_CODES, Evidence, Need, Repo, Verdict
from tests.remedies.people import (
    ALICE,
    HUB,
    NARROW,
    NEEDS,
    NOT_AUTHORIZED,
    REFUSALS,
    WITH_SECRET,
    WITH_TOKEN,
    WITHOUT_TOKEN,
    flat,
    packed,
)

TROUBLES = {"", "dns", "connect", "timeout", "tls", "clock", "proxy", "reset", "other"}
USES = {"listed", "weights", "embedding", "tokenizer", "reranker", "code"}
MAY_BE_BLANK = {".sentence_separator", ".uses[listed]"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Made of facts alone, or a mark.
NO_PROSE = re.compile(
    r"\.(start_again|account_named|hub_public|hub_elsewhere|sentence_separator|labels\[(colon|stop|language)\])|\.uses\[listed\]"
)
CONTEXTS = (
    WITH_TOKEN,
    WITHOUT_TOKEN,
    WITH_SECRET,
    replace(WITH_TOKEN, waits=True),
    replace(WITH_SECRET, waits=True, nothing_downloaded=False),
    replace(
        WITH_TOKEN, command="systemctl restart gpt", proxies={"HTTPS_PROXY": "http://proxy.acme.example:3128"}, now=1e9
    ),
    Context("https://hub.acme.example", "HF_TOKEN_FILE (/etc/token)"),
)
EVIDENCES = (
    NOT_AUTHORIZED,
    Evidence(f"{HUB}/api", message="403 Forbidden", trouble="proxy"),
    Evidence("https://cas-server.xethub.hf.co/v1", 407, message="no", elsewhere=True),
    Evidence(f"{HUB}/api", message="no", trouble="tls", issuer="Acme CA"),
    Evidence(f"{HUB}/api", message="no", trouble="clock", issuer="Acme CA", valid="2026-01-01 to 2027-01-01"),
    Evidence("https://cdn.acme.example/x", message="no", trouble="dns"),
    Evidence(),
)


def sentences(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif is_dataclass(value):
        for field in dataclass_fields(value):
            yield from sentences(getattr(value, field.name), f"{path}.{field.name}")
    else:
        assert isinstance(value, Mapping)
        for key, inner in value.items():
            yield from sentences(inner, f"{path}[{key}]")


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_has_every_sentence(lang: str) -> None:
    language = LANGUAGES[lang]
    assert set(language.verdicts) == set(EXIT_CODES)
    assert set(language.troubles) == TROUBLES
    assert set(language.clocks) == {"", "behind", "ahead", "expired"}
    assert set(language.uses) == USES
    assert set(language.restarts) >= set(EXIT_CODES.values()) - {0}
    blank = {path for path, sentence in sentences(language) if not sentence.strip()} - MAY_BE_BLANK
    assert not blank


def test_a_language_that_there_is_not_is_english() -> None:
    assert wording("tlh") is LANGUAGES["en"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_tells_the_same_facts_as_in_english(lang: str) -> None:
    english, own = dict(sentences(LANGUAGES["en"])), dict(sentences(LANGUAGES[lang]))
    assert set(own) == set(english)
    different = {path for path in english if placeholders(english[path]) != placeholders(own[path])}
    assert {path for path in different if not path.endswith(".arises")} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_to_be_copied_is_the_same_in_every_language(lang: str) -> None:
    for path, english in sentences(LANGUAGES["en"]):
        own = dict(sentences(LANGUAGES[lang]))[path]
        assert own.partition("\n")[2] == english.partition("\n")[2], path


def test_no_english_sentence_is_left_in_chinese() -> None:
    for path, sentence in sentences(LANGUAGES["zh"]):
        # what is to be copied, and what the Hub's own pages say, stay as they are
        prose = re.sub(r"“[^”]*”|\"[^\"]*\"|`[^`]*`|\{[^}]*\}|https?://\S+", "", sentence.partition("\n")[0])
        assert CHINESE.search(prose) or NO_PROSE.search(path) or not re.search("[A-Za-z]{2}", prose), path
        assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", prose), path


def test_chinese_has_chinese_marks_and_blanks_beside_latin() -> None:
    for path, sentence in sentences(LANGUAGES["zh"]):
        prose = re.sub(r"`[^`]*`|\{\{.*?\}\}", "", sentence.partition("\n")[0])
        assert not re.search(r"[\u4e00-\u9fff][,;:?!()]|[,;?!()][\u4e00-\u9fff]", prose), path
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", prose), path
        # an address with a mark right behind it would be opened with the mark
        address = r"(\{(page|tree|owner|search|address)\}|\{endpoint\}/[\w/?=&-]+)"
        assert not re.search(address + "[，。、；：）]", prose), path


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("need", NEEDS, ids=lambda need: f"{need.source}-{need.use}")
def test_every_refusal_is_whole_for_everybody(lang: str, name: str, need: Need) -> None:
    w = LANGUAGES[lang]
    seen = zip(CONTEXTS, EVIDENCES, cycle(("", "manual", "auto")))
    for identity, (context, evidence, gated) in product((None, ALICE, NARROW), seen):
        verdict = Verdict(need, name, evidence, identity, Repo("0" * 40, gated))
        text = explain([verdict], context, lang)
        assert f"✗ {need.repo}   {name}" in text
        assert need.source in text
        steps = [line for line in text.splitlines() if re.match(r"    \d+\. ", line)]
        assert [int(line.split(".")[0]) for line in steps] == list(range(1, len(steps) + 1))
        assert len(steps) > 1
        assert (context.command in flat(text)) or context.waits
        assert (w.optional in text) is not need.required
        assert (packed(f"{EXIT_CODES[name]}{'：' if lang == 'zh' else ':'}") in packed(text.splitlines()[-1])) is (
            need.required and not context.waits
        )
        told = fields(verdict, context, lang)
        assert told["steps"] and told["means"] and told["asks"] and told["outcome"] and told["verdict"] == name
        assert len(told["copy"]) == len(told["steps"])
        lines = (
            headline(verdict, context, lang),
            waiting_line(verdict, context, lang, 20),
            granted_line([verdict], context, lang),
            fallback_taken(verdict, "org/open", context, lang),
        )
        for line in [*text.splitlines(), *lines, *told["steps"], told["without"], told["outcome"]]:
            assert not re.search(r"\{[a-z_]*\}", line), line
        for line in text.splitlines():
            assert "  " not in line.lstrip().replace("   ", ""), line
            assert columns(line) <= WIDTH or " " not in line.strip(), line
        if lang == "zh":
            assert all(CHINESE.search(line) for line in (*lines, told["means"], told["asks"], told["outcome"]))
