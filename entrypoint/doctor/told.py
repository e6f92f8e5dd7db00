"""The remedies for refusals, for whoever is refused outside of a start: `remedies` has the sentences and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from entrypoint.remedies import Context
from entrypoint.remedies.facts import gather
from entrypoint.remedies.languages import wording
from entrypoint.remedies.remedy import remedy
from entrypoint.values import Evidence, Need, Place, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a refusal means, and what to do; in a step, what follows a line break is to be copied."""

    means: str
    steps: tuple[str, ...]


def of(verdict: Verdict, context: Context, lang: str) -> Told:
    w = wording(lang)
    told = remedy((gather(verdict, context),), w)
    means = w.sentence_separator.join(filter(None, (told.means, told.detail, told.answer)))
    return Told(means, told.steps)


def of_endpoint(evidence: Evidence, name: str, context: Context, lang: str) -> Told:
    """What the endpoint answered when it was asked about no model in particular."""
    nobody = Need("", Place("hub-cache", Path("/")), "HF_ENDPOINT")
    return of(Verdict(nobody, name, evidence), context, lang)
