"""Signals as a person's shell has them, however the tests are run: a job in the background has some of them ignored,
and every process that a test starts would inherit that."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
