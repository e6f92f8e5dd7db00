"""What a file system can do, tried on real ones and on such as lack something."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from entrypoint.doctor import trials
from entrypoint.doctor.trials import Trial, Tried, try_out


def test_an_ordinary_folder_lacks_nothing_and_is_left_as_it_was(tmp_path: Path) -> None:
    assert try_out(tmp_path) == Tried()
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_symlinks_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "symlink", refuse)

    assert try_out(tmp_path).lacks == {"symlinks"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)

    assert try_out(tmp_path).lacks == {"locks"}


def test_locks_that_two_can_hold_at_once_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)

    assert try_out(tmp_path).lacks == {"locks"}


def test_a_rename_that_does_not_replace_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, _target: Path) -> None:
        raise FileExistsError(errno.EEXIST, "exists")

    monkeypatch.setattr(Path, "replace", refuse)

    assert try_out(tmp_path).lacks == {"rename"}


def test_a_full_disk_is_found_out_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    fault = try_out(tmp_path).fault

    assert fault is not None
    assert fault.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_a_trial_that_was_ended_makes_no_folder_any_more(tmp_path: Path) -> None:
    """A signal may come between the name of the folder and the folder."""
    tried = try_out(tmp_path, lambda trial: trial.end())

    assert isinstance(tried.fault, InterruptedError)
    assert not list(tmp_path.iterdir())


def test_a_trial_that_is_ended_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Trial] = []
    link = trials._link

    def interrupted(file: Path) -> None:
        link(file)
        begun[0].end()

    monkeypatch.setattr(trials, "_link", interrupted)
    try_out(tmp_path, begun.append)

    assert begun[0].gone
    assert not list(tmp_path.iterdir())


def test_a_folder_into_which_its_thread_still_puts_files_is_removed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(tmp_path)
    trial.begin()
    remove, busy = shutil.rmtree, [1, 2]

    def race(own: Path, *, ignore_errors: bool) -> None:
        if busy:
            (own / f"new{busy.pop()}").touch()
        else:
            remove(own, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", race)
    trial.end()

    assert not list(tmp_path.iterdir())


def test_the_folder_is_made_known_before_anything_can_hang_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Trial] = []
    seen: list[bool] = []
    monkeypatch.setattr(trials, "_link", lambda _file: seen.append(bool(begun)))

    try_out(tmp_path, begun.append)

    assert seen == [True]
    assert begun[0].own.parent == tmp_path
