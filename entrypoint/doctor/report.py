"""The findings, laid out: lines for people, one object for programs. Secrets are taken out last, of all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.remedies.columns import columns, wrap
from entrypoint.text import clean

TEXT_LIMIT = 1500
Redact = Callable[[str], str]
_MARKS = {"ok": ("✓", "32"), "warning": ("!", "33"), "bad": ("✗", "31"), "skipped": ("-", "2")}


def for_people(findings: Sequence[Finding], last: str, w: Wording, redact: Redact, *, colour: bool) -> str:
    width = max((columns(finding.name) for finding in findings), default=0)
    lines: list[str] = []
    told: dict[tuple[str, ...], str] = {}
    for finding in findings:
        lines += _lines(finding, width, told, w, redact, colour)
    return "\n".join([*lines, "", redact(last)])


def for_programs(findings: Sequence[Finding], exit_code: int, seconds: float, redact: Redact) -> str:
    checks = [
        {
            "name": finding.name,
            "status": finding.status,
            "text": finding.text,
            "facts": finding.facts,
            "steps": finding.steps,
        }
        for finding in findings
    ]
    record = {"checks": _harmless_all(checks, redact), "exit_code": exit_code, "seconds": round(seconds, 3)}
    return json.dumps(record, ensure_ascii=False, indent=1)


def _lines(
    finding: Finding, width: int, told: dict[tuple[str, ...], str], w: Wording, redact: Redact, colour: bool
) -> Iterator[str]:
    mark, tint = _MARKS[finding.status]
    lead = f"{mark} {finding.name}{' ' * (width - columns(finding.name))}   "
    first, *others = wrap(_harmless(finding.text, redact), lead) or [lead.rstrip()]
    yield f"\x1b[{tint}m{mark}\x1b[0m{first.removeprefix(mark)}" if colour else first
    yield from others
    if not finding.steps:
        return
    margin = " " * columns(lead)
    if finding.steps in told:
        yield from wrap(say(w.same_steps, name=told[finding.steps]), margin)
        return
    told[finding.steps] = finding.name
    for number, step in enumerate(finding.steps, start=1):
        sentence, *verbatim = (_harmless(line, redact, indented=True) for line in step.split("\n"))
        yield from wrap(sentence, f"{margin}{number}. ")
        yield from (f"{margin}     {line}" for line in verbatim)


def _harmless(text: str, redact: Redact, *, indented: bool = False) -> str:
    """One line without secrets and controls. Redacted on both sides of the cleaning: what it removes may have split a
    secret. `indented`: blanks at its beginning are part of what is to be copied."""
    margin = text[: len(text) - len(text.lstrip(" "))] if indented else ""
    return margin + clean(redact(clean(redact(text), 0)), TEXT_LIMIT)


def _harmless_all(value: Any, redact: Redact) -> Any:
    if isinstance(value, str):
        return _harmless(value, redact)
    if isinstance(value, Mapping):
        return {_harmless(str(key), redact): _harmless_all(inner, redact) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless_all(inner, redact) for inner in value]
    return value
