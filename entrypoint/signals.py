"""The manners of PID 1 until the handover: a signal ends everything at once, and no child stays behind.

PID 1 has no default dispositions: without a handler, SIGTERM would be ignored until `docker stop` kills. `exec` brings
the defaults back for the server.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def end_with(last_words: Callable[[int], None]) -> None:
    """On any of `ENDING`, children are killed and `last_words(number)` is called, which ends the process.

    A signal that was ignored when we were started (`nohup`) stays ignored.
    """

    def end(number: int, _frame: object) -> None:
        kill_children()
        last_words(number)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def name_of(number: int) -> str:
    return signal.Signals(number).name


def kill_children() -> None:
    """Each child is the leader of a session of its own, so that its own children go with it."""
    for children in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            for pid in map(int, children.read_text().split()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
