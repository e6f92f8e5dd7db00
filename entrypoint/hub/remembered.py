"""Answers that are kept for a while, so that many threads, and one that comes back again and again, ask only once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """`ask`, with each answer kept for `seconds` of `clock`. Who asks the same meanwhile waits for the one answer.

    What `ask` raises is not kept.
    """

    def __init__(self, ask: Callable[[K], V], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[K, tuple[float, V]] = {}
        self._asking: dict[K, Lock] = {}
        self._lock = Lock()

    def __call__(self, key: K) -> V:
        with self._lock:
            asking = self._asking.setdefault(key, Lock())
        with asking:
            kept = self._answers.get(key)
            if kept is None or self._clock() >= kept[0]:
                answer = self._ask(key)
                kept = self._answers[key] = (self._clock() + self._seconds, answer)
            return kept[1]
