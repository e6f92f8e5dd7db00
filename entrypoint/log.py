"""Log lines on standard error: for people (`console`) or for programs (`json`), never with a secret in them.

structlog gives the loggers. What happens to an event is a chain of plain functions `(logger, method, event)
-> event`: protect, stamp, render. structlog costs as much to import as a whole warm start may take, so
`plain` sends a single line through the very same chain without it.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TextIO

from entrypoint.redaction import known
from entrypoint.redaction import redactor as redactor  # for all who write text elsewhere
from entrypoint.text import clean

if TYPE_CHECKING:
    import logging

    from structlog.typing import FilteringBoundLogger

Style = Literal["console", "json"]
Event = MutableMapping[str, Any]
Step = Callable[[Any, str, Event], Event]

_LIMIT = 2000  # characters of one value
_CONSIDERED = 16_384  # characters; what a longer value has in its middle is neither looked at nor shown
_CONSIDERED_LINES = 131_072
_MOST_ITEMS = 100  # of a list or a mapping
_LINES_KEPT = 50  # of a traceback, at both ends
_LINE_LIMIT = 400
_INDENT_LIMIT = 40
_COLOURS = {"warning": "33", "error": "31", "critical": "31"}


def configure(style: Style, secrets: Iterable[str], *, stream: TextIO | None = None) -> None:
    """Sets up structlog for this process; warnings of the libraries' own `logging` take the same way."""
    import logging

    import structlog

    out = stream or sys.stderr
    steps = chain(secrets)
    show = renderer(style, colour=wants_colour(out, os.environ))
    structlog.configure(
        processors=[structlog.processors.format_exc_info, *steps, show],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_library_handler(steps, show, out)], level=logging.WARNING, force=True)


def adopt(library: str) -> None:
    """Takes away the handler that a library gives its own logger at import: what it prints would pass by our chain,
    with what a server sent in it. To be called after that import, with `configure` done before."""
    import logging

    logger = logging.getLogger(library)
    logger.handlers.clear()
    logger.propagate = True


def get(name: str) -> FilteringBoundLogger:
    """A logger whose lines bear `name`, the stage that speaks."""
    import structlog

    logger: FilteringBoundLogger = structlog.get_logger(stage=name)
    return logger


def plain(
    style: Style,
    secrets: Iterable[str],
    text: str,
    *,
    level: str = "info",
    stream: TextIO | None = None,
    **fields: object,
) -> None:
    """One line, the same as structlog would write, without importing it."""
    out = stream or sys.stderr
    event: Event = {**fields, "event": text}
    for step in chain(secrets):
        event = step(None, level, event)
    out.write(renderer(style, colour=wants_colour(out, os.environ))(None, level, event) + "\n")
    out.flush()


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Colours are for terminals whose user did not say NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def chain(secrets: Iterable[str]) -> tuple[Step, ...]:
    """What every event goes through before it is rendered."""
    return (protector(secrets), stamp)


