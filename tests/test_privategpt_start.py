"""A whole start of PrivateGPT as a user has it: its settings ask, the Hub answers, the files land where it looks.

PrivateGPT here is its settings alone (tests/needs/fake_privategpt.py), the entrypoint, the Hub's client and the worker
are real processes, and what stands in for the server prints what it was given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.needs.fake_privategpt import FakePrivateGPT, settings_of
from tests.parts import tiny_tokenizer

TOKEN = "hf_" + "p" * 34
GGUF = b"GGUF" + bytes(range(256)) * 400
SERVER = "import json, os, sys; print(json.dumps({'args': sys.argv[1:], 'env': dict(os.environ), 'cwd': os.getcwd()}))"
NOMIC_CONFIG = {
    "auto_map": {
        "AutoConfig": "nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig",
        "AutoModel": "nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel",
    }
}


class Deployment:
    """A working directory with a PrivateGPT in it, and a Hub with what its settings name."""

    def __init__(self, hub: LocalHub, root: Path) -> None:
        self.hub = hub
        self.app = root / "app"
        self.app.mkdir()
        self.gpt = FakePrivateGPT(self.app)
        self.environ = {
            **self.gpt.environ,
            "HOME": str(root),
            "HF_ENDPOINT": hub.url,
            "SSL_CERT_FILE": str(hub.ca_file),
            "ENTRYPOINT_STATE_DIR": str(root / "state"),
        }

    def start(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "entrypoint", "run", "--", *(command or (".venv/bin/python", "-c", SERVER))],
            cwd=self.app,
            env={**self.environ, "PYTHONPATH": f"{Path(__file__).parents[1]}", **environ},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def cache(self) -> Path:
        return self.app / "models" / "cache"


@pytest.fixture
def deployment(tmp_path: Path) -> object:
    with LocalHub() as hub:
        hub.add_token(TOKEN, user="alice", name="laptop", role="read")
        yield Deployment(hub, tmp_path)


@pytest.fixture
def local_profile(deployment: Deployment) -> Deployment:
    """PrivateGPT 0.6.2 with the profile "local": a GGUF, nomic with its code repo, and a gated tokenizer."""
    hub = deployment.hub
    hub.add_repo("org/model-GGUF", {"model.Q4_K_M.gguf": GGUF, "model.Q8_0.gguf": GGUF + b"8"})
    hub.add_repo(
        "nomic-ai/nomic-embed-text-v1.5",
        {
            "config.json": json.dumps(NOMIC_CONFIG).encode(),
            "model.safetensors": b"n" * 5000,
            "pytorch_model.bin": b"b" * 5000,
            "onnx/model.onnx": b"o" * 5000,
        },
    )
    hub.add_repo(
        "nomic-ai/nomic-bert-2048",
        {"configuration_hf_nomic_bert.py": b"a = 1", "modeling_hf_nomic_bert.py": b"b = 1", "model.safetensors": b"x"},
    )
    hub.add_repo("meta-llama/Llama", tiny_tokenizer.files() | {"model.safetensors": b"w" * 9000}, gated="auto")
    deployment.gpt.holds(
        settings_of(
            "0.6",
            llm={"mode": "llamacpp", "tokenizer": "meta-llama/Llama"},
            embedding={"mode": "huggingface"},
            huggingface={"embedding_hf_model_name": "nomic-ai/nomic-embed-text-v1.5"},
        )
    )
    return deployment


def snapshot(deployment: Deployment, repo: str) -> set[str]:
    """The files of a repo that lie in models/cache where from_pretrained finds them by the name "main"."""
    folder = deployment.cache / f"models--{repo.replace('/', '--')}"
    root = folder / "snapshots" / (folder / "refs" / "main").read_text()
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def served(result: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    assert result.returncode == 0, result.stderr
    answer: dict[str, dict[str, str]] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_the_gated_tokenizer_of_0_5_is_refused_with_the_setting_that_asks_for_it(deployment: Deployment) -> None:
    deployment.hub.add_repo("mistralai/Mistral-7B-Instruct-v0.2", tiny_tokenizer.files(), gated="auto")
    deployment.gpt.holds(settings_of("0.5", llm={"mode": "ollama", "tokenizer": "mistralai/Mistral-7B-Instruct-v0.2"}))
    result = deployment.start()
    assert result.returncode == 77
    assert "✗ mistralai/Mistral-7B-Instruct-v0.2   token-missing" in result.stderr
    assert "PrivateGPT asks for it: llm.tokenizer" in result.stderr
    assert "HF_TOKEN=hf_..." in result.stderr
    assert not deployment.cache.exists()
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGINGFACE_HUB_TOKEN", "PGPT_HUGGINGFACE_TOKEN"])
def test_it_is_fetched_into_models_cache_once_the_terms_are_accepted(deployment: Deployment, name: str) -> None:
    repo = "mistralai/Mistral-7B-Instruct-v0.2"
    deployment.hub.add_repo(repo, tiny_tokenizer.files() | {"model.safetensors": b"w" * 9000}, gated="auto")
    deployment.hub.set_access("alice", repo, "accepted")
    deployment.gpt.holds(settings_of("0.5", llm={"mode": "ollama", "tokenizer": repo}))
    answer = served(deployment.start(**{name: TOKEN}))
    assert snapshot(deployment, repo) == set(tiny_tokenizer.files())
    assert answer["env"]["HF_TOKEN"] == answer["env"]["PGPT_HUGGINGFACE_TOKEN"] == TOKEN


def test_a_needed_file_lands_in_models_and_a_refused_optional_tokenizer_does_not_stop_0_6(
    local_profile: Deployment,
) -> None:
    result = local_profile.start()
    served(result)
    assert (local_profile.app / "models" / "model.Q4_K_M.gguf").read_bytes() == GGUF
    assert not (local_profile.app / "models" / "model.Q8_0.gguf").exists()
    assert "meta-llama/Llama" in result.stderr
    assert "token-missing" in result.stderr


def test_a_models_code_repo_comes_with_it_and_the_copies_in_other_formats_do_not(local_profile: Deployment) -> None:
    served(local_profile.start())
    assert snapshot(local_profile, "nomic-ai/nomic-embed-text-v1.5") == {"config.json", "model.safetensors"}
    assert snapshot(local_profile, "nomic-ai/nomic-bert-2048") == {
        "configuration_hf_nomic_bert.py",
        "modeling_hf_nomic_bert.py",
    }


def test_the_second_start_asks_the_hub_for_nothing(local_profile: Deployment) -> None:
    local_profile.hub.set_access("alice", "meta-llama/Llama", "accepted")
    served(local_profile.start(HF_TOKEN=TOKEN))
    local_profile.hub.clear_requests()
    answer = served(local_profile.start(HF_TOKEN=TOKEN))
    assert list(local_profile.hub.requests) == []
    assert answer["env"]["ENTRYPOINT_MODEL_PATH"] == str(local_profile.app / "models" / "model.Q4_K_M.gguf")


def test_a_shortened_model_file_is_fetched_again(local_profile: Deployment) -> None:
    served(local_profile.start())
    file = local_profile.app / "models" / "model.Q4_K_M.gguf"
    os.truncate(file, 1000)
    served(local_profile.start())
    assert file.read_bytes() == GGUF


def test_a_model_file_that_was_put_there_by_hand_is_used_as_it_is(local_profile: Deployment) -> None:
    file = local_profile.app / "models" / "model.Q4_K_M.gguf"
    file.parent.mkdir()
    file.write_bytes(b"GGUF by hand")
    result = local_profile.start()
    served(result)
    assert file.read_bytes() == b"GGUF by hand"
    assert "without a receipt" in result.stderr


def test_settings_that_do_not_load_are_said_and_the_server_shows_its_own_error(deployment: Deployment) -> None:
    deployment.gpt.holds({}, before="raise ValueError('no such profile')")
    result = deployment.start(".venv/bin/python", "-c", "import private_gpt.settings.settings")
    assert result.returncode == 1
    assert "PrivateGPT's settings do not load" in result.stderr
    assert "ValueError: no such profile" in result.stderr


def test_a_list_given_by_hand_takes_the_place_of_privategpts_settings(local_profile: Deployment) -> None:
    served(local_profile.start(ENTRYPOINT_MODELS="nomic-ai/nomic-bert-2048:*.py"))
    assert not (local_profile.app / "models").exists()
    asked = {
        record.path.split("/")[4] for record in local_profile.hub.requests if record.path.startswith("/api/models/")
    }
    assert asked == {"nomic-bert-2048"}


def test_a_token_in_privategpts_settings_file_is_used(deployment: Deployment) -> None:
    deployment.hub.add_repo("org/tok", tiny_tokenizer.files(), gated="auto")
    deployment.hub.set_access("alice", "org/tok", "accepted")
    deployment.gpt.holds(
        settings_of(
            "0.6",
            llm={"mode": "ollama", "tokenizer": "org/tok"},
            huggingface={"embedding_hf_model_name": "org/embed", "access_token": TOKEN},
        )
    )
    result = deployment.start()
    served(result)
    assert snapshot(deployment, "org/tok") == set(tiny_tokenizer.files())
    assert TOKEN not in result.stderr


def test_a_refused_token_in_its_settings_file_is_named_in_the_language_of_the_person(deployment: Deployment) -> None:
    deployment.hub.add_repo("org/tok", tiny_tokenizer.files(), gated="auto")
    deployment.gpt.holds(
        settings_of(
            "0.6",
            llm={"mode": "ollama", "tokenizer": "org/tok"},
            huggingface={"access_token": f'"{TOKEN}"'},
        )
    )
    result = deployment.start(ENTRYPOINT_LANG="zh", ENTRYPOINT_LOG="console")
    assert "terms-not-accepted" in result.stderr
    assert "PrivateGPT 的配置项 huggingface.access_token：令牌两端的引号已去掉。" in result.stderr
    assert "来自PrivateGPT的配置项huggingface.access_token" in "".join(result.stderr.partition("✗")[2].split())
    assert "in PrivateGPT's settings" not in result.stderr


def test_settings_that_do_not_load_are_told_in_the_language_of_the_person(deployment: Deployment) -> None:
    deployment.gpt.holds(settings_of("0.6", llm={"mode": "mock"}))
    (deployment.app / "private_gpt/settings/settings.py").write_text("import os\nos._exit(3)\n")
    told = deployment.start(ENTRYPOINT_LANG="zh", ENTRYPOINT_LOG="console").stderr
    assert "PrivateGPT 的配置无法加载：" in told
    assert "没有给出结果：它没有任何输出，以 3 结束" in told


def test_a_code_repo_that_is_refused_is_told_with_its_model(local_profile: Deployment) -> None:
    local_profile.hub.set_repo("nomic-ai/nomic-bert-2048", gated="manual")
    result = local_profile.start()
    assert result.returncode == 77
    assert "✗ nomic-ai/nomic-bert-2048   token-missing" in result.stderr
    assert not (local_profile.app / "models" / "model.Q4_K_M.gguf").exists()
