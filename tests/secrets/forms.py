"""Tokens of every kind, the forms in which others write them down, and an eye that finds them again in an output."""

from __future__ import annotations

import base64
import binascii
import html
import json
import random
import re
import string
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import quote, unquote

from hypothesis import strategies as st

# Public, and the most that may be seen of a token.
PREFIXES = ("hf_oauth_", "hf_jwt_", "hf_", "api_org_")
ALPHANUMERIC = string.ascii_letters + string.digits
NON_BLANK = "".join(map(chr, range(33, 127)))
# A piece of this length tells where to look for the rest; shorter ones are in every text.
WINDOW = 5


def _drawn(alphabet: str, shortest: int, longest: int) -> st.SearchStrategy[str]:
    """As random as tokens are: letters drawn one by one would soon be a piece of one of our own sentences."""
    return st.builds(
        lambda seed, length: "".join(random.Random(seed).choices(alphabet, k=length)),  # noqa: S311 - no secret
        st.integers(0, 1 << 32),
        st.integers(shortest, longest),
    )


HUB_TOKENS = st.one_of(
    _drawn(ALPHANUMERIC, 20, 40).map("hf_{}".format),
    _drawn(ALPHANUMERIC, 20, 40).map("api_org_{}".format),
    _drawn(ALPHANUMERIC + "-._", 20, 60).map("hf_oauth_{}".format),
    _drawn(ALPHANUMERIC + "-._", 20, 900).map("hf_jwt_{}".format),
)
MIRROR_TOKENS = st.one_of(
    _drawn(NON_BLANK, 9, 60),
    _drawn("QXZJKVqxzjkv0123456789%/@.*+?$^()[]{}|\\\"'", 12, 40),
    _drawn(NON_BLANK, 200, 500),
)
TOKENS = st.one_of(HUB_TOKENS, MIRROR_TOKENS)

# Put between its characters: nobody sees them, and no search for the token finds it.
TEARS = {
    "colours": "\x1b[31m",
    "a link": "\x1b]8;;https://evil.test\x1b\\",
    "zero-width blanks": "\u200b",
    "joiners": "\u034f",
    "selectors": "\ufe0f",
    "direction marks": "\u202e",
    "NULs": "\0",
}


def _raised(token: str) -> str:
    error = RuntimeError(f"Bearer {token} was refused")
    error.__cause__ = KeyError(token)
    return "".join(traceback.format_exception(error))


def _percent(token: str, every: int, digits: str) -> str:
    return "".join(
        digits.format(ord(character)) if number % every == 0 else quote(character, safe="")
        for number, character in enumerate(token)
    )


def _torn(token: str, by: str) -> str:
    return by.join(token[begin : begin + 3] for begin in range(0, len(token), 3))


def _basic(token: str, user: str) -> str:
    return base64.b64encode(f"{user}:{token}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda x: x,
    "bearer": lambda x: f"Bearer {x}",
    "header": lambda x: repr({"authorization": f"Bearer {x}"}),
    "raw header": lambda x: repr([(b"Authorization", b"Bearer " + x.encode())]),
    "curl": lambda x: f"curl -H 'Authorization: Bearer {x}' https://hub.test/",
    "password in an address": lambda x: f"https://user:{x}@hub.test/org/name",
    "user in an address": lambda x: f"https://{x}@hub.test/org/name",
    "query": lambda x: f"https://hub.test/f?b=1&token={x}&c=2",
    "path": lambda x: f"https://hub.test/{x}/resolve/main/f",
    "quoted path": lambda x: f"https://hub.test/{quote(x, safe='')}/f",
    "percent": lambda x: _percent(x, 1, "%{:02X}"),
    "percent, small digits": lambda x: _percent(x, 1, "%{:02x}"),
    "percent, every second": lambda x: _percent(x, 2, "%{:02X}"),
    "percent, twice": lambda x: quote(_percent(x, 3, "%{:02X}"), safe=""),
    "basic": lambda x: f"Basic {_basic(x, 'user')}",
    "base64": lambda x: _basic(x, "u"),
    "base64 for addresses": lambda x: base64.urlsafe_b64encode(f"us:{x}".encode()).decode(),
    "base64 alone": lambda x: base64.b64encode(x.encode()).decode(),
    "json": lambda x: json.dumps({"token": x}),
    "json in json": lambda x: json.dumps(json.dumps({"token": x})),
    "json, all escaped": lambda x: "".join(f"\\u{ord(c):04x}" for c in x),
    "python": lambda x: repr(f"'{x}'"),
    "html": lambda x: html.escape(x),
    "html, all escaped": lambda x: "".join(f"&#{ord(c)};" for c in x),
    "html, hexadecimal": lambda x: "".join(f"&#x{ord(c):X};" for c in x),
    "exception": lambda x: str(KeyError(x)),
    "traceback": _raised,
    **{f"torn by {name}": partial(_torn, by=tear) for name, tear in TEARS.items()},
    "host in small letters": lambda x: f"https://{x.lower()}.hub.test",
    "host in capitals": lambda x: f"https://{x.upper()}.hub.test",
    "proxy": lambda x: f"http://bob:{x}@proxy.test:3128",
    "proxy without a scheme": lambda x: f"bob:{x}@proxy.test:3128",
    "many": lambda x: f"{x} " * 200,
}
# What shows by its form alone that it is a Hub's token, to who does not know that token.
KNOWN_BY_FORM = (
    *("plain", "bearer", "header", "raw header", "curl", "password in an address", "user in an address", "query"),
    *("path", "exception", "traceback", "proxy", "many"),
    *(f"torn by {name}" for name in TEARS),
)


def seen(token: str, output: str) -> str:
    """What can be seen of the token in an output, however it is written there; "" for nothing."""
    body = next((token.removeprefix(prefix) for prefix in PREFIXES if token.startswith(prefix)), token)
    windows = {body[begin : begin + WINDOW].lower() for begin in range(len(body) - WINDOW + 1)}
    for view in _readings(output):
        low = view.lower()
        for window in windows:
            if window in low:
                at = low.index(window)
                return f"{window!r} in {view[max(0, at - 60) : at + 60]!r}"
    return ""


def _readings(output: str) -> Iterator[str]:
    yield output
    for undo in (unquote, lambda text: unquote(unquote(text)), html.unescape, _unescaped):
        yield undo(output)
    yield _unescaped(_unescaped(output))
    yield re.sub("|".join(map(re.escape, TEARS.values())), "", output)
    for digits in re.findall(r"[A-Za-z0-9+/_-]{8,}", output):
        standard = digits.translate(str.maketrans("-_", "+/"))
        for lead in range(4):
            part = standard[lead:]
            yield _decoded(part[: len(part) // 4 * 4])


def _decoded(digits: str) -> str:
    try:
        return base64.b64decode(digits).decode("latin-1")
    except binascii.Error:
        return ""


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))",
        lambda found: found[3] or chr(int(found[1] or found[2], 16)),
        text,
        flags=re.DOTALL,
    )
