"""The list of open models that may stand in for refused ones: ENTRYPOINT_FALLBACKS.

    gated/repo=open/repo[@revision][:glob[,glob...]]

separated by blanks or line breaks, with the same comments, quotes and addresses of pages as in the other lists
(`listed`). It is read at every start, not first when a model is refused: a typo in it must not wait for that day.
A stand-in has no stand-in of its own: what is taken is one of the two names that a person wrote side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs import listed
from entrypoint.needs.listed import EntryError
from entrypoint.sentence import Sentence, join, say
from entrypoint.settings import Notice
from entrypoint.text import shown
from entrypoint.values import Need

VARIABLE = "ENTRYPOINT_FALLBACKS"

_BLANKS_AROUND = re.compile(r"[ \t]*=[ \t]*")
_NEXT_ENTRY = re.compile(r",(?=[^\s,:=]+=)")


@dataclass(frozen=True, slots=True)
class Fallback:
    """The model `repo` at `revision`, for the refused model `instead_of`. Without `patterns` of its own it gets those
    of the need that it meets."""

    instead_of: str
    repo: str
    revision: str = "main"
    patterns: tuple[str, ...] = ()


def parse(text: str) -> Mapping[str, Fallback]:
    """The fallbacks that `text` lists, by `key` of the repo that each stands in for. Raises `Failure` bad-fallback
    (78)."""
    found: dict[str, Fallback] = {}
    for entry in _entries(text):
        try:
            fallback = _read(entry)
        except EntryError as error:
            what = say(
                '{variable} holds "{entry}", which is no fallback: it {fault}.',
                variable=VARIABLE,
                entry=shown(entry),
                fault=error.fault,
            )
            raise _bad(what) from None
        if key(fallback.instead_of) in found:
            what = say(
                "{variable} holds two fallbacks for {repo}, where one can be taken.",
                variable=VARIABLE,
                repo=shown(fallback.instead_of),
            )
            raise _bad(what)
        found[key(fallback.instead_of)] = fallback
    for fallback in found.values():
        if following := found.get(key(fallback.repo)):
            what = say(
                "{variable} holds a chain: {first}, and {second}. A fallback has no fallback of its own.",
                variable=VARIABLE,
                first=f"{shown(fallback.instead_of)}={shown(fallback.repo)}",
                second=f"{shown(following.instead_of)}={shown(following.repo)}",
            )
            raise _bad(what)
    return found


def key(repo: str) -> str:
    """Under which a repo is looked up: the Hub tells no capital letters apart."""
    return repo.casefold()


def unasked(fallbacks: Mapping[str, Fallback], needs: Sequence[Need]) -> tuple[Notice, ...]:
    """A notice for what is listed in vain, most likely by a typo: nobody needs the model that it stands in for."""
    needed = {key(need.repo): need.repo for need in needs}
    names = join(", ", map(shown, needed.values())) or say("no model")
    return tuple(
        Notice(
            "fallback-for-nothing",
            say(
                "{variable} has a fallback for {repo}, which nothing here asks for. Asked for: {names}.",
                variable=VARIABLE,
                repo=shown(fallback.instead_of),
                names=names,
            ),
        )
        for name, fallback in fallbacks.items()
        if name not in needed
    )


def _entries(text: str) -> list[str]:
    entries = []
    for entry in _BLANKS_AROUND.sub("=", listed.tidied(text)).split():
        # A comma can only separate where no patterns are, as in the other lists.
        pieces = _NEXT_ENTRY.split(entry) if ":" not in entry.replace("://", "") else [entry]
        entries += [piece for piece in (piece.strip(",") for piece in map(listed.unquoted, pieces)) if piece]
    return entries


def _read(entry: str) -> Fallback:
    left, equals, right = entry.partition("=")
    if not equals:
        raise EntryError(say("lacks the '=' between the model that may be refused and the one to take in its place"))
    if "=" in right:
        raise EntryError(say("has more than one '=': between entries stands a blank"))
    refused, taken = _one(left, say("before")), _one(right, say("after"))
    repo, revision, patterns = refused
    if patterns or revision != "main":
        raise EntryError(say("has a revision or patterns before the '=': a fallback stands in for the whole model"))
    if key(repo) == key(taken[0]):
        raise EntryError(say("has the same model on both sides of the '='"))
    return Fallback(repo, *taken)


def _one(text: str, side: Sentence) -> tuple[str, str, tuple[str, ...]]:
    if not text:
        raise EntryError(say("has nothing {side} the '='", side=side))
    models = list(listed.read(listed.unquoted(text)))
    if len(models) != 1:
        raise EntryError(say("needs one model {side} the '=', not {count}", side=side, count=len(models)))
    return models[0]


def _bad(what: Sentence) -> Failure:
    todo = say(
        "Correct {variable}: gated/repo=open/repo[@revision][:glob[,glob...]], with blanks between entries.",
        variable=VARIABLE,
    )
    return Failure("bad-fallback", CONFIG, what, todo=(todo,))
