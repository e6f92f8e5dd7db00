"""A place for models, judged on what was found under it."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.doctor import volumes
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.findings import Finding
from entrypoint.doctor.mounts import Mount
from entrypoint.doctor.trials import Tried
from entrypoint.doctor.volumes import Look, Wanted
from entrypoint.values import Need, Place, Repo, RepoFile, Verdict
from tests.cache.conftest import COMMIT

VOLUME = Mount(Path("/cache"), "ext4", in_container=True)


@pytest.fixture
def need(tmp_path: Path) -> Need:
    return Need("acme/tiny", Place("hub-cache", tmp_path / "hub"), "ENTRYPOINT_MODELS")


@pytest.fixture
def good(need: Need, tmp_path: Path) -> Look:
    return Look(need.place, tmp_path, VOLUME, 10**11, 10**6, Tried())


def judged(look: Look, *needs: Need) -> list[Finding]:
    return list(volumes.findings(look, Wanted(needs, 10**9), ENGLISH))


def refused(code: int) -> Tried:
    return Tried(OSError(code, os.strerror(code)))


def test_a_good_volume_is_one_line(good: Look, need: Need) -> None:
    (finding,) = judged(good, need)

    assert finding.status == "ok"
    for fact in ("ext4", "/cache", f"{os.geteuid()}:{os.getegid()}", "100 GB free", "1.0 GB needed"):
        assert fact in finding.text


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (errno.EACCES, "cache-not-writable"),
        (errno.EROFS, "cache-read-only"),
        (errno.ENOSPC, "cache-too-small"),
        (errno.EIO, "cache-unusable"),
    ],
)
def test_what_cannot_be_written_is_bad_while_something_is_to_come(
    good: Look, need: Need, code: int, failure: str
) -> None:
    (finding,) = judged(replace(good, tried=refused(code)), need)

    assert (finding.status, finding.exit_code, finding.facts["failure"]) == ("bad", 73, failure)
    assert finding.steps


def test_a_complete_cache_need_not_be_writable(good: Look) -> None:
    (finding,) = judged(replace(good, tried=refused(errno.EROFS)))

    assert finding.status == "ok"
    assert "complete" in finding.text


def test_where_nobody_knows_what_is_to_come_a_folder_that_cannot_be_written_is_bad(good: Look) -> None:
    look = replace(good, tried=refused(errno.EROFS))

    assert next(volumes.findings(look, Wanted(None), ENGLISH)).status == "bad"


def test_the_containers_own_layer_is_a_warning_with_lines_for_compose(good: Look, need: Need) -> None:
    summary, warning = judged(replace(good, mount=Mount(Path("/"), "overlay")), need)

    assert (summary.status, warning.status) == ("ok", "warning")
    assert "when the container is removed" in warning.text
    assert f"- models:{need.place.path}" in warning.steps[0]


def test_a_cache_in_memory_is_a_warning(good: Look, need: Need) -> None:
    _, warning = judged(replace(good, mount=Mount(Path("/cache"), "tmpfs")), need)

    assert "memory" in warning.text


def test_a_network_file_system_is_named(good: Look, need: Need) -> None:
    (finding,) = judged(replace(good, mount=Mount(Path("/cache"), "nfs4")), need)

    assert "network file system nfs4" in finding.text
    assert finding.facts["network"] is True


@pytest.mark.parametrize(
    ("lacks", "status", "word"),
    [("symlinks", "warning", "symlinks"), ("locks", "warning", "locks"), ("rename", "bad", "replace a file")],
)
def test_what_the_file_system_lacks_is_told(good: Look, need: Need, lacks: str, status: str, word: str) -> None:
    look = replace(good, tried=Tried(lacks=frozenset({lacks})))  # type: ignore[arg-type]
    finding = judged(look, need)[-1]

    assert (finding.status, finding.facts["lacks"]) == (status, lacks)
    assert word in finding.text
    assert finding.steps


def test_too_little_space_is_bad(need: Need) -> None:
    (finding,) = volumes.space([(need.place, 10**18)])

    assert (finding.status, finding.exit_code, finding.facts["failure"]) == ("bad", 73, "cache-too-small")
    assert not list(volumes.space([(need.place, 1)]))


def test_a_file_of_the_right_size_is_not_counted_again(need: Need) -> None:
    files = (RepoFile("config.json", 2, "b" * 40), RepoFile("model.safetensors", 100, "c" * 40, "d" * 64))
    verdict = Verdict(need, "granted", repo=Repo(COMMIT, files=files))
    assert volumes.missing_bytes(verdict) == 102

    blob = need.place.path / "models--acme--tiny" / "blobs" / ("d" * 64)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"x" * 100)

    assert volumes.missing_bytes(verdict) == 2


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place("hub-cache", tmp_path / "not" / "there")
    look = volumes.look(place, {}, lambda _own: None)

    assert look.existing == tmp_path
    assert look.tried == Tried()
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    look = volumes.look(Place("hub-cache", tmp_path / "file"), {}, lambda _own: None)

    assert look.tried.fault is not None
