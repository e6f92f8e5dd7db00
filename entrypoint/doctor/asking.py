"""The Hub, asked about all needs as a start asks it, but briefly: a check has seconds, not minutes."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property

from entrypoint.doctor import models
from entrypoint.doctor.models import Answers
from entrypoint.failures import Failure
from entrypoint.needs import automap, fallback_list
from entrypoint.needs.fallbacks import ELIGIBLE
from entrypoint.settings import Settings, Token
from entrypoint.values import Identity, Need, Verdict

ATTEMPTS = 2
MAX_PAUSE_SECONDS = 0.5


def surround(environ: Mapping[str, str]) -> None:
    """Makes `environ` the process's own: the library, and TLS below it, read that. Never empty in between: other
    threads read it, too."""
    os.environ.update(environ)
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]


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

    def ask(self, needs: Sequence[Need]) -> Answers:
        """The verdicts, those for the repos that hold a model's code included; and those for stand-ins of refused
        ones."""
        from entrypoint import plan

        verdicts, code = automap.followed(self._access.ask(needs), self.hub, self._access)
        verdicts += self._access.ask(code)
        try:
            checked, choice = plan.check_all(verdicts), None
        except Failure as failure:
            checked, choice = tuple(verdicts), failure
        return Answers(checked, self._stand_ins(checked), choice)

    def _stand_ins(self, verdicts: Sequence[Verdict]) -> Mapping[Need, Verdict]:
        try:
            fallbacks = fallback_list.parse(self._settings.fallbacks)
        except Failure:
            return {}  # told with the needs
        wanted = {
            verdict.need: models.stand_in(verdict.need, found.repo, found.revision, found.patterns)
            for verdict in verdicts
            if verdict.name in ELIGIBLE and (found := fallbacks.get(fallback_list.key(verdict.need.repo)))
        }
        return dict(zip(wanted, self._access.ask(list(wanted.values())), strict=True))
