"""The proof agrees with git and with sha256sum, and with nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from entrypoint.cache import proof
from entrypoint.values import RepoFile
from tests.cache.conftest import large, small

CONTENTS = [b"", b"{}", b"a\n" * 70_000, bytes(range(256)) * 9000]


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_a_small_file_is_proved_by_the_name_that_git_gives_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    name = subprocess.check_output(["git", "hash-object", "--no-filters", str(path)], text=True).strip()

    assert proof.matches(path, RepoFile("file", len(content), name))
    assert not proof.matches(path, RepoFile("file", len(content), name[:-1] + ("0" if name[-1] != "0" else "1")))


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_a_large_file_is_proved_by_what_sha256sum_says(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    digest = subprocess.check_output(["sha256sum", str(path)], text=True).split()[0]

    assert proof.matches(path, RepoFile("file", len(content), "b" * 40, sha256=digest))


@pytest.mark.parametrize("make", [small, large])
@pytest.mark.parametrize("damage", [b"", b"conten", b"content!", b"c0ntent"])
def test_no_damage_passes(tmp_path: Path, make: object, damage: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(damage)

    assert not proof.matches(path, make("file", b"content"))  # type: ignore[operator]


def test_the_git_name_of_an_lfs_file_is_that_of_its_pointer_and_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    pointer = small("file", b"content")

    assert not proof.matches(path, RepoFile("file", 7, pointer.blob_id, sha256="e" * 64))


def test_every_block_that_was_read_is_told_as_a_sign_of_life(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    told: list[int] = []

    proof.matches(path, large("file", b"x" * 3_000_000), told.append)

    assert sum(told) == 3_000_000
    assert len(told) == 3


def test_a_file_of_another_size_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    told: list[int] = []

    assert not proof.matches(path, large("file", b"x" * 1001), told.append)
    assert told == []


def test_what_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        proof.matches(tmp_path / "gone", small("gone", b""))
