"""ENTRYPOINT_FALLBACKS, as a user lives it: an open model in place of a refused one, and the server knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from localhub import LocalHub
from tests.process.harness import Program, until
from tests.process.test_commands import visible
from tests.process.test_waiting import ALICE, Processes

OPEN = {"config.json": b"{}", "model.safetensors": b"open weights"}
GATED = {"config.json": b"{}", "model.safetensors": b"gated weights"}
TELLS = ("run", "--", "sh", "-c", 'echo "$ENTRYPOINT_MODEL_REPO"; cat "$ENTRYPOINT_MODEL_PATH/model.safetensors"; env')


@pytest.fixture
def gated(program: Program, hub: LocalHub) -> Program:
    hub.add_repo("org/gated", GATED, gated="auto")
    hub.add_repo("org/open", OPEN)
    hub.add_token(ALICE, user="alice")
    program.variables |= {"ENTRYPOINT_MODELS": "org/gated", "ENTRYPOINT_FALLBACKS": "org/gated=org/open"}
    program.variables |= {"HF_TOKEN": ALICE}
    return program


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    listening = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}/"
    listening.shutdown()
    listening.server_close()


def test_the_open_model_is_served_and_everybody_is_told(gated: Program, server: str) -> None:
    done = gated(*TELLS)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("org/open\nopen weights")
    assert "ENTRYPOINT_FALLBACKS_TAKEN=org/gated=org/open" in done.stdout
    (line,) = [line for line in done.stderr.splitlines() if "fallback-taken" in line]
    assert all(word in line for word in ("org/gated", "terms-not-accepted", "org/open"))
    assert "org/open in place of org/gated" in gated.state["text"]
    healthy = gated("healthcheck", ENTRYPOINT_HEALTH_URL=server)
    assert (healthy.returncode, "org/open in place of org/gated" in healthy.stdout) == (0, True)


def test_once_access_is_granted_the_next_start_takes_the_real_one(gated: Program, hub: LocalHub) -> None:
    assert gated(*TELLS).stdout.startswith("org/open\n")

    hub.set_access("alice", "org/gated", "accepted")

    done = gated(*TELLS)
    assert done.stdout.startswith("org/gated\ngated weights")
    assert "FALLBACKS_TAKEN" not in done.stdout
    hub.clear_requests()
    assert gated(*TELLS).stdout.startswith("org/gated\n")
    assert hub.requests == []


def test_a_later_start_without_the_hub_serves_what_was_fetched_in_its_place(gated: Program, hub: LocalHub) -> None:
    gated(*TELLS)
    hub.fault("reset", "hub", times=None, at="connect")

    done = gated(*TELLS, ENTRYPOINT_DEADLINE_SECONDS="20")

    assert "cannot be had at the moment" in done.stderr
    assert "REFUSED" not in done.stderr, "nobody refused"
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("org/open\nopen weights")


def test_offline_the_fallback_serves_where_only_it_lies_there(gated: Program) -> None:
    gated(*TELLS)

    done = gated(*TELLS, HF_HUB_OFFLINE="1")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("org/open\n")
    (line,) = [line for line in done.stderr.splitlines() if "fallback-taken" in line]
    assert "start once without HF_HUB_OFFLINE" in line
    assert "REFUSED" not in line, "nobody was asked"


def test_offline_without_either_it_says_what_is_missing(gated: Program) -> None:
    done = gated(*TELLS, HF_HUB_OFFLINE="1")
    assert done.returncode == 78
    assert "org/gated" in done.stderr


def test_a_fallback_that_is_refused_as_well_is_told_as_the_refusal_that_it_is(gated: Program, hub: LocalHub) -> None:
    hub.add_repo("org/also-gated", OPEN, gated="auto")

    done = gated(*TELLS, ENTRYPOINT_FALLBACKS="org/gated=org/also-gated")

    assert done.returncode == 77
    assert "fallback-taken" in done.stderr
    assert "✗ org/gated   terms-not-accepted" in done.stderr
    assert "✗ org/also-gated   terms-not-accepted" in done.stderr
    assert gated.phase == "refused"


@pytest.mark.parametrize("models", ["org/gated acme/tiny", "acme/tiny org/gated"])
def test_the_other_models_stay_as_they_are_and_in_their_order(gated: Program, models: str) -> None:
    done = gated(*TELLS, ENTRYPOINT_MODELS=models)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == models.split()[0].replace("org/gated", "org/open")
    assert visible(gated, "org--open")
    assert visible(gated, "acme--tiny")


def test_an_optional_model_has_its_fallback_too(gated: Program) -> None:
    optional = {"ENTRYPOINT_MODELS": "acme/tiny", "ENTRYPOINT_OPTIONAL_MODELS": "org/gated"}
    assert gated(*TELLS, **optional).returncode == 0
    assert visible(gated, "org--open")["model.safetensors"] == b"open weights"


def test_an_optional_model_without_one_is_told_and_done_without(gated: Program, hub: LocalHub) -> None:
    optional = {"ENTRYPOINT_MODELS": "acme/tiny", "ENTRYPOINT_OPTIONAL_MODELS": "org/gated"}
    done = gated(*TELLS, **optional, ENTRYPOINT_FALLBACKS="")
    assert done.returncode == 0
    assert done.stdout.startswith("acme/tiny\n")
    assert done.stderr.count("✗ org/gated   terms-not-accepted") == 1
    asked = [request for request in hub.requests if request.path == "/api/models/acme/tiny/auth-check"]
    assert len(asked) == 1, "what is granted is not asked twice"


def test_a_passing_trouble_takes_no_fallback(gated: Program, hub: LocalHub) -> None:
    hub.fault("status", "org/gated", times=None, status=503)
    done = gated(*TELLS, ENTRYPOINT_DEADLINE_SECONDS="2")
    assert done.returncode in (69, 75)
    assert "fallback-taken" not in done.stderr


def test_prefetch_and_plan_see_the_fallback(gated: Program) -> None:
    planned = gated("plan")
    assert (planned.returncode, "org/open@" in planned.stdout) == (0, True), planned.stderr
    assert not visible(gated, "org--open")
    assert gated("prefetch").returncode == 0
    assert visible(gated, "org--open")


@pytest.mark.parametrize(
    ("fallback", "fetched", "offline", "code"),
    [
        ("org/open", True, "1", 0),
        ("org/open", False, "1", 78),
        ("org/no-such-model", False, "", 77),
        ("org/open:*.gguf", False, "", 77),
    ],
)
def test_a_plan_ends_as_the_start_would(gated: Program, fallback: str, fetched: bool, offline: str, code: int) -> None:
    if fetched:
        assert gated("prefetch").returncode == 0
    settings = {"ENTRYPOINT_FALLBACKS": f"org/gated={fallback}", "HF_HUB_OFFLINE": offline}

    planned, started = gated("plan", **settings), gated("prefetch", **settings)

    assert (planned.returncode, started.returncode) == (code, code), planned.stdout + planned.stderr


def test_a_plan_writes_nothing_where_the_stand_in_was_touched(gated: Program, hub: LocalHub) -> None:
    gated("prefetch")
    for path in gated.cache.rglob("model.safetensors"):
        os.utime(path.resolve())
    before = {path: path.read_bytes() for path in gated.cache.rglob("*") if path.is_file()}

    assert gated("plan", HF_HUB_OFFLINE="1").returncode == 0

    assert {path: path.read_bytes() for path in gated.cache.rglob("*") if path.is_file()} == before


def test_a_stand_in_with_a_wrong_name_is_corrected_where_it_stands(gated: Program) -> None:
    done = gated(*TELLS, ENTRYPOINT_FALLBACKS="org/gated=org/no-such-model")
    assert "✗ org/no-such-model   repo-not-found" in done.stderr
    assert "Requested by ENTRYPOINT_FALLBACKS" in done.stderr
    assert "correct it in ENTRYPOINT_FALLBACKS" in done.stderr
    assert "or set ENTRYPOINT_FALLBACKS" not in done.stderr, "there is one"


def test_where_the_hub_comes_back_with_a_refusal_the_fallback_is_taken(
    gated: Program, hub: LocalHub, started: Processes
) -> None:
    gated.variables["ENTRYPOINT_ON_REFUSAL"] = "wait"
    down = hub.fault("status", "hub", times=None, status=503)
    process = gated.start(*TELLS)
    started.append(process)
    until(lambda: gated.phase == "refused", 60)
    down.cancel()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert "org/open\nopen weights" in output


def test_where_waiting_is_asked_for_too_the_fallback_comes_first(gated: Program) -> None:
    done = gated(*TELLS, ENTRYPOINT_ON_REFUSAL="wait")
    assert done.stdout.startswith("org/open\n")


@pytest.mark.parametrize(
    ("accepted", "served", "instead"),
    [("org/also-gated", "org/also-gated\nopen weights", True), ("org/gated", "org/gated\ngated weights", False)],
    ids=["its click", "the click for what was asked for"],
)
def test_a_fallback_that_is_refused_itself_waits_for_either_click(
    gated: Program, hub: LocalHub, started: Processes, accepted: str, served: str, instead: bool
) -> None:
    hub.add_repo("org/also-gated", OPEN, gated="auto")
    gated.variables |= {"ENTRYPOINT_FALLBACKS": "org/gated=org/also-gated", "ENTRYPOINT_ON_REFUSAL": "wait"}
    process = gated.start(*TELLS)
    started.append(process)
    until(lambda: gated.phase == "refused")

    hub.set_access("alice", accepted, "accepted")

    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert served in output
    assert ("FALLBACKS_TAKEN=" in output) is instead


def test_another_token_is_tried_with_the_model_that_was_asked_for(
    gated: Program, hub: LocalHub, started: Processes, tmp_path: Path
) -> None:
    hub.set_access("alice", "org/gated", "accepted")
    secret = tmp_path / "token"
    secret.write_text("hf_" + "x" * 34)
    del gated.variables["HF_TOKEN"]
    gated.variables |= {"HF_TOKEN_FILE": str(secret), "ENTRYPOINT_ON_REFUSAL": "wait"}
    process = gated.start(*TELLS)
    started.append(process)
    until(lambda: gated.phase == "refused")
    secret.write_text(ALICE)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert "org/gated\ngated weights" in output


def test_a_list_that_cannot_be_meant_is_found_at_every_start(gated: Program, hub: LocalHub) -> None:
    done = gated(*TELLS, ENTRYPOINT_FALLBACKS="org/gated -> org/open")
    assert done.returncode == 78
    assert "ENTRYPOINT_FALLBACKS" in done.stderr
    assert hub.requests == []
