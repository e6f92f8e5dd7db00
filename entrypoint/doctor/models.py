"""Each needed model: whether it lies in place, and whether it may be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from entrypoint import remedies
from entrypoint.cache.receipts import Receipt
from entrypoint.doctor import told
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.reading import of_failure
from entrypoint.doctor.wanted import Held
from entrypoint.doctor.wording import Wording
from entrypoint.failures import CONFIG, NO_PERMISSION, Failure
from entrypoint.remedies import Context
from entrypoint.remedies.messages import translated
from entrypoint.values import EXIT_CODES, Need, Verdict


@dataclass(frozen=True, slots=True)
class Answers:
    """What the Hub said about the needs, and about the models that may stand in for refused ones. `choice` is what
    only the user can decide (several GGUF quantisations)."""

    verdicts: tuple[Verdict, ...] = ()
    stand_ins: Mapping[Need, Verdict] | None = None
    choice: Failure | None = None

    def of(self, need: Need) -> Verdict | None:
        return next((verdict for verdict in self.verdicts if verdict.need == need), None)


def findings(
    needs: Sequence[Need], held: Held, answers: Answers, context: Context, lang: str, w: Wording
) -> Iterator[Finding]:
    """One line a need, in the order in which they are asked for; then those for the code that a model runs."""
    asked = [verdict.need for verdict in answers.verdicts if verdict.need not in needs]
    for need in (*needs, *asked):
        receipt, verdict = held.met.get(need), answers.of(need)
        if receipt is not None:
            yield _in_place(need, receipt, verdict, context, lang, w)
        elif need in held.unproved and (verdict is None or not verdict.granted):
            yield Finding("model", "warning", say(w.model_unproved, repo=need.repo), {"repo": need.repo})
        elif (standing_by := held.stand_in(need, verdict)) is not None:
            text = say(w.model_stand_in_held, repo=need.repo, stand_in=standing_by.repo)
            yield Finding("model", "warning", text, {"repo": need.repo, "stand_in": standing_by.repo})
        elif verdict is not None:
            stand_in = (answers.stand_ins or {}).get(need)
            yield _asked(verdict, stand_in, context, lang, w)
    if answers.choice is not None:
        yield of_failure("model", answers.choice)
    for sentence in held.sentences:
        yield Finding("model", "warning", say("{sentence}", sentence=translated(sentence, lang)))
    if held.failure is not None:
        yield of_failure("model", held.failure)


def _in_place(
    need: Need, receipt: Receipt, verdict: Verdict | None, context: Context, lang: str, w: Wording
) -> Finding:
    facts: dict[str, object] = {"repo": need.repo, "in_place": True, "commit": receipt.commit}
    text = say(w.model_in_place if receipt.times else w.model_not_proved, repo=need.repo, commit=receipt.commit[:12])
    if verdict is None:
        return Finding("model", "ok", text, facts)
    if EXIT_CODES[verdict.name] in (NO_PERMISSION, CONFIG):  # of the way to the Hub, its own lines tell
        text += w.stop + say(w.model_only_new, verdict=verdict.name)
    return Finding("model", "ok", text, {**remedies.fields(verdict, context, lang), **facts})


def _asked(verdict: Verdict, stand_in: Verdict | None, context: Context, lang: str, w: Wording) -> Finding:
    need = verdict.need
    facts = {**remedies.fields(verdict, context, lang), "in_place": False}
    if verdict.granted:
        return Finding("model", "ok", say(w.model_granted, repo=need.repo, source=need.source), facts)
    said = told.of(verdict, context, lang)
    text = say("{line}", line=remedies.headline(verdict, context, lang))
    if stand_in is not None and stand_in.granted:
        text += w.stop + say(w.model_stand_in, repo=stand_in.need.repo)
        return Finding("model", "warning", text, facts | {"stand_in": stand_in.need.repo}, said.steps)
    if not need.required:
        return Finding("model", "warning", text + w.stop + w.model_optional, facts, said.steps)
    if stand_in is not None:
        text += w.stop + say(w.model_stand_in_refused, repo=stand_in.need.repo, verdict=stand_in.name)
    return Finding("model", "bad", text, facts, said.steps, EXIT_CODES[verdict.name], True)


def stopping(held: Held, answers: Answers) -> list[Verdict]:
    """The verdicts that end a start; a stand-in that is refused, too, has its own. Needs that are met, that are
    optional, or that have a stand-in do not count."""
    stopping: list[Verdict] = []
    for verdict in answers.verdicts:
        need, instead = verdict.need, (answers.stand_ins or {}).get(verdict.need)
        if verdict.granted or not need.required or held.has(need) or held.stand_in(need, verdict) is not None:
            continue
        if instead is None or not instead.granted:
            stopping += [verdict] if instead is None else [verdict, instead]
    return stopping


def stand_in(need: Need, repo: str, revision: str, patterns: tuple[str, ...]) -> Need:
    return replace(need, repo=repo, revision=revision, patterns=patterns or need.patterns)
