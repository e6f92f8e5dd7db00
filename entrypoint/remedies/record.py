"""A remedy as fields, for programs: all that a console is told, and the facts it was made from."""

from __future__ import annotations

from typing import Any

from entrypoint.remedies.facts import Context, gather
from entrypoint.remedies.languages import wording
from entrypoint.remedies.outcome import closing, restart_helps
from entrypoint.remedies.remedy import remedy
from entrypoint.text import clean
from entrypoint.values import EXIT_CODES, Verdict


def fields(verdict: Verdict, context: Context, lang: str = "en") -> dict[str, Any]:
    """The same keys for every verdict. Blanks mean unknown, or that there is none.

    Texts are one line each; `copy` holds, for each of `steps`, the lines to copy as they stand ("" for none).
    """
    facts = gather(verdict, context, lang)
    w = wording(lang)
    told = remedy((facts,), w)
    return {
        "verdict": facts.verdict,
        "repo": facts.repo,
        "revision": facts.revision,
        "required": facts.required,
        "asked_by": ": ".join(filter(None, (facts.asker, facts.source))),
        "asks": told.asks[0],
        "account": facts.account,
        "orgs": list(facts.orgs),
        "token_name": facts.token_name,
        "token_source": facts.token_source,
        "role": facts.role,
        "readable": None if facts.readable is None else list(facts.readable),
        "gated": facts.gated,
        "status": facts.status,
        "code": facts.code,
        "message": facts.message,
        "answer": told.answer,
        "trouble": facts.trouble,
        "host": facts.host,
        "proxy": facts.proxy,
        "proxy_variable": facts.proxy_variable,
        "proxy_fault": facts.proxy_fault,
        "issuer": facts.issuer,
        "valid": facts.valid,
        "now": facts.now,
        "retry_after": facts.pause,
        "detail": told.detail,
        "means": told.means,
        "steps": [clean(step, 0) for step in told.steps],
        "copy": [step.partition("\n")[2] for step in told.steps],
        "without": w.sentence_separator.join(way for _, ways in told.without for way in ways),
        "docs": facts.link,
        "waits": facts.waits,
        "exit_code": EXIT_CODES[facts.verdict],
        "restart_helps": restart_helps(EXIT_CODES[facts.verdict]),
        "outcome": closing([verdict], context, w),
    }
