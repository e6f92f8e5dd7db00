"""The numbers and the two ways in which they are shown: a bar for people who watch, lines for a log."""

from __future__ import annotations

import contextlib
import os
import pty
from io import StringIO, TextIOWrapper
from typing import TextIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrypoint.transfer.progress import LINE_SECONDS, WINDOW_SECONDS, Display, Meter, Snapshot


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fed(clock: Clock, *steps: tuple[float, int], total: int = 1000) -> Snapshot:
    meter = Meter(total, clock)
    for seconds, count in steps:
        clock.now += seconds
        meter.add(count)
    return meter.now()


def test_rate_and_time_left_follow_what_came(clock: Clock) -> None:
    snapshot = fed(clock, *[(1.0, 50)] * 10)

    assert (snapshot.done, snapshot.rate, snapshot.left) == (500, 50.0, 10.0)
    assert str(snapshot) == "50 % (500 B of 1.0 kB, 50 B/s, 10 s left)"


def test_they_follow_the_link_when_it_changes(clock: Clock) -> None:
    snapshot = fed(clock, *[(1.0, 100)] * 5, *[(1.0, 10)] * int(WINDOW_SECONDS + 2))

    assert snapshot.rate == pytest.approx(10, rel=0.1)


def test_a_link_that_fell_silent_has_no_speed_and_no_time_left(clock: Clock) -> None:
    meter = Meter(1000, clock)
    meter.add(100)
    clock.now += 60

    assert meter.now().left is None or meter.now().rate < 2


def test_less_than_a_byte_a_second_promises_no_end(clock: Clock) -> None:
    assert fed(clock, (WINDOW_SECONDS - 1, 2)).left is None


def test_bytes_that_are_taken_back_are_no_speed_in_either_direction(clock: Clock) -> None:
    snapshot = fed(clock, (5.0, 500), (5.0, -500), (5.0, 100))

    assert snapshot.done == 100
    assert snapshot.rate == pytest.approx(20)


def test_the_first_moment_promises_nothing(clock: Clock) -> None:
    assert str(fed(clock, (0.1, 10))) == "1 % (10 B of 1.0 kB)"


@given(st.integers(0, 10**18), st.integers(1, 10**18))
@example(10**17 - 1, 10**17)
def test_a_hundred_percent_means_that_everything_has_arrived(done: int, total: int) -> None:
    assert (Snapshot(done, total, 0.0, None).percent == 100) == (done >= total)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(-(10**6), 10**6)), max_size=20))
def test_whatever_comes_no_number_is_impossible(steps: list[tuple[float, int]]) -> None:
    snapshot = fed(Clock(), *steps)

    assert snapshot.done >= 0
    assert snapshot.rate >= 0
    assert snapshot.left is None or snapshot.left >= 0
    assert 0 <= snapshot.percent <= 100


def test_a_log_gets_a_line_every_few_seconds_and_no_escape_codes(clock: Clock) -> None:
    lines: list[Snapshot] = []
    stream = StringIO()
    display = Display(lines.append, stream, clock)

    for done in range(60):
        clock.now += 0.25
        display.show(Snapshot(done, 60, 0.0, None))
    display.clear()

    assert len(lines) == int(60 * 0.25 / LINE_SECONDS)
    assert stream.getvalue() == ""


def on_terminal(encoding: str, clock: Clock, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of so many columns receives of a bar at 50 %, and of its removal."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    stream: TextIO = TextIOWrapper(os.fdopen(theirs, "wb"), encoding, errors="backslashreplace")
    try:
        display = Display(lambda _snapshot: pytest.fail("a line for a log"), stream, clock)
        clock.now += 1
        display.show(Snapshot(500, 1000, 50.0, 10.0))
        display.show(Snapshot(501, 1000, 50.0, 10.0))
        display.clear()
        stream.close()
        return _all_of(ours).decode(encoding)
    finally:
        os.close(ours)


def _all_of(handle: int) -> bytes:
    """What came before the other end was closed, which a terminal answers with an error."""
    received = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(handle, 10_000):
            received += chunk
    return received


def test_a_terminal_gets_a_bar_that_is_drawn_over_and_taken_away(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = on_terminal("utf-8", clock, 120, monkeypatch)

    bar = "█" * 15 + "·" * 15
    assert seen == f"\r[{bar}] 50 % (500 B of 1.0 kB, 50 B/s, 10 s left)\x1b[K\r\x1b[K"


def test_a_terminal_without_the_signs_gets_others(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = on_terminal("latin-1", clock, 120, monkeypatch)

    assert f"[{'#' * 15}{'.' * 15}] 50 %" in seen


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_the_bar_never_breaks_into_a_second_line(clock: Clock, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = on_terminal("utf-8", clock, columns, monkeypatch)

    assert len(seen.split("\r")[1].removesuffix("\x1b[K")) < columns


def test_two_bytes_of_a_first_small_file_are_no_forecast_of_years(clock: Clock) -> None:
    snapshot = fed(clock, (3.0, 2), total=14_000_000_000)

    assert snapshot.left is None
    assert "left" not in str(snapshot)


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    lines: list[Snapshot] = []

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    display = Display(lines.append, terminal, clock)
    clock.now += LINE_SECONDS
    display.show(fed(clock, (1.0, 50)))

    assert (len(lines), terminal.getvalue()) == (1, "")
