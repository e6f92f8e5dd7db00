"""ENTRYPOINT_ON_REFUSAL=wait: the container stays, asks again, and goes on by itself once access is granted.

Only what can be healed while this container runs is waited for: a click on the Hub (terms, a review, a token's
permissions, a sign-in page), the Hub's own recovery, or a token that is put into a file. The rest ends the start as it
does without waiting: a bad name stays bad, and a variable never changes in a running container.

The Hub is asked at growing, jittered intervals, never before the moment that it named itself, about the refused models
only; `whoami` has a limit of its own, kept by `Access`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from entrypoint import ending, remedies
from entrypoint.failures import Failure, Refused
from entrypoint.needs import held
from entrypoint.remedies.facts import proxy_status
from entrypoint.sentence import say
from entrypoint.settings import Token
from entrypoint.values import BAD_TOKEN, FOR_GOOD, PASSING, Need, Verdict

if TYPE_CHECKING:
    from entrypoint.start import Start

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
LONGEST_TOLD_SECONDS = 900.0  # three windows of the Hub's rate limits; who asks for days gets a question a while
GROWTH = 1.5
JITTER = 0.2  # of the pause, to both sides
TOKEN_LOOK_SECONDS = 2.0
TICK_SECONDS = 0.5
STATE_SECONDS = 2.0


def is_vain(verdict: Verdict, token: Token | None) -> bool:
    """Whether waiting cannot help. A bad token in a variable stays; one in a file may be replaced."""
    if verdict.name in BAD_TOKEN:
        return token is not None and not token.in_file
    if verdict.name == "proxy-refused" and proxy_status(verdict.evidence) == 407:
        return True  # its password stands in a variable
    # the host's clock may be set right while this container runs
    return verdict.name in FOR_GOOD and verdict.evidence.trouble != "clock"


def pause_after(attempt: int, told: float, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before the Hub is asked again. `attempt` counts from 0; `told` is what the Hub asked for, or 0."""
    growing = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * GROWTH ** min(attempt, 50))
    waited_as_told = min(told + 1.0, LONGEST_TOLD_SECONDS) if told else 0.0
    return max(growing * jitter(1 - JITTER, 1 + JITTER), waited_as_told)


def _unsettled(verdicts: Sequence[Verdict], stand_ins: Mapping[Need, Need]) -> list[Verdict]:
    """The refusals of needed models that count: neither they nor those in whose place they are, or that are in theirs,
    may be read."""
    granted = {verdict.need for verdict in verdicts if verdict.granted}
    settled = granted | {need for need, instead in stand_ins.items() if instead in granted}
    for instead in stand_ins.values():
        if all(need in settled for need, other in stand_ins.items() if other == instead):
            settled.add(instead)
    return [verdict for verdict in verdicts if verdict.need.required and verdict.need not in settled]


class Waiting:
    """The waiting of one start. Its pauses go on growing over several refusals, until another token is there."""

    def __init__(
        self, start: Start, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._sleep = sleep
        self._clock = clock
        self._attempt = 0
        self._told: tuple[tuple[str, str], ...] = ()
        self._bad_token_file = ""

    def until_granted(self, refusal: Refused, stand_ins: Mapping[Need, Need]) -> None:
        """Returns when every needed model, or what stands in for it, may be read; also when there is another token, or
        another container has fetched them: then all is asked anew.

        `stand_ins`: the needs in place of some of those refused. Raises `Refused` where waiting is in vain, and
        `Failure` 75 at the deadline.
        """
        start, verdicts = self._start, refusal.verdicts
        while True:
            open_ = _unsettled(verdicts, stand_ins)
            if not open_:
                break
            vain = {verdict.need for verdict in open_ if is_vain(verdict, start.settings.token)}
            if any(stand_ins.get(need, need) in vain for need in vain - set(stand_ins.values())):
                raise Refused(verdicts, nothing_downloaded=refusal.nothing_downloaded)
            self._tell(verdicts, nothing_downloaded=refusal.nothing_downloaded)
            hopeful = [verdict for verdict in open_ if verdict.need not in vain]
            pause = pause_after(self._attempt, max(verdict.evidence.retry_after for verdict in hopeful))
            self._attempt += 1
            if self._pause(pause, verdicts, hopeful[0]):
                return
            answers = {verdict.need: verdict for verdict in start.access_once.ask([v.need for v in hopeful])}
            told = {verdict.need: verdict.name for verdict in verdicts}
            verdicts = tuple(answers.get(verdict.need, verdict) for verdict in verdicts)
            if start.settings.fallbacks and any(
                verdict.name not in (told[verdict.need], "granted") and verdict.name not in PASSING
                for verdict in verdicts
            ):
                return  # a fallback may be taken for what it is now
        start.voice.info(remedies.granted_line(verdicts, start.context, start.settings.lang))

    def _tell(self, verdicts: Sequence[Verdict], *, nothing_downloaded: bool) -> None:
        """The whole text where something else is to be done than before; a passing trouble is one line."""
        told = tuple((verdict.need.repo, verdict.name) for verdict in verdicts)
        if told == self._told:
            return
        start = self._start
        context = replace(start.context, waits=True, nothing_downloaded=nothing_downloaded)
        passing = [verdict for verdict in verdicts if verdict.name in PASSING]
        if self._told and passing:
            for verdict in passing:
                start.voice.info(remedies.headline(verdict, context, start.settings.lang))
        else:
            ending.tell_verdicts(verdicts, start, context)
        self._told = told

    def _pause(self, seconds: float, verdicts: Sequence[Verdict], first: Verdict) -> bool:
        """Sleeps, and keeps the state file going. Returns early, with True, when there is another token, or when all
        that was refused has come into the cache by another container."""
        start = self._start
        context = replace(start.context, waits=True)
        lang = start.settings.lang

        def line(left: float) -> str:
            return remedies.waiting_line(first, context, lang, max(1, round(left)))

        told = [remedies.fields(verdict, context, lang) for verdict in verdicts]
        start.state.enter("refused", line(seconds), waits=True, verdicts=told)
        start.voice.info(line(seconds))
        looked = self._clock()
        end = looked + seconds
        while (left := end - self._clock()) > 0:
            if start.deadline.passed:
                during = say(
                    "while access to {repo} was waited for ({verdict})", repo=first.need.repo, verdict=first.name
                )
                raise start.deadline.failure(during)
            self._sleep(min(left, TICK_SECONDS))
            start.state.update(line(left), every_seconds=STATE_SECONDS)
            if self._clock() - looked >= TOKEN_LOOK_SECONDS:
                looked = self._clock()
                needed = [verdict.need for verdict in verdicts if not verdict.granted and verdict.need.required]
                if self._found_other_token() or not held.split(needed)[1]:
                    return True
        return False

    def _found_other_token(self) -> bool:
        """Takes over a token that was put into a file since. One that cannot be a token is told once, and not taken."""
        start = self._start
        try:
            token = start.token_now()
        except Failure as failure:
            if failure.what != self._bad_token_file:
                self._bad_token_file = failure.what
                start.voice.warn(failure.name, failure.what)
            return False
        self._bad_token_file = ""
        if token is None or (start.settings.token is not None and token.value == start.settings.token.value):
            return False
        start.take(token)
        start.voice.info(f"another token was found, in {token.source}: asking with it")
        self._attempt = 0
        self._told = ()
        return True
