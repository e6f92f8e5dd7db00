"""Which sentences a person gets for needs that were refused for one cause.

`render` lays the result out for a console, and hands the same out as fields for programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from entrypoint.remedies.again import by_compose
from entrypoint.remedies.facts import Facts, fill, without_torn_address
from entrypoint.remedies.meaning import NOT_THE_HUB, means
from entrypoint.remedies.phrases import phrases, say
from entrypoint.remedies.steps import steps
from entrypoint.remedies.wording import Wording
from entrypoint.text import clean

# Where another model or no model would end the same way, there is no doing without it.
_NO_WAY_AROUND = NOT_THE_HUB | {"granted", "rate-limited", "hub-error"}
# The model can be read; only what is asked of it is wrong.
_MERE_TYPO = frozenset({"revision-not-found", "file-not-found"})
# The Hub's sentence repeats the repo and its address; where the verdict says what it means, its head is enough.
QUOTE_LIMIT = 120
_OTHER_REPO = "OWNER/OPEN-MODEL"  # what a person puts in its place


@dataclass(frozen=True, slots=True)
class Remedy:
    """`asks` has one line a need, in their order; `without` pairs repos with the ways to do without them.

    Blanks mean that there is nothing to say.
    """

    needs: tuple[Facts, ...]
    asks: tuple[str, ...]
    means: str
    answer: str
    detail: str
    heading: str
    steps: tuple[str, ...]
    without: tuple[tuple[str, tuple[str, ...]], ...]
    link: str


def remedies(refused: Iterable[Facts], w: Wording) -> tuple[Remedy, ...]:
    """One remedy a cause, in the order in which the causes first appear."""
    causes: dict[tuple[object, ...], list[Facts]] = {}
    for facts in refused:
        causes.setdefault(_cause(facts), []).append(facts)
    return tuple(remedy(tuple(group), w) for group in causes.values())


def remedy(group: tuple[Facts, ...], w: Wording) -> Remedy:
    first = group[0]
    return Remedy(
        needs=group,
        asks=tuple(_asks(facts, w) for facts in group),
        means=means(first, w),
        answer=_answer(first, w, alone=len({facts.message for facts in group}) == 1),
        detail=_detail(first, w),
        heading=_heading(group, w),
        steps=steps(group, w),
        without=_all_without(group, w),
        link=fill(w.link, first),
    )


def _cause(facts: Facts) -> tuple[object, ...]:
    """What must be equal for two refusals to be told as one. What names files or revisions stays apart."""
    apart = facts.repo if facts.verdict in ("revision-not-found", "file-not-found", "refused") else ""
    network = (facts.trouble, facts.host, facts.issuer, facts.clock) if facts.verdict in NOT_THE_HUB else ()
    ungated = facts.verdict == "token-missing" and facts.open
    return facts.verdict, facts.account, facts.status, facts.detail, apart, network, facts.file_host, ungated


def _asks(facts: Facts, w: Wording) -> str:
    if not facts.asker:
        in_compose = by_compose(facts) and facts.source.isidentifier()
        listed = w.asks_listed_in_compose if in_compose else w.asks_listed
        return say(w.asks_listed_code if facts.use == "code" else listed, facts, w)
    use = w.uses[facts.use]
    return fill(w.asks_for_use, facts, what_for=use) if use else say(w.asks, facts, w)


def _answer(facts: Facts, w: Wording, *, alone: bool) -> str:
    quoting = bool(facts.message) and alone
    message = facts.message.replace('"', "'")  # it is shown in double quotes itself
    if facts.verdict != "refused":
        message = without_torn_address(clean(message, QUOTE_LIMIT))
    facts = replace(facts, message=message)
    if facts.verdict in NOT_THE_HUB or facts.file_host:
        if facts.status:
            return say(w.somebody_answered_quoting if quoting else w.somebody_answered, facts, w)
        return say(w.network_said, facts, w) if facts.message else ""
    if 200 <= facts.status < 300:
        return ""  # the Hub has answered; what is wrong is in the answer
    more = {**phrases(facts, w), "whom": _whom(facts, w), "answer": _status(facts)}
    if not facts.status:
        return fill(w.answered_nothing, facts, **more)
    if quoting and "username or password" in facts.message:
        return fill(w.answered_password, facts, **more)
    return fill(w.answered_quoting if quoting else w.answered, facts, **more)


def _whom(facts: Facts, w: Wording) -> str:
    more = phrases(facts, w)
    if facts.account:
        named = fill(w.token_quoted, facts) if facts.token_name else ""
        role = w.roles.get(facts.role, facts.role)
        source = fill(w.from_source, facts) if facts.token_source else ""
        if named and role and source:
            parts = fill(w.by_token, facts, role=role)
        else:
            parts = w.list_separator.join(filter(None, (named, role, source)))
        return fill(w.knows_account_by if parts else w.knows_account, facts, **more, parts=parts)
    return fill(w.saw_token if facts.token_source else w.saw_no_token, facts, **more)


def _status(facts: Facts) -> str:
    """The Hub's code stands beside the status only where nobody could translate it."""
    return f"{facts.status} {facts.code}".strip() if facts.verdict == "refused" else str(facts.status)


