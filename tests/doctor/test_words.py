"""Every sentence is there in every language, with the same facts in it."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import fields

import pytest

from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.languages import LANGUAGES
from entrypoint.doctor.wording import Wording
from entrypoint.settings.variables import VARIABLES

OTHERS = [language for language in LANGUAGES if language != "en"]


def sentences(w: Wording) -> Iterator[tuple[str, str]]:
    for field in fields(w):
        value = getattr(w, field.name)
        if isinstance(value, Mapping):
            yield from ((f"{field.name}.{key}", text) for key, text in value.items())
        else:
            yield field.name, value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_a_report_in_every_language_that_can_be_asked_for() -> None:
    assert set(LANGUAGES) == set(VARIABLES["ENTRYPOINT_LANG"].choices or ("en", "zh"))


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_same_sentences_with_the_same_facts(language: str) -> None:
    english, other = dict(sentences(ENGLISH)), dict(sentences(LANGUAGES[language]))

    assert english.keys() == other.keys()
    for name, text in english.items():
        assert placeholders(other[name]) == placeholders(text), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_blank(language: str) -> None:
    assert not [name for name, text in sentences(LANGUAGES[language]) if not text.strip()]


def test_chinese_sentences_are_chinese() -> None:
    proper = {"needs_ok", "token_ok", "colon", "quoted"}  # names and marks alone
    foreign = [
        name
        for name, text in sentences(LANGUAGES["zh"])
        if name not in proper and not any("\u3000" <= character <= "\u9fff" or character == "，" for character in text)
    ]

    assert not foreign


def test_chinese_has_no_ascii_punctuation_between_its_characters() -> None:
    for name, text in sentences(LANGUAGES["zh"]):
        for before, mark, after in zip(text, text[1:], text[2:], strict=False):
            if mark in ",;:?!" and "\u4e00" <= before <= "\u9fff":
                pytest.fail(f"{name}: {before}{mark}{after}")
