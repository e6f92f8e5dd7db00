"""Before the first byte: may this user write there, and is there room for all of it together?"""

from __future__ import annotations

import os
import shutil
import signal
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache import room, staging
from entrypoint.failures import Failure
from entrypoint.values import Need, Place
from tests.cache.conftest import NOBODY, as_nobody, item, mounted, needs_mounts, needs_root, python
from tests.cache.test_staging import other_process

CHECK = """
import sys
from pathlib import Path
from entrypoint.cache import room
from entrypoint.failures import Failure
from entrypoint.values import Need, Place
try:
    need = Need("acme/tiny", Place(sys.argv[2], Path(sys.argv[1])), "ENTRYPOINT_MODELS")
    room.check_writable(need, dry=sys.argv[4:] == ["dry"])
    room.check_space([(Place("hub-cache", Path(sys.argv[1])), int(sys.argv[3]))])
    print("fine")
except Failure as failure:
    print(failure.name, failure.exit_code, failure.what, failure.why, *failure.todo, sep="\\n")
"""


def told_to_nobody(folder: Path, kind: str = "hub-cache", *how: str) -> str:
    done = as_nobody(CHECK, folder, kind, 0, *how)
    assert done.stderr == ""
    return done.stdout


def test_a_folder_that_is_not_there_yet_is_made(need: Need, cache: Path) -> None:
    room.check_writable(need)

    assert cache.is_dir()
    assert [path.name for path in cache.rglob("*")] == [".model-entrypoint"], "no probe is left"


@needs_root
def test_a_folder_of_another_user_is_named_with_both_users_and_the_chown_line(open_path: Path) -> None:
    folder = open_path / "hub"
    folder.mkdir(mode=0o755)

    told = told_to_nobody(folder)

    assert told.startswith("cache-not-writable\n73\n")
    assert f"The cache folder {folder} cannot be written by this container's user {NOBODY}:{NOBODY}." in told
    assert f"{folder} belongs to 0:0" in told
    assert f"chown -R {NOBODY}:{NOBODY} {folder}\n" in told
    assert 'user: "0:0"' in told


@needs_root
def test_the_chown_line_for_a_folder_that_is_missing_does_not_give_away_its_parent(open_path: Path) -> None:
    told = told_to_nobody(open_path / "new" / "hub")

    assert f"mkdir -p {open_path}/new/hub && chown -R {NOBODY}:{NOBODY} {open_path}/new/hub\n" in told


@needs_root
def test_a_folder_below_a_closed_one_is_not_writable_and_no_defect(open_path: Path) -> None:
    closed = open_path / "root"
    closed.mkdir(mode=0o700)

    assert told_to_nobody(closed / "hub").startswith("cache-not-writable\n73\n")


@needs_root
@pytest.mark.parametrize(
    "theirs",
    [
        *(".model-entrypoint/receipts", ".model-entrypoint/staging", "models--acme--tiny"),
        *("models--acme--tiny/blobs", "models--acme--tiny/snapshots"),
    ],
)
def test_a_folder_inside_that_another_container_made_for_itself_counts_too(open_path: Path, theirs: str) -> None:
    folder = open_path / "hub"
    (folder / theirs).mkdir(parents=True)
    for path in (folder, *(p for p in folder.rglob("*") if p != folder / theirs)):
        os.chown(path, NOBODY, NOBODY)

    assert told_to_nobody(folder).startswith("cache-not-writable\n73\n")


@needs_root
def test_a_writable_folder_of_another_user_is_fine(open_path: Path) -> None:
    folder = open_path / "hub"
    folder.mkdir()
    folder.chmod(0o777)

    assert told_to_nobody(folder) == "fine\n"


@needs_root
def test_a_plain_folder_must_be_writable_itself_not_only_our_part_of_it(open_path: Path) -> None:
    folder = open_path / "models"
    (folder / ".model-entrypoint").mkdir(parents=True)
    os.chown(folder / ".model-entrypoint", NOBODY, NOBODY)

    assert told_to_nobody(folder, "folder").startswith("cache-not-writable\n73\n")


@needs_mounts
def test_a_read_only_mount_is_told_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()

    told = python(CHECK, folder, "hub-cache", 0, under=mounted("-o ro", folder)).stdout

    assert told.startswith("cache-read-only\n73\n")
    assert f"{folder} is on a read-only file system" in told
    assert "chown" not in told


