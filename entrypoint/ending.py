"""How a start that did not reach the handover is told: to the person, to the log, to the state file; and its exit code.

The person's text goes out as plain lines even where the log is JSON only by default: who looks at `docker logs` for the
first time must be able to read it. With `ENTRYPOINT_LOG=json`, everything is JSON.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from entrypoint import log, remedies, settings
from entrypoint.failures import SOFTWARE, Failure, Refused
from entrypoint.remedies import Context
from entrypoint.remedies.messages import translated
from entrypoint.sentence import say
from entrypoint.start import Start
from entrypoint.text import clean
from entrypoint.values import Verdict
from entrypoint.voice import STAGE


def tell(error: Exception, start: Start | None) -> int:
    """Tells what ended the start. Returns the exit code."""
    if isinstance(error, Failure):
        return failed(error, start)
    if isinstance(error, Refused) and start is not None:
        return refused(error.verdicts, start, nothing_downloaded=error.nothing_downloaded)
    return defect(error, start)


def refused(verdicts: Sequence[Verdict], start: Start, *, nothing_downloaded: bool) -> int:
    """Tells all verdicts together. Returns the exit code."""
    context = replace(start.context, nothing_downloaded=nothing_downloaded)
    tell_verdicts(verdicts, start, context)
    code = remedies.exit_code(verdicts)
    first = next(v for v in verdicts if not v.granted and v.need.required)
    line = remedies.headline(first, context, start.settings.lang)
    start.state.enter(
        "refused",
        line,
        exit_code=code,
        verdicts=[remedies.fields(verdict, context, start.settings.lang) for verdict in verdicts],
    )
    return code


def tell_verdicts(verdicts: Sequence[Verdict], start: Start, context: Context) -> None:
    """To the log, and to the person: what was refused, why, and what to do."""
    if _json_only(start):
        for verdict in verdicts:
            told = remedies.fields(verdict, context, start.settings.lang)
            if verdict.granted:
                start.voice.log.info("granted", **told)
            else:
                start.voice.log.error(remedies.headline(verdict, context, start.settings.lang), **told)
        return
    colour = log.wants_colour(sys.stderr, os.environ)
    _say(remedies.explain(verdicts, context, start.settings.lang, colour=colour), start)


def failed(failure: Failure, start: Start | None) -> int:
    """Tells a failure. Returns its exit code. `start` is None when the settings themselves were at fault."""
    if start is not None:
        start.voice.failed(failure)
    lang = start.settings.lang if start is not None else settings.language(os.environ)
    if _json_only(start):
        told: dict[str, Any] = {
            "failure": failure.name,
            "why": translated(failure.why, lang),
            "steps": [translated(step, lang) for step in failure.todo],
            "exit_code": failure.exit_code,
        }
        log.plain("json", _secrets(start), translated(failure.what, lang), level="error", stage=STAGE, **told)
    else:
        _say(remedies.failure(failure, lang, colour=log.wants_colour(sys.stderr, os.environ)), start)
    return failure.exit_code


def defect(error: Exception, start: Start | None) -> int:
    """A mistake of this program: a report file for its makers, one line for the user, code 70."""
    text = log.lines_of(_secrets(start))("".join(traceback.format_exception(error)))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="model-entrypoint-defect-", suffix=".txt", delete=False, encoding="utf-8"
        ) as report:
            report.write(text)
        where = say("The details are in {file}; please send them with your report.", file=report.name)
    except OSError:
        where = say("The details: {details}", details=clean(text.replace("\n", " | "), 1500))
    kind = clean(_redact(f"{type(error).__name__}: {error}", start), 200)
    return failed(
        Failure(
            "defect",
            SOFTWARE,
            say("This is a mistake in model-entrypoint itself: {kind}.", kind=kind),
            where,
            ("start again; if it comes back, report it at the project's issue tracker",),
        ),
        start,
    )


def _say(text: str, start: Start | None) -> None:
    sys.stderr.write(_redact(text, start) + "\n")
    sys.stderr.flush()


def _redact(text: str, start: Start | None) -> str:
    return log.redactor(_secrets(start))(text)


def _secrets(start: Start | None) -> list[str]:
    """Where the settings were at fault, the environment still tells what must not be shown."""
    return start.voice.secrets if start is not None else settings.secrets(os.environ)


def _json_only(start: Start | None) -> bool:
    chosen = (start.settings.environ if start is not None else os.environ).get("ENTRYPOINT_LOG", "")
    return chosen.strip().lower() == "json"
