"""The areas of a whole plan, held together while its files are moved."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache import layout, staging
from entrypoint.failures import Failure
from entrypoint.transfer.move import areas_held
from entrypoint.values import Item, Need, Plan, RepoFile
from tests.cache.test_staging import never, other_process
from tests.transfer.conftest import WEIGHTS, Transfer, planned

FILE = RepoFile("model.safetensors", 10, "b" * 40)


def item(need: Need, repo: str, *missing: RepoFile) -> Item:
    return Item(replace(need, repo=repo), "c" * 40, (FILE,), missing)


def areas(need: Need) -> list[str]:
    return sorted(path.name.partition("@")[0] for path in staging.root(need.place).iterdir())


def test_only_what_misses_files_is_held_and_needs_of_one_commit_share_an_area(need: Need) -> None:
    tokenizer = replace(item(need, "acme/a", FILE), need=replace(need, repo="acme/a", patterns=("*.json",)))
    plan = Plan((item(need, "acme/b", FILE), item(need, "acme/a", FILE), tokenizer, item(need, "acme/c")))

    with areas_held(plan, never) as waited:
        assert areas(need) == ["acme--a", "acme--b"]
        assert not waited
    assert areas(need) == []


def test_they_are_taken_in_one_order_so_that_two_containers_never_wait_for_each_other(
    need: Need, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = staging.held
    taken: list[str] = []

    def noted(area: Path, wait: Callable[[float], None]) -> AbstractContextManager[None]:
        taken.append(area.name)
        return held(area, wait)

    monkeypatch.setattr(staging, "held", noted)
    items = [item(need, f"acme/{name}", FILE) for name in "bca"]

    for order in (items, items[::-1]):
        with areas_held(Plan(tuple(order)), never):
            pass

    assert taken[:3] == taken[3:]


def test_after_a_wait_it_says_so_for_the_other_has_probably_brought_the_files(need: Need) -> None:
    wanted = item(need, "acme/a", FILE)
    with other_process(staging.folder(wanted)) as holder:

        def finish(_seconds: float) -> None:
            holder.kill()
            holder.wait()

        with areas_held(Plan((wanted,)), finish) as waited:
            assert waited


def test_what_dead_runs_left_of_other_commits_is_swept(need: Need) -> None:
    dead = staging.folder(replace(item(need, "acme/a"), commit="d" * 40))
    with other_process(dead) as holder:
        holder.kill()
        holder.wait()

    with areas_held(Plan((item(need, "acme/a", FILE),)), never):
        assert not dead.exists()


def test_an_area_that_cannot_be_made_is_73_not_a_defect(need: Need, tmp_path: Path) -> None:
    root = staging.root(need.place)
    root.parent.mkdir(parents=True)
    root.touch()

    with pytest.raises(Failure) as caught, areas_held(Plan((item(need, "acme/a", FILE),)), never):
        pytest.fail("it was held")

    assert caught.value.exit_code == 73
    assert str(need.place.path) in caught.value.what


def test_trouble_inside_is_not_taken_for_trouble_with_the_area(need: Need) -> None:
    with pytest.raises(FileNotFoundError), areas_held(Plan((item(need, "acme/a", FILE),)), never):
        os.stat("/no/such/file")  # noqa: PTH116
    assert areas(need) == []


def test_what_only_misses_a_link_is_linked_without_a_worker_and_without_the_hub(transfer: Transfer, need: Need) -> None:
    transfer.run()
    transfer.hub.update_repo("acme/tiny", {"config.json": b'{"new": 1}'})
    (item,) = planned(transfer.hub, need).items
    weights = tuple(file for file in item.files if file.path == "model.safetensors")
    transfer.plan = Plan((replace(item, missing=weights, linkable=weights),))
    transfer.workers.clear()
    transfer.hub.clear_requests()

    transfer.run()

    assert layout.path_of(need, item.commit, weights[0]).read_bytes() == WEIGHTS
    assert transfer.workers == []
    assert transfer.hub.requests == []


def test_a_blob_that_has_gone_since_it_was_proved_is_73_not_a_defect(transfer: Transfer) -> None:
    (item,) = transfer.plan.items
    transfer.plan = Plan((replace(item, linkable=item.files),))

    with pytest.raises(Failure) as caught:
        transfer.run()

    assert caught.value.exit_code == 73
