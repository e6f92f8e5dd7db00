"""How far the transfer is: a bar on a terminal, else one line every few seconds for the log; and the numbers for both.

Rate and time left come from the last `WINDOW_SECONDS`, so that they follow the link and do not jump.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from entrypoint.text import human_bytes, human_duration

WINDOW_SECONDS = 15.0
LINE_SECONDS = 5.0
BAR_SECONDS = 0.2
BAR_WIDTH = 30
TEXT_WIDTH = 64  # "100 % (999 MB of 999 MB, 999 MB/s, 59 min 59 s left)", and some air
# Sooner, a rate is a guess: the first small file would promise days.
SETTLING_SECONDS = 2.0
# Beyond, it is no forecast: the large files have not begun.
MOST_SECONDS_LEFT = 4 * 86400.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`left` is seconds, or None while it cannot be told; `rate` is bytes per second."""

    done: int
    total: int
    rate: float
    left: float | None

    @property
    def percent(self) -> int:
        """Rounded down, and 100 only when everything has arrived."""
        return 100 if self.done >= self.total else 100 * self.done // self.total

    def __str__(self) -> str:
        text = f"{self.percent} % ({human_bytes(self.done)} of {human_bytes(self.total)}"
        if self.rate:
            text += f", {human_bytes(self.rate)}/s"
        if self.left:
            text += f", {human_duration(self.left)} left"
        return text + ")"


class Meter:
    """Adds up bytes and tells rate and time left."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.done = 0
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def add(self, count: int) -> None:
        """`count` is negative when bytes of a failed attempt are taken back; that is no speed."""
        self.done += count
        if count < 0:
            self._seen.clear()
        self._seen.append((self._clock(), self.done))

    def now(self) -> Snapshot:
        moment = self._clock()
        while len(self._seen) > 1 and self._seen[0][0] < moment - WINDOW_SECONDS:
            self._seen.popleft()
        then, done = self._seen[0]
        settled = moment - then >= SETTLING_SECONDS
        rate = max(0.0, (self.done - done) / (moment - then)) if settled else 0.0
        left = max(0, self.total - self.done) / rate if rate >= 1 else None  # less is no flow
        if left is not None and left > MOST_SECONDS_LEFT:
            left = None
        return Snapshot(max(0, self.done), self.total, rate, left)


class Display:
    """Shows snapshots: redraws a bar on a terminal, else hands a line to `log` every `LINE_SECONDS`."""

    def __init__(
        self,
        log: Callable[[Snapshot], None],
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._stream = stream or sys.stderr
        self._bar = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._clock = clock
        self._last = clock()
        self._full, self._blank = _signs(self._stream)

    def show(self, snapshot: Snapshot) -> None:
        interval = BAR_SECONDS if self._bar else LINE_SECONDS
        if self._clock() - self._last < interval:
            return
        self._last = self._clock()
        if self._bar:
            self._draw(snapshot)
        else:
            self._log(snapshot)

    def clear(self) -> None:
        """Takes the bar away, so that a log line can be written."""
        if self._bar:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _draw(self, snapshot: Snapshot) -> None:
        columns = shutil.get_terminal_size().columns - 1  # some terminals begin a new line after the last column
        width = max(8, min(BAR_WIDTH, columns - TEXT_WIDTH))
        filled = width * snapshot.percent // 100
        text = f"[{self._full * filled}{self._blank * (width - filled)}] {snapshot}"
        self._stream.write(f"\r{text[:columns]}\x1b[K")
        self._stream.flush()


def _signs(stream: TextIO) -> tuple[str, str]:
    """What the bar is made of: what the terminal's encoding has."""
    try:
        "█·".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#", "."
    return "█", "·"
