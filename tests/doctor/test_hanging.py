"""Whatever hangs, the report comes in time, names what hangs, and leaves no process behind."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.doctor.conftest import TOKEN, Report, examine
from tests.needs.fake_privategpt import FakePrivateGPT, settings_of
from tests.process.harness import Program, descendants, until

BOUND = 10.0
SHORT = 4.0  # seconds for an examination of which only the end matters

# A resolver that never comes back, and a folder on a file server that does not answer.
HANG = """
import functools, os, socket, sys, time
from entrypoint.doctor import command, examination, shared

def hang(*_, **__):
    time.sleep(600)

def hang_below(folder, function):
    def hanging(path, *rest, **options):
        return hang() if str(path).startswith(folder) else function(path, *rest, **options)
    return hanging

kinds, folder, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
if "dns" in kinds:
    socket.getaddrinfo = hang
if "cache" in kinds:
    for name in ("stat", "lstat", "open", "statvfs"):
        setattr(os, name, hang_below(folder, getattr(os, name)))
    os.path.exists = hang_below(folder, os.path.exists)
if "defect" in kinds:
    def broken(*_):
        raise KeyError(os.environ["HF_TOKEN"])
    examination.journal.finding = broken
command.Given = functools.partial(shared.Given, seconds=seconds)
command.main(dict(os.environ), sys.argv[4:], as_json=True)
"""


def hanging(program: Program, kinds: str, *command: str, seconds: float = SHORT, **variables: str) -> Report:
    ended = subprocess.run(
        [sys.executable, "-c", HANG, kinds, str(program.folder / "hf"), str(seconds), *command],
        env=program.environ(**variables),
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.stdout, ended.stderr
    said = json.loads(ended.stdout)
    return Report(ended.returncode, said["checks"], said["seconds"], ended.stdout + ended.stderr)


def privategpt(program: Program, before: str) -> tuple[str, dict[str, str]]:
    app = FakePrivateGPT(program.folder)
    app.holds(settings_of("0.6"), before)
    return f"{program.folder}/.venv/bin/python", {"ENTRYPOINT_MODELS": "", "PATH": app.path}


def test_a_hub_that_accepts_and_never_answers_is_named_in_time(program: Program, hub: LocalHub) -> None:
    hub.fault("stall", "hub", times=None)
    began = time.monotonic()

    report = examine(program, HF_TOKEN=TOKEN)

    assert time.monotonic() - began < BOUND
    assert (report.code, report.bad) == (69, ["endpoint", "model"])
    assert report.of("endpoint")["facts"]["trouble"] == "timeout"
    assert "did not answer in time" in report.of("endpoint")["text"]
    assert report.of("tls")["status"] == "ok"


def test_a_hub_that_does_not_even_shake_hands_is_named_in_time(program: Program, hub: LocalHub) -> None:
    hub.fault("stall", "hub", times=None, at="connect")
    began = time.monotonic()

    report = examine(program)

    assert time.monotonic() - began < BOUND
    assert report.of("endpoint")["facts"]["trouble"] == "timeout"
    assert report.of("tls")["status"] == "skipped"


def test_everything_hanging_at_once_is_told_within_ten_seconds(program: Program, hub: LocalHub) -> None:
    command, variables = privategpt(program, "import time; time.sleep(600)")
    began = time.monotonic()

    report = hanging(program, "dns cache", command, seconds=8.0, **variables)

    assert time.monotonic() - began < BOUND
    assert {"needs", "dns", "cache"} <= set(report.bad)
    assert report.code != 0


def test_a_name_server_that_hangs_is_blamed_once(program: Program) -> None:
    report = hanging(program, "dns", HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (69, ["dns"])
    assert report.of("dns")["text"] == "did not answer in time"
    assert "dns: 1.1.1.1" in report.of("dns")["steps"][0]
    for name in ("token", "tls", "clock", "endpoint", "model", "hosts"):
        assert report.of(name)["facts"] == {"late": "dns"}
    assert report.all("cache")[0]["status"] == "ok"


def test_a_dead_file_server_is_blamed_and_the_network_is_still_checked(program: Program) -> None:
    report = hanging(program, "cache", HF_TOKEN=TOKEN)

    assert (report.code, report.of("settings")["status"]) == (73, "ok")
    assert "cache" in report.bad
    assert report.of("endpoint")["status"] == "ok"
    assert report.of("token")["status"] == "ok"


def test_a_dead_file_server_under_hf_home_hides_neither_the_network_nor_itself(program: Program) -> None:
    """Without a token in a variable, a start looks for one in HF_HOME, and would hang there."""
    report = hanging(program, "cache")

    assert {"settings", "cache"} <= set(report.bad)
    assert "HF_HOME" in report.of("settings")["steps"][0]
    assert str(program.cache) in report.all("cache")[0]["text"]
    assert report.of("endpoint")["status"] == "ok"


def test_a_privategpt_whose_import_hangs_is_named_and_ended(program: Program) -> None:
    command, variables = privategpt(program, "import time; time.sleep(600)")
    process = program.start("doctor", "--json", "--", command, **variables)
    until(lambda: descendants(process.pid))
    children = descendants(process.pid)
    output, _ = process.communicate(timeout=BOUND)

    checks = {check["name"]: check for check in json.loads(output)["checks"]}
    assert checks["needs"]["status"] == "bad"
    assert checks["needs"]["text"] == "did not answer in time"
    assert "ENTRYPOINT_MODELS" in checks["needs"]["steps"][0]
    assert checks["endpoint"]["status"] == "ok"
    assert checks["cache"]["facts"]["mount"]
    until(lambda: not [pid for pid in children if Path(f"/proc/{pid}").exists()])


def test_a_privategpt_whose_settings_do_not_load_is_a_warning(program: Program) -> None:
    command, variables = privategpt(program, "raise RuntimeError('no such profile')")

    report = examine(program, command, **variables)

    assert report.code == 0
    warning = report.all("needs")[0]
    assert (warning["status"], "no such profile" in warning["text"]) == ("warning", True)


def test_what_privategpt_asks_for_is_told(program: Program, hub: LocalHub) -> None:
    app = FakePrivateGPT(program.folder)
    app.holds(settings_of("0.6", llm={"mode": "llamacpp", "tokenizer": ""}))
    hub.add_repo("org/model-GGUF", {"model.Q4_K_M.gguf": b"GGUF" * 100})

    report = examine(program, f"{program.folder}/.venv/bin/python", ENTRYPOINT_MODELS="", PATH=app.path)

    assert report.code == 0
    assert "PrivateGPT llamacpp.llm_hf_repo_id: org/model-GGUF" in report.of("needs")["text"]
    assert report.all("cache")[0]["facts"]["kind"] == "folder"


@pytest.mark.parametrize("kind", ["dns", "cache"])
def test_no_trial_is_left_by_a_report_that_could_not_wait(program: Program, kind: str) -> None:
    hanging(program, kind)

    assert not list(program.folder.rglob(".model-entrypoint-doctor-*"))


def test_a_mistake_in_one_check_is_told_as_one_and_hides_no_other(program: Program) -> None:
    report = hanging(program, "defect", seconds=8.0, HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (70, ["state"])
    assert "KeyError" in report.of("state")["text"]
    assert report.of("endpoint")["status"] == "ok"
    assert TOKEN not in report.text


def test_where_no_thread_can_be_had_there_is_no_traceback(program: Program) -> None:
    code = (
        "import sys, threading\n"
        "def refuse(self): raise RuntimeError('cannot start new thread')\n"
        "threading.Thread.start = refuse\n"
        "from entrypoint.cli import main\n"
        "sys.exit(main(['doctor']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=program.environ(), capture_output=True, text=True)

    assert ended.returncode == 70
    assert "cannot start new thread" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_signal_ends_an_examination_at_once(program: Program, hub: LocalHub) -> None:
    hub.fault("stall", "hub", times=None)
    process = program.start("doctor")
    until(lambda: list(hub.requests))
    began = time.monotonic()
    process.terminate()

    assert process.wait(timeout=5) == 143
    assert time.monotonic() - began < 2
    assert not list(program.folder.rglob(".model-entrypoint-doctor-*"))
    process.communicate()
