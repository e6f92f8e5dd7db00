"""A refusal, told so that a person can act on it: who asks, whom the Hub sees, what to click, what to set.

    Verdict + Context -> facts (cleaned) -> remedy (meaning, steps) -> render (console), record (JSON), lines (one line)

`wording` gives the sentences their names, one file a language fills them (`en`, `zh`); `pages` makes two pages of docs/
from the same.
"""

from __future__ import annotations

from entrypoint.remedies.facts import Context
from entrypoint.remedies.lines import fallback_offline, fallback_taken, granted_line, headline, waiting_line
from entrypoint.remedies.outcome import exit_code
from entrypoint.remedies.record import fields
from entrypoint.remedies.render import explain, failure

__all__ = [
    "Context",
    "exit_code",
    "explain",
    "failure",
    "fallback_offline",
    "fallback_taken",
    "fields",
    "granted_line",
    "headline",
    "waiting_line",
]
