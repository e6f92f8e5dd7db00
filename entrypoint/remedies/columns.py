"""Lines that fit a console: text measured in columns, and broken where its script allows.

Words are divided at blanks, Chinese between any two characters, but a line never begins with a closing punctuation mark
or ends with an opening one. What a person looks for on a page, or copies, is never broken: addresses, short quotations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

WIDTH = 100
QUOTED = 72  # columns; a longer quotation is a sentence to be read, not a thing to look for
_QUOTATION = re.compile(r'"[^"]*"|`[^`]+`|“[^”]*”')
_OPENING = "（「『【《〈“‘"
_CLOSING = "，。、；：？！）」』】》〉”’…"
_HOLDS_NEXT = _OPENING + "([{"
_HOLDS_LAST = _CLOSING + ",.;:?!)]}%"


def columns(text: str) -> int:
    """How many columns `text` takes in a terminal: a Chinese character two, a combining mark none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, lead: str, width: int = WIDTH) -> list[str]:
    """`text` in lines of at most `width` columns; the first begins with `lead`, the others are indented as far.

    A single word that is wider stands alone on its line, whole.
    """
    margin = " " * columns(lead)
    lines: list[str] = []
    room = 0
    for blank, piece in _pieces(text):
        needed = columns(blank + piece)
        if lines and needed <= room:
            lines[-1] += blank + piece
            room -= needed
        else:
            lines.append(piece)
            room = width - len(margin) - columns(piece)
    return [(margin if number else lead) + line for number, line in enumerate(lines)]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What must stay together, each with the blank that stands before it."""
    held_blank, held = "", ""
    for blank, atom in _atoms(text):
        if held and (atom[0] in _CLOSING or (not blank and (held[-1] in _HOLDS_NEXT or atom[0] in _HOLDS_LAST))):
            held += " " + atom if blank else atom
            continue
        if held:
            yield held_blank, held
        held_blank, held = " " if blank else "", atom
    if held:
        yield held_blank, held


def _atoms(text: str) -> Iterator[tuple[bool, str]]:
    """Words, quotations and single wide characters, each with whether a blank stands before it."""
    blank, atom = False, ""
    for part in _parts(text):
        alone = len(part) == 1 and (_columns(part) == 2 or part in _OPENING + _CLOSING)
        if part.isspace() or alone:
            if atom:
                yield blank, atom
                blank, atom = False, ""
            if alone:
                yield blank, part
            blank = not alone
        else:
            atom += part
    if atom:
        yield blank, atom


def _parts(text: str) -> Iterator[str]:
    """Quotations that fit a line as they are, the rest character by character."""
    begin = 0
    for quotation in _QUOTATION.finditer(text):
        if columns(quotation[0]) <= QUOTED:
            yield from text[begin : quotation.start()]
            yield quotation[0]
            begin = quotation.end()
    yield from text[begin:]
