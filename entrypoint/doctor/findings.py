"""What a check found: one line of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from entrypoint.remedies.messages import translated
from entrypoint.text import shown

Status = Literal["ok", "warning", "bad", "skipped"]
TEXT_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` is the check's stable name; `text` and `steps` are for people, `facts` for programs. No secret is in them.

    A bad one has the exit code with which a `run` would end for it. `about_hub`: it only matters while something has to
    come from the Hub; where all is in place, it is no more than a warning.
    """

    name: str
    status: Status
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    exit_code: int = 0
    about_hub: bool = False


def told_in(lang: str, finding: Finding) -> Finding:
    """With the words of failures and warnings, which are English where they are raised, in `lang`."""
    steps = tuple(translated(step, lang) for step in finding.steps)
    return replace(finding, text=translated(finding.text, lang), steps=steps)


def say(template: str, **facts: object) -> str:
    """The sentence with its facts, which may come from outside: each is cleaned, and free of secrets by their form."""
    return template.format_map({name: shown(str(fact), TEXT_LIMIT) for name, fact in facts.items()})
