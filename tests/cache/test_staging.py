"""Who may work in a staging area: one at a time, over processes; and nobody waits for the dead."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache import layout, staging
from entrypoint.values import Need
from tests.cache.conftest import OTHER_COMMIT, item, large

HOLD = """
import sys, time
from pathlib import Path
from entrypoint.cache import layout, staging
with staging.held(Path(sys.argv[1]), time.sleep):
    (Path(sys.argv[1]) / "half").write_bytes(b"half a file")
    print("held", flush=True)
    sys.stdin.read()
"""


class WaitedForEverError(Exception):
    pass


@contextmanager
def other_process(area: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the area until its input ends."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(area)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def after(pauses: int, happens: Callable[[], object]) -> Callable[[float], None]:
    """A wait that never sleeps: after so many pauses something happens; long after it, the test is lost."""
    seen = []

    def wait(_seconds: float) -> None:
        seen.append(1)
        if len(seen) == pauses:
            happens()
        if len(seen) > pauses + 2:
            raise WaitedForEverError

    return wait


def never(_seconds: float) -> None:
    raise WaitedForEverError


@pytest.fixture
def area(need: Need) -> Path:
    return staging.folder(item(need))


def test_whoever_comes_second_waits_and_follows_when_the_first_has_done(area: Path) -> None:
    with other_process(area) as holder:

        def finish() -> None:
            assert holder.stdin is not None
            holder.stdin.close()
            holder.wait()

        with staging.held(area, after(3, finish)):
            assert [path.name for path in area.iterdir()] == ["lock"]


def test_a_wait_that_raises_ends_the_waiting_and_leaves_the_holder_alone(area: Path) -> None:
    with other_process(area), pytest.raises(WaitedForEverError), staging.held(area, never):
        pytest.fail("it held what another process holds")

    with other_process(area):
        assert (area / "half").exists()


def test_a_holder_that_was_killed_blocks_nobody_and_its_halves_are_gone(area: Path) -> None:
    with other_process(area) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (area / "half").exists()

        with staging.held(area, never):
            assert [path.name for path in area.iterdir()] == ["lock"]


def test_nothing_is_left_when_the_work_is_done_or_has_failed(area: Path) -> None:
    with staging.held(area, never):
        (area / "files").mkdir()
        (area / "files/half").write_bytes(b"x")
    assert list(area.parent.iterdir()) == []

    with pytest.raises(ZeroDivisionError), staging.held(area, never):
        raise ZeroDivisionError
    assert list(area.parent.iterdir()) == []


def test_a_lock_on_an_area_that_was_removed_meanwhile_is_not_taken_for_one(
    area: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = staging._lock
    removed: list[Path] = []

    def lock_after_removal(folder: Path, wait: Callable[[float], None]) -> int | None:
        handle = lock(folder, wait)
        if not removed:
            shutil.rmtree(folder)
            removed.append(folder)
        return handle

    monkeypatch.setattr(staging, "_lock", lock_after_removal)
    with staging.held(area, never):
        assert (area / "lock").exists()
        assert _is_held(area)


def test_an_area_removed_between_the_look_and_the_lock_is_made_again(
    area: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = layout.make_folder
    removed: list[Path] = []

    def make_and_lose(folder: Path) -> None:
        make(folder)
        if not removed:
            folder.rmdir()
            removed.append(folder)

    monkeypatch.setattr(staging, "make_folder", make_and_lose)
    with staging.held(area, never):
        assert _is_held(area)


def test_who_comes_while_an_area_is_emptied_gets_one_of_his_own(area: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rmtree, newcomer = shutil.rmtree, contextlib.ExitStack()

    def slowly(folder: Path) -> None:
        if shutil.rmtree is slowly:
            monkeypatch.undo()
            newcomer.enter_context(staging.held(area, never))
            (area / "half").write_bytes(b"the newcomer's")
        rmtree(folder)

    with staging.held(area, never):
        monkeypatch.setattr(shutil, "rmtree", slowly)

    with newcomer:
        assert (area / "half").read_bytes() == b"the newcomer's"


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_used_without(area: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    area.mkdir(parents=True)
    (area / "half").write_bytes(b"somebody may be at work")

    with staging.held(area, never):
        assert (area / "half").exists()
    assert (area / "half").exists()


def test_a_sweep_takes_what_the_dead_left_and_nothing_that_is_held(need: Need, area: Path) -> None:
    alive = staging.folder(item(need, commit=OTHER_COMMIT))
    dead = staging.folder(item(replace(need, repo="acme/gone")))
    with other_process(dead) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    half_swept = area.with_name("x.0123abcd.old")
    half_swept.mkdir()
    (half_swept / "half").write_bytes(b"x" * 1000)

    with staging.held(area, never), other_process(alive):
        assert staging.abandoned_bytes(need.place) >= 1000 + len(b"half a file")
        assert staging.sweep(need.place) >= 1000 + len(b"half a file")

        assert sorted(path.name for path in area.parent.iterdir()) == sorted((area.name, alive.name))
        assert (alive / "half").exists()
        assert staging.abandoned_bytes(need.place) == 0


def test_a_sweep_where_nothing_was_ever_fetched_is_no_trouble(need: Need) -> None:
    assert staging.sweep(need.place) == 0


def test_needs_that_want_the_same_commit_share_an_area_and_others_do_not(need: Need) -> None:
    mine = staging.folder(item(need, large("model.safetensors", b"x")))

    assert staging.folder(item(replace(need, patterns=("tokenizer*",)))) == mine
    assert staging.folder(item(need, commit=OTHER_COMMIT)) != mine
    assert staging.folder(item(replace(need, repo="acme/other"))) != mine
    assert staging.folder(item(replace(need, place=replace(need.place, kind="folder")))) != mine


def _is_held(area: Path) -> bool:
    handle = os.open(area / "lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
