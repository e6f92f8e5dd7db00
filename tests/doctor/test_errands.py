"""Work that hangs is left behind, and the one who hangs is named."""

from __future__ import annotations

import threading
import time

import pytest

from entrypoint.doctor.errands import Errand, Unmet


def test_what_an_errand_brings_is_given_to_all_who_wait() -> None:
    errand = Errand("needs", lambda: 7)

    assert (errand.wait(), errand.wait()) == (7, 7)


def test_who_waits_for_what_hangs_is_not_to_blame() -> None:
    never = threading.Event()
    hangs = Errand("dns", never.wait)
    waits = Errand("endpoint", hangs.wait)
    waits_too = Errand("model", waits.wait)
    while waits_too.to_blame() is not hangs:
        time.sleep(0.001)

    with pytest.raises(Unmet) as unmet:
        waits_too.wait(time.monotonic())

    assert unmet.value.errand == "dns"
    assert not waits_too.ended
    never.set()


def test_a_failure_is_blamed_on_the_first_in_the_chain() -> None:
    def fail() -> int:
        raise ValueError("no")

    fails = Errand("needs", fail)
    waits = Errand("model", fails.wait)

    with pytest.raises(Unmet) as unmet:
        waits.wait()

    assert unmet.value.errand == "needs"
    assert isinstance(fails.trouble, ValueError)


def test_where_no_thread_can_be_had_errands_are_run_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    first = Errand("needs", lambda: 7)
    second = Errand("model", lambda: first.wait() + 1)
    second.give_time(time.monotonic())

    assert (second.ended, second.wait()) == (True, 8)


def test_a_wait_that_was_given_up_blames_nobody_later() -> None:
    never = threading.Event()
    hangs = Errand("needs", never.wait)
    gave_up, let_go = threading.Event(), threading.Event()

    def impatient() -> None:
        with pytest.raises(Unmet):
            hangs.wait(time.monotonic())
        gave_up.set()
        let_go.wait()

    errand = Errand("cache", impatient)
    gave_up.wait()

    assert errand.to_blame() is errand
    let_go.set()
    never.set()
