"""One-line forms: for the state file, the healthcheck, `docker inspect` and the log."""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.remedies.facts import NAME_LIMIT, Context, gather
from entrypoint.remedies.languages import wording
from entrypoint.remedies.meaning import next_step
from entrypoint.text import clean, human_duration, shown
from entrypoint.values import PASSING, Verdict

HEADLINE_LIMIT = 160
STEP_LIMIT = 100  # of a headline: what remains is the name of the verdict and the repo
LINE_LIMIT = 200


def headline(verdict: Verdict, context: Context, lang: str = "en") -> str:
    """At most 160 characters: verdict, repo, the next step."""
    facts = gather(verdict, context)
    step = clean(next_step(facts, wording(lang)), STEP_LIMIT)
    room = HEADLINE_LIMIT - len(facts.verdict) - len(step) - 4
    return f"{facts.verdict}: {clean(facts.repo, room)}: {step}"


def waiting_line(verdict: Verdict, context: Context, lang: str = "en", seconds: float = 0.0) -> str:
    """At most 200 characters: the headline, and when the Hub is asked again."""
    return wording(lang).asking_again.format(
        headline=headline(verdict, context, lang), duration=human_duration(max(seconds, 0.0))
    )


def granted_line(verdicts: Sequence[Verdict], context: Context, lang: str = "en") -> str:
    """At most 200 characters: what may be read now, of all that was asked for, and that the start goes on."""
    w = wording(lang)
    repos = w.list_separator.join(
        dict.fromkeys(gather(verdict, context).repo for verdict in verdicts if verdict.granted)
    )
    frame = len(w.going_on.format(repos=""))
    return w.going_on.format(repos=clean(repos, LINE_LIMIT - frame))


def fallback_taken(verdict: Verdict, fallback_repo: str, context: Context, lang: str = "en") -> str:
    """One loud line: what cannot be had, what is served in its place, and how to have what was asked for."""
    facts = gather(verdict, context)
    w = wording(lang)
    template = w.fallback_meanwhile if facts.verdict in PASSING else w.fallback_taken
    return template.format(
        repo=facts.repo,
        verdict=facts.verdict,
        fallback=shown(fallback_repo, NAME_LIMIT, context.take_out),
        next=clean(next_step(facts, w), STEP_LIMIT),
        link=facts.link,
    )


def fallback_offline(verdict: Verdict, fallback_repo: str, context: Context, lang: str = "en") -> str:
    """The same where nobody could be asked: the fallback lies in the cache, and what was asked for does not."""
    fallback = shown(fallback_repo, NAME_LIMIT, context.take_out)
    return wording(lang).fallback_offline.format(repo=gather(verdict, context).repo, fallback=fallback)
