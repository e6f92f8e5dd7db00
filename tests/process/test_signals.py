"""Signals, deaths and two containers on one volume: nothing hangs, nobody is left behind, nothing received is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from entrypoint.cache import staging
from entrypoint.values import Item, Need, Place
from localhub import LocalHub
from tests.cache.conftest import needs_mounts
from tests.cache.test_staging import other_process
from tests.process.conftest import FILES, WEIGHTS
from tests.process.harness import Program, descendants, until
from tests.process.test_commands import SERVE, leftovers, visible

SOON = 1.0


def asking(program: Program, hub: LocalHub, process: subprocess.Popen[str]) -> None:
    until(lambda: hub.requests and program.phase == "checking")


def fetching(program: Program, hub: LocalHub, process: subprocess.Popen[str]) -> None:
    until(lambda: any(request.origin == "cdn" for request in hub.requests))


def waiting(program: Program, hub: LocalHub, process: subprocess.Popen[str]) -> None:
    until(lambda: program.phase == "waiting")


def area(program: Program, hub: LocalHub) -> Path:
    commit = hub._repo("acme/tiny").branches["main"]
    need = Need("acme/tiny", Place("hub-cache", program.cache), "ENTRYPOINT_MODELS")
    return staging.folder(Item(need, commit, (), ()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("phase", [asking, fetching, waiting], ids=["asking", "fetching", "waiting for another"])
def test_a_signal_ends_it_at_once_in_every_phase_with_its_code_and_no_child(
    program: Program, hub: LocalHub, started: list[subprocess.Popen[str]], phase: object, number: signal.Signals
) -> None:
    if phase is asking:
        hub.fault("stall", "/auth-check", times=None)
    hub.fault("slow", "cdn", times=None, rate=100_000)
    with contextlib.ExitStack() as stack:
        if phase is waiting:
            stack.enter_context(other_process(area(program, hub)))
        process = program.start(*SERVE)
        started.append(process)
        phase(program, hub, process)  # type: ignore[operator]
        children = descendants(process.pid)
        began = time.monotonic()

        process.send_signal(number)
        output, _ = process.communicate(timeout=10)

        assert time.monotonic() - began < SOON
        assert process.returncode == 128 + number, output
        until(lambda: not [pid for pid in children if _alive(pid)], SOON)
    assert bool(children) == (phase is fetching)
    assert "Traceback" not in output
    assert program.phase == "failed"
    assert "model.safetensors" not in visible(program)


@needs_mounts
@pytest.mark.parametrize("phase", [asking, fetching], ids=["asking", "fetching"])
def test_as_process_1_it_reacts_all_the_same(
    program: Program, hub: LocalHub, started: list[subprocess.Popen[str]], phase: object
) -> None:
    if phase is asking:
        hub.fault("stall", "/auth-check", times=None)
    hub.fault("slow", "cdn", times=None, rate=100_000)
    program.under = ("unshare", "--pid", "--fork", "--mount-proc")
    process = program.start(*SERVE)
    started.append(process)
    phase(program, hub, process)  # type: ignore[operator]
    assert program.state["pid"] == 1
    (first, *_) = descendants(process.pid)

    os.kill(first, signal.SIGTERM)

    began = time.monotonic()
    process.communicate(timeout=10)
    assert time.monotonic() - began < SOON
    assert process.returncode == 128 + signal.SIGTERM


@needs_mounts
def test_as_process_1_the_server_is_process_1(program: Program) -> None:
    program.under = ("unshare", "--pid", "--fork", "--mount-proc")

    assert program("run", "--", "sh", "-c", "echo $$").stdout == "1\n"


def test_a_kill_in_the_middle_costs_only_what_was_under_way(
    program: Program, hub: LocalHub, started: list[subprocess.Popen[str]]
) -> None:
    fault = hub.fault("slow", "cdn", times=None, rate=300_000)
    process = program.start(*SERVE)
    started.append(process)
    until(lambda: "config.json" in visible(program) and any(r.bytes_sent for r in hub.requests if r.origin == "cdn"))
    children = descendants(process.pid)

    process.kill()
    process.communicate()
    until(lambda: not [pid for pid in children if _alive(pid)], 3)
    assert "model.safetensors" not in visible(program), "nothing half-written where the server looks"
    fault.cancel()
    hub.clear_requests()
    done = program(*SERVE)

    assert (done.returncode, done.stdout) == (0, "served\n")
    assert visible(program) == FILES
    assert leftovers(program) == []
    assert not [request for request in hub.requests if request.path.endswith("config.json")]


def test_of_two_containers_on_one_volume_one_fetches_and_the_other_follows(
    program: Program, hub: LocalHub, tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    hub.fault("slow", "cdn", times=None, rate=400_000)  # slow enough for the other to come
    other = Program(tmp_path / "other", hub, {"ENTRYPOINT_MODELS": "acme/tiny", "HF_HOME": str(tmp_path / "hf")})
    other.folder.mkdir()
    first = program.start(*SERVE)
    started.append(first)
    fetching(program, hub, first)
    second = other.start(*SERVE)
    started.append(second)
    until(lambda: other.phase in ("waiting", "serving"))
    assert other.phase == "waiting"

    outputs = [process.communicate(timeout=30)[0] for process in (first, second)]

    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    assert all("served\n" in output for output in outputs)
    assert "another container on this volume is fetching the same model" in outputs[1]
    assert len([request for request in hub.requests if request.origin == "cdn"]) == 1
    assert leftovers(program) == []


def test_a_container_that_waits_goes_on_when_the_other_is_killed(
    program: Program, hub: LocalHub, started: list[subprocess.Popen[str]]
) -> None:
    with other_process(area(program, hub)) as holder:
        process = program.start(*SERVE)
        started.append(process)
        waiting(program, hub, process)

        holder.kill()
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 0, output
    assert visible(program) == FILES


def test_whoever_waits_too_long_ends_with_75(program: Program, hub: LocalHub) -> None:
    with other_process(area(program, hub)):
        done = program(*SERVE, ENTRYPOINT_DEADLINE_SECONDS="1.5", ENTRYPOINT_LOG="console")

    assert done.returncode == 75
    assert "lock-not-freed" in done.stderr


def test_a_fetch_that_takes_too_long_ends_with_75(program: Program, hub: LocalHub) -> None:
    hub.fault("slow", "cdn", times=None, rate=100_000)

    done = program(*SERVE, ENTRYPOINT_DEADLINE_SECONDS="1.5", ENTRYPOINT_LOG="console")

    assert done.returncode == 75
    assert "deadline-passed" in done.stderr


def test_the_probe_of_privategpts_settings_is_not_left_behind(
    program: Program, started: list[subprocess.Popen[str]]
) -> None:
    package = program.folder / "private_gpt"
    (package / "settings").mkdir(parents=True)
    (package / "settings/settings.py").touch()
    (package / "__init__.py").write_text("import pathlib, time; pathlib.Path('probing').touch(); time.sleep(60)")
    process = program.start("run", "--", sys.executable, "-m", "private_gpt", ENTRYPOINT_MODELS="")
    started.append(process)
    until(lambda: (program.folder / "probing").exists())
    children = descendants(process.pid)
    assert children

    process.terminate()
    process.communicate(timeout=10)

    assert process.returncode == 128 + signal.SIGTERM
    try:
        until(lambda: not [pid for pid in children if _alive(pid)], SOON)
    finally:
        for pid in filter(_alive, children):
            os.kill(pid, signal.SIGKILL)


def test_progress_is_in_the_log_and_in_the_state_while_it_fetches(
    program: Program, hub: LocalHub, started: list[subprocess.Popen[str]]
) -> None:
    hub.fault("slow", "cdn", times=None, rate=500_000)
    process = program.start(*SERVE)
    started.append(process)

    until(lambda: program.phase == "fetching" and program.state.get("percent", 0) > 10)

    check = program("healthcheck")
    assert check.returncode == 1
    assert check.stdout.startswith("fetching: ")
    assert f"of {len(WEIGHTS) / 1e6:.1f} MB" in check.stdout
    assert program.state["bytes_total"] == sum(map(len, FILES.values()))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
