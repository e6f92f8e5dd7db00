"""ENTRYPOINT_DEADLINE_SECONDS: the moment after which patience ends, whatever the start is doing then."""

from __future__ import annotations

import time

from entrypoint.failures import TEMP_FAIL, Failure
from entrypoint.sentence import Sentence, say


class Deadline:
    """`seconds` after `began` (of `time.monotonic`); 0 seconds for never. `moment` is None then."""

    def __init__(self, seconds: float, began: float) -> None:
        self.seconds = seconds
        self.moment = began + seconds if seconds else None

    @property
    def passed(self) -> bool:
        return self.moment is not None and time.monotonic() > self.moment

    def failure(self, what: Sentence, why: str = "") -> Failure:
        """`what` says during what it passed: "while the Hub was asked"; `why`, what kept it from ending earlier."""
        return Failure(
            "deadline-passed",
            TEMP_FAIL,
            say("The deadline of {seconds} s passed {what}.", seconds=f"{self.seconds:g}", what=what),
            why,
            ("start again: what has arrived whole is kept", "or raise ENTRYPOINT_DEADLINE_SECONDS"),
        )
