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

    report = hanging(program, "dns cache", command, seconds=7.5, **variables)

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


def test_why_privategpt_would_not_use_a_fallback_is_told(program: Program, hub: LocalHub) -> None:
    app = FakePrivateGPT(program.folder)
    app.holds(settings_of("0.6", llm={"mode": "llamacpp", "tokenizer": ""}))
    hub.add_repo("org/model-GGUF", {"model.Q4_K_M.gguf": b"GGUF" * 100}, gated="auto")
    hub.add_repo("org/open-GGUF", {"open.gguf": b"GGUF" * 100})
    fallback = {"ENTRYPOINT_FALLBACKS": "org/model-GGUF=org/open-GGUF:open.gguf", "HF_TOKEN": TOKEN}

    report = examine(program, f"{program.folder}/.venv/bin/python", ENTRYPOINT_MODELS="", PATH=app.path, **fallback)

    assert report.code == 77
    refused, notice = report.all("model")
    assert refused["status"] == "bad"
    assert "does not read PGPT_HF_REPO_ID" in notice["text"]
    assert notice["facts"] == {"notice": "fallback-not-usable"}


@pytest.mark.parametrize("kind", ["dns", "cache"])
def test_no_trial_is_left_by_a_report_that_could_not_wait(program: Program, kind: str) -> None:
    hanging(program, kind)

    assert not list(program.folder.rglob(".model-entrypoint-doctor-*"))


def test_a_mistake_in_one_check_is_told_as_one_and_hides_no_other(program: Program) -> None:
    report = hanging(program, "defect", seconds=7.5, HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (70, ["state"])
    assert "KeyError" in report.of("state")["text"]
    assert report.of("endpoint")["status"] == "ok"
    assert TOKEN not in report.text


def spoiled(program: Program, spoil: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`doctor` in a process of which the code `spoil` broke something."""
    code = f"import sys\n{spoil}\nfrom entrypoint.cli import main\nsys.exit(main(['doctor', *sys.argv[1:]]))\n"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=program.environ(),
        cwd=program.folder,
        capture_output=True,
        text=True,
        timeout=30,
    )


NO_THREADS = """
import threading
def refuse(self): raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
"""
DEFECT = """
from entrypoint.doctor import command
def broken(*_): raise KeyError("no such thing")
command.Examination = broken
"""
NO_IMPORT = "sys.modules['entrypoint.doctor.shared'] = None"
STUCK = """
import threading
from entrypoint.doctor import command
command.SECONDS, command.GRACE_SECONDS = 0.5, 0.0
threading.Thread.start = lambda self: threading.Event().wait()
"""


def test_where_no_thread_can_be_had_the_checks_are_run_all_the_same(program: Program) -> None:
    ended = spoiled(program, NO_THREADS, "--json")

    said = Report(ended.returncode, json.loads(ended.stdout)["checks"], 0.0, ended.stdout)
    assert [check["status"] for check in (said.of("endpoint"), said.all("cache")[0], said.of("state"))] == ["ok"] * 3
    assert (said.code, said.bad) == (70, ["model"]), "the client asks with threads of its own"
    assert not list(program.folder.rglob(".model-entrypoint-doctor-*"))
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [(DEFECT, "KeyError: 'no such thing'"), (NO_IMPORT, "ModuleNotFoundError"), (STUCK, "Stuck")],
    ids=["defect", "import", "stuck"],
)
def test_whatever_breaks_the_report_for_programs_is_one_object_that_says_so(
    program: Program, spoil: str, kind: str
) -> None:
    ended = spoiled(program, spoil, "--json")

    said = json.loads(ended.stdout)
    assert (ended.returncode, said["exit_code"]) == (70, 70)
    (check,) = said["checks"]
    assert (check["name"], check["status"]) == ("doctor", "bad")
    assert kind in check["text"]
    assert "Traceback" not in ended.stderr


def test_whatever_breaks_people_are_told(program: Program) -> None:
    ended = spoiled(program, DEFECT)

    assert ended.returncode == 70
    assert "KeyError: 'no such thing'" in ended.stdout


def test_a_signal_that_comes_before_all_checks_have_begun_leaves_no_trial(program: Program) -> None:
    spoil = """
import os, signal
from pathlib import Path
from entrypoint.doctor import command
def examination(given, lang, w, begun):
    trial = command.Trial(Path.cwd())
    begun(trial)
    trial.begin()
    assert trial.own.is_dir()
    os.kill(os.getpid(), signal.SIGTERM)
command.Examination = examination
"""
    assert spoiled(program, spoil).returncode == 143
    assert not list(program.folder.rglob(".model-entrypoint-doctor-*"))


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
