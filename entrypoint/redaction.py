"""Known secrets, taken out of text in whatever form they are in there.

A server, a library or the operating system may quote a token plain, percent-encoded, escaped by JSON, Python or HTML,
inside base64 ("Basic" credentials), in other case (a host's name), or torn apart by what a terminal does not show. So
a text is looked at in several views, each of them undone by one escape, and what is found is taken out of the text
itself. What a cut or another mask has left of a secret is a secret, too.

Standard library only, and no pattern is compiled where there is nothing for it: the warm start imports this.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from entrypoint.text import ANSI, REDACTED_TOKEN, mask_secrets, visible

_LONG = 9
SHORTEST = 4  # a shorter "secret" would shred every line and hide nothing
_LONGEST_ESCAPE = 10
_DEPTH = 3  # an escape inside an escape: JSON within JSON, quoted by Python, in a log line
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_ESCAPES = {
    "%": r"%([0-9A-Fa-f]{2})",
    "\\": r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([^ux]))",
    "&": r"&(?:#x([0-9A-Fa-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));",
}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_MARKS = rf"{re.escape(REDACTED_TOKEN)}|\*\*\*@?|…"
_HALF_ESCAPE = r"(?:%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|&(?:#x?[0-9A-Fa-f]*|[a-z]{1,4})?)\Z"


class _View(NamedTuple):
    """A text with something undone. `places` has for each character where it begins in the text itself, and at last
    where that ends; None where they are the same."""

    text: str
    places: Sequence[int] | None

    def place(self, index: int) -> int:
        return index if self.places is None else self.places[index]


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that frees text of the secrets, and of what is one by its form (`mask_secrets`)."""
    take_out = known(secrets)
    return lambda text: mask_secrets(take_out(text))


def known(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that frees text of these secrets in all their forms, and of the pieces that a cut left of them."""
    whole = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    inside = {digits for secret in secrets if len(secret) >= SHORTEST for digits in _base64_forms(secret)}

    def take_out(text: str) -> str:
        if not whole or not text:
            return text
        spans = [span for view in _views(text) for span in _found(view, whole, inside)]
        return _without(text, spans) if spans else text

    return take_out


def _forms(secret: str) -> Iterator[str]:
    yield secret
    # As it looks where the bytes of its UTF-8 were escaped one by one.
    yield secret.encode(errors="surrogateescape").decode("latin-1")
    # As a host's name. In capitals a short one may be part of ours: HF_TOKEN.
    yield secret.lower()
    if len(secret) >= _LONG:
        yield secret.upper()


def _base64_forms(secret: str) -> Iterator[str]:
    """Behind 0, 1 or 2 other bytes, without the digits at both ends that neighbours take part in."""
    raw = secret.encode(errors="surrogateescape")
    for lead in range(3):
        digits = binascii.b2a_base64(b"\0" * lead + raw, newline=False)
        inner = digits[(0, 2, 3)[lead] : (len(raw) + lead) * 8 // 6].decode()
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _views(text: str) -> Iterator[_View]:
    """The text itself, then with what is invisible or escaped undone, at most `_DEPTH` times."""
    seen = {text}
    layer = [_View(text, None)]
    yield layer[0]
    for _ in range(_DEPTH):
        undone = [further for view in layer for further in _undone(view)]
        layer = []
        for view in undone:
            if view.text not in seen:
                seen.add(view.text)
                layer.append(view)
        yield from layer


def _undone(view: _View) -> Iterator[_View]:
    if not (view.text.isascii() and view.text.isprintable()):
        yield _rewritten(view, rf"{ANSI}|[^ -~]", lambda match: visible(match[0]) if len(match[0]) == 1 else "")
    for sign, pattern in _ESCAPES.items():
        if sign in view.text:
            yield _rewritten(view, pattern, _unescaped)


def _unescaped(match: re.Match[str]) -> str:
    said = match[match.lastindex or 0]
    if match[0][0] == "&":
        return _ENTITIES.get(said) or _character(said, 16 if match[0][2] == "x" else 10)
    return said if match.lastindex == 3 else _character(said, 16)


def _character(digits: str, base: int) -> str:
    number = int(digits, base)
    return chr(number) if number <= 0x10FFFF else ""


def _rewritten(view: _View, pattern: str, instead: Callable[[re.Match[str]], str]) -> _View:
    pieces: list[str] = []
    places: list[int] = []
    end = 0
    for match in re.finditer(pattern, view.text, re.DOTALL):
        character = instead(match)
        pieces += (view.text[end : match.start()], character)
        places += map(view.place, range(end, match.start()))
        places += [view.place(match.start())] * len(character)
        end = match.end()
    pieces.append(view.text[end:])
    places += map(view.place, range(end, len(view.text) + 1))
    return _View("".join(pieces), places)


def _found(view: _View, whole: Iterable[str], inside: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the secrets, or pieces of them, lie in the text of which this is a view."""
    text = view.text
    for form in whole:
        for begin in _occurrences(form, text):
            yield view.place(begin), view.place(begin + len(form))
    for digits in inside:
        for begin in _occurrences(digits, text):
            end = begin + len(digits)
            before = next((n for n in range(2) if text[begin - n - 1 : begin - n] not in _BASE64), 2)
            after = next((n for n in range(3) if text[end + n : end + n + 1] not in _BASE64), 3)
            yield view.place(begin - before), view.place(end + after)
    if "…" not in text and "***" not in text:
        return
    for mark in re.finditer(_MARKS, text):
        near = text[max(0, mark.start() - _LONGEST_ESCAPE) : mark.start()]
        half = re.search(_HALF_ESCAPE, near)
        cuts = {mark.start(), mark.start() - (len(half[0]) if half else 0)}
        for form in (*whole, *inside):
            for cut in cuts:
                if size := _piece_before(cut, text, form):
                    yield view.place(cut - size), view.place(mark.start())
            if size := _piece_after(mark.end(), text, form):
                yield view.place(mark.end()), view.place(mark.end() + size)


def _occurrences(form: str, text: str) -> Iterator[int]:
    begin = text.find(form)
    while begin >= 0:
        yield begin
        begin = text.find(form, begin + 1)


def _piece_before(end: int, text: str, form: str) -> int:
    """The length of the longest piece of the secret that ends there; 0 where it is too short to be one."""
    size = SHORTEST
    while size <= end and text[end - size : end] in form:
        size += 1
    return size - 1 if size > SHORTEST else 0


def _piece_after(begin: int, text: str, form: str) -> int:
    size = SHORTEST
    while begin + size <= len(text) and text[begin : begin + size] in form:
        size += 1
    return size - 1 if size > SHORTEST else 0


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with each span, or run of spans, replaced."""
    pieces: list[str] = []
    end = 0
    for begin, until in sorted(spans):
        if begin > end or not pieces:
            pieces += (text[end:begin], REDACTED_TOKEN)
        end = max(end, until)
    pieces.append(text[end:])
    return "".join(pieces)
