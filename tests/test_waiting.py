"""Waiting for a person: how long between two questions, what is waited for, and what ends it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.cache import layout, receipts
from entrypoint.deadline import Deadline
from entrypoint.failures import CONFIG, Failure, Refused
from entrypoint.remedies import Context
from entrypoint.settings import TOKEN_NAMES, Token
from entrypoint.start import Start
from entrypoint.values import EXIT_CODES, Evidence, Item, Need, Place, RepoFile, Verdict
from entrypoint.waiting import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    LONGEST_TOLD_SECONDS,
    TICK_SECONDS,
    Waiting,
    is_vain,
    pause_after,
)

PLACE = Place("hub-cache", Path("/models"))
NEED = Need("org/gated", PLACE, "ENTRYPOINT_MODELS")
OTHER = Need("org/other", PLACE, "ENTRYPOINT_MODELS")
IN_FILE = Token("hf_" + "a" * 20, "HF_TOKEN_FILE (/run/secrets/hf_token)", in_file=True)
IN_VARIABLE = Token("hf_" + "a" * 20, "HF_TOKEN")
TERMS = Evidence("https://hub.test/x", 403, "GatedRepo", "not in the authorized list", from_hub=True)


def refused(name: str = "terms-not-accepted", need: Need = NEED, **evidence: Any) -> Verdict:
    return Verdict(need, name, replace(TERMS, **evidence))


def in_cache(need: Need) -> None:
    """As another container leaves it: the file, and the receipt that answers for it."""
    file = RepoFile("config.json", 2, "0" * 40)
    path = layout.path_of(need, "c" * 40, file)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    receipts.write(Item(need, "c" * 40, (file,), ()))


def granted(need: Need = NEED) -> Verdict:
    return Verdict(need, "granted")


@dataclass
class World:
    """A start that is asked again and again, on a clock of its own. `answers` are the Hub's, one list a question."""

    answers: Sequence[Sequence[Verdict]] = ()
    token: Token | None = IN_FILE
    fallbacks: str = ""
    deadline: float = 0
    asked: list[tuple[float, list[str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    now: float = 0.0
    at: dict[float, Callable[[], None]] = field(default_factory=dict)
    found: Callable[[], Token | None] = lambda: IN_FILE

    def __post_init__(self) -> None:
        self._left = iter(self.answers)
        world = self

        class Passing(Deadline):
            @property
            def passed(self) -> bool:
                return bool(world.deadline) and world.now > world.deadline

        deadline = Passing(self.deadline, 0)
        self.start = SimpleNamespace(
            settings=SimpleNamespace(token=self.token, lang="en", environ={}, fallbacks=self.fallbacks),
            context=Context("https://hub.test", self.token.source if self.token else ""),
            deadline=deadline,
            access_once=SimpleNamespace(ask=self._ask),
            voice=SimpleNamespace(
                info=lambda text, **_: self.said.append(text),
                warn=lambda name, text: self.warned.append(name),
                secrets=[],
                log=None,
            ),
            state=SimpleNamespace(
                enter=lambda phase, text, **_: self.states.append(f"{phase} {text}"),
                update=lambda text, **_: None,
            ),
            token_now=lambda: self.found(),
            take=self._take,
        )
        self.waiting = Waiting(cast(Start, self.start), self._sleep, lambda: self.now)

    def _ask(self, needs: Sequence[Need]) -> tuple[Verdict, ...]:
        self.asked.append((self.now, [need.repo for need in needs]))
        return tuple(next(self._left))

    def _sleep(self, seconds: float) -> None:
        assert 0 < seconds <= TICK_SECONDS
        self.now += seconds
        for moment in [moment for moment in self.at if moment <= self.now]:
            self.at.pop(moment)()

    def _take(self, token: Token) -> None:
        self.start.settings.token = token

    def wait(self, *verdicts: Verdict, stand_ins: dict[Need, Need] | None = None) -> None:
        self.waiting.until_granted(Refused(verdicts), stand_ins or {})


def test_it_goes_on_as_soon_as_access_is_granted(capsys: pytest.CaptureFixture[str]) -> None:
    world = World([[refused()], [refused()], [granted()]])
    world.wait(refused())
    assert len(world.asked) == 3
    assert "org/gated" in world.said[-1]
    assert "granted" in world.said[-1]
    assert capsys.readouterr().err.count("✗ org/gated   terms-not-accepted") == 1, "the same text is told once"


def test_a_cause_that_comes_back_after_the_hub_has_granted_access_is_not_told_in_full_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocked = refused("hub-unreachable", url="https://files.test/x", status=0, trouble="connect", code="")
    world = World([[granted()], [granted()]])
    for _ in range(2):  # the Hub grants what the host of the files then does not give
        world.wait(blocked)
    assert capsys.readouterr().err.count("✗ org/gated   hub-unreachable") == 1
    assert sum("asking again in" in line for line in world.said) == 2


def test_only_refused_models_are_asked_about_again() -> None:
    world = World([[granted(OTHER)]])
    world.wait(granted(NEED), refused(need=OTHER))
    assert [names for _, names in world.asked] == [["org/other"]]


def test_an_optional_model_is_not_waited_for() -> None:
    world = World([[granted()]])
    world.wait(refused(), refused(need=replace(OTHER, required=False)))
    assert [names for _, names in world.asked] == [["org/gated"]]


def test_another_cause_is_told_anew(capsys: pytest.CaptureFixture[str]) -> None:
    world = World([[refused("review-pending")], [granted()]])
    world.wait(refused())
    told = capsys.readouterr().err
    assert told.index("terms-not-accepted") < told.index("review-pending")


def test_either_the_model_or_its_stand_in_ends_the_wait() -> None:
    pair = {NEED: OTHER}
    by_stand_in = World([[refused(), refused(need=OTHER)], [refused(), granted(OTHER)]])
    by_stand_in.wait(refused(), refused(need=OTHER), stand_ins=pair)
    assert [sorted(names) for _, names in by_stand_in.asked] == [["org/gated", "org/other"]] * 2

    by_model = World([[granted(), refused(need=OTHER)]])
    by_model.wait(refused(), refused(need=OTHER), stand_ins=pair)
    assert len(by_model.asked) == 1


def test_a_stand_in_for_two_models_is_done_without_when_both_are_granted() -> None:
    third = replace(NEED, repo="org/third")
    world = World([[granted(), granted(third), refused(need=OTHER)]])
    world.wait(refused(), refused(need=third), refused(need=OTHER), stand_ins={NEED: OTHER, third: OTHER})
    assert len(world.asked) == 1


@pytest.mark.parametrize("vain", [NEED, OTHER])
def test_where_one_of_the_two_is_hopeless_the_other_is_waited_for(vain: Need) -> None:
    hopeful = OTHER if vain is NEED else NEED
    world = World([[granted(hopeful)]])
    world.wait(refused("repo-not-found", vain), refused(need=hopeful), stand_ins={NEED: OTHER})
    assert [names for _, names in world.asked] == [[hopeful.repo]]


def test_where_both_are_hopeless_the_start_ends() -> None:
    with pytest.raises(Refused):
        World().wait(refused("repo-disabled"), refused("repo-not-found", OTHER), stand_ins={NEED: OTHER})


def test_what_another_container_brings_meanwhile_ends_the_wait(tmp_path: Path) -> None:
    need = replace(NEED, place=Place("hub-cache", tmp_path))
    world = World()
    world.at[3.0] = lambda: in_cache(need)
    world.wait(refused(need=need, retry_after=600.0))
    assert world.asked == []
    assert 3 < world.now < 6


def test_where_there_are_fallbacks_another_cause_is_looked_at_anew() -> None:
    world = World([[refused("hub-error", status=503)], [refused()]], fallbacks="org/gated=org/open")
    world.wait(refused("hub-unreachable", status=0, trouble="connect"))
    assert len(world.asked) == 2, "a passing trouble is no refusal; for one, the fallback may be taken"


def test_a_proxys_password_is_not_waited_for_and_its_permission_is() -> None:
    assert is_vain(refused("proxy-refused", status=0, trouble="proxy", message="407 Proxy Authentication"), IN_FILE)
    assert is_vain(refused("proxy-refused", status=407, trouble="proxy"), IN_FILE)
    assert not is_vain(refused("proxy-refused", status=0, trouble="proxy", message="403 Forbidden"), IN_FILE)


def test_what_becomes_final_ends_the_wait() -> None:
    world = World([[refused("review-rejected")]])
    with pytest.raises(Refused) as ended:
        world.wait(refused("review-pending"))
    assert [verdict.name for verdict in ended.value.verdicts] == ["review-rejected"]


def test_a_hub_that_is_down_for_a_while_does_not_end_the_wait(capsys: pytest.CaptureFixture[str]) -> None:
    outage = refused("hub-unreachable", status=0, trouble="connect", code="")
    world = World([[outage], [refused("hub-error", status=503, code="")], [refused()], [granted()]])
    world.wait(refused())
    assert len(world.asked) == 4
    assert "hub-unreachable" not in capsys.readouterr().err, "a passing trouble is one line, not a page"
    assert any("hub-unreachable" in line for line in world.said)


def test_the_state_says_the_cause_and_when_the_hub_is_asked_again() -> None:
    world = World([[granted()]])
    world.wait(refused())
    assert world.states[0].startswith("refused terms-not-accepted: org/gated: ")
    assert (
        "asking again in 5 s" in world.states[0] or "asking again in 4 s" in world.states[0] or "6 s" in world.states[0]
    )
    assert len(world.states[0]) < 250


def test_pauses_grow_and_go_on_growing_when_a_grant_did_not_last() -> None:
    world = World([[refused()]] * 3 + [[granted()]] + [[refused()], [granted()]])
    world.wait(refused())
    world.wait(refused())
    moments = [0.0, *(moment for moment, _ in world.asked)]
    pauses = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert pauses[-1] > 4 * pauses[0]


def test_another_token_in_a_file_ends_the_pause_at_once() -> None:
    new = Token("hf_" + "b" * 20, IN_FILE.source, in_file=True)
    world = World([], found=lambda: new if world.now > 60 else IN_FILE)
    world.wait(refused(retry_after=300.0))
    assert world.asked == [], "all is asked anew, by the whole line"
    assert world.start.settings.token == new
    assert 60 < world.now < 65


def test_a_token_that_appears_where_there_was_none_is_taken() -> None:
    world = World([], token=None, found=lambda: IN_FILE if world.now > 3 else None)
    world.wait(refused("token-missing", status=401))
    assert world.start.settings.token == IN_FILE


def test_a_token_file_that_is_gone_or_half_written_is_told_once_and_waited_for() -> None:
    def found() -> Token | None:
        if world.now < 20:
            raise Failure("token-malformed", CONFIG, "it holds half a token")
        return None

    world = World([[refused()], [refused()], [refused()], [granted()]], found=found)
    world.wait(refused())
    assert world.warned == ["token-malformed"]
    assert world.start.settings.token == IN_FILE


def test_the_deadline_ends_the_wait_and_names_what_was_waited_for() -> None:
    world = World([[refused()]] * 50, deadline=100)
    with pytest.raises(Failure, match="deadline-passed") as ended:
        world.wait(refused())
    assert ended.value.exit_code == 75
    assert "org/gated" in ended.value.what
    assert 100 < world.now < 102


@pytest.mark.parametrize("name", [name for name in EXIT_CODES if EXIT_CODES[name] == 78] + ["repo-disabled"])
def test_what_no_click_can_heal_is_not_waited_for(name: str) -> None:
    world = World()
    with pytest.raises(Refused):
        world.wait(refused(name), refused(need=OTHER))
    assert (world.asked, world.now) == ([], 0.0)


@pytest.mark.parametrize("name", ["terms-not-accepted", "review-pending", "access-reset", "token-lacks-gated-scope"])
@pytest.mark.parametrize("token", [IN_FILE, IN_VARIABLE])
def test_what_a_click_heals_is_waited_for(name: str, token: Token) -> None:
    assert not is_vain(refused(name), token)


def test_a_clock_may_be_set_right_and_an_authority_that_is_not_trusted_stays_so() -> None:
    assert not is_vain(refused("tls-untrusted", status=0, trouble="clock"), IN_FILE)
    assert is_vain(refused("tls-untrusted", status=0, trouble="tls"), IN_FILE)


@pytest.mark.parametrize("name", ["token-invalid", "token-expired"])
def test_a_bad_token_is_waited_out_only_where_another_can_come(name: str) -> None:
    assert not is_vain(refused(name), IN_FILE)
    for place in (*TOKEN_NAMES, "huggingface.access_token in PrivateGPT's settings"):
        assert is_vain(refused(name), Token("hf_" + "a" * 20, place))


@given(st.integers(0, 10**9), st.floats(0, 10**6), st.floats(0, 1))
def test_the_hub_is_asked_neither_too_early_nor_needlessly_late(attempt: int, told: float, chance: float) -> None:
    pause = pause_after(attempt, told, lambda low, high: low + chance * (high - low))
    assert pause >= min(told, LONGEST_TOLD_SECONDS)
    assert 0.8 * FIRST_PAUSE_SECONDS <= pause <= max(1.2 * LONGEST_PAUSE_SECONDS, min(told + 1, LONGEST_TOLD_SECONDS))


def test_pauses_differ_between_containers_that_started_together() -> None:
    assert len({round(pause_after(5, 0), 6) for _ in range(20)}) > 10
