"""The list given by hand: ENTRYPOINT_MODELS and ENTRYPOINT_OPTIONAL_MODELS.

    org/name[@revision][:glob[,glob...]]

separated by blanks or line breaks; `#` begins a comment. Taken as well, because people type and paste it:
commas between entries that have no patterns (`a/b, c/d`), quotes that an env file left in place, and the
address of a page (`https://huggingface.co/org/name/tree/main`). What could be read in two ways is refused,
not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from glob import escape
from typing import Literal
from urllib.parse import unquote, urlsplit

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs.names import PLACEHOLDERS, pattern_fault, repo_fault, revision_fault
from entrypoint.sentence import Sentence, say
from entrypoint.text import shown
from entrypoint.values import Need, Place

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_ADDRESS = re.compile(r"https?://|(?:" + "|".join(re.escape(host) for host in _HOSTS) + ")/", re.IGNORECASE)
_COMMA_AFTER_BLANK = re.compile(r"\s+,")
_NEXT_ADDRESS = re.compile(r",(?=https?://)", re.IGNORECASE)
# The folder of a page that shows files; what follows it is the revision, and then a path.
_FILE_PAGES = {"tree": "/*", "blob": "", "resolve": "", "raw": ""}
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]*$")


class EntryError(ValueError):
    """What is wrong with one entry, in words that complete "...: it "."""

    def __init__(self, fault: Sentence) -> None:
        super().__init__(fault)
        self.fault = fault


def parse(text: str, *, variable: str, place: Place, required: bool) -> tuple[Need, ...]:
    """The needs that the value `text` of `variable` lists, in its order, each once.

    A value that is blank, or nothing but `none` or `null` (what templates write for "no value"), lists none.
    Raises `Failure` bad-model-name (78) for the first entry that is not one.
    """
    needs: list[Need] = []
    for entry in _COMMA_AFTER_BLANK.sub(",", tidied(text)).split():
        try:
            for repo, revision, patterns in read(unquoted(entry)):
                need = Need(repo, place, variable, revision, patterns, required)
                _merge(needs, need)
        except EntryError as error:
            raise Failure(
                "bad-model-name",
                CONFIG,
                say(
                    '{variable} holds "{entry}", which names no model: it {fault}.',
                    variable=variable,
                    entry=shown(entry),
                    fault=error.fault,
                ),
                todo=(
                    say(
                        "Correct {variable}: org/name[@revision][:glob[,glob...]], with blanks between entries.",
                        variable=variable,
                    ),
                ),
            ) from None
    return tuple(needs)


def tidied(text: str) -> str:
    """The value of a list without comments and the quotes around it; "" for one that lists nothing."""
    cleaned = unquoted(_COMMENT.sub("", text).strip())
    return "" if cleaned.casefold() in PLACEHOLDERS else cleaned


def _merge(needs: list[Need], new: Need) -> None:
    """Add `new`, or its patterns to those of the same repo and revision.

    A need without patterns ("what a server reads") and one with patterns stay two: their union has no
    pattern.
    """
    for index, known in enumerate(needs):
        same_repo = (known.repo, known.revision) == (new.repo, new.revision)
        if same_repo and bool(known.patterns) == bool(new.patterns):
            needs[index] = replace(known, patterns=tuple(dict.fromkeys(known.patterns + new.patterns)))
            return
    needs.append(new)


def read(entry: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Repo, revision and patterns of each model in an entry: one, or several with commas between.

    Raises `EntryError`.
    """
    for piece in _NEXT_ADDRESS.split(entry):
        if match := _ADDRESS.match(piece):
            yield from _read_address(piece if "://" in match[0] else f"https://{piece}")
        else:
            yield from _read_names(piece)


def _read_names(piece: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    head, colon, tail = piece.partition(":")
    if colon and tail.endswith(","):
        # "a/b:config.json, tokenizer.json" is a pattern to its writer, "a/b:*.gguf, c/d" a model: no way to
        # tell.
        raise EntryError(
            say("ends in a comma after its patterns: no blank belongs between patterns, no comma between entries")
        )
    names = [name for name in head.split(",") if name]
    if colon and (not names or head.endswith(",")):
        raise EntryError(say("has no name before the ':'"))
    patterns = tuple(tail.split(",")) if colon else ()
    for pattern in patterns:
        _refuse(pattern_fault(pattern))
    for pattern in patterns[1:]:
        if _may_be_repo(pattern):
            raise EntryError(
                say(
                    "has '{pattern}' among its patterns, which looks like a model: put a blank before it instead of "
                    "the comma, or a '*' behind it if it is a pattern",
                    pattern=shown(pattern, 40),
                )
            )
    for number, name in enumerate(names, start=1):
        repo, at, revision = name.partition("@")
        _refuse(repo_fault(repo))
        if at:
            _refuse(revision_fault(revision))
        # Patterns bind to the name that they follow.
        yield repo, revision or "main", patterns if number == len(names) else ()


def _may_be_repo(pattern: str) -> bool:
    return pattern.count("/") == 1 and not _EXTENSION.search(pattern) and not repo_fault(pattern)


def _read_address(address: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    try:
        split = urlsplit(address.rstrip(","))
        host = split.hostname or ""
    except ValueError:
        raise EntryError(say("is not a readable address")) from None
    if host not in _HOSTS:
        raise EntryError(
            say("is an address of another host: write org/name, and the address of the Hub into HF_ENDPOINT")
        )
    path = split.path.strip("/")
    if not path:
        raise EntryError(say("is the Hub's own address"))
    parts = path.split("/")
    # The shortest is gpt2/tree/main; a/tree is a repo of that name.
    page = next((index for index in (1, 2) if parts[index] in _FILE_PAGES), 0) if len(parts) > 2 else 0
    if parts[0] in ("datasets", "spaces", "collections", "papers", "docs", "api", "settings"):
        raise EntryError(say("is a page of the Hub's {section}, not of a model", section=parts[0]))
    if not page:
        yield from _read_names(path)
        return
    if "," in path:
        raise EntryError(say("has a comma in an address: put a blank between entries"))
    repo = "/".join(parts[:page])
    revision = unquote(parts[page + 1]) if page + 1 < len(parts) else ""
    file = unquote("/".join(parts[page + 2 :]))
    for fault in (repo_fault(repo), revision_fault(revision), pattern_fault(file) if file else ""):
        _refuse(fault)
    if not file and parts[page] != "tree":
        raise EntryError(say("is the address of a file, but names no file"))
    yield repo, revision, (escape(file) + _FILE_PAGES[parts[page]],) if file else ()


def _refuse(fault: Sentence | Literal[""]) -> None:
    if fault:
        raise EntryError(fault)


def unquoted(text: str) -> str:
    """`docker run --env-file` keeps the quotes that a shell or compose would have removed."""
    quoted = len(text) >= 2 and text[0] in "'\"" and text.find(text[0], 1) == len(text) - 1
    return text[1:-1].strip() if quoted else text
