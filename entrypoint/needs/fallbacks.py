"""An open model in place of a refused one, where `ENTRYPOINT_FALLBACKS` names one, and the server learns of it.

Reached only after a refusal. What is taken changes the deployment: other needs, and variables by which the server
learns of them. A model that was listed by hand is told in `ENTRYPOINT_FALLBACKS_TAKEN` (and, if it is the first, in
`ENTRYPOINT_MODEL_REPO`); for PrivateGPT's see `privategpt_fallback`. Prints nothing: what to say is handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoint.cache import receipts
from entrypoint.needs import fallback_list, held
from entrypoint.needs.deployment import Deployment, answered_for
from entrypoint.needs.fallback_list import VARIABLE, Fallback
from entrypoint.needs.privategpt_fallback import NotLearnedError, not_taken, redirect
from entrypoint.sentence import join, say
from entrypoint.settings import Notice, Settings
from entrypoint.text import shown
from entrypoint.values import Need, Verdict

TAKEN_VARIABLE = "ENTRYPOINT_FALLBACKS_TAKEN"

# The refusals that concern the model and who may read it. The others are passing troubles, or stand between us and
# any model: with those, the fallback would be as far away. A file that is not there is a mistake in the patterns.
ELIGIBLE = frozenset(
    {
        "token-missing",
        "token-invalid",
        "token-expired",
        "token-lacks-gated-scope",
        "token-lacks-repo-scope",
        "terms-not-accepted",
        "review-pending",
        "review-rejected",
        "access-reset",
        "repo-not-found",
        "repo-missing-or-private",
        "revision-not-found",
        "repo-disabled",
        "org-policy",
        "refused",
    }
)

Accept = Callable[[Need], bool]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the refused needs that have a fallback.

    `deployment` has the new needs; `replaced` are the verdicts that it does not have to heed any more, each with the
    need in its place. Where nothing could be replaced, `deployment` is the old one, and `notices` say why.
    """

    deployment: Deployment
    replaced: tuple[tuple[Verdict, Need], ...]
    notices: tuple[Notice, ...]


def take(
    deployment: Deployment, settings: Settings, command: Sequence[str], cwd: Path, refused: Sequence[Verdict]
) -> Taken | None:
    """The fallbacks of those `refused` whose verdict is `ELIGIBLE`; None where none of them has one.

    `command` and `cwd` are the server's. Going round again with the result ends: a fallback has no fallback.
    """
    eligible = [verdict for verdict in refused if verdict.name in ELIGIBLE]
    return _replaced(deployment, settings, command, cwd, eligible, lambda _need: True)


def in_place(
    deployment: Deployment,
    settings: Settings,
    command: Sequence[str],
    cwd: Path,
    unmet: Sequence[Verdict],
    on_bytes: held.OnBytes = lambda _count: None,
    *,
    write: bool = True,
) -> Taken | None:
    """The fallbacks that an earlier start has fetched, for needs that cannot be had now, whatever the verdict is.

    For a start without the Hub: it is not told there whether the refusal stands. Files that were touched since their
    receipt are proved; `on_bytes` hears how many were read. `write`: what was proved gets a new receipt.
    """

    def is_met(need: Need) -> bool:
        if write:
            return not held.split([need], prove=True, on_bytes=on_bytes)[1]
        receipt = receipts.read(need)
        return receipt is not None and (receipt.holds() or held.is_whole(need, receipt, on_bytes))

    return _replaced(deployment, settings, command, cwd, unmet, is_met)


def _replaced(
    deployment: Deployment,
    settings: Settings,
    command: Sequence[str],
    cwd: Path,
    verdicts: Sequence[Verdict],
    accept: Accept,
) -> Taken | None:
    fallbacks = fallback_list.parse(settings.fallbacks)
    replaced: list[tuple[Verdict, Need]] = []
    notices: list[Notice] = []
    for verdict in verdicts:
        need = verdict.need
        fallback = fallbacks.get(fallback_list.key(need.repo))
        if fallback is None:
            continue
        try:
            if need.asker:
                change = _asked_anew(deployment, settings, command, cwd, need, fallback)
            else:
                change = _listed_anew(deployment, need, fallback)
        except NotLearnedError as reason:
            notices.append(not_taken(need, fallback, reason.why))
            continue
        if accept(change.taken) or change.taken in change.deployment.in_place:
            deployment = _noted(change.deployment, need, change.taken)
            replaced.append((verdict, change.taken))
            notices += _notices(verdict, change)
    return Taken(deployment, tuple(replaced), tuple(notices)) if replaced or notices else None


