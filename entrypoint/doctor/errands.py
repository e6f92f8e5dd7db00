"""Work in threads that nobody has to wait for: a hung mount or name server cannot be cancelled, only left behind.

An errand may need what another one brings. Where that one does not come, it is the other that is to blame, and the
report says so: hence each errand knows for which one it waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Unmet(Exception):  # noqa: N818 - nothing broke here, but there
    """What another errand was to bring is not there: it failed, or has not ended in time."""

    def __init__(self, errand: str) -> None:
        super().__init__(errand)
        self.errand = errand


class Errand(threading.Thread, Generic[T]):
    """`work` in a daemon thread, begun at once. An errand may wait for such alone as were made before it: where no
    thread can be had, each is run to its end as it is made. `trouble` is what it raised, None until then."""

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        super().__init__(name=name, daemon=True)
        self.trouble: Exception | None = None
        self._work = work
        self._waits_for: Errand[Any] | None = None
        self._ended = threading.Event()
        self._brought: list[T] = []
        try:
            self.start()
        except RuntimeError:  # a limit on memory or processes lets no thread be made: then one after another
            self.run()

    def run(self) -> None:
        try:
            self._brought.append(self._work())
        except Exception as error:  # told by whoever looks at this errand
            self.trouble = error
        finally:
            self._ended.set()

    def wait(self, until: float | None = None) -> T:
        """What it brings. Raises `Unmet` where it failed, or has not ended by `until` (of `time.monotonic`)."""
        me = threading.current_thread()
        if isinstance(me, Errand):
            me._waits_for = self
        try:
            ended = self._ended.wait(None if until is None else max(0.0, until - time.monotonic()))
        finally:
            if isinstance(me, Errand):
                me._waits_for = None
        if isinstance(self.trouble, Unmet):
            raise Unmet(self.trouble.errand)
        if not ended or self.trouble is not None:
            raise Unmet(self.to_blame().name)
        return self._brought[0]

    def give_time(self, until: float) -> None:
        """Returns when it has ended, or at `until` (of `time.monotonic`)."""
        self._ended.wait(max(0.0, until - time.monotonic()))

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def to_blame(self) -> Errand[Any]:
        """The errand that keeps this one: the last in the chain of those that wait, or itself."""
        seen: Errand[Any] = self
        while (behind := seen._waits_for) is not None:
            seen = behind
        return seen
