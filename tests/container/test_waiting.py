"""A refused container that stays: unhealthy with the reason in `docker inspect`, and serving after the click."""

from __future__ import annotations

from dataclasses import replace

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import GGUF, TOKEN, Runner, accept, chat, with_token
from tests.container.engine import Container, Project, until
from tests.parts import tiny_gguf

SHORT = ["--health-start-period=1s", "--health-interval=1s", "--health-retries=2"]


def last_check(container: Container) -> str:
    log = container.state["Health"]["Log"]
    return str(log[-1]["Output"]) if log else ""


def test_the_person_clicks_agree_and_the_container_becomes_healthy(example: Project, hub: LocalHub) -> None:
    example.compose("build", "llm")
    project = with_token(example)
    project = replace(project, environ={**project.environ, "ENTRYPOINT_ON_REFUSAL": "wait"})

    server = project.up("llm")
    until(lambda: "terms-not-accepted" in last_check(server), "the reason in docker inspect", 60, lambda: server.logs)
    assert server.state["Status"] == "running"
    assert f"{hub.url}/{GGUF}" in server.logs
    before = server.id

    accept(hub)

    server.is_healthy()
    assert project.container("llm").id == before
    assert server.inspect()["RestartCount"] == 0
    assert "llama-server: PID 1, serving " in server.logs
    assert chat(server) == tiny_gguf.ANSWER
    assert TOKEN not in server.logs


def test_it_is_unhealthy_while_it_waits_and_ends_at_once_when_it_is_stopped(run: Runner, hub: LocalHub) -> None:
    image = images.gated("llama-cpp", images.debian())

    container = run(
        image, "sleep", "600", options=SHORT, environ={"ENTRYPOINT_MODELS": GGUF, "ENTRYPOINT_ON_REFUSAL": "wait"}
    )

    until(lambda: container.health == "unhealthy", "unhealthy", 60, lambda: container.logs)
    assert last_check(container).startswith(f"refused: terms-not-accepted: {GGUF}: ")
    assert "asking again in" in last_check(container)
    code, seconds = container.stop()
    assert (code, seconds < 2) == (143, True)