@pytest.mark.parametrize("below", ["", "/hub"])
def test_a_file_in_the_folders_place_is_told_as_one(need: Need, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(Failure) as caught:
        room.check_writable(replace(need, place=Place("hub-cache", Path(f"{tmp_path}/file{below}"))))

    assert (caught.value.name, caught.value.exit_code) == ("cache-unusable", 73)
    assert f"{tmp_path}/file is not a folder" in caught.value.why


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize(
    "below", ["", "models--acme--tiny", "models--acme--tiny/blobs", "models--acme--tiny/snapshots"]
)
@pytest.mark.parametrize("target", ["/nonexistent/volume", "", None], ids=["dangling", "loop", "file"])
def test_what_is_in_the_way_of_a_folder_is_named(
    need: Need, tmp_path: Path, below: str, target: str | None, dry: bool
) -> None:
    place = Place("hub-cache", tmp_path / "hub")
    entry = place.path / below
    entry.parent.mkdir(parents=True, exist_ok=True)
    if target is None:
        entry.write_text("x")
    else:
        entry.symlink_to(target or entry)

    with pytest.raises(Failure) as caught:
        room.check_writable(replace(need, place=place), dry=dry)

    assert (caught.value.name, caught.value.exit_code) == ("cache-unusable", 73)
    kind = "not a folder" if target is None else "a symlink that leads to no folder"
    assert caught.value.why == f"{entry} is {kind}."


def test_a_symlink_to_a_folder_is_no_obstacle(need: Need, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "hub").symlink_to("volume")

    assert room.obstacle(tmp_path / "hub" / "new") is None
    room.check_writable(replace(need, place=Place("hub-cache", tmp_path / "hub")))


@needs_mounts
def test_a_disk_that_is_too_small_is_told_before_the_first_byte(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    scene = mounted("-o size=100m", folder)

    assert python(CHECK, folder, "hub-cache", 20_000_000, under=scene).stdout == "fine\n"
    told = python(CHECK, folder, "hub-cache", 60_000_000, under=scene).stdout
    assert told.startswith("cache-too-small\n73\n")
    assert f"{folder} has 105 MB free; 124 MB are needed." in told


Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The one number of free bytes that every file system gives."""
    answer = [0]
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(0, 0, answer[0]))
    return answer


def test_places_on_one_file_system_are_counted_together(tmp_path: Path, free: list[int]) -> None:
    wanted = [(Place("hub-cache", tmp_path / "hub"), 40_000_000), (Place("folder", tmp_path / "models"), 50_000_000)]

    free[0] = 90_000_000 + room.MARGIN_BYTES
    room.check_space(wanted)
    free[0] -= 1
    with pytest.raises(Failure, match="cache-too-small"):
        room.check_space(wanted)


def test_where_nothing_is_to_come_a_full_disk_is_no_trouble(tmp_path: Path, free: list[int]) -> None:
    room.check_space([(Place("hub-cache", tmp_path), 0)])


def test_what_a_killed_run_left_counts_as_free(need: Need, free: list[int]) -> None:
    area = staging.folder(item(need))
    with other_process(area) as holder:
        (area / "part").write_bytes(b"x" * 2_000_000)
        free[0] = room.MARGIN_BYTES
        with pytest.raises(Failure, match="cache-too-small"):
            room.check_space([(need.place, 1_000_000)])
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    room.check_space([(need.place, 1_000_000)])

    assert (area / "part").exists(), "looking moves nothing"


def test_the_largest_models_are_named_to_whom_has_to_make_room(need: Need, cache: Path, free: list[int]) -> None:
    for repo, size in (("acme--small", 10), ("acme--big", 3000), ("acme--mid", 200), ("acme--tiny", 1)):
        blobs = cache / f"models--{repo}" / "blobs"
        blobs.mkdir(parents=True)
        (blobs / "x").write_bytes(b"x" * size)
        (blobs / "y").symlink_to("x")

    with pytest.raises(Failure) as caught:
        room.check_space([(need.place, 1)])

    assert caught.value.why == "The largest models in it: acme/big (3.0 kB), acme/mid (200 B), acme/small (10 B)."


# Asked without writing anything, for `plan`


def test_a_dry_check_makes_nothing(need: Need, cache: Path) -> None:
    room.check_writable(need, dry=True)
    assert not cache.exists()

    ours = cache / ".model-entrypoint"
    ours.mkdir(parents=True)
    before = cache.stat().st_mtime_ns, ours.stat().st_mtime_ns
    room.check_writable(need, dry=True)
    assert (cache.stat().st_mtime_ns, ours.stat().st_mtime_ns) == before


@needs_root
@pytest.mark.parametrize("theirs", ["", ".model-entrypoint/receipts", "models--acme--tiny/blobs"])
def test_a_dry_check_finds_what_is_closed_to_us(open_path: Path, theirs: str) -> None:
    folder = open_path / "hub"
    (folder / theirs).mkdir(parents=True)
    if theirs:
        for path in (folder, *(p for p in folder.rglob("*") if p != folder / theirs)):
            os.chown(path, NOBODY, NOBODY)

    told = told_to_nobody(folder, "hub-cache", "dry")

    assert told == told_to_nobody(folder), "the same words as those of a real try"
    assert told.startswith("cache-not-writable\n73\n")


@needs_root
@pytest.mark.parametrize(("mode", "told"), [(0o777, "fine"), (0o755, "cache-not-writable")])
def test_a_dry_check_of_a_folder_that_is_to_be_made_asks_the_one_above(open_path: Path, mode: int, told: str) -> None:
    above = open_path / "data"
    above.mkdir()
    above.chmod(mode)

    assert told_to_nobody(above / "new" / "hub", "hub-cache", "dry").startswith(told)
    assert list(above.iterdir()) == []


@needs_mounts
def test_a_dry_check_knows_a_read_only_mount(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()

    told = python(CHECK, folder, "hub-cache", 0, "dry", under=mounted("-o ro", folder)).stdout

    assert told.startswith("cache-read-only\n73\n")


@pytest.mark.parametrize("below", ["", "/hub"])
def test_a_dry_check_knows_a_file_in_the_folders_place(need: Need, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(Failure, match="cache-unusable"):
        room.check_writable(replace(need, place=Place("hub-cache", Path(f"{tmp_path}/file{below}"))), dry=True)


@needs_mounts
def test_a_volume_without_inodes_is_not_told_that_bytes_are_missing(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()

    def told(inodes: int) -> str:
        return python(
            CHECK, folder, "hub-cache", 2000, under=mounted(f"-o size=300m,nr_inodes={inodes}", folder)
        ).stdout

    assert told(room.MARGIN_INODES + 10) == "fine\n"
    for inodes in (room.MARGIN_INODES, 1):  # of one, the root folder is made, and not even the first try succeeds
        assert told(inodes).startswith("cache-too-small\n73\n")
        assert f"The file system of the cache folder {folder} has no inodes left" in told(inodes)
        assert " B free" not in told(inodes)
