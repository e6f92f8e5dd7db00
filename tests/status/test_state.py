"""The state file: always whole, readable for whoever checks, never in a folder that somebody else laid out for us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.status import place, show, state
from entrypoint.status.place import find
from entrypoint.status.state import State, folders
from tests.cache.conftest import NOBODY, needs_root, umask


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """What stands for /tmp and /dev/shm, where everybody may write."""
    places = (tmp_path / "tmp", tmp_path / "shm")
    for folder in places:
        folder.mkdir(mode=0o777)
    monkeypatch.setattr(place, "SHARED", tuple(map(str, places)))
    return places


@pytest.fixture
def candidates(shared: tuple[Path, Path], tmp_path: Path) -> tuple[Path, ...]:
    """As without ENTRYPOINT_STATE_DIR, with a /run of the test's own."""
    (tmp_path / "run").mkdir()
    return (tmp_path / "run/model-entrypoint", *folders({})[1:])


def opened(folder: Path) -> State:
    return State.open([folder])


def closed(folder: Path) -> None:
    """Takes the way into a folder, for root as well: a file stands there instead."""
    folder.rmdir()
    folder.touch()


def test_it_lies_where_it_is_told_to(tmp_path: Path) -> None:
    environ = {"ENTRYPOINT_STATE_DIR": f' "{tmp_path}/a/b" '}

    written = State.open(folders(environ))
    written.enter("checking", "asking for access")

    assert folders(environ) == (tmp_path / "a/b",)
    assert find(environ) == f"{tmp_path}/a/b"
    assert (tmp_path / "a/b/health").read_text() == "checking asking for access\n"


