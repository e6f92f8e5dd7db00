"""How a start ends by its verdicts: the exit code, whether a restart helps, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.failures import PROTOCOL, TEMP_FAIL, UNAVAILABLE
from entrypoint.remedies.facts import Context
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
    kept = w.nothing_downloaded if context.nothing_downloaded else w.something_kept
    return w.sentence_separator.join((kept, _how_it_ends(verdicts, code, context, w)))


def _how_it_ends(verdicts: Sequence[Verdict], code: int, context: Context, w: Wording) -> str:
    if context.waits:
        return w.waiting_for_hub if code in (UNAVAILABLE, TEMP_FAIL, PROTOCOL) else w.waiting_for_access
    told = {verdict.name for verdict in stopping(verdicts) if EXIT_CODES[verdict.name] == code}
    return ending(code, w, w.restart_after_review if told == {"review-pending"} else "")


def ending(code: int, w: Wording, restart: str = "") -> str:
    return w.exit_code.format(exit_code=code, restart=restart or w.restarts[code])
