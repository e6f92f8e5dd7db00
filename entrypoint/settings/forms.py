"""Single values as people write them: quoted, a number, a word, an address, a path. Wrong ones: `Failure`.

The wrong value is shown, but without anything that looks like a token: people put values into the wrong
variable.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from entrypoint.failures import CONFIG, Failure
from entrypoint.sentence import Joined, Sentence, join, say
from entrypoint.settings.variables import VARIABLES
from entrypoint.text import clean, mask_url
from entrypoint.text import shown as one_line

TRUE_WORDS = frozenset({"1", "on", "yes", "true"})  # the Hub client's own rule
FALSE_WORDS = frozenset({"0", "off", "no", "false"})
PROXY_SCHEMES = ("http", "https")  # SOCKS would take a package that the Hub client does not bring
QUOTES = ('"', "'", "`", "“", "”", "‘", "’")

# A plain string, as every pattern on the warm path: `re` compiles it, and remembers it, once it is needed.
_REFERENCE = r"(?a)\$(?:(\w+)|\{(\w+)\})"


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning to be logged once at start. `name` is kebab-case and stable; `text` never holds a secret."""

    name: str
    text: str


def invalid(name: str, value: str, allowed: Sentence | Joined, *todo: Sentence) -> Failure:
    """The failure for a value that cannot be: names the variable, the value, and what is allowed."""
    return Failure(
        "setting-invalid",
        CONFIG,
        say("{name} is {value!r}, which is not allowed.", name=name, value=shown(value)),
        say("Allowed is {allowed}.", allowed=allowed),
        todo
        or (
            say(
                "set {name} to {allowed}, or remove it (default: {default})",
                name=name,
                allowed=allowed,
                default=_default(name),
            ),
        ),
    )


def shown(value: str) -> str:
    """A value from the environment, fit to be shown."""
    return one_line(mask_url(clean(value, 0)))


def _default(name: str) -> str:
    variable = VARIABLES[name]
    return variable.default or say(variable.otherwise.replace("`", ""))


def unquoted(value: str) -> str:
    """`value` without the blanks, line ends and one pair of quotes around it.

    `docker run --env-file` keeps quotes, and in a file from Windows each value ends with a carriage return.
    """
    bare = value.strip()
    if len(bare) >= 2 and bare[0] == bare[-1] and bare[0] in "\"'":
        bare = bare[1:-1].strip()
    return bare


def text(environ: Mapping[str, str], name: str) -> str:
    """The variable's value, or its default from the table."""
    return environ.get(name) or VARIABLES[name].default


def word(environ: Mapping[str, str], name: str) -> str:
    """One of the words that the table allows, in lower case."""
    value = text(environ, name).lower()
    if value and value not in VARIABLES[name].choices:
        raise invalid(name, environ[name], join(" or ", VARIABLES[name].choices))
    return value


def switch(environ: Mapping[str, str], name: str) -> bool:
    return word(environ, name) in TRUE_WORDS


def seconds(environ: Mapping[str, str], name: str, *, zero_allowed: bool) -> float:
    """A number of seconds, up to a year: what lies beyond overflows the time limits of the system."""
    value = text(environ, name)
    number = _float(value)
    if not 0 <= number <= 31_536_000 or (number == 0 and not zero_allowed):
        allowed = (
            say("a number of seconds from 0 up to 31536000, such as 90")
            if zero_allowed
            else say("a number of seconds greater than 0 up to 31536000, such as 90")
        )
        raise invalid(name, value, allowed)
    return number


def _float(value: str) -> float:
    try:
        return float(value) if value.isascii() else math.nan
    except ValueError:
        return math.nan


def whole_seconds(environ: Mapping[str, str], name: str) -> None:
    """Checks a time limit that the Hub client reads with `int()` at import, where "2.5" is a traceback."""
    value = text(environ, name)
    if not (value.isascii() and value.isdecimal() and len(value) < 9):
        raise invalid(name, value, say("a whole number of seconds, such as 10"))


def port(environ: Mapping[str, str], name: str) -> int:
    value = text(environ, name)
    if not (value.isascii() and value.isdecimal() and len(value) < 6 and 0 < int(value) < 65536):
        raise invalid(name, value, say("a port number from 1 to 65535"))
    return int(value)


def address(name: str, value: str) -> SplitResult:
    """An http or https address, taken apart."""
    parts = _split(value)
    if parts is None:
        lacks_scheme = "://" not in value and _split(f"https://{value}")
        todo = (say("set {name}=https://{value}", name=name, value=shown(value)),) if lacks_scheme else ()
        raise invalid(name, value, say("an address that begins with http:// or https://"), *todo)
    return parts


def proxy(name: str, value: str) -> None:
    """Checks the address of a proxy, which may lack its scheme. The Hub client's own complaint is a traceback."""
    whole = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(whole)
        usable = parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not value.isprintable() or " " in value:
        raise Failure(
            "setting-invalid",
            CONFIG,
            say("{name} is {value!r}, which cannot be a proxy.", name=name, value=shown(value)),
            say(
                "Allowed is an address such as http://proxy:3128, with one of the schemes {schemes}.",
                schemes=join(", ", PROXY_SCHEMES),
            ),
            (
                say("correct {name}, or remove it", name=name),
                "a password with one of @ : / # ? % in it takes their codes: %40 %3A %2F %23 %3F %25",
            ),
        )


def _split(value: str) -> SplitResult | None:
    if not value.isascii() or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def expanded(value: str, environ: Mapping[str, str]) -> str:
    """`value` with `$NAME` and `${NAME}` replaced; a name that is not set stays, as in the Hub client."""
    if "$" not in value:
        return value
    return re.sub(_REFERENCE, lambda match: environ.get(match[1] or match[2], match[0]), value)


def path(value: str, environ: Mapping[str, str], home: Path) -> Path:
    """An absolute path: `~`, variables and the working directory are resolved in the Hub client's order."""
    if value == "~" or value.startswith("~/"):
        value = f"{home}{value[1:]}"
    return Path(os.path.abspath(expanded(os.path.expanduser(value), environ)))  # noqa: PTH100, PTH111 - symlinks stay
