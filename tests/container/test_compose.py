"""docker-compose.example.yml as a newcomer meets it: refused, accepted, started again, stopped."""

from __future__ import annotations

import json

import pytest

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import GGUF, TOKEN, accept, chat, with_token
from tests.container.engine import Project, until
from tests.parts import tiny_gguf


def test_a_refused_model_ends_the_server_with_77_says_why_and_does_not_spin(example: Project, hub: LocalHub) -> None:
    example.compose("build", "llm")

    server = with_token(example).up("llm")

    until(lambda: server.inspect()["RestartCount"] == 3, "the last of three restarts")
    assert server.ends() == 77
    assert "terms-not-accepted" in server.logs
    assert f"{hub.url}/{GGUF}" in server.logs
    assert "alice" in server.logs
    assert TOKEN not in server.logs
    assert "llama-server:" not in server.logs
    assert not [record for record in hub.requests if record.origin == "cdn"]


def test_without_any_token_it_says_that_one_is_missing(example: Project, hub: LocalHub) -> None:
    example.compose("build", "llm")

    server = example.up("llm")

    assert server.ends() == 77
    assert "token-missing" in server.logs
    assert GGUF in server.logs


def test_an_accepted_model_is_fetched_served_and_not_asked_for_again(example: Project, hub: LocalHub) -> None:
    example.compose("build", "llm")
    accept(hub)
    project = with_token(example, "HUGGINGFACE_HUB_TOKEN")

    server = project.up("llm")
    server.is_healthy()

    assert len(server.processes) == 1
    assert "/app/llama-server" in server.processes[0]
    assert "llama-server: PID 1, serving /models/hub/models--acme--tiny-llama-gguf/snapshots/" in server.logs
    assert chat(server) == tiny_gguf.ANSWER

    code, seconds = server.stop()
    assert (code, seconds < 2) == (0, True)
    assert "llama-server: SIGTERM, ending" in server.logs

    project.down()
    hub.clear_requests()
    again = project.up("llm")
    again.is_healthy()

    assert again.id != server.id
    assert chat(again) == tiny_gguf.ANSWER
    assert hub.requests == []


def test_the_whole_example_comes_up_with_private_gpt_last(example: Project, hub: LocalHub) -> None:
    example.compose("build")
    accept(hub)

    server = with_token(example).up("private-gpt")
    server.is_healthy()

    assert "private-gpt: OPENAI_API_BASE has ['" in server.logs
    assert "private-gpt: OPENAI_EMBEDDING_API_BASE has ['" in server.logs
    assert "private-gpt: tokenizers ['models--acme--tiny-llama']" in server.logs
    assert "private-gpt: baked in ['baked-in']" in server.logs
    paths = [record.path for record in hub.requests if record.origin == "cdn"]
    assert len(paths) == len(set(paths)), "llm and embeddings share a volume, and fetched a file twice"


def test_private_gpt_loads_the_tokenizer_and_the_model_that_its_settings_name(example: Project, hub: LocalHub) -> None:
    example.compose("--profile", "*", "build", "private-gpt-0.6")
    accept(hub)

    server = with_token(example).up("private-gpt-0.6")
    server.is_healthy()

    assert "HF_HUB_OFFLINE=1, acme/tiny-llama says ['▁hello', '▁llama']" in server.logs
    assert "/home/worker/app/models/tiny.gguf begins with b'GGUF', PID 1, uid 100" in server.logs
    code, seconds = server.stop()
    assert (code, seconds < 2) == (143, True)


def test_private_gpt_is_refused_by_the_name_of_the_setting_that_asks(example: Project, hub: LocalHub) -> None:
    example.compose("--profile", "*", "build", "private-gpt-0.6")

    server = with_token(example).up("private-gpt-0.6")

    assert server.ends() == 77
    assert "llamacpp.llm_hf_repo_id" in server.logs
    assert "private-gpt:" not in server.logs


@pytest.mark.parametrize("profile", ["", "private-gpt-0.6"])
def test_the_example_is_valid_and_says_nothing_about_blank_variables(profile: str) -> None:
    project = Project([images.ROOT / "docker-compose.example.yml"], {"COMPOSE_PROFILES": profile})

    done = project.compose("config", "--quiet")

    assert done.stderr == ""


def test_the_example_passes_on_the_token_and_the_choices_of_the_env_file() -> None:
    example = [images.ROOT / "docker-compose.example.yml"]
    arguments = ["--env-file", str(images.ROOT / ".env.example"), "--profile", "*", "config", "--format", "json"]

    config = json.loads(Project(example, {"HF_TOKEN": TOKEN}).compose(*arguments).stdout)

    services = config["services"]
    assert {service["environment"]["HF_TOKEN"] for service in services.values()} == {TOKEN}
    plain = json.loads(Project(example, {}).compose(*arguments[2:]).stdout)["services"]
    for name, service in services.items():
        expected = plain[name]["environment"] | {"HF_TOKEN": TOKEN}
        assert service["environment"] == expected, f"{name}: .env.example differs from the defaults"


def test_no_service_of_the_example_goes_round_the_entrypoint_or_restarts_without_end() -> None:
    project = Project([images.ROOT / "docker-compose.example.yml"], {})

    services = json.loads(project.compose("--profile", "*", "config", "--format", "json").stdout)["services"]

    assert [service.get("entrypoint") for service in services.values()] == [None] * 4
    assert {service["restart"] for service in services.values()} == {"on-failure:3"}