@pytest.mark.parametrize("given", ["~/st", "$HOME/st", "st"])
def test_a_path_that_is_not_absolute_makes_no_folder(
    candidates: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    assert folders({"ENTRYPOINT_STATE_DIR": given}) == folders({})
    assert find({"ENTRYPOINT_STATE_DIR": given}) == find({})
    assert sorted(tmp_path.rglob("*")) == before


def test_a_phase_that_nobody_knows_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        opened(tmp_path).enter("dreaming", "x")


def test_untold_it_lies_in_run_then_in_tmp_then_in_shared_memory(
    candidates: tuple[Path, ...], shared: tuple[Path, Path]
) -> None:
    run, tmp, shm = candidates
    assert folders({})[0] == Path("/run/model-entrypoint")

    assert State.open(candidates).folder == run
    run.rmdir()
    closed(run.parent)
    assert State.open(candidates).folder == tmp
    tmp.rmdir()
    closed(shared[0])
    assert State.open(candidates).folder == shm
    shm.rmdir()
    closed(shared[1])
    assert State.open(candidates).folder is None


def test_without_any_folder_it_keeps_silent_and_the_phase_is_known_all_the_same() -> None:
    silent = State(None)
    silent.enter("fetching", "0 %")

    assert silent.phase == "fetching"


def test_a_link_in_a_shared_folder_is_not_followed(candidates: tuple[Path, ...], tmp_path: Path) -> None:
    _run, tmp, shm = candidates
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap/health").write_text("serving all is well")
    tmp.symlink_to(tmp_path / "trap")

    assert State.open(candidates[1:]).folder == shm
    assert not place.is_ours(str(tmp))


@needs_root
def test_a_folder_of_somebody_else_in_a_shared_one_is_not_trusted(candidates: tuple[Path, ...]) -> None:
    _run, tmp, shm = candidates
    tmp.mkdir(mode=0o777)
    os.chown(tmp, NOBODY, NOBODY)

    assert State.open(candidates[1:]).folder == shm


@needs_root
def test_a_folder_that_was_named_by_hand_may_belong_to_anybody(shared: tuple[Path, Path]) -> None:
    volume = shared[0] / "state"
    volume.mkdir(mode=0o777)
    os.chown(volume, NOBODY, NOBODY)

    assert State.open(folders({"ENTRYPOINT_STATE_DIR": str(volume)})).folder == volume


def test_it_is_readable_for_a_check_under_any_user_id(tmp_path: Path) -> None:
    with umask(0o077):
        opened(tmp_path / "state").enter("fetching", "1 %")

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o755
    for name in ("health", "state.json"):
        assert (tmp_path / "state" / name).stat().st_mode & 0o777 == 0o644


def test_a_new_phase_forgets_the_numbers_of_the_last_one(tmp_path: Path) -> None:
    written = opened(tmp_path)
    written.enter("fetching", "0 %")
    written.update("40 %", every_seconds=0.0, percent=40)
    assert json.loads((tmp_path / "state.json").read_bytes())["percent"] == 40

    written.enter("serving", "handing over")

    record = json.loads((tmp_path / "state.json").read_bytes())
    assert (record["phase"], record["text"], record["pid"]) == ("serving", "handing over", os.getpid())
    assert "percent" not in record


def test_once_the_server_runs_the_line_holds_only_what_is_worth_saying_beside_its_answer(tmp_path: Path) -> None:
    written = opened(tmp_path)
    written.enter("serving", "handing over to x")
    assert (tmp_path / "health").read_text() == "serving\n"

    written.enter("serving", "handing over to x", note="org/open in place of\norg/gated")

    assert (tmp_path / "health").read_text() == "serving org/open in place of org/gated\n"
    assert json.loads((tmp_path / "state.json").read_bytes())["text"] == "handing over to x"


def test_progress_is_not_written_more_often_than_asked(tmp_path: Path) -> None:
    written = opened(tmp_path)
    written.enter("fetching", "0 %")

    written.update("1 %", every_seconds=3600.0)

    assert (tmp_path / "health").read_text() == "fetching 0 %\n"


def test_what_came_from_outside_stays_one_clean_line(tmp_path: Path) -> None:
    hostile = "a\nb\x1b[2J \udcff" + "x" * 5000
    written = opened(tmp_path)
    written.enter("failed", "")
    written.update(hostile, every_seconds=0.0)

    line = (tmp_path / "health").read_bytes()
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    assert len(line) <= state.LINE_BYTES + 1
    assert line.decode().startswith("failed a b")


def test_a_reader_never_sees_half_a_state(tmp_path: Path) -> None:
    reader = subprocess.Popen(
        [sys.executable, "-c", _READER, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    written = opened(tmp_path)
    written.enter("fetching", "x" * 900)
    reader.stdout.readline()
    for number in range(300):
        written.enter("fetching", str(number) * 100)

    output, _ = reader.communicate("", timeout=20)
    looks, torn = map(int, output.split())
    assert torn == 0
    assert looks > 10


_READER = """
import json, os, select, sys
from pathlib import Path
looks = torn = 0
print("ready", flush=True)
while not select.select([0], [], [], 0)[0]:
    try:
        json.loads((Path(sys.argv[1]) / "state.json").read_bytes())
        torn += not (Path(sys.argv[1]) / "health").read_bytes().endswith(b"\\n")
        looks += 1
    except FileNotFoundError:
        pass
    except ValueError:
        torn += 1
print(looks, torn)
"""


def test_a_state_that_cannot_be_renewed_is_removed_not_left_to_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = opened(tmp_path)
    written.enter("fetching", "50 %")

    def full(_path: Path, _content: bytes) -> int:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        written.enter("serving", "handing over")
    assert find({"ENTRYPOINT_STATE_DIR": str(tmp_path)}) is None

    written.enter("failed", "later")
    assert (tmp_path / "health").read_text() == "failed later\n", "it is tried again when there is room"


def test_of_two_states_the_latest_counts(candidates: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "candidates", lambda _environ: tuple(map(str, candidates)))
    for number, folder in enumerate((candidates[1], candidates[0])):
        opened(folder).enter("failed", f"start {number}")
        os.utime(folder / "health", (number, number))

    assert find({}) == str(candidates[0])


# The status command


def told(folder: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> str:
    assert show.main({"ENTRYPOINT_STATE_DIR": str(folder)}, as_json=as_json) == 0
    return capsys.readouterr().out


def test_a_person_is_told_phase_time_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened(tmp_path).enter("refused", "acme/tiny: terms-not-accepted")

    text = told(tmp_path, capsys)

    assert text.startswith("refused since 20")
    assert text.endswith("Z: acme/tiny: terms-not-accepted\n")


def test_a_program_is_told_all_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened(tmp_path).enter("failed", "x", exit_code=73)

    assert json.loads(told(tmp_path, capsys, as_json=True))["exit_code"] == 73


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b"{}"])
def test_no_state_or_a_broken_one_is_a_phase_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "health").write_bytes(b"fetching x")
        (tmp_path / "state.json").write_bytes(content)

    assert told(tmp_path, capsys).startswith("unknown: ")
    assert json.loads(told(tmp_path, capsys, as_json=True)) == {"phase": "unknown"}
