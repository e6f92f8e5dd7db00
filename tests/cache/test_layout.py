"""Where files lie, so that the Hub's own client and any other user id find them; and how they get there whole."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest

from entrypoint.cache import layout
from entrypoint.values import Need, RepoFile
from tests.cache.conftest import COMMIT, OTHER_COMMIT, as_nobody, large, needs_root, small, umask

WEIGHTS = large("model.safetensors", b"weights")
CONFIG = small("sub/config.json", b"{}")


def put(need: Need, file: RepoFile, content: bytes, area: Path, commit: str = COMMIT) -> Path:
    staged = area / file.path
    staged.parent.mkdir(parents=True, exist_ok=True)
    staged.write_bytes(content)
    layout.put(staged, need, commit, file)
    return layout.path_of(need, commit, file)


@pytest.fixture
def area(tmp_path: Path) -> Path:
    return tmp_path / "area"


def leftovers(*folders: Path) -> list[str]:
    """Files under names that are not final."""
    return [path.name for folder in folders for path in folder.rglob("*") if path.name.endswith((".new", ".pointer"))]


def test_a_snapshot_points_by_a_relative_link_to_a_blob_named_after_its_hash(
    need: Need, cache: Path, area: Path
) -> None:
    lies = put(need, WEIGHTS, b"weights", area)
    nested = put(need, CONFIG, b"{}", area)

    assert lies == cache / "models--acme--tiny/snapshots" / COMMIT / "model.safetensors"
    assert lies.readlink() == Path("../../blobs") / WEIGHTS.sha256
    assert nested.readlink() == Path("../../../blobs") / CONFIG.blob_id
    assert (lies.read_bytes(), nested.read_bytes()) == (b"weights", b"{}")


def test_the_hubs_own_client_finds_what_was_put(need: Need, cache: Path, area: Path) -> None:
    lies = put(need, WEIGHTS, b"weights", area)
    layout.write_ref(need, COMMIT)

    assert huggingface_hub.try_to_load_from_cache("acme/tiny", "model.safetensors", cache_dir=cache) == str(lies)


def test_a_cache_that_is_moved_to_another_path_still_works(need: Need, cache: Path, area: Path, tmp_path: Path) -> None:
    put(need, WEIGHTS, b"weights", area)

    cache.rename(tmp_path / "elsewhere")

    moved = tmp_path / "elsewhere/models--acme--tiny/snapshots" / COMMIT / "model.safetensors"
    assert moved.read_bytes() == b"weights"


def test_a_damaged_blob_is_replaced_by_the_proved_file(need: Need, area: Path) -> None:
    lies = put(need, WEIGHTS, b"damaged", area)

    put(need, WEIGHTS, b"weights", area)

    assert lies.read_bytes() == b"weights"
    assert leftovers(area, need.place.path) == []


def test_a_file_of_its_own_in_the_snapshot_gives_way_to_the_proved_one(need: Need, area: Path) -> None:
    lies = layout.path_of(need, COMMIT, WEIGHTS)
    lies.parent.mkdir(parents=True)
    lies.write_bytes(b"put by hand")

    put(need, WEIGHTS, b"weights", area)

    assert lies.read_bytes() == b"weights"


def test_in_a_plain_folder_the_file_lies_under_its_own_path(in_folder: Need, area: Path, tmp_path: Path) -> None:
    put(in_folder, CONFIG, b"{}", area)

    assert not (tmp_path / "models/sub/config.json").is_symlink()
    assert (tmp_path / "models/sub/config.json").read_bytes() == b"{}"


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EROFS], ids=["vfat", "smb", "virtualbox"])
def test_where_there_are_no_links_the_snapshot_holds_the_file_itself(
    need: Need, area: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_symlink(*_arguments: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "symlink", no_symlink)
    twin = replace(WEIGHTS, path="twin.safetensors")

    assert put(need, WEIGHTS, b"weights", area).read_bytes() == b"weights"
    assert put(need, twin, b"weights", area).read_bytes() == b"weights"
    assert not layout.path_of(need, COMMIT, WEIGHTS).is_symlink()

    blob = layout.repo_folder(need.place, need.repo) / "blobs" / WEIGHTS.etag
    blob.write_bytes(b"weights")
    layout.link_blob(need, OTHER_COMMIT, WEIGHTS, area)
    assert layout.path_of(need, OTHER_COMMIT, WEIGHTS).read_bytes() == b"weights"
    assert blob.exists(), "another client's snapshot may need it"


def test_a_full_disk_is_not_taken_for_one_without_links(
    need: Need, area: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "symlink", full)

    with pytest.raises(OSError, match="No space left"):
        put(need, WEIGHTS, b"weights", area)


def test_a_blob_that_lies_there_is_linked_into_another_snapshot(need: Need, area: Path) -> None:
    put(need, WEIGHTS, b"weights", area)

    layout.link_blob(need, OTHER_COMMIT, WEIGHTS, area)

    assert layout.path_of(need, OTHER_COMMIT, WEIGHTS).read_bytes() == b"weights"
    assert leftovers(area, need.place.path) == []


@needs_root
def test_another_user_can_read_it_all_whatever_the_umask_was(need: Need, in_folder: Need, open_path: Path) -> None:
    with umask(0o077):
        paths = [put(n, file, b"{}", open_path / "area") for n in (need, in_folder) for file in (WEIGHTS, CONFIG)]
        layout.write_ref(need, COMMIT)
    paths.append(need.place.path / "models--acme--tiny/refs/main")

    read = as_nobody("import sys\nfor path in sys.argv[1:]: print(len(open(path, 'rb').read()))", *paths)

    assert (read.stdout.split(), read.stderr) == (["2", "2", "2", "2", "40"], "")


@pytest.mark.parametrize(("mask", "folders", "files"), [(0o002, 0o2775, 0o664), (0o077, 0o2755, 0o644)])
def test_a_groups_rights_on_its_volume_are_kept(
    need: Need, cache: Path, area: Path, mask: int, folders: int, files: int
) -> None:
    cache.mkdir()
    cache.chmod(0o2775)
    with umask(mask):
        lies = put(need, WEIGHTS, b"weights", area)

    assert lies.parent.stat().st_mode & 0o7777 == folders
    assert lies.stat().st_mode & 0o7777 == files


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_mount_with_one_mode_for_all_files_is_good_enough(
    need: Need, area: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fixed(*_arguments: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "chmod", fixed)
    with umask(0o077):
        assert put(need, WEIGHTS, b"weights", area).read_bytes() == b"weights"


def test_a_revision_is_found_again_by_its_name(need: Need, cache: Path) -> None:
    pull = replace(need, revision="refs/pr/1")
    layout.write_ref(need, COMMIT)
    layout.write_ref(pull, OTHER_COMMIT)

    assert (layout.read_ref(need), layout.read_ref(pull)) == (COMMIT, OTHER_COMMIT)
    assert (cache / "models--acme--tiny/refs/main").read_text() == COMMIT


def test_a_commit_and_a_plain_folder_need_no_ref(need: Need, in_folder: Need, cache: Path, tmp_path: Path) -> None:
    layout.write_ref(replace(need, revision=COMMIT), COMMIT)
    layout.write_ref(in_folder, COMMIT)

    assert layout.read_ref(need) == ""
    assert not cache.exists()
    assert not (tmp_path / "models").exists()


def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "receipt.json"
    layout.write_atomically(target, b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        layout.write_atomically(target, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["receipt.json"]
    assert target.read_bytes() == b"old"


def test_two_containers_with_one_process_id_do_not_write_to_one_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    target = tmp_path / "receipt.json"
    sync = os.fsync

    def meanwhile(handle: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        layout.write_atomically(target, b"the other's")
        sync(handle)

    monkeypatch.setattr(os, "fsync", meanwhile)
    layout.write_atomically(target, b"mine")

    assert target.read_bytes() == b"mine"
