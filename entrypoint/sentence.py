"""Sentences that can be told in another language: English text that remembers what it was made of.

The English sentence stands where it is raised, and is all that code and tests see of it. `remedies.messages` finds the
template in the catalogue of another language and puts the same facts into that one. Imports nothing: the warm start
passes through here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Sentence(str):
    """`template` with `facts` put in. A fact that is to be translated, too, is a `Sentence` or `Joined` itself."""

    __slots__ = ("facts", "template")
    template: str
    facts: dict[str, object]


class Joined(str):
    """`parts` with `separator` between them, which other languages write differently."""

    __slots__ = ("parts", "separator")
    separator: str
    parts: tuple[str, ...]


def say(template: str, /, **facts: object) -> Sentence:
    """The sentence. Values are put in once: braces in them stay what they are."""
    sentence = Sentence(template.format_map(facts))
    sentence.template = template
    sentence.facts = facts
    return sentence


def join(separator: str, parts: Iterable[str], /) -> Joined:
    """Parts of a sentence, one after the other."""
    kept = tuple(parts)
    joined = Joined(separator.join(kept))
    joined.separator = separator
    joined.parts = kept
    return joined
