"""What is printed: aligned, in 100 columns, without a secret."""

from __future__ import annotations

import json

from entrypoint import log
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.report import for_people, for_programs
from entrypoint.remedies.columns import columns

TOKEN = "hf_" + "a" * 34
GOOD = Finding("dns", "ok", "huggingface.co is 1.1.1.1")
BAD = Finding("endpoint", "bad", "it " + "failed " * 40, {}, ("do this", "copy that:\n  KEY: value"), 69)


def printed(*findings: Finding, colour: bool = False) -> list[str]:
    return for_people(findings, "The end.", ENGLISH, log.redactor([TOKEN]), colour=colour).split("\n")


def test_marks_names_and_texts_stand_in_columns() -> None:
    lines = printed(GOOD, BAD)

    assert lines[0] == "✓ dns        huggingface.co is 1.1.1.1"
    assert lines[1].startswith("✗ endpoint   it failed failed")
    assert all(columns(line) <= 100 for line in lines)
    assert lines[-1] == "The end."


def test_steps_are_numbered_and_what_is_copied_keeps_its_lines() -> None:
    lines = printed(BAD)

    assert "             1. do this" in lines
    assert "             2. copy that:" in lines
    assert "                    KEY: value" in lines


def test_the_same_steps_are_told_once() -> None:
    lines = printed(
        BAD, Finding("model", "bad", "too", {}, BAD.steps, 69), Finding("model", "bad", "x", {}, ("y",), 69)
    )

    assert sum("do this" in line for line in lines) == 1
    assert any("as for endpoint above" in line for line in lines)
    assert any("1. y" in line for line in lines)


def test_colours_only_where_asked_for() -> None:
    assert "\x1b" not in "".join(printed(GOOD))
    assert printed(GOOD, colour=True)[0] == "\x1b[32m✓\x1b[0m dns   huggingface.co is 1.1.1.1"


def test_no_form_of_the_token_is_printed() -> None:
    leaky = Finding("dns", "bad", f"Bearer {TOKEN}", {"deep": [{TOKEN: TOKEN}]}, (f"use {TOKEN}",), 69)

    assert TOKEN not in "\n".join(printed(leaky))
    assert TOKEN not in for_programs([leaky], 69, 1.0, log.redactor([TOKEN]))


def test_hostile_text_is_harmless_however_it_came_into_a_finding() -> None:
    hostile = "\x1b[31mred\r\nexit 0\u202e" + "x" * 10**6
    finding = Finding("needs", "bad", hostile, {"raw": hostile}, (f"step\n  {hostile}",), 78)

    lines, record = printed(finding), for_programs([finding], 78, 1.0, log.redactor([]))
    for text in (*lines, record):
        assert not any(character in text for character in "\x1b\r\u202e")
    assert not any(line.startswith("exit 0") for line in lines)
    assert len("".join(lines)) < 5000
    assert len(record) < 8000


def test_programs_get_one_object() -> None:
    record = json.loads(for_programs([GOOD, BAD], 69, 1.23456, log.redactor([])))

    assert (record["exit_code"], record["seconds"]) == (69, 1.235)
    assert list(record["checks"][0]) == ["name", "status", "text", "facts", "steps"]
    assert record["checks"][1]["steps"] == ["do this", "copy that: KEY: value"]


def test_hostile_facts_are_harmless_and_short() -> None:
    told = say("{fact}", fact="\x1b[31mred\r\n\u202e{host}" + "x" * 10**6)

    assert told.startswith("red {host}xxx")
    assert len(told) <= 400
