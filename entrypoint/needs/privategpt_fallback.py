"""How PrivateGPT learns that it shall use another model: through the variables that its settings read.

    | setting | variables that the docker profile of 0.5 and 0.6 reads |
    |---|---|
    | llamacpp.llm_hf_repo_id | PGPT_HF_REPO_ID, and for the file PGPT_HF_MODEL_FILE |
    | huggingface.embedding_hf_model_name | PGPT_EMBEDDING_HF_MODEL_NAME |

No profile that 0.x brings reads one for its tokenizer or its reranker; 1.x takes each of its models from variables
(`PGPT_MODELS_<ID>_TOKENIZER`). A profile of one's own may read any variable for any setting: one that holds the
refused name now is tried, too.

Which of these a deployment reads depends on its profiles, and a variable that nobody reads changes nothing: the server
would start, and fail on the refused model. So the variables are only tried here, and PrivateGPT is asked again with
them: what counts is that it then asks for the other model, and no longer for the refused one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from entrypoint.needs import privategpt
from entrypoint.needs.fallback_list import VARIABLE, Fallback, key
from entrypoint.needs.privategpt import Answer
from entrypoint.sentence import Sentence, join, say
from entrypoint.settings import Notice
from entrypoint.text import shown
from entrypoint.values import Need

REPO_VARIABLES = {
    "llamacpp.llm_hf_repo_id": "PGPT_HF_REPO_ID",
    "huggingface.embedding_hf_model_name": "PGPT_EMBEDDING_HF_MODEL_NAME",
}
FILE_SETTING, FILE_VARIABLE = "llamacpp.llm_hf_model_file", "PGPT_HF_MODEL_FILE"


class NotLearnedError(Exception):
    """PrivateGPT would not use the fallback. `why` are one or more sentences: the reason, and what would help."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Redirected:
    """PrivateGPT's `answer` with `variables` set: it now asks for `need`."""

    need: Need
    variables: Mapping[str, str]
    answer: Answer


def redirect(
    need: Need, fallback: Fallback, command: Sequence[str], environ: Mapping[str, str], cwd: Path, *, hub_cache: Path
) -> Redirected:
    """What PrivateGPT needs when it is told to use `fallback` for `need`, one of its needs. Raises `NotLearnedError`.

    The others are as for `privategpt.ask`. Starts PrivateGPT's interpreter once or twice.
    """
    if fault := unfit(need, fallback):
        raise NotLearnedError(fault)
    trouble = ""
    for variables in _attempts(need, fallback, environ):
        answer = privategpt.ask(command, {**environ, **variables}, cwd, hub_cache=hub_cache)
        if learned := _learned(answer, need, fallback):
            return Redirected(learned, variables, answer)
        trouble = trouble or answer.trouble
    if trouble:
        raise NotLearnedError(say("With it, its settings do not load: {trouble}", trouble=trouble))
    raise NotLearnedError(_advice(need, fallback, environ))


def unfit(need: Need, fallback: Fallback) -> Sentence | Literal[""]:
    """Why PrivateGPT cannot use `fallback` for `need`, whatever its profiles read; "" if it can."""
    if need.use == "code":
        return say("Its name stands in the config.json of another model, whose code it holds.")
    entry = f"{shown(need.repo)}={shown(fallback.repo)}"
    if need.use == "weights":
        if len(fallback.patterns) == 1 and not any(c in fallback.patterns[0] for c in "*?["):
            return ""
        return say(
            "It opens one file, which {variable} must name: {entry}:<file>.gguf, without * and ? (of a model in "
            "several files, the first).",
            variable=VARIABLE,
            entry=entry,
        )
    if fallback.revision != "main":
        return say(
            "It reads the branch main of a model, not {revision}. Write {entry} into {variable}.",
            revision=shown(fallback.revision),
            entry=entry,
            variable=VARIABLE,
        )
    return ""


def unfit_notices(fallbacks: Mapping[str, Fallback], needs: Sequence[Need]) -> tuple[Notice, ...]:
    """What can be told of the list before any model is refused: PrivateGPT could not use this one."""
    return tuple(
        not_taken(need, fallback, fault)
        for need in needs
        if need.asker and (fallback := fallbacks.get(key(need.repo))) and (fault := unfit(need, fallback))
    )


def not_taken(need: Need, fallback: Fallback, reason: Sentence) -> Notice:
    return Notice(
        "fallback-not-usable",
        say(
            "{variable} has {fallback} for {repo}, but {asker} would not use it. {reason}",
            variable=VARIABLE,
            fallback=shown(fallback.repo),
            repo=shown(need.repo),
            asker=need.asker,
            reason=reason,
        ),
    )


def _attempts(need: Need, fallback: Fallback, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables to try: those of the docker profile, then those that hold the refused names now."""
    file = fallback.patterns[0] if need.use == "weights" else ""
    if name := REPO_VARIABLES.get(need.source):
        yield {name: fallback.repo, **({FILE_VARIABLE: file} if file else {})}
    instead = {need.repo: fallback.repo, **({need.patterns[0]: file} if file else {})}
    found = {
        name: instead[value]
        for name, value in environ.items()
        if value in instead and not name.startswith("ENTRYPOINT_")
    }
    if found:
        yield found


def _learned(answer: Answer, refused: Need, fallback: Fallback) -> Need | None:
    """The need that stands in place of the refused one; None where that is still asked for."""
    asked = [need for need in (*answer.needs, *answer.in_place) if need.use == refused.use]
    if any(key(need.repo) == key(refused.repo) for need in asked):
        return None
    for need in asked:
        if need.repo == fallback.repo and (need.use != "weights" or need.patterns[:1] == fallback.patterns):
            return need
    return None


def _advice(need: Need, fallback: Fallback, environ: Mapping[str, str]) -> Sentence:
    profiles = shown(environ.get("PGPT_PROFILES", ""))
    active = f"PGPT_PROFILES={profiles}" if profiles else say("no PGPT_PROFILES")
    variable = REPO_VARIABLES.get(need.source)
    if variable is None:
        return say(
            "No variable that is set decides about its {source} with {active}. Write {fallback} there in PrivateGPT's "
            "settings.",
            source=need.source,
            active=active,
            fallback=shown(fallback.repo),
        )
    wanted = {need.source: f"${{{variable}:{shown(need.repo)}}}"}
    if need.use == "weights":
        wanted[FILE_SETTING] = f"${{{FILE_VARIABLE}:{shown(need.patterns[0])}}}"
    return say(
        "Its {source} does not read {variable} with {active}; settings-docker.yaml does. In the profile that is used, "
        "set {lines}.",
        source=need.source,
        variable=variable,
        active=active,
        lines=join(" and ", (say("{name} to {value}", name=name, value=value) for name, value in wanted.items())),
    )
