"""What the Hub accepts as a repo's name, as a revision and as a path, checked before any request is made.

A wrong name answers like a private repo (401 or 404), which sends people looking for a token; the real fault
is the spelling. Each check returns what is wrong, as a `Sentence` that completes "...: it ", or "" when nothing is.
"""

from __future__ import annotations

import re
from typing import Literal

from entrypoint.sentence import Sentence, say
from entrypoint.text import shown

# huggingface_hub's validate_repo_id: 96 characters, no "--", no "..", neither "-" nor "." at either end, no
# ".git".
_LONGEST = 96
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_TOKEN = re.compile(r"\b(hf|api_org|hf_jwt|hf_oauth)_[A-Za-z0-9_.-]{16,}")
# git-check-ref-format(1)
_NOT_IN_A_REVISION = re.compile(r"\.\.|@\{|//|[~^:?*\[\\\s]|^[-/.]|[/.]$|\.lock$")
PLACEHOLDERS = frozenset({"none", "null", "nil", "undefined", "false"})


def repo_fault(name: str) -> Sentence | Literal[""]:
    """What is wrong with `name` as `org/name` or, for the Hub's oldest repos, `name`."""
    parts = name.split("/")
    if not name.strip():
        return say("is blank")
    if name.casefold() in PLACEHOLDERS:
        return say("is a placeholder, not a name: a setting or variable was never filled in")
    if _TOKEN.search(name):
        return say("looks like an access token; a token belongs in HF_TOKEN")
    if any(c in name for c in "${}<>"):
        return say("holds a placeholder that was never filled in")
    if len(parts) > 2:
        return say("has more than one slash")
    if "" in parts:
        return say("lacks a part before or after the slash")
    if any(len(part) > _LONGEST for part in parts):
        return say("has a part of more than {limit} characters", limit=_LONGEST)
    if not all(re.fullmatch(r"[A-Za-z0-9._-]+", part) for part in parts):
        return say("may hold only letters, digits, '-', '_' and '.' beside one slash")
    if "--" in name or ".." in name:
        return say("may not hold '--' or '..'")
    if not all(_PART.fullmatch(part) for part in parts):
        return say("may not begin or end with '-' or '.'")
    if name.endswith(".git"):
        return say("may not end with '.git'")
    return ""


def revision_fault(revision: str) -> Sentence | Literal[""]:
    """What is wrong with `revision` as a branch, tag, pull request (`refs/pr/1`) or commit."""
    if not revision:
        return say("names no revision")
    if len(revision) > 255:
        return say("has a revision of more than 255 characters")
    if not revision.isprintable() or _NOT_IN_A_REVISION.search(revision):
        return say("has a revision that git would not accept ('{revision}')", revision=shown(revision, 40))
    return ""


def pattern_fault(pattern: str) -> Sentence | Literal[""]:
    """What is wrong with `pattern` as a glob over the paths of a repo."""
    if not pattern:
        return say("has an empty pattern")
    if not pattern.isprintable():
        return say("has a pattern with control characters")
    if pattern.startswith("/") or "\\" in pattern or ".." in pattern.split("/"):
        return say("has a pattern that leaves the repo's folder ('{pattern}')", pattern=shown(pattern, 40))
    if ":" in pattern or "@" in pattern:
        return say(
            "has ':' or '@' in a pattern ('{pattern}'): between entries stands a blank", pattern=shown(pattern, 40)
        )
    return ""
