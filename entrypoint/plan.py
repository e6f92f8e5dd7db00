"""From what the Hub lists to what is moved: which of the files that a server reads are not here yet. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from entrypoint.cache import layout, proof, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import Failure
from entrypoint.selection import choose, matches
from entrypoint.sentence import join, say
from entrypoint.text import clean, human_bytes, shown
from entrypoint.values import Evidence, Item, Need, Plan, RepoFile, Verdict


def make(verdicts: Sequence[Verdict], on_bytes: Callable[[int], None] = lambda _count: None) -> Plan:
    """The plan for all granted needs. Files that lie in place are proved by hash (`on_bytes` hears of the reading)
    and then not moved again."""
    items = []
    taken: set[tuple[object, ...]] = set()
    for verdict in verdicts:
        if verdict.repo is None or not verdict.granted:
            continue
        need, commit = verdict.need, verdict.repo.commit
        files = choose(need, verdict.repo)
        receipt = receipts.read(need)
        missing, linkable = [], []
        for file in files:
            key = (layout.path_of(need, commit, file), file.etag)
            if key not in taken and not _in_place(need, commit, file, receipt, on_bytes):
                missing.append(file)
                if _blob_is_here(need, commit, file, on_bytes):
                    linkable.append(file)
            taken.add(key)
        items.append(Item(need, commit, files, tuple(missing), tuple(linkable)))
    return Plan(tuple(items))


def check_all(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """`check` for each. A choice that only the user can make is asked for (`Failure` 78) where nothing is refused:
    all refusals are told together, first."""
    checked: list[Verdict] = []
    choice: Failure | None = None
    for verdict in verdicts:
        try:
            checked.append(check(verdict))
        except Failure as failure:
            choice = choice or failure
            checked.append(verdict)
    if choice is not None and all(verdict.granted or not verdict.need.required for verdict in checked):
        raise choice
    return tuple(checked)


def check(verdict: Verdict) -> Verdict:
    """The verdict again, turned into `file-not-found` where what was asked for matches nothing in the repo.

    Raises `Failure` 78 as `choose` does; for an optional model that is a `file-not-found`, too, because the server
    is to start without it.
    """
    if not verdict.granted or verdict.repo is None:
        return verdict
    unmatched = _unmatched(verdict.need, verdict.repo.files)
    try:
        if not unmatched and choose(verdict.need, verdict.repo):
            return verdict
    except Failure as failure:
        if verdict.need.required:
            raise
        return _not_found(verdict, join(" ", (failure.what, failure.why)))
    asked = join(", ", (clean(pattern, 80) for pattern in unmatched)) or say("any file that a server reads")
    paths = _nearest(unmatched, verdict.repo.files)
    named, more = join(", ", (clean(path, 80) for path in paths[:5])), len(paths) - 5
    if more > 0:
        detail = say(
            "{asked} matches nothing; the repo has {files} and {more} more", asked=asked, files=named, more=more
        )
    elif paths:
        detail = say("{asked} matches nothing; the repo has {files}", asked=asked, files=named)
    else:
        detail = say("{asked} matches nothing; the repo has no files", asked=asked)
    return _not_found(verdict, detail)


def lines(held: Iterable[Receipt], planned: Plan) -> Iterator[str]:
    """The plan for a person: what is in place, what would come, and the sum."""
    for receipt in held:
        proved = "in place and proved" if receipt.times else "in place, not proved"
        yield _line(receipt.need, receipt.commit, proved)
    for item in planned.items:
        count = f"{len(item.to_fetch)} of {len(item.files)} files to fetch"
        if item.linkable:
            count += f", {len(item.linkable)} to link"
        yield _line(item.need, item.commit, count)
        for file in item.to_fetch:
            yield f"  {human_bytes(file.size):>9}  {shown(file.path, 100)}"
    yield f"{human_bytes(planned.bytes_missing)} in {sum(len(item.to_fetch) for item in planned.items)} files to fetch"


def _line(need: Need, commit: str, text: str) -> str:
    return f"{shown(need.repo)}@{commit[:12]}: {text} ({shown(need.source)})"


def _unmatched(need: Need, files: Iterable[RepoFile]) -> tuple[str, ...]:
    """The patterns that a person gave and that match nothing. Of the patterns for a tokenizer's many possible files,
    it is enough that one matches."""
    paths = [file.path for file in files]
    unmatched = tuple(p for p in need.patterns if not any(matches(path, p) for path in paths))
    typed_by_hand = need.use in ("listed", "weights")
    return unmatched if typed_by_hand or len(unmatched) == len(need.patterns) else ()


def _not_found(verdict: Verdict, detail: str) -> Verdict:
    answered = Evidence(status=200, from_hub=True)
    return replace(verdict, name="file-not-found", evidence=answered, detail=detail)


def _nearest(patterns: Sequence[str], files: Iterable[RepoFile]) -> list[str]:
    """The repo's paths, those first that look most like what was asked for; without a pattern, the largest first."""
    if not patterns:
        return [file.path for file in sorted(files, key=lambda file: (-file.size, file.path))]

    def unlikeness(path: str) -> float:
        return -max(SequenceMatcher(None, pattern.lower(), path.lower()).ratio() for pattern in patterns)

    return sorted((file.path for file in files), key=lambda path: (unlikeness(path), path))


def _in_place(
    need: Need, commit: str, file: RepoFile, receipt: Receipt | None, on_bytes: Callable[[int], None]
) -> bool:
    """Whether the file is where the server looks, and is what the Hub published."""
    if receipt is not None and receipt.commit == commit and receipt.vouches_for(file):
        return True
    path = layout.path_of(need, commit, file)
    try:
        return proof.matches(path, file, on_bytes)
    except OSError:
        return False  # not there, or not readable: it is fetched


def _blob_is_here(need: Need, commit: str, file: RepoFile, on_bytes: Callable[[int], None]) -> bool:
    """Whether another commit of the repo brought the same bytes already, or a kill came between blob and link."""
    if need.place.kind == "folder":
        return False
    blob = layout.blob_of(need, file)
    try:
        # then it was just found damaged
        pointed_at = os.path.realpath(layout.path_of(need, commit, file)) == os.path.realpath(blob)
        return not pointed_at and proof.matches(blob, file, on_bytes)
    except OSError:
        return False
