"""Which needs are met already: those that a receipt answers for, and offline those that lie there all the same.

Asks nobody. A warm start passes through `split` alone; the rest reads whole files, and imports what that takes there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, IO_ERROR, Failure
from entrypoint.needs import automap
from entrypoint.sentence import Sentence, join, say
from entrypoint.values import Item, Need, RepoFile

Met = dict[Need, Receipt]
OnBytes = Callable[[int], None]


def _unheard(_count: int) -> None:
    pass


def split(needs: Sequence[Need], *, prove: bool = False, on_bytes: OnBytes = _unheard) -> tuple[Met, list[Need]]:
    """The needs that are met, each with its receipt; and the others. A met model's code repos are needs, too.

    `prove`: files that were touched since their receipt was written are read and compared (`reprove`).
    """
    met: Met = {}
    unmet: list[Need] = []
    queue = list(dict.fromkeys(needs))
    while queue:
        need = queue.pop(0)
        receipt = receipts.read(need)
        if receipt is not None and not receipt.holds():
            receipt = reprove(need, receipt, on_bytes) if prove else None
        code = None if receipt is None else _code_repos(need, receipt)
        if receipt is None or code is None:
            unmet.append(need)
            continue
        met[need] = receipt
        queue += [other for other in code if other not in met and other not in queue and other not in unmet]
    return met, unmet


def reprove(need: Need, receipt: Receipt, on_bytes: OnBytes = _unheard) -> Receipt | None:
    """The receipt anew, where every file still is what it says; None where one is not.

    A volume that was restored or copied has the same bytes with new times: its proof takes no Hub. Nothing is read
    where a size tells already that it cannot be.
    """
    return _renewed(receipt) if is_whole(need, receipt, on_bytes) else None


def is_whole(need: Need, receipt: Receipt, on_bytes: OnBytes = _unheard) -> bool:
    """Whether every file still is what the receipt says. Nothing is read where a size tells that it cannot be."""
    if not receipt.files or not all(_has_size(need, receipt.commit, file) for file in receipt.files):
        return False
    return not any(_faults(need, receipt, on_bytes))


def settle_offline(
    unmet: Sequence[Need], on_bytes: OnBytes = _unheard, *, write: bool = True
) -> tuple[Met, list[Sentence]]:
    """What of the unmet needs can be used without the Hub, and sentences to warn with.

    Where there is a receipt, its files are proved by hash (and the receipt is written anew, unless `write` is False).
    Where there is none, what lies there is taken unproved, as `Receipt` without times, if it has something for every
    pattern. Raises `Failure` `offline-incomplete` (78), or `cache-damaged` (74) where all files are there but some are
    not what the Hub published, when a required need cannot be used.
    """
    met: Met = {}
    sentences: list[Sentence] = []
    faults: list[tuple[Need, list[_Fault]]] = []
    queue = list(dict.fromkeys(unmet))
    seen = set(queue)
    while queue:
        need = queue.pop(0)
        receipt = receipts.read(need)
        if receipt is None or not receipt.files:
            found, wrong = _unproved(need)
            if not wrong:
                text = say("{repo} lies in the cache without a receipt; offline it cannot be proved.", repo=need.repo)
                sentences.append(text)
        else:
            wrong = list(_faults(need, receipt, on_bytes))
            found = _renewed(receipt) if write and not wrong and not receipt.holds() else receipt
            code = () if wrong else _code_repos(need, receipt) or ()
            queue += [other for other in code if other not in seen]
            seen.update(code)
        if not wrong:
            met[need] = found
        elif need.required:
            faults.append((need, wrong))
        else:
            sentences.append(say("The server starts without {missing}.", missing=_described(need, wrong)))
    if faults:
        raise _failure(faults)
    return met, sentences


class _Fault(NamedTuple):
    """One file (or pattern) that keeps a need from being met. `reason` is blank for one that is not there."""

    path: str
    reason: str = ""
    damaged: bool = False

    @property
    def told(self) -> str:
        return say("{path} ({reason})", path=self.path, reason=self.reason) if self.reason else self.path


def _code_repos(need: Need, receipt: Receipt) -> tuple[Need, ...] | None:
    """The needs that a model's config.json adds; None where that cannot be read, and so cannot be known."""
    if not need.auto_map:
        return ()
    try:
        return automap.code_repos((layout.root_of(need, receipt.commit) / "config.json").read_bytes(), need)
    except FileNotFoundError:
        return ()
    except OSError:
        return None


def _has_size(need: Need, commit: str, file: RepoFile) -> bool:
    try:
        return layout.path_of(need, commit, file).stat().st_size == file.size
    except (OSError, ValueError):  # ValueError: a damaged receipt may name a path with a NUL in it
        return False