def protector(secrets: Iterable[str]) -> Step:
    """The step that redacts and cleans names and values, nested ones included, and leaves none of them long."""
    safe = _safe(secrets)
    traceback_of = lines_of(secrets)

    def line(text: str) -> str:
        return clean(safe(text), _LIMIT)

    def value_of(value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            shown = line(str(value))
            writable = isinstance(value, int) or math.isfinite(value)  # JSON knows no NaN
            return value if writable and shown == str(value) else shown
        if isinstance(value, Mapping):
            return {line(str(key)): value_of(inner) for key, inner in islice(value.items(), _MOST_ITEMS)}
        if isinstance(value, list | tuple | set | frozenset):
            return [value_of(inner) for inner in islice(value, _MOST_ITEMS)]
        if isinstance(value, bytes):
            return line(value.decode(errors="backslashreplace"))
        return line(str(value))

    def protect(_logger: Any, _method: str, event: Event) -> Event:
        traceback = event.pop("exception", None)
        protected: Event = {line(name): value_of(value) for name, value in event.items()}
        if traceback is not None:
            protected["exception"] = traceback_of(str(traceback))
        return protected

    return protect


def lines_of(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function for a text whose line breaks are kept, a traceback: each of its lines is redacted, cleaned and cut,
    and of too many, those in the middle are left out."""
    take_out = known(secrets)
    safe = _safe(secrets)

    def line(part: str) -> str:
        indent = min(len(part) - len(part.lstrip(" ")), _INDENT_LIMIT)
        return " " * indent + clean(safe(part), _LINE_LIMIT)

    def lines(text: str) -> str:
        parts = take_out(_considered(text, _CONSIDERED_LINES)).splitlines()
        if len(parts) > 2 * _LINES_KEPT:
            left_out = f"… {len(parts) - 2 * _LINES_KEPT} lines …"
            parts = [*parts[:_LINES_KEPT], left_out, *parts[-_LINES_KEPT:]]
        return "\n".join(map(line, parts))

    return lines


def _safe(secrets: Iterable[str]) -> Callable[[str], str]:
    take_out, redact = known(secrets), redactor(secrets)

    def safe(text: str) -> str:
        # On both sides of the cleaning: what it removes may have been part of a secret, or have split one. Masked by
        # form afterwards only: half a mask would hide from the second look what it left of the secret.
        return redact(clean(take_out(_considered(text, _CONSIDERED)), 0))

    return safe


def _considered(text: str, limit: int) -> str:
    """Of a very long text both ends: a traceback's last line is the error itself."""
    if len(text) <= limit:
        return text
    # Not the word in which the end begins: half a token looks like none.
    end = text[-limit // 2 :].split(None, 1)[1:]
    return "… ".join((text[: limit // 2], *end))


def stamp(_logger: Any, method: str, event: Event) -> Event:
    """Adds the time, in UTC, and the level."""
    now = time.time()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    level = "error" if method == "exception" else {"warn": "warning"}.get(method, method)
    first = {
        "timestamp": f"{moment}.{int(now * 1000) % 1000:03d}Z",
        "level": level,
        "event": event.pop("event", ""),
    }
    return {**first, **event}


def renderer(style: Style, *, colour: bool) -> Callable[[Any, str, Event], str]:
    """The last step: the event as text."""
    if style == "json":
        return _as_json

    def as_console(_logger: Any, _method: str, event: Event) -> str:
        return _as_console(event, colour=colour)

    return as_console


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    import json

    return json.dumps(event, ensure_ascii=False)


def _as_console(event: Event, *, colour: bool) -> str:
    """`08:30:01 warning: the text  name=value`; the level is left out where it is info."""
    fields = dict(event)
    moment = str(fields.pop("timestamp"))[11:19]
    level = fields.pop("level")
    text, traceback = fields.pop("event", ""), fields.pop("exception", None)
    fields.pop("stage", None)
    head = "" if level == "info" else f"{level}: "
    if colour:
        moment = f"\x1b[2m{moment}\x1b[0m"
        head = f"\x1b[{_COLOURS[level]}m{head}\x1b[0m" if level in _COLOURS else head
    pairs = "".join(f"  {name}={_console_value(value)}" for name, value in fields.items())
    # The bar keeps a line of the error's text from looking like one of ours.
    below = "".join(f"\n  | {line}" for line in traceback.split("\n")) if traceback else ""
    return f"{moment} {head}{text}{pairs}{below}"


def _console_value(value: object) -> str:
    shown = str(value)
    return repr(shown) if " " in shown or not shown else shown


def _library_handler(
    steps: tuple[Step, ...], show: Callable[[Any, str, Event], str], stream: TextIO
) -> logging.Handler:
    import logging

    class Handler(logging.StreamHandler[TextIO]):
        """Sends what libraries log by `logging` through our chain."""

        def format(self, record: logging.LogRecord) -> str:
            event: Event = {"event": _message(record), "stage": record.name}
            if record.exc_info:
                event["exception"] = logging.Formatter().formatException(record.exc_info)
            for step in steps:
                event = step(None, record.levelname.lower(), event)
            return show(None, record.levelname.lower(), event)

    return Handler(stream)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A library's mistake. `logging` would print the arguments past our chain, a token among them.
        return f"{record.msg} {record.args}"
