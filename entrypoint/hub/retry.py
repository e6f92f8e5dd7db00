"""How often, and after which pause, a question is put to the Hub again. Only what is passing is asked twice.

tenacity does the work; the Hub's own word on how long to wait (`Retry-After`, `RateLimit`) comes first, up to a cap:
a five-minute window is waited for. Who is told to wait an hour is not asked again: it would be in vain.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from entrypoint.hub.evidence import Refusal

RETRY_AFTER_CAP_SECONDS = 330.0
BRIEF_SECONDS = 5.0


class wait_as_told(wait_base):  # noqa: N801 - tenacity's strategies are lower case
    """The pause that the Hub asked for (plus a little, so that its window has surely turned), else `otherwise`."""

    def __init__(self, otherwise: wait_base) -> None:
        self.otherwise = otherwise

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        told = error.evidence.retry_after if isinstance(error, Refusal) else 0.0
        return told + 1.0 if told > 0 else self.otherwise(retry_state)


class stop_before(stop_base):  # noqa: N801 - tenacity's strategies are lower case
    """Ends the asking when the next pause would last beyond `moment` (of `clock`, seconds)."""

    def __init__(self, moment: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.moment = moment
        self.clock = clock

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self.clock() + retry_state.upcoming_sleep > self.moment


def patiently(
    attempts: int,
    *,
    max_pause: float = 20.0,
    stop: stop_base | None = None,
    sleep: Callable[[float], None] = time.sleep,
    before_sleep: Callable[[RetryCallState], None] | None = None,
) -> Retrying:
    """A policy for one question: up to `attempts` tries, pauses growing to `max_pause` seconds with full jitter."""
    return Retrying(
        retry=_passing_within(RETRY_AFTER_CAP_SECONDS),
        wait=wait_as_told(wait_random_exponential(multiplier=1, max=max_pause)),
        stop=stop_after_attempt(attempts) | stop if stop else stop_after_attempt(attempts),
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )


def briefly(policy: Retrying) -> Retrying:
    """`policy` for a question that only makes a message better: asked twice at most, never after a long pause."""
    twice = stop_after_attempt(2)
    return policy.copy(
        retry=_passing_within(BRIEF_SECONDS),
        stop=lambda state: twice(state) or policy.stop(state),
    )


def _passing_within(seconds: float) -> retry_if_exception:
    return retry_if_exception(
        lambda error: isinstance(error, Refusal) and error.passing and error.evidence.retry_after <= seconds
    )
