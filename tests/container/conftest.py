"""A network with a Hub in it, and containers that are gone when the test is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from localhub import LocalHub
from tests.container import engine, images
from tests.container.engine import Container, Project
from tests.parts import tiny_gguf, tiny_tokenizer

TOKEN = "hf_" + "a1B2c3D4e5" * 3 + "f6G7"
GGUF = "acme/tiny-llama-gguf"
TOKENIZER = "acme/tiny-llama"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("docker")
            item.add_marker(pytest.mark.timeout(900))  # the first one builds the images


@dataclass(frozen=True, slots=True)
class Lan:
    """The containers' network; `host` is this machine's address in it."""

    name: str
    host: str


@pytest.fixture(scope="session", autouse=True)
def lan() -> Iterator[Lan]:
    if trouble := engine.trouble():
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(f"REQUIRE_DOCKER=1, and {trouble}")
        pytest.skip(trouble)
    with engine.network() as (name, host):
        yield Lan(name, host)
    images.prune()


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tiny_gguf.write(path)
    return path


@pytest.fixture
def hub(lan: Lan, gguf: Path) -> Iterator[LocalHub]:
    """A Hub over TLS with a gated GGUF model and a gated tokenizer; alice has a token, and no access yet."""
    with LocalHub(host=lan.host, name=lan.host) as hub:
        hub.add_repo(GGUF, {"tiny.gguf": gguf, "README.md": b"# Tiny"}, gated="manual")
        hub.add_repo(TOKENIZER, tiny_tokenizer.files(), gated="manual")
        hub.add_token(TOKEN, user="alice", name="laptop")
        yield hub


def accept(hub: LocalHub) -> None:
    """Alice gets access to all."""
    for repo in (GGUF, TOKENIZER):
        hub.set_access("alice", repo, "accepted")


def with_token(project: Project, name: str = "HF_TOKEN") -> Project:
    return replace(project, environ={**project.environ, name: TOKEN})


def chat(server: Container, question: str = "Who are you?", max_tokens: int = 64) -> str:
    """What the model server answers to a chat."""
    message = {"role": "user", "content": question}
    body = {"messages": [message], "max_tokens": max_tokens, "temperature": 0}
    address = f"http://{server.address}:8080/v1/chat/completions"
    request = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return str(found["choices"][0]["message"]["content"]).strip()


class Runner:
    """`docker run -d` beside the Hub, with alice's token."""

    def __init__(self, lan: Lan, hub: LocalHub) -> None:
        self._common = [
            *("--detach", "--label", engine.LABEL, "--network", lan.name),
            *("--volume", f"{hub.ca_file}:/hub-ca.pem:ro"),
        ]
        self._environ = {"HF_ENDPOINT": hub.url, "SSL_CERT_FILE": "/hub-ca.pem", "HF_TOKEN": TOKEN}

    def __call__(
        self, image: str, *command: str, options: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> Container:
        variables = {**self._environ, **(environ or {})}
        given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        return Container(engine.docker("run", *self._common, *given, *options, image, *command).stdout.strip())


@pytest.fixture
def run(lan: Lan, hub: LocalHub) -> Iterator[Runner]:
    yield Runner(lan, hub)
    engine.prune()


@pytest.fixture
def example(lan: Lan, hub: LocalHub) -> Iterator[Project]:
    """docker-compose.example.yml on bases made here, with the tests' Hub. No token: a test adds one to `environ`."""
    environ = {
        "TEST_HUB": hub.url,
        "TEST_HUB_CA": str(hub.ca_file),
        "TEST_NETWORK": lan.name,
        "TEST_PYTHON_IMAGE": images.base("python"),
        "TEST_BUILD_CA": str(images.CERTIFICATES) if images.CERTIFICATES.exists() else os.devnull,
        "LLAMA_CPP_IMAGE": images.base("llama-cpp"),
        "PGPT_IMAGE": images.base("private-gpt-1"),
        "PGPT_06_IMAGE": images.base("private-gpt"),
        "LLM": f"{GGUF}:tiny.gguf",
        "EMBEDDINGS": f"{GGUF}:tiny.gguf",
    }
    files = [images.ROOT / "docker-compose.example.yml", images.RECIPES.parent / "compose.override.yml"]
    project = Project(files, environ)
    yield project
    project.compose("--profile", "*", "down", "--volumes", "--timeout", "0")
