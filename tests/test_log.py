from __future__ import annotations

import base64
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from entrypoint import log

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"


def fail(error: Exception) -> None:
    raise error


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def without_time(line: str) -> str:
    assert line[8] == " "
    return line[9:]


def test_a_json_line_has_time_level_event_and_fields(stream: io.StringIO) -> None:
    log.configure("json", [], stream=stream)
    log.get("transfer").warning("stalled", file="model.gguf", bytes=12, share=0.5, done=False, more=None)
    event = json.loads(stream.getvalue())
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "level": "warning",
        "event": "stalled",
        "stage": "transfer",
        "file": "model.gguf",
        "bytes": 12,
        "share": 0.5,
        "done": False,
        "more": None,
    }


def test_the_time_is_utc(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0425)
    log.configure("json", [], stream=stream)
    log.get("gate").info("start")
    assert json.loads(stream.getvalue())["timestamp"] == "2023-11-14T22:13:20.042Z"


def test_a_console_line_is_read_by_people(stream: io.StringIO) -> None:
    log.configure("console", [], stream=stream)
    log.get("transfer").info("fetching", file="model.gguf", left="3 min 20 s")
    log.get("transfer").warning("slow")
    first, second = stream.getvalue().splitlines()
    assert without_time(first) == "fetching  file=model.gguf  left='3 min 20 s'"
    assert without_time(second) == "warning: slow"


def test_debug_lines_are_not_written(stream: io.StringIO) -> None:
    log.configure("json", [], stream=stream)
    log.get("gate").debug("noise")
    assert stream.getvalue() == ""


def test_lines_go_to_standard_error_and_nothing_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", [])
    log.get("gate").info("hello")
    log.plain("console", [], "hello")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [without_time(line) for line in captured.err.splitlines()] == ["hello", "hello"]


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    log.configure("console", [], stream=terminal)
    log.get("gate").error("bad")
    assert "\x1b[31merror: \x1b[0mbad" in terminal.getvalue()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    log.configure("console", [], stream=terminal)
    log.get("gate").error("bad")
    assert "\x1b" not in terminal.getvalue()


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_plain_line_equals_structlogs(style: log.Style, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    one, other = io.StringIO(), io.StringIO()
    fields: dict[str, Any] = {"models": 3, "ms": 12.5, "note": f"a b {TOKEN}", "nested": {"a": ["b"]}}
    log.configure(style, [TOKEN], stream=one)
    structlog.get_logger().info("all is there", **fields)
    log.plain(style, [TOKEN], "all is there", stream=other, **fields)
    assert one.getvalue() == other.getvalue()
    assert one.getvalue().count("\n") == 1


def test_a_plain_line_does_not_import_structlog() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); from entrypoint import log;"
        "log.plain('json', ['secret'], 'hello'); log.plain('console', [], 'hello');"
        "print(*sys.modules, sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.count("hello") == 2
    assert not {"structlog", "logging"} & set(run.stdout.split())


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_token_in_an_exception_is_redacted_and_its_traceback_stays_readable(
    style: log.Style, stream: io.StringIO
) -> None:
    log.configure(style, [TOKEN], stream=stream)
    try:
        fail(ValueError(f"header 'Bearer {TOKEN}'\n\x1b[31mred"))
    except ValueError:
        log.get("hub").exception("failed")
    shown = stream.getvalue()
    assert TOKEN not in shown
    assert "ValueError: header 'Bearer hf_…(redacted)'" in shown
    if style == "console":
        assert "\n  |   File " in shown
    else:
        assert "\n  File " in json.loads(shown)["exception"]
        assert json.loads(shown)["level"] == "error"
    assert "\x1b" not in shown


def test_what_libraries_log_takes_the_same_way(stream: io.StringIO) -> None:
    log.configure("json", [TOKEN], stream=stream)
    logging.getLogger("huggingface_hub").warning("sent %s\x1b[0m", TOKEN)
    logging.getLogger("huggingface_hub").info("chatter")
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["stage"]) == ("sent hf_…(redacted)", "warning", "huggingface_hub")


