"""Text made fit to be shown: without what deceives a terminal, without credentials, numbers with units.

Everything that came from outside (the Hub's messages, file names, settings) passes through `clean` before a
person sees it. Standard library only, and no pattern compiled before it is used: the warm start imports this.
"""

from __future__ import annotations

import itertools
import re

TYPE_CHECKING = False  # typing's own would cost a warm start its import
if TYPE_CHECKING:
    from collections.abc import Callable

ANSI = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # titles, links
    r"|(?:\x1b\[|\x9b)[ -?]*\Z|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*\Z"  # one that was cut off
    r"|\x1b[ -/]*[0-~]"
)
# The last two: whatever the length before a cut, and in a host's name, which is sometimes put into capitals.
_HUB_FORM = (
    r"(?a)hf_(?:oauth|jwt)_[\w.-]{8,}|(?:hf|api_org)(?:_|%5[Ff])[A-Za-z0-9]{8,}"
    r"|(?:hf|api_org)_(?:(?:oauth|jwt)_)?[A-Za-z0-9]+(?=…)"
    r"|HF_[A-Z0-9]{20,}"
)
# A header as Python, JSON or curl show it.
_HEADER = r"""(?i)(authorization[\\"'b,:=\s]{1,12}(?:bearer|basic))\s+\S+"""
# The second form is a password with a bare "/" in it: what follows "user:" is no port. Spared is the example that shows
# people how to give a proxy its password.
_USERINFO = (
    r"://(?!name:password@proxy:port\b)(?:[^\s/?#]{0,2000}@|[^\s/?#:@\[]{1,200}:(?!\d*(?:[\s/?#]|$))\S{0,2000}@)"
)
# Spared is the kind of token that a link to the Hub's own form asks for.
_SIGNED = (
    r"(?i)([?&](?!tokenType=fineGrained\b)[^\s=&#]{0,40}"
    r"(?:token|signature|secret|credential|password|policy|key)[^\s=&#]{0,40}=)"
    r"[^\s&#]+"
)

# Printable by Unicode's word, and seen by nobody: fillers, joiners, variation selectors.
_UNSEEN = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    )
)
# Marks on one character: no script needs more, and a flood of them paints over the lines above and below.
_MOST_MARKS = 3

REDACTED_TOKEN = "hf_…(redacted)"  # noqa: S105 - what stands in a token's place


def clean(text: str, limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters, without controls, ANSI escapes and invisible marks.

    Line breaks and runs of blanks become one blank; a cut is marked by an ellipsis. `limit` 0 means no limit.
    """
    head = text[: limit * 20] if limit else text  # an answer of many megabytes is not worth the work
    plain = head.isascii() and head.isprintable()
    line = " ".join((head if plain else "".join(map(visible, re.sub(ANSI, "", head)))).split())
    if not line.isascii():
        line = _unflooded(line)
    if limit and (len(line) > limit or len(head) < len(text)):
        return line[: limit - 1].rstrip() + "…"
    return line


def visible(character: str) -> str:
    """What a person may see of one character: itself, a blank for white space, nothing for what cannot be seen."""
    if character.isprintable():
        return "" if ord(character) in _UNSEEN else character
    return " " if character.isspace() else ""


def _unflooded(text: str) -> str:
    import unicodedata  # a megabyte, which plain English does without

    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def mask_url(url: str) -> str:
    """`url` with user name, password and signed query values replaced by `***`.

    A proxy given without a scheme (`user:password@host:3128`) is masked, too.
    """
    if "://" not in url:
        return f"***@{url.rpartition('@')[2]}" if "@" in url else url
    return _mask_addresses(url)


def _mask_addresses(text: str) -> str:
    return re.sub(_SIGNED, r"\1***", re.sub(_USERINFO, "://***@", text))


def mask_secrets(text: str) -> str:
    """`text` with everything replaced that is a secret by its form: Hub tokens, credentials in URLs and headers."""
    # Patterns are compiled where there is something for them: hardly any line of a warm start has it.
    if "://" in text or "=" in text:
        text = _mask_addresses(text)
    if "uthorization" in text or "UTHORIZATION" in text:
        text = re.sub(_HEADER, r"\1 ***", text)
    if "hf" in text or "HF_" in text or "api_org" in text:
        text = re.sub(_HUB_FORM, REDACTED_TOKEN, text)
    return text


def shown(text: str, limit: int = 80, take_out: Callable[[str], str] = str) -> str:
    """`text` from outside as one short line without secrets. Cleaned first: an escape inside a token would hide it.

    `take_out` frees it of secrets that are known, whatever their form (`redaction.known`).
    """
    return clean(mask_secrets(take_out(clean(text, limit * 4))), limit)


def human_bytes(count: float) -> str:
    """Bytes in decimal units, as the Hub shows them: `532 B`, `1.2 GB`, `548 MB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 99.95 else f"{value:.0f} {unit}"


def human_duration(seconds: float) -> str:
    """Seconds in at most two units: `0.4 s`, `20 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 0.95:
        return f"{max(seconds, 0):.1f} s"
    rest = round(seconds)
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for (name, size), (next_name, next_size) in itertools.pairwise(units):
        if rest >= size:
            lesser = rest % size // next_size
            return f"{rest // size} {name}" + (f" {lesser} {next_name}" if lesser else "")
    return f"{rest} s"
