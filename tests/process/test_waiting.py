"""ENTRYPOINT_ON_REFUSAL=wait, as a user lives it: the container stays, says why, and goes on by itself."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.process.harness import Program, until
from tests.process.test_commands import SERVE, visible
from tests.process.test_signals import SOON

ALICE = "hf_" + "a" * 34
BOB = "hf_" + "b" * 34
WAIT = {"ENTRYPOINT_ON_REFUSAL": "wait"}
Processes = list[subprocess.Popen[str]]


@pytest.fixture
def gated(program: Program, hub: LocalHub) -> Iterator[Program]:
    hub.add_repo("org/gated", {"config.json": b"{}", "model.safetensors": b"weights"}, gated="auto")
    hub.add_token(ALICE, user="alice", name="laptop")
    hub.add_token(BOB, user="bob")
    program.variables |= WAIT | {"ENTRYPOINT_MODELS": "org/gated", "HF_TOKEN": ALICE}
    yield program
    assert hub.leaks == []


def waits(program: Program, verdict: str) -> bool:
    return program.phase == "refused" and program.state["text"].startswith(f"{verdict}: ")


def test_the_person_clicks_agree_and_the_server_starts(
    gated: Program,
    hub: LocalHub,
    started: Processes,
) -> None:
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "terms-not-accepted"))
    health = gated("healthcheck")
    assert health.returncode == 1
    assert health.stdout.startswith("refused: terms-not-accepted: org/gated: ")
    assert "asking again in" in health.stdout
    assert gated.state["waits"] is True
    assert gated.state["verdicts"][0]["verdict"] == "terms-not-accepted"

    hub.set_access("alice", "org/gated", "accepted")

    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert output.endswith("served\n")
    assert output.count("✗ org/gated   terms-not-accepted") == 1
    assert "Exit code" not in output
    assert visible(gated, "org--gated")["model.safetensors"] == b"weights"


def test_what_the_authors_decide_is_waited_for_and_told_when_it_changes(
    gated: Program,
    hub: LocalHub,
    started: Processes,
) -> None:
    hub.set_access("alice", "org/gated", "pending")
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "review-pending"))

    hub.set_access("alice", "org/gated", "rejected")

    output, _ = process.communicate(timeout=30)
    assert process.returncode == 77
    assert output.index("review-pending") < output.index("✗ org/gated   review-rejected")
    assert "Exit code 77" in output


def test_another_token_in_the_file_is_noticed_long_before_the_next_question(
    gated: Program,
    hub: LocalHub,
    started: Processes,
    tmp_path: Path,
) -> None:
    hub.set_access("bob", "org/gated", "accepted")
    secret = tmp_path / "token"
    secret.write_text(ALICE + "\n")
    del gated.variables["HF_TOKEN"]
    gated.variables["HF_TOKEN_FILE"] = str(secret)
    message = "Access to model org/gated is restricted and you are not in the authorized list."
    far = {"X-Error-Code": "GatedRepo", "X-Error-Message": message, "RateLimit": '"api";r=0;t=280'}
    patience = hub.fault("status", "/auth-check", times=None, status=403, headers=far)
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "terms-not-accepted"))
    assert "min" in gated.state["text"], "the Hub asked for a pause of minutes"
    patience.cancel()

    new = tmp_path / "new"
    new.write_text(BOB)
    new.replace(secret)

    began = time.monotonic()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert time.monotonic() - began < 20
    assert ALICE not in output
    assert BOB not in output


def test_a_token_that_is_put_into_the_hubs_own_file_ends_the_wait_for_one(
    gated: Program,
    hub: LocalHub,
    started: Processes,
) -> None:
    hub.set_access("alice", "org/gated", "accepted")
    del gated.variables["HF_TOKEN"]
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "token-missing"))

    file = gated.folder / "hf" / "token"
    file.parent.mkdir(exist_ok=True)
    file.write_text(ALICE)

    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output


@pytest.mark.parametrize(
    ("models", "token", "verdict", "code"),
    [
        ("org/no-such-model", ALICE, "repo-not-found", 78),
        ("org/gated org/no-such-model", ALICE, "repo-not-found", 77),
        ("org/gated@v9", ALICE, "revision-not-found", 78),
        ("org/gated", "hf_" + "x" * 34, "token-invalid", 77),
    ],
)
def test_what_no_click_can_heal_ends_the_start(
    gated: Program, hub: LocalHub, models: str, token: str, verdict: str, code: int
) -> None:
    if "@" in models:
        hub.set_access("alice", "org/gated", "accepted")
    done = gated(*SERVE, ENTRYPOINT_MODELS=models, HF_TOKEN=token)
    assert (done.returncode, verdict in done.stderr) == (code, True), done.stderr
    assert f"Exit code {code}" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_signal_ends_the_wait_at_once(
    gated: Program,
    started: Processes,
    number: signal.Signals,
) -> None:
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "terms-not-accepted"))
    began = time.monotonic()

    process.send_signal(number)

    output, _ = process.communicate(timeout=10)
    assert time.monotonic() - began < SOON
    assert process.returncode == 128 + number
    assert "Traceback" not in output
    assert gated.phase == "failed"


def test_the_deadline_ends_the_wait(gated: Program) -> None:
    done = gated(*SERVE, ENTRYPOINT_DEADLINE_SECONDS="2")
    assert done.returncode == 75
    assert "✗ org/gated   terms-not-accepted" in done.stderr
    assert "deadline-passed" in done.stderr


def test_programs_read_every_question_of_the_wait_as_json(
    gated: Program,
    hub: LocalHub,
    started: Processes,
) -> None:
    gated.variables["ENTRYPOINT_LOG"] = "json"
    process = gated.start(*SERVE)
    started.append(process)
    until(lambda: waits(gated, "terms-not-accepted"))
    hub.set_access("alice", "org/gated", "accepted")
    output, _ = process.communicate(timeout=30)
    records = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    (told,) = [record for record in records if record.get("verdict") == "terms-not-accepted"]
    assert told["repo"] == "org/gated"
    assert told["steps"]
    assert len(records) == len(output.splitlines()) - 1, "all but the server's own line"