@dataclass(frozen=True, slots=True)
class _Change:
    """The deployment with `taken` in place of a refused need, of which PrivateGPT learns by `variables`."""

    deployment: Deployment
    taken: Need
    variables: Mapping[str, str] = field(default_factory=dict)


def _listed_anew(deployment: Deployment, refused: Need, fallback: Fallback) -> _Change:
    taken = _stand_in(refused, fallback)
    twin = next((need for need in deployment.needs if _are_one(need, taken)), None)
    if twin is not None:  # it is needed anyway
        taken = replace(twin, required=twin.required or refused.required)
    needs = dict.fromkeys(taken if need in (refused, twin) else need for need in deployment.needs)
    return _Change(replace(deployment, needs=tuple(needs)), taken)


def _are_one(need: Need, other: Need) -> bool:
    """Whether the same files are needed in the same place, whoever asks."""
    return need == replace(other, source=need.source, required=need.required)


def _asked_anew(
    deployment: Deployment,
    settings: Settings,
    command: Sequence[str],
    cwd: Path,
    refused: Need,
    fallback: Fallback,
) -> _Change:
    """With all that PrivateGPT asks for once it knows of the fallback. Raises `NotLearnedError`."""
    environ = {**settings.environ, **deployment.overrides}
    redirected = redirect(refused, fallback, command, environ, cwd, hub_cache=settings.hub_cache)
    taken = _as_listed(redirected.need, fallback)
    stand_ins = {(need.repo, need.use): need for _, need in (*deployment.replaced, (refused, taken)) if need.asker}

    def meant(needs: Sequence[Need]) -> tuple[Need, ...]:
        return tuple(stand_ins.get((need.repo, need.use), need) for need in needs)

    answer = redirected.answer
    listed = tuple(need for need in deployment.needs if not need.asker)
    changed = replace(
        deployment,
        needs=meant(answer.needs) + listed,
        in_place=meant(answer.in_place),
        environment=answer.environment,
        overrides={**deployment.overrides, **redirected.variables},
    )
    return _Change(answered_for(changed), taken, redirected.variables)


def _stand_in(need: Need, fallback: Fallback) -> Need:
    """Place, asker and use stay: it is asked for in the same place, by the same one, for the same purpose. What is not
    PrivateGPT's has its name from the list of fallbacks."""
    return replace(
        need,
        repo=fallback.repo,
        revision=fallback.revision,
        patterns=fallback.patterns or need.patterns,
        source=need.source if need.asker else VARIABLE,
    )


def _as_listed(need: Need, fallback: Fallback) -> Need:
    """What PrivateGPT asks for now, at the revision and with the patterns of the list."""
    if need.use == "weights":  # its patterns are the files, of which the list names the first
        return replace(need, revision=fallback.revision)
    return _stand_in(need, fallback)


def _noted(deployment: Deployment, refused: Need, taken: Need) -> Deployment:
    replaced = (*deployment.replaced, (refused, taken))
    told = " ".join(dict.fromkeys(f"{before.repo}={after.repo}" for before, after in replaced))
    return replace(deployment, replaced=replaced, overrides={**deployment.overrides, TAKEN_VARIABLE: told})


def _notices(verdict: Verdict, change: _Change) -> list[Notice]:
    taken = change.taken
    refused, chosen = shown(verdict.need.repo), shown(taken.repo)
    notices: list[Notice] = []
    if taken.use == "embedding":
        notices.append(
            Notice(
                "fallback-embedding",
                say(
                    "What was ingested with {refused} will not be found with {chosen}: its vectors come from another "
                    "model, and may have another size (embedding.embed_dim). Ingest the documents again, into an empty "
                    "vector store.",
                    refused=refused,
                    chosen=chosen,
                ),
            )
        )
    if taken in change.deployment.in_place:
        text = say(
            "{files} lies in {folder} without a receipt: it is used as it is.",
            files=join(", ", map(shown, taken.patterns)),
            folder=taken.place.path,
        )
        notices.append(Notice("put-by-hand", text))
    return notices
