"""What the deployment needs, and what of it lies in place already. Moves and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoint.cache import receipts
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.failures import Failure
from entrypoint.needs import deployment, held
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.held import Met
from entrypoint.settings import Settings
from entrypoint.values import Need


class TimeUp(Exception):  # noqa: N818 - a start would go on
    """Reading whole files takes longer than a check may."""


@dataclass(frozen=True, slots=True)
class Held:
    """`met` needs no Hub. `unproved` are needs whose files were touched since they were proved: a start reads them all
    again, which takes longer than a check may. `failure` is what ends an offline start."""

    met: Met
    unmet: tuple[Need, ...]
    unproved: tuple[Need, ...] = ()
    failure: Failure | None = None
    sentences: tuple[str, ...] = field(default=())

    def has(self, need: Need) -> bool:
        return need in self.met or need in self.unproved

    @property
    def hub_needed(self) -> bool:
        return any(need.required for need in self.unmet)


def find(settings: Settings, command: Sequence[str], cwd: Path) -> Deployment:
    """As a start finds them. A file of ours that lies there is a need again. Raises `Failure`."""
    wanted = deployment.find(settings, command, cwd)
    ours = tuple(need for need in wanted.in_place if receipts.read(need) is not None)
    by_hand = tuple(need for need in wanted.in_place if need not in ours)
    return replace(wanted, needs=ours + wanted.needs, in_place=by_hand)


def look(needs: Sequence[Need], *, offline: bool, time_is_up: Callable[[], bool]) -> Held:
    """What lies there. Whole files are read only as long as there is time."""

    def on_bytes(_count: int) -> None:
        if time_is_up():
            raise TimeUp

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


def findings(wanted: Deployment, settings: Settings, w: Wording) -> Iterator[Finding]:
    """What is asked for, and what PrivateGPT's settings say."""
    if wanted.trouble:
        text = say(w.needs_trouble, trouble=wanted.trouble)
        yield Finding("needs", "warning", text, {"trouble": wanted.trouble}, (w.needs_trouble_step,))
    for note in (*wanted.notes, *(notice.text for notice in wanted.notices)):
        yield Finding("needs", "warning", say("{note}", note=note))
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
        names = "; ".join(f"{source}: {', '.join(dict.fromkeys(repos))}" for source, repos in by_source.items())
        yield Finding("needs", "ok", say(w.needs_ok, names=names), {"needs": asked})
    elif not wanted.trouble and not wanted.in_place:
        yield Finding("needs", "ok", w.needs_none, {"needs": []})
    if settings.fallbacks:
        yield Finding("needs", "ok", say(w.fallbacks, fallbacks=" ".join(settings.fallbacks.split())))
    if settings.on_refusal == "wait":
        yield Finding("needs", "ok", w.waits)
