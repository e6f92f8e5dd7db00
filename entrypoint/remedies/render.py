"""Layout: remedies as text for a console, as one line, and as fields for programs. No sentence is here.

Lines fit 100 columns and need no colour. What is to be copied (addresses, lines for a file) is never broken.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from entrypoint.failures import TEMP_FAIL, UNAVAILABLE, Failure
from entrypoint.remedies.facts import Context, Facts, gather
from entrypoint.remedies.languages import wording
from entrypoint.remedies.remedy import Remedy, next_step, remedies, remedy
from entrypoint.remedies.wording import Wording
from entrypoint.text import clean, shown
from entrypoint.values import EXIT_CODES, PRECEDENCE, Verdict

WIDTH = 100
HEADLINE_LIMIT = 160
STEP_LIMIT = 100  # of a headline: what remains is the name of the verdict and the repo
FAILURE_LIMIT = 600
# What a person looks for on a page, or copies, stays on one line. Text from outside has no such blank: see `clean`.
_UNBROKEN = re.compile(r'"[^"]{0,70}"|`[^`]{1,70}`')
_NO_BREAK = "\xa0"
_RED, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0 if the start can go on, else the first in `PRECEDENCE`. A refused optional need does not count."""
    codes = {EXIT_CODES[verdict.name] for verdict in _stopping(verdicts)}
    return next((code for code in PRECEDENCE if code in codes), 0)


def _stopping(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.need.required and not verdict.granted]


def explain(verdicts: Sequence[Verdict], context: Context, lang: str = "en", *, colour: bool = False) -> str:
    """All needs at once: a line for each granted one, a block for each cause of refusal, and how it ends."""
    w = wording(lang)
    granted = [gather(verdict, context) for verdict in verdicts if verdict.granted]
    refused = [gather(verdict, context) for verdict in verdicts if not verdict.granted]
    blocks = ["\n".join(_title(facts, w, colour) for facts in granted)] if granted else []
    blocks += ["\n".join(_block(told, w, colour)) for told in remedies(refused, w)]
    blocks.append(_closing(verdicts, context, w))
    return "\n\n".join(blocks)


def headline(verdict: Verdict, context: Context, lang: str = "en") -> str:
    """At most 160 characters for state file, healthcheck and `docker inspect`: verdict, repo, the next step."""
    facts = gather(verdict, context)
    step = clean(next_step(facts, wording(lang)), STEP_LIMIT)
    room = HEADLINE_LIMIT - len(facts.verdict) - len(step) - 4
    return f"{facts.verdict}: {clean(facts.repo, room)}: {step}"


def fields(verdict: Verdict, context: Context, lang: str = "en") -> dict[str, Any]:
    """The facts of `explain` for JSON. Steps and `without` are plain sentences, one line each."""
    facts = gather(verdict, context)
    told = remedy((facts,), wording(lang))
    return {
        "verdict": facts.verdict,
        "repo": facts.repo,
        "revision": facts.revision,
        "required": facts.required,
        "asked_by": ": ".join(filter(None, (facts.asker, facts.source))),
        "account": facts.account,
        "token_name": facts.token_name,
        "token_source": facts.token_source,
        "role": facts.role,
        "gated": facts.gated,
        "status": facts.status,
        "code": facts.code,
        "message": facts.message,
        "detail": told.detail,
        "means": told.means,
        "steps": [clean(step, 0) for step in told.steps],
        "without": " ".join(how for _, how in told.without),
        "exit_code": EXIT_CODES[facts.verdict],
        "restart_helps": restart_helps(EXIT_CODES[facts.verdict]),
    }


def failure(failed: Failure, lang: str = "en", *, colour: bool = False) -> str:
    """Any other failure, in the look of a refusal: name, what, why, steps, exit code."""
    w = wording(lang)
    lines = [_mark("✗", _RED, colour) + " " + _bold(shown(failed.name, FAILURE_LIMIT), colour)]
    for sentence in (failed.what, failed.why):
        lines += _wrap(shown(sentence, FAILURE_LIMIT), "  ")
    if failed.todo:
        lines.append(f"  {w.go_on}")
        lines += _numbered(["\n".join(shown(part, FAILURE_LIMIT) for part in step.split("\n")) for step in failed.todo])
    lines.append(_last_line(failed.exit_code, w))
    return "\n".join(lines)


def restart_helps(code: int) -> bool:
    return code in (UNAVAILABLE, TEMP_FAIL)


def _block(told: Remedy, w: Wording, colour: bool) -> Iterator[str]:
    for facts, asks in zip(told.needs, told.asks, strict=True):
        yield _title(facts, w, colour)
        yield from _wrap(asks, "  ")
    for sentence in (told.means, told.detail, told.answer):
        yield from _wrap(sentence, "  ")
    yield f"  {told.heading}"
    yield from _numbered(told.steps)
    for names, how in told.without:
        template = w.without_named if len(told.needs) > 1 else w.without
        yield from _wrap(template.format(names=names, how=how), "  ")


def _title(facts: Facts, w: Wording, colour: bool) -> str:
    granted = facts.verdict == "granted"
    mark = _mark("✓", _GREEN, colour) if granted else _mark("✗", _RED, colour)
    optional = "" if facts.required else f"   ({w.optional})"
    return f"{mark} {_bold(facts.repo, colour)}   {facts.verdict}{'' if granted else optional}"


def _mark(mark: str, tint: str, colour: bool) -> str:
    return f"{tint}{mark}{_PLAIN}" if colour else mark


def _bold(text: str, colour: bool) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if colour else text


def _numbered(steps: Sequence[str]) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        sentence, *verbatim = step.split("\n")
        lead = f"    {number}. "
        yield from _wrap(sentence, lead)
        yield from (" " * (len(lead) + 2) + line for line in verbatim)


def _wrap(text: str, lead: str) -> list[str]:
    lines = textwrap.wrap(
        _UNBROKEN.sub(lambda quoted: quoted[0].replace(" ", _NO_BREAK), text),
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _closing(verdicts: Sequence[Verdict], context: Context, w: Wording) -> str:
    if all(verdict.granted for verdict in verdicts):
        return w.all_granted
    code = exit_code(verdicts)
    if not code:
        return w.starts_without
    told = [verdict.name for verdict in _stopping(verdicts) if EXIT_CODES[verdict.name] == code]
    waiting = all(name == "review-pending" for name in told)
    kept = w.nothing_downloaded if context.nothing_downloaded else w.something_kept
    return f"{kept} {_last_line(code, w, w.restart_after_review if waiting else '')}"


def _last_line(code: int, w: Wording, restart: str = "") -> str:
    return w.exit_code.format(exit_code=code, restart=restart or w.restarts[code])
