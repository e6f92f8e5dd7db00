"""Layout: remedies as text for a console. No sentence is here, and lines need no colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from entrypoint.failures import Failure
from entrypoint.remedies.columns import wrap
from entrypoint.remedies.facts import Context, Facts, gather
from entrypoint.remedies.languages import wording
from entrypoint.remedies.messages import translated
from entrypoint.remedies.outcome import closing, ending
from entrypoint.remedies.remedy import Remedy, remedies
from entrypoint.remedies.wording import Wording
from entrypoint.text import shown
from entrypoint.values import Verdict

FAILURE_LIMIT = 600
STEP_LINES = 6
_RED, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def explain(verdicts: Sequence[Verdict], context: Context, lang: str = "en", *, colour: bool = False) -> str:
    """All needs at once: a line for each granted one, a block for each cause of refusal, and how it ends."""
    w = wording(lang)
    granted = [gather(verdict, context) for verdict in verdicts if verdict.granted]
    refused = [gather(verdict, context, lang) for verdict in verdicts if not verdict.granted]
    blocks = ["\n".join(_title(facts, w, colour) for facts in granted)] if granted else []
    blocks += ["\n".join(_block(told, w, colour)) for told in remedies(refused, w)]
    blocks.append("\n".join(wrap(closing(verdicts, context, w), "")))
    return "\n\n".join(blocks)


def failure(failed: Failure, lang: str = "en", *, colour: bool = False) -> str:
    """Any other failure, in the look of a refusal: name, what, why, steps, exit code."""
    w = wording(lang)
    lines = [_mark("✗", _RED, colour) + " " + _bold(shown(failed.name, FAILURE_LIMIT), colour)]
    for sentence in (failed.what, failed.why):
        lines += wrap(shown(translated(sentence, lang), FAILURE_LIMIT), "  ")
    if failed.todo:
        lines.append(f"  {w.go_on}")
        steps = [translated(step, lang).split("\n")[:STEP_LINES] for step in failed.todo]
        lines += _numbered(["\n".join(shown(part, FAILURE_LIMIT) for part in step) for step in steps])
    lines.append(ending(failed.exit_code, w))
    return "\n".join(lines)


def _block(told: Remedy, w: Wording, colour: bool) -> Iterator[str]:
    for facts, asks in zip(told.needs, told.asks, strict=True):
        yield _title(facts, w, colour)
        yield from wrap(asks, "  ")
    for sentence in (told.means, told.detail, told.answer):
        yield from wrap(sentence, "  ")
    yield f"  {told.heading}"
    yield from _numbered(told.steps)
    for names, ways in told.without:
        if len(ways) > 1:
            yield f"  {w.without_in_ways}"
            for way in ways:
                yield from wrap(way, "    ")
        else:
            template = w.without_named if len(told.needs) > 1 else w.without
            yield from wrap(template.format(names=names, how=ways[0]), "  ")
    yield f"  {told.link}"


def _title(facts: Facts, w: Wording, colour: bool) -> str:
    granted = facts.verdict == "granted"
    mark = _mark("✓", _GREEN, colour) if granted else _mark("✗", _RED, colour)
    optional = "" if facts.required else f"   {w.optional}"
    return f"{mark} {_bold(facts.repo, colour)}   {facts.verdict}{'' if granted else optional}"


def _mark(mark: str, tint: str, colour: bool) -> str:
    return f"{tint}{mark}{_PLAIN}" if colour else mark


def _bold(text: str, colour: bool) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if colour else text


def _numbered(steps: Sequence[str]) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        sentence, *verbatim = step.split("\n")
        lead = f"    {number}. "
        yield from wrap(sentence, lead)
        yield from (" " * (len(lead) + 2) + line for line in verbatim)