def test_a_librarys_broken_log_call_does_not_print_its_arguments(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure("json", ["s3cr3t-value"], stream=stream)
    logging.getLogger("library").warning("%d bytes", "s3cr3t-value")
    assert "bytes" in json.loads(stream.getvalue())["event"]
    assert "s3cr3t" not in stream.getvalue() + capsys.readouterr().err


def test_a_librarys_exception_is_redacted(stream: io.StringIO) -> None:
    log.configure("console", ["s3cr3t-value"], stream=stream)
    try:
        fail(KeyError("s3cr3t-value"))
    except KeyError:
        logging.getLogger("library").exception("lost")
    assert "KeyError: 'hf_…(redacted)'" in stream.getvalue()


def test_a_value_from_outside_cannot_forge_a_line(stream: io.StringIO) -> None:
    log.configure("console", [], stream=stream)
    log.get("hub").info("said", message="ok\n08:00:00 all is well\x1b[2K")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_numbers_that_json_does_not_know_are_written_as_words(stream: io.StringIO) -> None:
    log.configure("json", [], stream=stream)
    log.get("plan").info("odd", rate=float("nan"), left=float("inf"), path=Path("/x"), raw=b"\xff", big=10**400)
    event = json.loads(stream.getvalue(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (event["rate"], event["left"], event["path"], event["raw"]) == ("nan", "inf", "/x", "\\xff")


def test_a_very_long_value_is_cut(stream: io.StringIO) -> None:
    log.configure("json", [], stream=stream)
    log.get("hub").info("body", text="x" * 1_000_000)
    assert len(stream.getvalue()) < 3000


@pytest.mark.parametrize(
    "shown",
    [
        quote("p+ss/w=rd&", safe=""),
        quote("p+ss/w=rd&", safe="").lower(),
        quote("p+ss/w=rd&"),
        base64.b64encode(b"p+ss/w=rd&").decode(),
        *(base64.b64encode(f"{user}:p+ss/w=rd&".encode()).decode() for user in ("", "u", "us", "user")),
        *(base64.urlsafe_b64encode(f"{user}:p+ss/w=rd&??>".encode()).decode() for user in ("", "u", "us")),
    ],
)
def test_a_secret_is_recognised_in_the_forms_that_http_gives_it(shown: str) -> None:
    redacted = log.redactor(["p+ss/w=rd&"])(f"Authorization: {shown}")
    assert "(redacted)" in redacted
    assert shown not in redacted
    assert shown[6:-6] not in redacted


@pytest.mark.parametrize("user", ["", "u", "us", "user"])
def test_a_secret_is_recognised_in_the_base64_of_addresses(user: str) -> None:
    shown = base64.urlsafe_b64encode(f"{user}:~~~>>>???".encode()).decode()
    assert set("-_") & set(shown)
    assert shown[8:-4] not in log.redactor(["~~~>>>???"])(shown)


def test_a_secret_quoted_by_python_is_recognised() -> None:
    secret = "pass\\word"
    assert repr(secret) == "'pass\\\\word'"
    assert log.redactor([secret])(str(KeyError(secret))) == "'hf_…(redacted)'"


def test_a_secret_that_cleaning_would_alter_is_recognised(stream: io.StringIO) -> None:
    log.configure("console", ["two  blanks"], stream=stream)
    log.get("hub").info("with two  blanks")
    assert "two" not in stream.getvalue()


def test_a_secret_split_by_invisible_characters_is_recognised(stream: io.StringIO) -> None:
    log.configure("console", ["s3cr3t-value"], stream=stream)
    log.get("hub").info("s3cr3t\u200b-va\x1b[0mlue", **{"s3cr3t\x00-value": 1})
    assert "s3cr3t" not in stream.getvalue()


def test_a_secret_at_the_place_of_the_cut_leaves_no_piece_behind() -> None:
    protect = log.protector(["s3cr3t-value"])
    for padding in range(1980, 2010):
        assert "s3cr" not in str(protect(None, "info", {"event": "x" * padding + "s3cr3t-value"}))


# Capitals and digits only, so that it can be no part of our own words.
SECRETS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789+/=&%\\'\"~!{}", min_size=8, max_size=40)
PADDING = st.text(max_size=12)


def leaves(secret: str, before: str, after: str) -> dict[str, Any]:
    raw = secret.encode()
    return {
        "plain": before + secret + after,
        "percent": quote(secret, safe=""),
        "base64": base64.b64encode(before.encode(errors="replace") + b":" + raw).decode(),
        "bytes": raw,
        "error": KeyError(secret),
        "nested": {secret: [{"deep": (secret, {secret})}], "again": before + secret},
        "digits": int(secret) if secret.isascii() and secret.isdecimal() else 1,
        before + secret: 1,
    }


@pytest.mark.parametrize("style", ["console", "json"])
@given(secret=SECRETS, before=PADDING, after=PADDING)
def test_no_secret_survives_in_any_rendering(style: log.Style, secret: str, before: str, after: str) -> None:
    stream = io.StringIO()
    log.configure(style, [secret], stream=stream)
    try:
        fail(RuntimeError(f"{before}{secret}{after}"))
    except RuntimeError:
        log.get("test").exception(before + secret, **leaves(secret, before, after))
    log.plain(style, [secret], secret + after, stream=stream, a=[secret])
    shown = stream.getvalue()
    if style == "json":
        shown += "".join(str(json.loads(line)) for line in shown.splitlines())
    assert secret not in shown
    assert quote(secret, safe="") not in shown
    assert base64.b64encode(b"\0" + secret.encode()).decode()[4:-4] not in shown or len(secret) < 9
