"""`doctor [--json] [-- CMD ...]`: examines, prints, and ends the process whatever still hangs in it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from entrypoint import log, settings, signals, streams
from entrypoint.doctor import report
from entrypoint.doctor.examination import Examination, Result
from entrypoint.doctor.findings import say
from entrypoint.doctor.languages import LANGUAGES
from entrypoint.doctor.shared import Given
from entrypoint.doctor.wording import Wording


def main(
    environ: Mapping[str, str],
    command: Sequence[str],
    *,
    as_json: bool,
    began: float | None = None,
    leave: Callable[[int], None] = os._exit,
) -> None:
    """Does not return: a thread that hangs in a dead mount would keep an ordinary exit waiting. `began` is the moment
    (of `time.monotonic`) from which the person waits."""
    streams.forgive()
    lang = settings.language(environ)
    w = LANGUAGES[lang]
    examination: Examination | None = None

    def end(code: int) -> None:
        if examination is not None:
            examination.clear()
        leave(code)

    signals.end_with(lambda number: end(128 + number))
    examination = Examination(Given(dict(environ), command, time.monotonic() if began is None else began), lang, w)
    result = examination.result()
    redact = log.redactor(result.secrets)
    if as_json:
        text = report.for_programs(result.findings, result.exit_code, result.seconds, redact)
    else:
        colour = log.wants_colour(sys.stdout, environ)
        text = report.for_people(result.findings, _last(result, w), w, redact, colour=colour)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    signals.kill_children()  # a PrivateGPT whose settings do not end loading
    end(result.exit_code)


def _last(result: Result, w: Wording) -> str:
    if not result.exit_code:
        return w.passes_offline if result.offline else w.passes
    return say(w.fails_waiting if result.waits else w.fails, exit_code=result.exit_code)