def _faults(need: Need, receipt: Receipt, on_bytes: OnBytes) -> Iterator[_Fault]:
    """What is wrong with the receipt's files; those that were not touched since are not read again."""
    from entrypoint.cache import proof
    from entrypoint.text import clean

    for file in receipt.files:
        if receipt.vouches_for(file):
            continue
        shown = clean(file.path, 100)
        path = layout.path_of(need, receipt.commit, file)
        try:
            if not stat.S_ISREG(path.stat().st_mode) or not proof.matches(path, file, on_bytes):
                yield _Fault(shown, say("is not what the Hub published"), damaged=True)
        except FileNotFoundError:
            yield _Fault(shown)
        except (OSError, ValueError) as error:
            yield _Fault(shown, _reason(error))


def _renewed(receipt: Receipt) -> Receipt:
    """The receipt with the times of now. On a read-only volume the next start has to prove it again."""
    try:
        return receipts.write(Item(receipt.need, receipt.commit, receipt.files, ()))
    except OSError:
        return replace(receipt, times=())


def _unproved(need: Need) -> tuple[Receipt, list[_Fault]]:
    """What lies there for a need that has no receipt, and what is missing of it."""
    from entrypoint.selection import matches
    from entrypoint.text import clean

    commit = layout.read_ref(need) or need.revision
    root = layout.root_of(need, commit)
    files: list[RepoFile] = []
    faults: list[_Fault] = []
    if "/" in commit or commit in (".", ".."):  # the note in the cache came from outside; a snapshot is one folder
        return Receipt(need, commit, (), ()), [_Fault(say("every file"))]
    try:
        for path in _files_below(root):
            name = path.relative_to(root).as_posix()
            if need.patterns and not any(matches(name, pattern) for pattern in need.patterns):
                continue
            try:
                with path.open("rb"):
                    files.append(RepoFile(name, path.stat().st_size, ""))
            except FileNotFoundError:  # a pointer whose blob is gone
                faults.append(_Fault(clean(name, 100)))
            except OSError as error:
                faults.append(_Fault(clean(name, 100), _reason(error)))
    except FileNotFoundError:
        pass  # then every pattern is unmatched
    except (OSError, ValueError) as error:
        return Receipt(need, commit, (), ()), [
            _Fault(say("all of {folder}", folder=clean(str(root), 200)), _reason(error))
        ]
    unmatched = [p for p in need.patterns if not any(matches(file.path, p) for file in files)]
    # As for the Hub's own listing: of the patterns for a tokenizer's many possible files one is enough.
    if need.use in ("listed", "weights") or len(unmatched) == len(need.patterns):
        told = {fault.path for fault in faults}
        faults += [_Fault(clean(p, 100)) for p in unmatched if not any(matches(path, p) for path in told)]
    if not files and not faults:
        faults.append(_Fault(say("every file")))
    return Receipt(need, commit, tuple(sorted(files, key=lambda file: file.path)), ()), faults


def _files_below(root: Path) -> Iterator[Path]:
    """Every regular file and every pointer that leads nowhere. Raises OSError for a folder that cannot be read."""

    def fail(error: OSError) -> None:
        raise error

    for folder, _, names in os.walk(root, onerror=fail):
        for name in names:
            path = Path(folder, name)
            try:
                regular = stat.S_ISREG(path.stat().st_mode)
            except OSError:
                regular = True  # opening it tells why
            if regular:
                yield path


def _reason(error: OSError | ValueError) -> Sentence:
    if isinstance(error, PermissionError):
        return say("cannot be read by user {user}", user=f"{os.geteuid()}:{os.getegid()}")
    if isinstance(error, OSError):
        return say("cannot be read: {error}", error=error.strerror)
    return say("is no name of a file")


def _described(need: Need, faults: Sequence[_Fault], limit: int = 12) -> Sentence:
    asked = f"{need.repo}@{need.revision}"
    told, more = join(", ", (fault.told for fault in faults[:limit])), len(faults) - limit
    if more > 0:
        return say(
            "{asked} (for {source}): {faults} and {more} more", asked=asked, source=need.source, faults=told, more=more
        )
    return say("{asked} (for {source}): {faults}", asked=asked, source=need.source, faults=told)


def _failure(faults: Sequence[tuple[Need, Sequence[_Fault]]]) -> Failure:
    names = join("; ", (_described(need, wrong) for need, wrong in faults))
    folders = join(", ", dict.fromkeys(str(need.place.path) for need, _ in faults))
    where = say("Looked for in {folders}.", folders=folders)
    todo = ("start once without HF_HUB_OFFLINE, or fill the volume elsewhere with: model-entrypoint prefetch",)
    if all(fault.damaged for _, wrong in faults for fault in wrong):
        what = say("HF_HUB_OFFLINE is set, and the cache is damaged: {names}.", names=names)
        return Failure("cache-damaged", IO_ERROR, what, where, todo)
    what = say("HF_HUB_OFFLINE is set, but the cache lacks: {names}.", names=names)
    return Failure("offline-incomplete", CONFIG, what, where, todo)
