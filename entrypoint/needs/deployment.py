"""What this deployment needs: the lists given by hand; without `ENTRYPOINT_MODELS`, what PrivateGPT's settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoint.cache import receipts
from entrypoint.needs import listed, privategpt
from entrypoint.sentence import say
from entrypoint.settings import Notice, Settings, Token, tokens
from entrypoint.settings.variables import VARIABLES
from entrypoint.values import Need, Place


@dataclass(frozen=True, slots=True)
class Deployment:
    """The needs, in the order in which they were asked for, and what else was learned on the way.

    `in_place` are needs that somebody met by hand, without a receipt of ours: a notice, no work. `environment` are
    variables that the server needs on top. `trouble`: PrivateGPT's settings did not load; the server is started all
    the same, so that its own error shows. `notes` are sentences for the log. `token` is one that stands in PrivateGPT's
    settings, where no variable shows it; `notices` are what is odd about it, and about the fallbacks. `nothing_asked`:
    no list, and no PrivateGPT. `replaced` are the refused needs for which a fallback was taken, each with the need in
    its place; `overrides`, the variables by which the server learns of that, and which it gets even where it has others
    of these names.
    """

    needs: tuple[Need, ...]
    in_place: tuple[Need, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    notes: tuple[str, ...] = ()
    token: Token | None = None
    notices: tuple[Notice, ...] = ()
    nothing_asked: bool = False
    replaced: tuple[tuple[Need, Need], ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)


def find(settings: Settings, command: Sequence[str], cwd: Path) -> Deployment:
    """Raises `Failure` 78 for a name that cannot be a model's, for a list of fallbacks that cannot be meant, and for a
    token in PrivateGPT's settings that cannot be one. `command` and `cwd` are the server's."""
    if not settings.fallbacks:
        return answered_for(_find(settings, command, cwd))
    from entrypoint.needs import fallback_list, privategpt_fallback  # a start without fallbacks does without them

    fallbacks = fallback_list.parse(settings.fallbacks)
    found = _find(settings, command, cwd)
    if found.trouble:  # what is needed is not known
        return found
    asked = found.needs + found.in_place
    odd = fallback_list.unasked(fallbacks, asked) + privategpt_fallback.unfit_notices(fallbacks, asked)
    return answered_for(replace(found, notices=found.notices + odd))


def answered_for(found: Deployment) -> Deployment:
    """A file that lies in place and has a receipt of ours was not put there by hand: it is a need again."""
    ours = tuple(need for need in found.in_place if receipts.read(need) is not None)
    by_hand = tuple(need for need in found.in_place if need not in ours)
    return replace(found, needs=ours + found.needs, in_place=by_hand)


def _find(settings: Settings, command: Sequence[str], cwd: Path) -> Deployment:
    place = Place("hub-cache", settings.hub_cache)
    required = listed.parse(settings.models, variable="ENTRYPOINT_MODELS", place=place, required=True)
    optional = listed.parse(
        settings.optional_models, variable="ENTRYPOINT_OPTIONAL_MODELS", place=place, required=False
    )
    if required:
        return Deployment(required + optional)
    answer = privategpt.ask(command, settings.environ, cwd, hub_cache=settings.hub_cache)
    needs = answer.needs + optional
    token, notices = _token(answer.token, settings) if needs else (None, [])
    return Deployment(
        needs=needs,
        in_place=answer.in_place,
        environment=answer.environment,
        trouble=answer.trouble,
        notes=answer.notes,
        token=token,
        notices=tuple(notices),
        nothing_asked=not answer.present and not optional,
    )


def _token(value: str, settings: Settings) -> tuple[Token | None, list[Notice]]:
    """The token of PrivateGPT's settings, used only where the environment has none."""
    if not value or settings.token is not None:
        return None, []
    any_form = settings.endpoint != VARIABLES["HF_ENDPOINT"].default
    return tokens.from_elsewhere(value, say("huggingface.access_token in PrivateGPT's settings"), any_form=any_form)
