"""How often a question is put again, and after which pause. The pauses are collected, not made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tenacity import Retrying, stop_after_delay

from entrypoint.hub import retry
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.retry import RETRY_AFTER_CAP_SECONDS, briefly, patiently, stop_before
from entrypoint.values import Evidence

BUSY = Evidence(status=503, from_hub=True)


class Question:
    """Refused with these answers, one after the other, and then answered."""

    def __init__(self, *refusals: Evidence) -> None:
        self.refusals = list(refusals)
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if self.refusals:
            raise Refusal(self.refusals.pop(0))
        return "answer"


@pytest.fixture
def pauses() -> list[float]:
    return []


Policy = Callable[[int], Retrying]


@pytest.fixture
def policy(pauses: list[float]) -> Policy:
    return lambda attempts: patiently(attempts, sleep=pauses.append)


def test_a_passing_fault_is_asked_again_until_there_is_an_answer(policy: Policy, pauses: list[float]) -> None:
    question = Question(BUSY, Evidence(trouble="reset"), Evidence(status=429))
    assert policy(5)(question) == "answer"
    assert question.times == 4
    assert len(pauses) == 3


def test_after_the_last_attempt_the_last_refusal_is_raised_as_it_came(policy: Policy, pauses: list[float]) -> None:
    question = Question(BUSY, BUSY, Evidence(status=502, message="the last"))
    with pytest.raises(Refusal) as refusal:
        policy(3)(question)
    assert refusal.value.evidence.message == "the last"
    assert (question.times, len(pauses)) == (3, 2)


@pytest.mark.parametrize(
    "permanent",
    [
        Evidence(status=401),
        Evidence(status=403),
        Evidence(status=404),
        Evidence(status=200),
        Evidence(trouble="tls"),
        Evidence(trouble="proxy"),
        Evidence(status=403, retry_after=5),
    ],
    ids=str,
)
def test_a_permanent_refusal_is_never_asked_twice(policy: Policy, pauses: list[float], permanent: Evidence) -> None:
    question = Question(permanent)
    with pytest.raises(Refusal):
        policy(5)(question)
    assert (question.times, pauses) == (1, [])


def test_a_mistake_in_the_question_is_no_fault_of_the_hub(policy: Policy, pauses: list[float]) -> None:
    def question() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        policy(5)(question)
    assert pauses == []


def test_the_hubs_own_word_on_the_pause_comes_first(policy: Policy, pauses: list[float]) -> None:
    policy(5)(Question(Evidence(status=429, retry_after=55), Evidence(status=503, retry_after=2)))
    assert pauses == [56, 3]  # a second more, so that its window has surely turned


@pytest.mark.parametrize("status", [429, 503])
def test_a_window_of_five_minutes_is_waited_for_and_an_hour_is_not(
    policy: Policy, pauses: list[float], status: int
) -> None:
    question = Question(Evidence(status=status, retry_after=300), Evidence(status=status, retry_after=3600), BUSY)
    with pytest.raises(Refusal) as refusal:
        policy(5)(question)
    assert (question.times, pauses) == (2, [301])
    assert refusal.value.evidence.retry_after == 3600, "the person hears of the hour"


def test_the_longest_window_that_is_waited_for(policy: Policy, pauses: list[float]) -> None:
    policy(5)(Question(Evidence(status=429, retry_after=RETRY_AFTER_CAP_SECONDS)))
    assert pauses == [RETRY_AFTER_CAP_SECONDS + 1]


def test_pauses_are_jittered_and_grow_up_to_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        ranges.append((low, high))
        return high

    monkeypatch.setattr("tenacity.wait.random.uniform", uniform)
    pauses: list[float] = []
    patiently(7, max_pause=8, sleep=pauses.append)(Question(*[BUSY] * 6))
    assert pauses == [1, 2, 4, 8, 8, 8]
    assert {low for low, _ in ranges} == {0}


def test_a_stop_that_is_given_ends_it_earlier(pauses: list[float]) -> None:
    question = Question(*[BUSY] * 9)
    with pytest.raises(Refusal):
        patiently(9, stop=stop_after_delay(0), sleep=pauses.append)(question)
    assert question.times == 1


def test_each_pause_can_be_told_before_it_is_made(pauses: list[float]) -> None:
    told: list[float] = []
    patiently(
        3,
        sleep=pauses.append,
        before_sleep=lambda state: told.append(state.next_action.sleep if state.next_action else -1),
    )(Question(BUSY, BUSY))
    assert told == pauses
    assert len(told) == 2


def test_briefly_asks_twice_at_most(policy: Policy, pauses: list[float]) -> None:
    question = Question(*[BUSY] * 5)
    with pytest.raises(Refusal):
        briefly(policy(5))(question)
    assert (question.times, len(pauses)) == (2, 1)


def test_briefly_never_outlasts_the_policy_it_was_made_from(policy: Policy) -> None:
    question = Question(*[BUSY] * 5)
    with pytest.raises(Refusal):
        briefly(policy(1))(question)
    assert question.times == 1


@pytest.mark.parametrize(("told", "times"), [(retry.BRIEF_SECONDS, 2), (retry.BRIEF_SECONDS + 1, 1)])
def test_briefly_waits_for_no_long_window(policy: Policy, told: float, times: int) -> None:
    question = Question(Evidence(status=429, retry_after=told), Evidence(status=403))
    with pytest.raises(Refusal):
        briefly(policy(5))(question)
    assert question.times == times


def test_a_permanent_refusal_ends_a_brief_question_too(policy: Policy) -> None:
    question = Question(Evidence(status=401), BUSY)
    with pytest.raises(Refusal):
        briefly(policy(5))(question)
    assert question.times == 1


def test_no_pause_lasts_beyond_the_deadline(pauses: list[float]) -> None:
    question = Question(Evidence(status=429, retry_after=10), Evidence(status=429, retry_after=60))
    policy = patiently(5, stop=stop_before(100.0, clock=lambda: 60.0 + sum(pauses)), sleep=pauses.append)
    with pytest.raises(Refusal) as refusal:
        policy(question)
    assert refusal.value.evidence.retry_after == 60
    assert pauses == [11.0]
