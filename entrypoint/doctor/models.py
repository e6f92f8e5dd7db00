"""Each needed model: whether it lies in place, and whether it may be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from entrypoint import remedies, waiting
from entrypoint.cache.receipts import Receipt
from entrypoint.doctor import told
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.reading import of_failure
from entrypoint.doctor.wanted import Held
from entrypoint.doctor.wording import Wording
from entrypoint.failures import CONFIG, NO_PERMISSION, Failure
from entrypoint.remedies import Context
from entrypoint.remedies.messages import translated
from entrypoint.settings import Notice, Token
from entrypoint.values import EXIT_CODES, Need, Verdict


@dataclass(frozen=True, slots=True)
class Answers:
    """What the Hub said. `verdicts` are about all that was asked for on the way; `decisive`, those that a start would
    go on with in the end (None: the Hub was not asked). `stand_ins` are the fallbacks that it would take for refused
    needs, and `notices` what it would say about them; `choice` is what only the user can decide (several GGUF
    quantisations)."""

    verdicts: tuple[Verdict, ...] = ()
    decisive: tuple[Verdict, ...] | None = None
    stand_ins: Mapping[Need, Need] = field(default_factory=dict)
    choice: Failure | None = None
    notices: tuple[Notice, ...] = ()

    def of(self, need: Need) -> Verdict | None:
        return next((verdict for verdict in self.verdicts if verdict.need == need), None)

    def instead_of(self, taken: Need) -> list[Need]:
        return [need for need, stand_in in self.stand_ins.items() if stand_in == taken]


def findings(
    needs: Sequence[Need], held: Held, answers: Answers, context: Context, lang: str, w: Wording
) -> Iterator[Finding]:
    """One line a need, in the order in which they are asked for; then those for the code that a model runs."""
    decisive = {verdict.need: verdict for verdict in answers.decisive or ()}
    stand_ins = set(answers.stand_ins.values())
    others = [v.need for v in decisive.values() if v.need not in needs and not (v.granted and v.need in stand_ins)]
    for need in (*needs, *others):
        receipt, verdict = held.met.get(need), answers.of(need)
        if receipt is not None:
            yield _in_place(need, receipt, verdict, context, lang, w)
        elif need in held.unproved and (verdict is None or not verdict.granted):
            yield Finding("model", "warning", say(w.model_unproved, repo=need.repo), {"repo": need.repo})
        elif (standing_by := held.stand_in(need, verdict)) is not None:
            text = say(w.model_stand_in_held, repo=need.repo, stand_in=standing_by.repo)
            yield Finding("model", "warning", text, {"repo": need.repo, "stand_in": standing_by.repo})
        elif verdict is not None and (need in decisive or need in answers.stand_ins or held.has(need)):
            stand_in = answers.stand_ins.get(need)
            yield _asked(verdict, stand_in, decisive.get(stand_in) if stand_in else None, context, lang, w)
    for notice in answers.notices:
        yield Finding("model", "warning", notice.text, {"notice": notice.name})
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


def _asked(
    verdict: Verdict, stand_in: Need | None, answer: Verdict | None, context: Context, lang: str, w: Wording
) -> Finding:
    """`answer` is the verdict on what stands in for the model, None where that lies in place."""
    need = verdict.need
    facts = {**remedies.fields(verdict, context, lang), "in_place": False}
    if verdict.granted:
        return Finding("model", "ok", say(w.model_granted, repo=need.repo, source=need.source), facts)
    said = told.of(verdict, context, lang)
    text = say("{line}", line=remedies.headline(verdict, context, lang))
    if stand_in is not None:
        facts |= {"stand_in": stand_in.repo}
    if stand_in is not None and (answer is None or answer.granted):
        template = w.model_stand_in if answer is not None else w.model_stand_in_here
        return Finding("model", "warning", text + w.stop + say(template, repo=stand_in.repo), facts, said.steps)
    if not need.required:
        return Finding("model", "warning", text + w.stop + w.model_optional, facts, said.steps)
    if stand_in is not None and answer is not None:
        text += w.stop + say(w.model_stand_in_refused, repo=stand_in.repo, verdict=answer.name)
    return Finding("model", "bad", text, facts, said.steps, EXIT_CODES[verdict.name], True)


def stopping(held: Held, answers: Answers) -> list[Verdict]:
    """The verdicts that end a start: the refused model's own first, then that on what was to stand in for it. Needs
    that are met or optional do not count, nor those for which a start has something else."""
    refused = [
        verdict
        for verdict in answers.decisive or ()
        if not verdict.granted
        and verdict.need.required
        and not any(map(held.has, (verdict.need, *answers.instead_of(verdict.need))))
        and held.stand_in(verdict.need, verdict) is None
    ]
    first = {need: verdict for verdict in answers.verdicts if (need := verdict.need) in answers.stand_ins}
    return [*(first[need] for verdict in refused for need in answers.instead_of(verdict.need)), *refused]


def hopeless(stopping: Sequence[Verdict], answers: Answers, token: Token | None) -> bool:
    """Whether waiting cannot help: no click heals the refusal of a model, nor that of what was to stand in for it."""
    vain = {verdict.need for verdict in stopping if waiting.is_vain(verdict, token)}
    return any(answers.stand_ins.get(need, need) in vain for need in vain - set(answers.stand_ins.values()))
