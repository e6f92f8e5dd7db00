"""docs/refusals.md and docs/exit-codes.md, made from what the program says and does. A test compares them with this."""

from __future__ import annotations

from collections.abc import Iterator

from entrypoint.remedies.languages import LANGUAGES, wording
from entrypoint.remedies.outcome import restart_helps
from entrypoint.remedies.render import explain
from entrypoint.remedies.samples import SAMPLES
from entrypoint.remedies.wording import Wording
from entrypoint.values import BAD_TOKEN, EXIT_CODES, FOR_GOOD, PRECEDENCE


def pages() -> dict[str, str]:
    """The pages by their file name in docs/."""
    return {"refusals.md": "\n".join(_refusals()), "exit-codes.md": "\n".join(_exit_codes())}


def _title(page: str) -> str:
    return "# " + " · ".join(w.labels[page] for w in LANGUAGES.values()) + "\n"


def _refusals() -> Iterator[str]:
    yield _title("refusals")
    for w in LANGUAGES.values():
        yield f"{w.page_refusals}\n\n{w.page_example}\n"
    yield " · ".join(f"[{name}](#{name})" for name in EXIT_CODES) + "\n"
    for name in EXIT_CODES:
        yield f"## {name}\n"  # the anchor to which messages link
        for lang in LANGUAGES:
            yield from _section(name, lang)


def _section(name: str, lang: str) -> Iterator[str]:
    w, code = wording(lang), EXIT_CODES[name]
    outcome = (w.page_restart if restart_helps(code) else w.page_no_restart) if code else w.page_no_exit
    colon = w.labels["colon"]
    yield f"**{w.labels['language']}** · {w.labels['arises']}{colon}{w.verdicts[name].arises}\n"
    exits = f"{w.labels['exit-code']}{colon}[{code}](exit-codes.md){w.labels['stop']}"
    yield w.sentence_separator.join((exits, outcome, *_waiting(name, w))) + "\n"
    for number, (verdict, context) in enumerate(SAMPLES[name]):
        if number:
            yield f"{w.labels['or']}\n"
        yield f"```text\n{explain([verdict], context, lang)}\n```\n"


def _waiting(name: str, w: Wording) -> Iterator[str]:
    """Whether ENTRYPOINT_ON_REFUSAL=wait waits for it."""
    if name == "tls-untrusted":
        yield w.page_waits_for_clock
    elif name in BAD_TOKEN:
        yield w.page_waits_for_file
    elif name != "granted":
        yield w.page_waits_not if name in FOR_GOOD else w.page_waits


def _exit_codes() -> Iterator[str]:
    yield _title("exit-codes")
    for lang in LANGUAGES:
        yield from _table(lang)


def _table(lang: str) -> Iterator[str]:
    w = wording(lang)
    precedence = w.list_separator.join(map(str, PRECEDENCE))
    yield f"## {w.labels['language']}\n"
    yield w.page_exit_codes.format(precedence=precedence) + "\n"
    columns = [w.labels[key] for key in ("code", "meaning", "restart", "verdicts")]
    yield f"| {' | '.join(columns)} |\n|---|---|---|---|"
    for code, meaning in w.exit_meanings.items():
        verdicts = " ".join(f"[{name}](refusals.md#{name})" for name, own in EXIT_CODES.items() if own == code)
        restart = (w.labels["yes"] if restart_helps(code) else w.labels["no"]) if code else "-"
        yield f"| {code} | {meaning} | {restart} | {verdicts or '-'} |"
    yield f"| 128+n | {w.exit_signal} | - | - |\n"
    yield w.page_exit_note + "\n"
