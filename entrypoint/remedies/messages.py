"""Everything that is told besides refusals, in the language of the person: failures, warnings and their steps.

Their English sentences stand where they are raised (`entrypoint.sentence`); a catalogue a language has the others.
"""

from __future__ import annotations

from collections.abc import Mapping

from entrypoint.failures import Failure
from entrypoint.sentence import Joined, Sentence


def translated(text: str, lang: str) -> str:
    """`text` in `lang`: a `Sentence`, or one without facts, that the catalogue has; several of them, joined. Anything
    else as it is."""
    messages, separators = _catalogue(lang)
    if isinstance(text, Joined):
        return separators.get(text.separator, text.separator).join(translated(part, lang) for part in text.parts)
    if isinstance(text, Sentence):
        return str(_part(text, messages, separators))
    return messages.get(text, text)


def state_line(failure: Failure, lang: str) -> str:
    """A failure as one line, for the state file."""
    return f"{failure.name}: {translated(failure.what, lang)}"


def _part(fact: object, messages: Mapping[str, str], separators: Mapping[str, str]) -> object:
    """A fact as it is put into a sentence of that language. A name stays, even one that reads like a sentence."""
    if isinstance(fact, Joined):
        parts = (str(_part(part, messages, separators)) for part in fact.parts)
        return separators.get(fact.separator, fact.separator).join(parts)
    if isinstance(fact, Sentence) and fact.template in messages:
        facts = {name: _part(inner, messages, separators) for name, inner in fact.facts.items()}
        return messages[fact.template].format_map(facts)
    return fact


def _catalogue(lang: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    if lang != "zh":
        return {}, {}
    from entrypoint.remedies import zh_messages  # its sentences are for those who read them

    return zh_messages.MESSAGES, zh_messages.SEPARATORS
