"""Where PrivateGPT lies in an image, and which Python is its own: told by files and the command, without a process."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# A plain string: compiled where it is used, which on a warm start it is not.
_PYTHON = r"python(\d+(\.\d+)*)?"
_NAMES = ("private_gpt", "private-gpt")


def words_of(command: Sequence[str]) -> Iterator[str]:
    """The words of the command, and those of the script in `sh -c ".venv/bin/python -m private_gpt"`."""
    for word in command:
        if any(name in word for name in _NAMES) and any(c.isspace() for c in word):
            lexer = shlex.shlex(word, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            try:
                yield from list(lexer)
            except ValueError:  # a quote that is not closed: the shell will say so
                yield from word.split()
        else:
            yield word


def is_present(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> bool:
    return (
        "private_gpt" in words
        or (cwd / "private_gpt" / "settings" / "settings.py").is_file()
        or next(_console_scripts(words, environ, cwd), None) is not None
    )


def interpreter(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The Python of PrivateGPT: the one the command names, else the console script's, else the folder's."""
    for index, word in enumerate(words):
        if re.fullmatch(_PYTHON, Path(word).name) and "private_gpt" in words[index:]:
            found = _on_path(word, environ, cwd)
            if found is not None:
                return found
    for script in _console_scripts(words, environ, cwd):
        found = _behind(script, environ, cwd)
        if found is not None:
            return found
    candidates = (".venv/bin/python", "python", "python3")
    return next((found for word in candidates if (found := _on_path(word, environ, cwd)) is not None), None)


def _console_scripts(words: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    for word in (*(word for word in words if Path(word).name == "private-gpt"), "private-gpt"):
        found = _on_path(word, environ, cwd)
        if found is not None:
            yield found


def _on_path(name: str, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """As execvp would find `name` in `cwd`. PATH may be relative: PrivateGPT 0.x has `.venv/bin/:$PATH`."""
    folders = [""] if "/" in name else environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        path = cwd / folder / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None


def _behind(script: Path, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The interpreter of a console script: its first line's or, if that is a shell's, the one it execs."""
    try:
        with script.open("rb") as file:
            head = file.read(1024).decode("utf-8", "replace")
    except OSError:  # may be executed, but not read
        return None
    if not head.startswith("#!"):
        return None
    first, _, rest = head[2:].partition("\n")
    words = first.split()
    # Installers write `#!/bin/sh` and `'''exec' "/long path/python" "$0" "$@"` where the first line would
    # grow too long.
    if match := re.match(r"'''exec' (?:\"([^\"]+)\"|(\S+))", rest):
        words = [match[1] or match[2]]
    if words and Path(words[0]).name == "env":
        words = words[1:]
    if words and re.fullmatch(_PYTHON, Path(words[0]).name):
        return _on_path(words[0], environ, cwd)
    return None
