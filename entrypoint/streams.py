"""Standard streams that cannot end a start: what a closed terminal or a dead log reader does must not stop the server.

Python gives None for a stream that was closed before it began, and raises on a write to a pipe whose reader is gone,
even at its own end (exit code 120). The descriptors stay as they are: the server inherits them untouched.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, TextIO, cast


class Forgiving:
    """A text stream whose writes may fail silently: there is nobody left to be told."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def forgive() -> None:
    """Makes stdout and stderr forgiving. Descriptors that were closed are taken, so that no file of ours gets their
    number; they are closed again for the server."""
    while (handle := os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)) <= 2:
        pass
    os.close(handle)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, cast(TextIO, Forgiving(stream)))
