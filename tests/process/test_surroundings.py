"""What the container around us may do to a start: variables in odd forms, dead streams, early signals, deadlines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.process.conftest import TOKEN
from tests.process.harness import Program, until

SERVE = ("run", "--", "echo", "served")


@pytest.mark.parametrize(
    "variables",
    [
        {"REQUESTS_CA_BUNDLE": "CA"},
        {"CURL_CA_BUNDLE": "CA"},
        {"SSL_CERT_FILE": '"CA"'},
        {"SSL_CERT_FILE": "~/ca.pem"},
        {"SSL_CERT_FILE": "CA", "HF_HUB_ETAG_TIMEOUT": "'10'"},
        {"SSL_CERT_FILE": "CA", "NO_PROXY": "'localhost'", "HTTPS_PROXY": "'http://127.0.0.1:9'"},
    ],
    ids=lambda variables: " ".join(f"{name}={value}" for name, value in variables.items()),
)
def test_our_own_requests_go_by_the_settings_as_they_were_understood(
    program: Program, hub: LocalHub, variables: dict[str, str]
) -> None:
    home = Path(program.environ()["HOME"])
    home.mkdir()
    (home / "ca.pem").write_bytes(hub.ca_file.read_bytes())
    program.variables |= {"SSL_CERT_FILE": ""}
    program.variables |= {name: value.replace("CA", str(hub.ca_file)) for name, value in variables.items()}

    served = program(*SERVE)

    assert (served.returncode, served.stdout) == (0, "served\n"), served.stderr


@pytest.mark.parametrize("closed", ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_do_not_end_a_start(program: Program, closed: str) -> None:
    proof = program.folder / "proof"
    program.under = ("sh", "-c", f'exec "$@" {closed}', "sh")

    assert program("run", "--", "touch", str(proof)).returncode == 0
    assert proof.exists()


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_log_reader_that_died_does_not_end_a_start(program: Program, warm: bool) -> None:
    if warm:
        assert program(*SERVE).returncode == 0
    reader, writer = os.pipe()
    os.close(reader)

    process = subprocess.run(
        program.command(*SERVE), env=program.environ(), cwd=program.folder, stdout=subprocess.PIPE, stderr=writer
    )
    os.close(writer)

    assert (process.returncode, process.stdout) == (0, b"served\n")


def test_a_start_without_readers_that_is_refused_keeps_its_code(program: Program) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environ = program.environ(ENTRYPOINT_MODELS="acme/none")
    code = subprocess.run(program.command(*SERVE), env=environ, cwd=program.folder, stderr=writer).returncode
    os.close(writer)

    assert code == 77


def test_a_plan_can_be_printed_where_there_is_no_utf8(program: Program) -> None:
    printed = program("plan", ENTRYPOINT_MODELS="acme/none", PYTHONIOENCODING="ascii")

    assert printed.returncode == 77
    assert "repo-missing-or-private" in printed.stdout


def test_a_signal_is_heeded_before_anything_else_is_done(program: Program) -> None:
    """As PID 1, what comes before the handlers is lost; so they come before the imports that cost time."""
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'entrypoint.settings': os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from entrypoint.cli import main\n"
        "sys.exit(main(['run', '--', 'echo', 'served']))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=program.environ(), cwd=program.folder, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (143, "", "")


def test_a_working_directory_that_was_removed_is_named(program: Program) -> None:
    gone = program.folder / "gone"
    gone.mkdir()
    program.under = ("sh", "-c", f'cd {gone} && rmdir {gone} && exec "$@"', "sh")

    ended = program("prefetch", ENTRYPOINT_MODELS="")

    assert ended.returncode == 78
    assert "working-directory-gone" in ended.stderr


def test_the_deadline_holds_while_the_hub_is_silent(program: Program, hub: LocalHub) -> None:
    hub.fault("stall", "hub", times=None)
    began = time.monotonic()

    ended = program("prefetch", ENTRYPOINT_DEADLINE_SECONDS="1")

    assert ended.returncode == 75
    assert "deadline-passed" in ended.stderr
    assert "hub-unreachable: acme/tiny: " in ended.stderr, "what kept it"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--bogus"),
        ("prefetch", "--bogus"),
        ("plan", "-x"),
        ("status", "--bogus"),
        ("status", "extra"),
        ("nope",),
    ],
    ids=" ".join,
)
def test_what_is_no_option_is_wrong_usage(program: Program, arguments: tuple[str, ...]) -> None:
    ended = program(*arguments)

    assert ended.returncode == 64
    assert "not understood" in ended.stderr


@pytest.mark.parametrize("value", ["json", "JSON"])
@pytest.mark.parametrize("fault", [{"HF_TOKEN": "your_token_here"}, {"ENTRYPOINT_MODELS": "acme/none"}, {}])
def test_with_json_asked_for_every_line_is_json(program: Program, fault: dict[str, str], value: str) -> None:
    told = program(*SERVE, ENTRYPOINT_LOG=value, **fault).stderr

    assert told
    assert [json.loads(line)["event"] for line in told.splitlines()]


def test_a_waiting_container_says_so_again_and_again(program: Program, hub: LocalHub) -> None:
    hub.fault("stall", "cdn", times=None)
    first, second = program.start(*SERVE), None
    try:
        until(lambda: any(request.origin == "cdn" for request in hub.requests))
        second = program.start(*SERVE, ENTRYPOINT_STATE_DIR=str(program.folder / "other"))
        health = program.folder / "other" / "health"
        until(lambda: health.exists() and "waiting for 1 s" in health.read_text())
    finally:
        for process in filter(None, (first, second)):
            process.send_signal(signal.SIGTERM)
            process.communicate()


def test_plan_ends_with_the_code_of_prefetch_where_the_cache_cannot_be_used(program: Program) -> None:
    (program.folder / "file").touch()
    variables = {"HF_HOME": str(program.folder / "file")}

    assert [program(command, **variables).returncode for command in ("plan", "prefetch")] == [73, 73]


@pytest.mark.parametrize("style", ["console", "json"])
def test_what_a_library_logs_passes_our_redaction(program: Program, hub: LocalHub, style: str) -> None:
    hub.add_token(TOKEN, user="alice", name="laptop", role="read")
    hub.answer("auth-check", 200, {"X-HF-Warning": f"topic; \x1b[31mold client {TOKEN}"}, "OK")

    told = program(*SERVE, HF_TOKEN=TOKEN, ENTRYPOINT_LOG=style).stderr

    assert "old client" in told
    assert TOKEN not in told
    assert "\x1b" not in told


def touch_all(program: Program) -> None:
    """As a volume comes back from a backup: the same bytes with new times."""
    for path in program.cache.glob("models--*/blobs/*"):
        os.utime(path, (1, 1))


@pytest.mark.parametrize("offline", ["", "1"], ids=["the Hub is down", "offline"])
def test_a_restored_volume_is_proved_by_its_receipt_without_the_hub(
    program: Program, hub: LocalHub, offline: str
) -> None:
    assert program(*SERVE).returncode == 0
    touch_all(program)
    hub.clear_requests()
    hub.fault("reset", "hub", times=None)

    again = program(*SERVE, HF_HUB_OFFLINE=offline)

    assert (again.returncode, again.stdout) == (0, "served\n"), again.stderr
    assert not list(hub.requests)


def test_offline_a_shortened_file_is_named_and_nothing_is_served(program: Program) -> None:
    assert program(*SERVE).returncode == 0
    (weights,) = program.cache.glob("models--*/snapshots/*/model.safetensors")
    os.truncate(weights.resolve(), 100)

    ended = program(*SERVE, HF_HUB_OFFLINE="1")

    assert (ended.returncode, ended.stdout) == (74, "")
    assert "model.safetensors" in ended.stderr


def test_offline_a_model_without_a_receipt_is_served_with_its_path(program: Program) -> None:
    assert program(*SERVE).returncode == 0
    for receipt in program.cache.glob(".model-entrypoint/receipts/*"):
        receipt.unlink()

    served = program("run", "--", "sh", "-c", 'echo "$ENTRYPOINT_MODEL_PATH"', HF_HUB_OFFLINE="1")

    assert "/models--acme--tiny/snapshots/" in served.stdout
    assert "cannot be proved" in served.stderr


def test_what_a_killed_start_left_of_another_model_is_swept(program: Program) -> None:
    left = program.cache / ".model-entrypoint" / "staging" / f"acme--other@{'d' * 40}"
    left.mkdir(parents=True)
    (left / "lock").touch()
    (left / "half").write_bytes(b"x" * 1000)

    assert program(*SERVE).returncode == 0
    assert not left.exists()


@pytest.mark.parametrize(
    "variables",
    [{"HF_HOME": "HERE"}, {"HF_HUB_CACHE": "HERE/hub"}, {"TRANSFORMERS_CACHE": "HERE/hub"}, {"XDG_CACHE_HOME": "HERE"}],
    ids=lambda variables: next(iter(variables)),
)
def test_the_server_is_told_the_cache_that_was_filled(program: Program, variables: dict[str, str]) -> None:
    here = {name: value.replace("HERE", str(program.folder / "here")) for name, value in variables.items()}

    served = program("run", "--", "sh", "-c", 'ls "$HF_HUB_CACHE"', **{"HF_HOME": "", **here})

    assert "models--acme--tiny" in served.stdout.split(), served.stderr


def test_the_status_can_be_printed_where_there_is_no_utf8(program: Program) -> None:
    program("prefetch", ENTRYPOINT_MODELS="acme/none", ENTRYPOINT_LANG="zh")

    printed = program("status", PYTHONIOENCODING="ascii")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("refused since ")


@pytest.mark.parametrize("name", ["hub", "hub/models--acme--tiny", "hub/models--acme--tiny/snapshots"])
def test_a_link_that_leads_to_itself_is_a_cache_that_cannot_be_used(program: Program, name: str) -> None:
    path = program.folder / "hf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path.name)

    ended = program("prefetch")

    assert ended.returncode == 73, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "defect" not in ended.stderr


def test_a_refusal_is_told_as_one_even_if_the_deadline_passed_meanwhile(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice")
    hub.fault("slow", "/whoami", times=None, delay=2.0)

    ended = program("prefetch", HF_TOKEN=TOKEN, ENTRYPOINT_DEADLINE_SECONDS="1")

    assert ended.returncode == 77, ended.stderr
    assert "✗ acme/tiny   terms-not-accepted" in ended.stderr
