"""A refusal, told so that a person can act on it: who asks, whom the Hub sees, what to click, what to set.

    Verdict + Context -> facts (cleaned) -> remedy (which sentences) -> render (layout)

`wording` gives the sentences their names, one file a language fills them (`en`); `pages` makes two pages of docs/ from
the same.
"""

from __future__ import annotations

from entrypoint.remedies.facts import Context
from entrypoint.remedies.render import exit_code, explain, failure, fields, headline

__all__ = ["Context", "exit_code", "explain", "failure", "fields", "headline"]
