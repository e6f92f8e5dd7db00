"""Where the models lie: what the folder's file system is, can do, and has room for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from entrypoint.cache import layout, room
from entrypoint.doctor import mounts, trials
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.mounts import Mount
from entrypoint.doctor.reading import of_failure
from entrypoint.doctor.trials import Skill, Trial, Tried
from entrypoint.doctor.wording import Wording
from entrypoint.failures import CANT_CREATE, Failure
from entrypoint.selection import choose
from entrypoint.text import human_bytes, shown
from entrypoint.values import Need, Place, Verdict


@dataclass(frozen=True, slots=True)
class Look:
    """What was found under a place, before anybody knows what is to come there. `free_inodes` is None where the file
    system makes them as it needs them."""

    place: Place
    existing: Path
    mount: Mount | None
    free_bytes: int
    free_inodes: int | None
    tried: Tried


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come into a place. `needs` None: nobody knows. `size` are the bytes that are missing, if known."""

    needs: tuple[Need, ...] | None
    size: int | None = None

    @property
    def nothing(self) -> bool:
        return self.needs is not None and not any(need.required for need in self.needs)


def places(needs: Sequence[Need], hub_cache: Path) -> tuple[Place, ...]:
    """Each once; without needs, the Hub cache that a later need would use."""
    return tuple(dict.fromkeys(need.place for need in needs)) or (Place("hub-cache", hub_cache),)


def look(place: Place, environ: Mapping[str, str], begun: Callable[[Trial], None]) -> Look:
    existing = room.nearest_existing(place.path)
    fault = room.obstacle(place.path)
    found = os.statvfs(existing)
    return Look(
        place,
        existing,
        mounts.read(Path(os.path.realpath(existing)), environ),
        shutil.disk_usage(existing).free,
        found.f_favail if found.f_files else None,
        Tried(fault) if fault is not None else trials.try_out(existing, begun),
    )


def missing_bytes(verdict: Verdict) -> int:
    """About what is to be moved for a granted need: files of the right size count as there, for hashing takes long."""
    if verdict.repo is None:
        return 0
    need, commit = verdict.need, verdict.repo.commit

    def lies_there(path: Path, size: int) -> bool:
        try:
            return path.stat().st_size == size
        except OSError:
            return False

    try:
        chosen = choose(need, verdict.repo)
    except Failure:
        return 0  # told as the user's choice
    return sum(
        file.size
        for file in chosen
        if not lies_there(layout.path_of(need, commit, file), file.size)
        and not (need.place.kind == "hub-cache" and lies_there(layout.blob_of(need, file), file.size))
    )


def findings(look: Look, wanted: Wanted, w: Wording) -> Iterator[Finding]:
    """Whether it can be used, then what will be missed about it later."""
    facts = _facts(look, wanted)
    unusable = _unusable(look, wanted)
    if unusable is not None and not wanted.nothing:
        yield unusable
    elif look.tried.fault is not None:
        text = say(w.cache_complete, folder=look.place.path, why=look.tried.fault.strerror)
        yield Finding("cache", "ok", text, facts)
    else:
        yield Finding("cache", "ok", _summary(look, wanted, w), facts)
    yield from _kind(look, w)
    yield from _lacking(look, w)


def space(wanted: Sequence[tuple[Place, int]]) -> Iterator[Finding]:
    """All places together: several may lie on one file system."""
    try:
        room.check_space(wanted)
    except Failure as failure:
        yield of_failure("cache", failure, about_hub=True)


def _facts(look: Look, wanted: Wanted) -> dict[str, object]:
    return {
        "folder": str(look.place.path),
        "kind": look.place.kind,
        "mount": str(look.mount.point) if look.mount else "",
        "filesystem": look.mount.kind if look.mount else "",
        "own_layer": bool(look.mount and look.mount.is_own_layer),
        "network": bool(look.mount and look.mount.is_network),
        "user": f"{os.geteuid()}:{os.getegid()}",
        "writable": look.tried.fault is None,
        "free_bytes": look.free_bytes,
        "free_inodes": look.free_inodes,
        "needed_bytes": wanted.size,
        "lacks": sorted(look.tried.lacks),
    }


def _unusable(look: Look, wanted: Wanted) -> Finding | None:
    """Why what is to come cannot be put there: by a try in the folder, and by the rights of what lies below it."""
    if look.tried.fault is not None:
        return of_failure("cache", room.not_writable(look.place.path, look.tried.fault), about_hub=True)
    for need in wanted.needs or ():
        try:
            if need.required:
                room.check_writable(need, dry=True)
        except Failure as failure:
            return of_failure("cache", failure, about_hub=True)
    return None


def _summary(look: Look, wanted: Wanted, w: Wording) -> str:
    said = {
        "folder": look.place.path,
        "filesystem": look.mount.kind if look.mount else "?",
        "point": look.mount.point if look.mount else "?",
        "user": f"{os.geteuid()}:{os.getegid()}",
        "free": human_bytes(look.free_bytes),
    }
    text = say(w.cache_network if look.mount and look.mount.is_network else w.cache_ok, **said)
    return text + (w.comma + say(w.cache_needed, needed=human_bytes(wanted.size)) if wanted.size else "")


def _kind(look: Look, w: Wording) -> Iterator[Finding]:
    if look.mount is None or not (look.mount.is_own_layer or look.mount.is_memory):
        return
    folder = look.place.path
    template = w.cache_memory if look.mount.is_memory else w.cache_own_layer
    facts = {"folder": str(folder), "mount": str(look.mount.point), "filesystem": look.mount.kind}
    lines = f"services:\n  SERVICE:\n    volumes:\n      - models:{shown(str(folder), 200)}\nvolumes:\n  models:"
    yield Finding("cache", "warning", say(template, folder=folder), facts, (f"{w.cache_volume}\n{lines}",))


def _lacking(look: Look, w: Wording) -> Iterator[Finding]:
    said = {"folder": look.place.path, "filesystem": look.mount.kind if look.mount else "?"}
    texts: dict[Skill, tuple[str, str]] = {
        "symlinks": (w.cache_no_symlinks, w.cache_no_symlinks_step),
        "locks": (w.cache_no_locks, w.cache_no_locks_step),
        "rename": (w.cache_no_rename, w.cache_no_rename_step),
    }
    for skill in sorted(look.tried.lacks):
        text, step = texts[skill]
        facts = {"folder": str(look.place.path), "lacks": skill}
        fatal = skill == "rename"  # what cannot be put in place in one go is never put where a server looks
        yield Finding(
            "cache",
            "bad" if fatal else "warning",
            say(text, **said),
            facts,
            (say(step, **said),),
            CANT_CREATE if fatal else 0,
            fatal,
        )
