"""What the deployment needs, and what of it lies in place already. Moves and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoint.cache import receipts
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.failures import Failure
from entrypoint.needs import fallbacks, held
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.held import Met
from entrypoint.remedies.messages import translated
from entrypoint.settings import Settings
from entrypoint.values import PASSING, Need, Verdict


class TimeUp(Exception):  # noqa: N818 - a start would go on
    """Reading whole files takes longer than a check may."""


@dataclass(frozen=True, slots=True)
class Held:
    """`met` needs no Hub. `unproved` are needs whose files were touched since they were proved: a start reads them all
    again, which takes longer than a check may. `failure` is what ends an offline start. `stand_ins` are fallbacks that
    an earlier start has fetched, by the unmet need that each serves for while nobody can be asked."""

    met: Met
    unmet: tuple[Need, ...]
    unproved: tuple[Need, ...] = ()
    failure: Failure | None = None
    sentences: tuple[str, ...] = field(default=())
    stand_ins: Mapping[Need, Need] = field(default_factory=dict)

    def has(self, need: Need) -> bool:
        return need in self.met or need in self.unproved

    def lacking(self, needs: Sequence[Need], time_is_up: Callable[[], bool]) -> tuple[Need, ...]:
        """What is still to come of `needs`, whether this look was for them or not, and of the code of what is met."""
        unknown = [need for need in needs if not self.has(need) and need not in self.unmet]
        found = look_at(unknown, offline=False, time_is_up=time_is_up).unmet
        return tuple(dict.fromkeys((*(need for need in self.unmet if need in needs or need.use == "code"), *found)))

    def stand_in(self, need: Need, verdict: Verdict | None) -> Need | None:
        """What serves for `need`, of which the Hub said `verdict` (None: nothing). After a refusal, the fallback is
        asked for, too."""
        return self.stand_ins.get(need) if verdict is None or verdict.name in PASSING else None

    def hub_needed(self, verdicts: Sequence[Verdict]) -> bool:
        """Whether a start cannot do without what it gets from the Hub."""
        said = {verdict.need: verdict for verdict in verdicts}
        return any(need.required and self.stand_in(need, said.get(need)) is None for need in self.unmet)


def look(
    wanted: Deployment,
    settings: Settings,
    command: Sequence[str],
    cwd: Path,
    time_is_up: Callable[[], bool],
) -> Held:
    """What lies there, the fallbacks of what does not included."""
    held = look_at(wanted.needs, offline=settings.offline, time_is_up=time_is_up)
    if not settings.fallbacks or held.unproved or not held.unmet:
        return held
    if not settings.offline:
        return replace(held, stand_ins=_stand_ins(wanted, settings, command, cwd, held.unmet, time_is_up))
    if held.failure is None or held.failure.name != "offline-incomplete":
        return held
    stand_ins = _stand_ins(wanted, settings, command, cwd, held.unmet, time_is_up)
    served = look_at(tuple(stand_ins.get(need, need) for need in wanted.needs), offline=True, time_is_up=time_is_up)
    return replace(served, stand_ins=stand_ins) if stand_ins else held


def _stand_ins(
    wanted: Deployment,
    settings: Settings,
    command: Sequence[str],
    cwd: Path,
    unmet: Sequence[Need],
    time_is_up: Callable[[], bool],
) -> Mapping[Need, Need]:
    """As a start takes them that cannot ask the Hub."""
    try:
        verdicts = [Verdict(need, "hub-unreachable") for need in unmet]
        taken = fallbacks.in_place(wanted, settings, command, cwd, verdicts, _until(time_is_up), write=False)
    except (Failure, TimeUp):  # a list that is none is told with the needs
        return {}
    return {verdict.need: need for verdict, need in taken.replaced} if taken else {}


def _until(time_is_up: Callable[[], bool]) -> Callable[[int], None]:
    def on_bytes(_count: int) -> None:
        if time_is_up():
            raise TimeUp

    return on_bytes


def look_at(needs: Sequence[Need], *, offline: bool, time_is_up: Callable[[], bool]) -> Held:
    """What lies there. Whole files are read only as long as there is time."""
    on_bytes = _until(time_is_up)
    met, unmet = held.split(needs)
    try:
        if offline:
            found, sentences = held.settle_offline(unmet, on_bytes, write=False)
            missing = tuple(need for need in unmet if need not in found)
            return Held(met | found, missing, sentences=tuple(sentences))
    except Failure as failure:
        return Held(met, tuple(unmet), failure=failure)
    except TimeUp:
        return Held(met, (), tuple(unmet))
    left, unproved = [], []
    for need in unmet:
        receipt = receipts.read(need)
        try:
            again = held.settle_offline([need], on_bytes, write=False)[0] if receipt else {}
        except Failure:
            again = {}
        except TimeUp:
            unproved.append(need)
            continue
        met |= again
        if need not in again:
            left.append(need)
    return Held(met, tuple(left), tuple(unproved))


def findings(wanted: Deployment, settings: Settings, lang: str, w: Wording) -> Iterator[Finding]:
    """What is asked for, and what PrivateGPT's settings say."""
    if wanted.trouble:
        text = say(w.needs_trouble, trouble=translated(wanted.trouble, lang))
        yield Finding("needs", "warning", text, {"trouble": wanted.trouble}, (w.needs_trouble_step,))
    for note in (*wanted.notes, *(notice.text for notice in wanted.notices)):
        yield Finding("needs", "warning", say("{note}", note=translated(note, lang)))
    for need in wanted.in_place:
        files = ", ".join(need.patterns)
        yield Finding("needs", "ok", say(w.needs_by_hand, files=files, folder=need.place.path), {"repo": need.repo})
    if wanted.nothing_asked:
        yield Finding("needs", "warning", w.needs_nothing, {"needs": []}, (w.needs_nothing_step,))
    elif wanted.needs:
        asked = [
            {"repo": need.repo, "source": need.source, "asker": need.asker, "required": need.required}
            for need in wanted.needs
        ]
        by_source: dict[str, list[str]] = {}
        for need in wanted.needs:
            by_source.setdefault(f"{need.asker} {need.source}".strip(), []).append(need.repo)
        names = "; ".join(f"{source}{w.colon}{', '.join(dict.fromkeys(repos))}" for source, repos in by_source.items())
        yield Finding("needs", "ok", say(w.needs_ok, names=names), {"needs": asked})
    elif not wanted.trouble and not wanted.in_place:
        yield Finding("needs", "ok", w.needs_none, {"needs": []})
    if settings.fallbacks:
        yield Finding("needs", "ok", say(w.fallbacks, fallbacks=" ".join(settings.fallbacks.split())))
    if settings.on_refusal == "wait":
        yield Finding("needs", "ok", w.waits)
