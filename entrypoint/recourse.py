"""What can still be done after a refusal: an open model in its place, waiting, or going on without an optional one.

ENTRYPOINT_FALLBACKS and ENTRYPOINT_ON_REFUSAL=wait: only where the user asked for it, and said aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint import ending, remedies
from entrypoint.failures import Failure, Refused
from entrypoint.needs import fallbacks, held
from entrypoint.needs.deployment import Deployment
from entrypoint.values import PASSING, Need, Verdict
from entrypoint.waiting import Waiting

if TYPE_CHECKING:
    from entrypoint.needs.fallbacks import Taken
    from entrypoint.start import Start


class Recourse:
    """Of one start. `command` and `cwd` are the server's. `write`: receipts may be renewed."""

    def __init__(self, start: Start, command: Sequence[str], cwd: Path, *, write: bool = True) -> None:
        self._start = start
        self._command = command
        self._cwd = cwd
        self._write = write
        self._waiting = Waiting(start)
        self._asked_for: Deployment | None = None  # before any fallback was taken
        self._refusals: dict[Need, Verdict] = {}  # of those that a fallback stands in for
        self._noticed: set[str] = set()

    def after(self, trouble: Refused | Failure, wanted: Deployment) -> Deployment:
        """The deployment with which to go round again. Raises `trouble` where nothing helps, or what became of it."""
        if isinstance(trouble, Failure):
            return self._offline(trouble, wanted)
        changed = self._with_fallbacks(trouble, wanted)
        if changed is not wanted:
            self._asked_for = self._asked_for or wanted
            return changed
        refused = [verdict for verdict in trouble.verdicts if not verdict.granted]
        if any(verdict.need.required for verdict in refused):
            together = self.with_originals(trouble.verdicts, wanted)
            refusal = Refused(together, nothing_downloaded=trouble.nothing_downloaded)
            if self._start.settings.on_refusal == "exit":
                raise refusal from trouble
            self._waiting.until_granted(refusal, _refused_stand_ins(trouble.verdicts, wanted))
            return self._asked_for or wanted  # what was asked for may be had by now, and comes first
        ending.tell_verdicts(trouble.verdicts, self._start, self._start.context)
        self._start.given_up.update(verdict.need for verdict in refused)
        return wanted

    def without_waiting(self, trouble: Refused | Failure, wanted: Deployment) -> Deployment:
        """As `after`, but `wanted` itself where only waiting, or a person, could help. Raises a `Failure`."""
        return self._offline(trouble, wanted) if isinstance(trouble, Failure) else self._with_fallbacks(trouble, wanted)

    def _with_fallbacks(self, refusal: Refused, wanted: Deployment) -> Deployment:
        """`wanted` with the fallbacks of what was refused, or `wanted` itself."""
        start = self._start
        if not start.settings.fallbacks:
            return wanted
        refused = [verdict for verdict in refusal.verdicts if not verdict.granted]
        taken = fallbacks.take(wanted, start.settings, self._command, self._cwd, refused)
        if taken is None or not taken.replaced:
            self._tell_notices(taken)
            # nobody refused these: what an earlier start fetched in their place serves meanwhile
            taken = self._in_place(wanted, [verdict for verdict in refused if verdict.name in PASSING])
        return self._said(taken, wanted)

    def with_originals(self, verdicts: Sequence[Verdict], wanted: Deployment) -> tuple[Verdict, ...]:
        """The verdicts, with those of the models in whose place a stand-in is that is refused itself."""
        return (*(self._refusals[need] for need in _refused_stand_ins(verdicts, wanted)), *verdicts)

    def _offline(self, failure: Failure, wanted: Deployment) -> Deployment:
        if not (self._start.settings.fallbacks and failure.name == "offline-incomplete"):
            raise failure
        unmet = held.split(wanted.needs)[1]
        taken = self._in_place(wanted, [Verdict(need, "hub-unreachable") for need in unmet])
        if taken is None or not taken.replaced:
            raise failure
        return self._said(taken, wanted)

    def _in_place(self, wanted: Deployment, unmet: Sequence[Verdict]) -> Taken | None:
        start = self._start
        return fallbacks.in_place(
            wanted, start.settings, self._command, self._cwd, unmet, start.voice.proving, write=self._write
        )

    def _said(self, taken: Taken | None, wanted: Deployment) -> Deployment:
        self._tell_notices(taken)
        if taken is None or not taken.replaced:
            return wanted
        start = self._start
        for verdict, need in taken.replaced:
            self._refusals[verdict.need] = verdict
            tell = remedies.fallback_offline if start.settings.offline else remedies.fallback_taken
            text = tell(verdict, need.repo, start.context, start.settings.lang)
            if text not in self._noticed:
                self._noticed.add(text)
                start.voice.warn("fallback-taken", text, server_gets=taken.deployment.overrides)
        return taken.deployment

    def _tell_notices(self, taken: Taken | None) -> None:
        for notice in taken.notices if taken else ():
            if notice.text not in self._noticed:
                self._noticed.add(notice.text)
                self._start.voice.warn(notice.name, notice.text)


def _refused_stand_ins(verdicts: Sequence[Verdict], wanted: Deployment) -> dict[Need, Need]:
    """The needs that a fallback stands in for which is refused itself, each with that."""
    refused = {verdict.need for verdict in verdicts if not verdict.granted}
    return {need: taken for need, taken in wanted.replaced if taken in refused}
