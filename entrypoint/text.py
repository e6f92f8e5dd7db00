"""Text made fit to be shown: without what deceives a terminal, without credentials, numbers with units.

Everything that came from outside (the Hub's messages, file names, settings) passes through `clean` before a
person sees it. Standard library only, and no pattern compiled before it is used: the warm start imports this.
"""

from __future__ import annotations

import itertools
import re

_ANSI = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
_HUB_TOKEN = r"(?a)hf_(?:oauth|jwt)_[\w.-]{8,}|hf_[A-Za-z0-9]{8,}|api_org_[A-Za-z0-9]{8,}"  # noqa: S105
# The second form is a password with a bare "/" in it: what follows "user:" is no port.
_USERINFO = r"://(?:[^\s/?#]{0,2000}@|[^\s/?#:@\[]{1,200}:(?!\d*(?:[\s/?#]|$))\S{0,2000}@)"
_SIGNED = (
    r"(?i)([?&][^\s=&#]{0,40}(?:token|signature|secret|credential|password|policy|key)[^\s=&#]{0,40}=)"
    r"[^\s&#]+"
)

REDACTED_TOKEN = "hf_…(redacted)"  # noqa: S105 - what stands in a token's place


def clean(text: str, limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters, without controls, ANSI escapes and invisible marks.

    Line breaks and runs of blanks become one blank; a cut is marked by an ellipsis. `limit` 0 means no limit.
    """
    head = text[: limit * 20] if limit else text  # an answer of many megabytes is not worth the work
    line = " ".join("".join(map(_visible, re.sub(_ANSI, "", head))).split())
    if limit and (len(line) > limit or len(head) < len(text)):
        return line[: limit - 1].rstrip() + "…"
    return line


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ""


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
    """`text` with everything replaced that is a secret by its form: Hub tokens, credentials inside URLs."""
    return re.sub(_HUB_TOKEN, REDACTED_TOKEN, _mask_addresses(text))


def shown(text: str, limit: int = 80) -> str:
    """`text` from outside as one short line without secrets. Cleaned first: an escape inside a token would hide it."""
    return clean(mask_secrets(clean(text, limit * 4)), limit)


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
