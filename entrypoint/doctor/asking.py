"""The Hub, asked about all needs as a start asks it, but briefly: a check has seconds, not minutes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from entrypoint.doctor.models import Answers
from entrypoint.failures import Failure
from entrypoint.needs import automap, fallbacks
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.fallbacks import Taken
from entrypoint.settings import Notice, Settings, Token
from entrypoint.values import Identity, Need, Verdict

ATTEMPTS = 2
MAX_PAUSE_SECONDS = 0.5


def surround(environ: Mapping[str, str]) -> None:
    """Makes `environ` the process's own: the library, and TLS below it, read that. Never empty in between: other
    threads read it, too."""
    os.environ.update(environ)
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a start knows beside the Hub: which of some needs do not lie in place, and the server's command and working
    directory."""

    unmet: Callable[[Sequence[Need]], Sequence[Need]]
    command: Sequence[str] = ()
    cwd: Path = Path()


class Asking:
    """One endpoint, with one token or none, until a moment of `time.monotonic`. To be made after `surround`."""

    def __init__(self, settings: Settings, token: Token | None, until: float) -> None:
        from entrypoint.hub.access import Access
        from entrypoint.hub.hub import Hub
        from entrypoint.hub.retry import patiently, stop_before

        class Once(Hub):
            """`whoami` has a strict rate limit: the check of the token and the verdicts share one answer."""

            def __init__(self) -> None:
                policy = patiently(ATTEMPTS, max_pause=MAX_PAUSE_SECONDS, stop=stop_before(until))
                super().__init__(settings.endpoint, token.value if token else None, policy, until)
                self._lock = threading.Lock()

            def whoami(self) -> Identity:
                with self._lock:
                    answer = self._answer
                if isinstance(answer, Identity):
                    return answer
                raise answer

            @cached_property
            def _answer(self) -> Identity | Exception:
                try:
                    return super().whoami()
                except Exception as error:
                    return error

        self.hub: Hub = Once()
        self._access = Access(self.hub, token_set=token is not None)
        self._settings = settings

    def ask(self, wanted: Deployment, whereabouts: Whereabouts) -> Answers:
        """What is said about all needs; then, of those that do not lie in place, what becomes of them: a start goes
        round with the code that models run, and with the fallbacks of what is refused, until nothing changes any
        more (`gate.ask` and `recourse`)."""
        said = dict(zip(wanted.needs, self._access.ask(wanted.needs), strict=True))
        stand_ins: dict[Need, Need] = {}
        told = {notice.text for notice in wanted.notices}
        notices: dict[str, Notice] = {}
        while True:
            decisive, choice = self._round(whereabouts.unmet(wanted.needs), said, whereabouts)
            refused = [verdict for verdict in decisive if not verdict.granted]
            taken = self._taken(wanted, refused, whereabouts) if choice is None and refused else None
            notices |= {notice.text: notice for notice in (taken.notices if taken else ()) if notice.text not in told}
            if taken is None or not taken.replaced:
                return Answers(tuple(said.values()), decisive, stand_ins, choice, tuple(notices.values()))
            stand_ins |= {verdict.need: need for verdict, need in taken.replaced}
            wanted = taken.deployment

    def _round(
        self, needs: Sequence[Need], said: dict[Need, Verdict], whereabouts: Whereabouts
    ) -> tuple[tuple[Verdict, ...], Failure | None]:
        """The verdicts, those on the repos that hold a model's code included; and what only the user can decide.
        `said` is what is known already, and learns what is new."""
        from entrypoint import plan

        verdicts, code = automap.followed(self._answers(needs, said), self.hub, self._access)
        verdicts += self._answers([need for need in whereabouts.unmet(code) if need not in needs], said)
        said.update({verdict.need: verdict for verdict in verdicts})
        try:
            checked = plan.check_all(verdicts)
        except Failure as choice:
            return tuple(verdicts), choice
        said.update({verdict.need: verdict for verdict in checked})
        return checked, None

    def _answers(self, needs: Sequence[Need], said: dict[Need, Verdict]) -> list[Verdict]:
        unknown = [need for need in needs if need not in said]
        said.update(zip(unknown, self._access.ask(unknown), strict=True))
        return [said[need] for need in needs]

    def _taken(self, wanted: Deployment, refused: Sequence[Verdict], whereabouts: Whereabouts) -> Taken | None:
        if not self._settings.fallbacks:
            return None
        return fallbacks.take(wanted, self._settings, whereabouts.command, whereabouts.cwd, refused)
