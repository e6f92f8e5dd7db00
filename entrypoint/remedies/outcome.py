"""How a start ends by its verdicts: the exit code, whether a restart helps, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.failures import PROTOCOL, TEMP_FAIL, UNAVAILABLE
from entrypoint.remedies.facts import HUB, Context, Facts, gather
from entrypoint.remedies.phrases import say
from entrypoint.remedies.steps import steps
from entrypoint.remedies.wording import Wording
from entrypoint.values import EXIT_CODES, PRECEDENCE, Verdict


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0 if the start can go on, else the first in `PRECEDENCE`. A refused optional need does not count."""
    codes = {EXIT_CODES[verdict.name] for verdict in stopping(verdicts)}
    return next((code for code in PRECEDENCE if code in codes), 0)


def stopping(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.need.required and not verdict.granted]


def restart_helps(code: int) -> bool:
    return code in (UNAVAILABLE, TEMP_FAIL)


def closing(verdicts: Sequence[Verdict], context: Context, w: Wording) -> str:
    """What has become of the start: it goes on, ends with a code, or waits."""
    if all(verdict.granted for verdict in verdicts):
        return w.all_granted
    code = exit_code(verdicts)
    if not code:
        return w.starts_without
    if not context.nothing_downloaded:
        kept = w.something_kept
    elif any(verdict.granted for verdict in verdicts):
        kept = w.nothing_downloaded_yet
    else:
        kept = w.nothing_downloaded
    return w.sentence_separator.join((kept, _how_it_ends(verdicts, code, context, w)))


def _how_it_ends(verdicts: Sequence[Verdict], code: int, context: Context, w: Wording) -> str:
    told = [gather(verdict, context) for verdict in stopping(verdicts) if EXIT_CODES[verdict.name] == code]
    if context.waits:
        if all(facts.file_host for facts in told):
            return w.waiting_for_files
        return w.waiting_for_hub if code in (UNAVAILABLE, TEMP_FAIL, PROTOCOL) else w.waiting_for_access
    return ending(code, w, _restart(told, code, w))


def _restart(told: Sequence[Facts], code: int, w: Wording) -> str:
    """Whether a restart helps, in agreement with the steps; blank where the exit code alone says it."""
    if code == UNAVAILABLE and all(facts.file_host for facts in told):
        return w.restart_after_files
    if all(facts.verdict == "hub-error" for facts in told):
        return w.restart_after_fault
    if all(facts.verdict == "hub-unreachable" and (facts.proxy_fault or facts.endpoint != HUB) for facts in told):
        return w.restart_after_settings
    if restart_helps(code):
        return ""
    ways = [(facts, steps((facts,), w)) for facts in told]
    if not all(way[-1] == say(w.start_again, facts, w) for facts, way in ways):
        return w.restart_after_steps
    if all(facts.verdict == "review-pending" for facts in told):
        return w.restart_after_review
    by_authors = all(say(w.wait_for_authors, facts, w) in way for facts, way in ways)
    return w.restart_after_request if by_authors else w.restart_after_click


def ending(code: int, w: Wording, restart: str = "") -> str:
    return w.exit_code.format(exit_code=code, restart=restart or w.restarts[code])
