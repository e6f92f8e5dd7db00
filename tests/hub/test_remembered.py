"""Answers that are kept for a while: how often is asked, by whom, and for how long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from entrypoint.hub.remembered import Remembered


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_time_and_then_asked_for_again() -> None:
    clock, asked = Clock(), list[str]()

    def ask(key: str) -> int:
        asked.append(key)
        return len(asked)

    remembered = Remembered(ask, 60, clock)
    assert (remembered("a"), remembered("a"), remembered("b")) == (1, 1, 2)
    clock.now += 59.9
    assert remembered("a") == 1
    clock.now += 0.1
    assert (remembered("a"), remembered("a")) == (3, 3)
    assert asked == ["a", "b", "a"]


def test_the_time_begins_with_the_answer_however_long_it_took() -> None:
    clock, asked = Clock(), list[str]()

    def slowly(key: str) -> None:
        asked.append(key)
        clock.now += 100

    remembered = Remembered[str, None](slowly, 60, clock)
    remembered("a")
    clock.now += 59
    remembered("a")
    assert asked == ["a"]


def test_nothing_is_an_answer_too() -> None:
    asked: list[str] = []
    remembered = Remembered[str, None](asked.append, 60, Clock())
    assert (remembered("a"), remembered("a")) == (None, None)
    assert asked == ["a"]


def test_a_failure_is_not_kept() -> None:
    answers = {"a": 0}
    remembered = Remembered[str, float](lambda key: 7 / answers[key], 60, Clock())
    with pytest.raises(ZeroDivisionError):
        remembered("a")
    answers["a"] = 1
    assert remembered("a") == 7


def test_many_who_ask_the_same_at_once_wait_for_one_answer() -> None:
    asked: list[str] = []
    all_there = threading.Event()

    def ask(key: str) -> str:
        asked.append(key)
        all_there.wait(0.2)
        return key

    remembered = Remembered(ask, 60)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(remembered, ["a"] * 8)) == {"a"}
    assert asked == ["a"]


def test_who_asks_something_else_does_not_wait() -> None:
    both = threading.Barrier(2, timeout=5)  # broken unless both are being asked at the same time
    remembered = Remembered[str, int](lambda _: both.wait(), 60)
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(remembered, ["a", "b"])) == {0, 1}