def _detail(facts: Facts, w: Wording) -> str:
    if facts.verdict != "file-not-found" or not facts.files or (facts.detail and not facts.no_gguf):
        return facts.detail
    return say(w.files_more if facts.files_left else w.files_found, facts, w)


def _heading(group: tuple[Facts, ...], w: Wording) -> str:
    if not any(facts.required for facts in group):
        return w.to_have_it_too
    as_somebody = group[0].account and group[0].verdict not in _NO_WAY_AROUND
    return say(w.go_on_as if as_somebody else w.go_on, group[0], w)


def _all_without(group: tuple[Facts, ...], w: Wording) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Two needs that can be done without in the same way are told together."""
    alike: dict[tuple[tuple[str, ...], str, str], list[Facts]] = {}
    for facts in group:
        ways = _without(facts, w)
        if ways:
            alike.setdefault((ways, facts.asker, facts.source), []).append(facts)
    return tuple(_filled(ways, several, w) for (ways, _, _), several in alike.items())


def _filled(ways: Sequence[str], several: Sequence[Facts], w: Wording) -> tuple[str, tuple[str, ...]]:
    repos = tuple(dict.fromkeys(facts.repo for facts in several))
    names = w.list_separator.join(repos)
    pairs = ",".join(f"{repo}={_OTHER_REPO}" for repo in repos)
    more = {**phrases(several[0], w), "names": names, "pairs": pairs}
    return names, tuple(fill(way, several[0], **more) for way in ways)


def _without(facts: Facts, w: Wording) -> tuple[str, ...]:
    """The ways to do without this model, of which one is enough."""
    if facts.verdict in ("token-invalid", "token-expired") and facts.open:
        return (w.without_public_token,)
    if facts.verdict in _NO_WAY_AROUND | _MERE_TYPO:
        return ()
    if not facts.asker and facts.use != "code" and facts.required:
        ways = (w.without_entry, w.or_optional)
        return ways if facts.has_fallbacks else (*ways, w.or_fallback)
    return (_without_template(facts, w),)


def _without_template(facts: Facts, w: Wording) -> str:
    if not facts.asker and facts.use == "code":
        return w.without_listed_code
    if not facts.asker:
        return w.without_optional_listed
    if facts.asker != "PrivateGPT":
        return w.without_other
    for setting, template in (
        ("llm.tokenizer", w.without_tokenizer_0x),
        ("models[", w.without_tokenizer_1x),
        ("llamacpp.", w.without_weights),
        ("rag.rerank.", w.without_reranker),
    ):
        if facts.source.startswith(setting):
            return template
    by_use = {"code": w.without_code, "embedding": w.without_embedding}
    return by_use.get(facts.use, w.without_other)
