"""`doctor [--json] [-- CMD ...]`: examines, prints, and ends the process whatever still hangs in it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from entrypoint import log, settings, signals, streams
from entrypoint.doctor import report
from entrypoint.doctor.errands import Errand
from entrypoint.doctor.examination import Examination, Result, defect
from entrypoint.doctor.findings import say
from entrypoint.doctor.languages import LANGUAGES
from entrypoint.doctor.shared import SECONDS, Given
from entrypoint.doctor.trials import Trial
from entrypoint.doctor.wording import Wording

CLEARING_SECONDS = 0.5
GRACE_SECONDS = 0.7


class Stuck(BaseException):
    """Not even the wait for the checks has ended: where memory is short, the start of a thread may never return, and
    without threads a check that hangs keeps all. No `Exception`, for no check may take it for its own trouble."""


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
    trials: list[Trial] = []

    def end(code: int) -> None:
        """A trial whose thread hangs, or is interrupted, is ended as far as that can be done in a moment."""
        moment = time.monotonic() + CLEARING_SECONDS
        for clearing in [Errand("cache", trial.end) for trial in trials if not trial.gone]:
            clearing.give_time(moment)
        leave(code)

    signals.end_with(lambda number: end(128 + number))
    given = Given(dict(environ), command, time.monotonic() if began is None else began)
    try:
        with _alarm(given.began + SECONDS + GRACE_SECONDS):
            result = Examination(given, lang, w, trials.append).result()
    except (Exception, Stuck) as error:
        finding = defect("doctor", error, w)
        seconds = time.monotonic() - given.began
        result = Result((finding,), finding.exit_code, seconds, secrets=tuple(settings.secrets(environ)))
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


@contextlib.contextmanager
def _alarm(moment: float) -> Iterator[None]:
    """`Stuck` is raised in the main thread at a moment of `time.monotonic`."""

    def ring(_number: int, _frame: object) -> None:
        raise Stuck

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, moment - time.monotonic()))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _last(result: Result, w: Wording) -> str:
    if not result.exit_code:
        return w.passes_offline if result.offline else w.passes
    return say(w.fails_waiting if result.waits else w.fails, exit_code=result.exit_code)
