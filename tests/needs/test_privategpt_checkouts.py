"""The same questions put to the real PrivateGPT, where its sources lie at hand.

Set PRIVATEGPT_CHECKOUTS to a folder that holds, for any of the versions,

    v0.5.0/  v0.6.2/  v1.0.1/     the sources of that tag (`private_gpt/`, `settings*.yaml`)
    v0.6.2/.venv/bin/python       an interpreter with what the settings import: pydantic, pyyaml, injector

A version that is not there is skipped, as is all of this without the variable.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import pytest

from entrypoint.needs.fallback_list import Fallback
from entrypoint.needs.privategpt import TOKENIZER_PATTERNS_1, Answer, ask
from entrypoint.needs.privategpt_fallback import NotLearnedError, Redirected, redirect

CHECKOUTS = os.environ.get("PRIVATEGPT_CHECKOUTS", "")
pytestmark = pytest.mark.skipif(not CHECKOUTS, reason="PRIVATEGPT_CHECKOUTS is not set")

LLAMA_GGUF = ("lmstudio-community/Meta-Llama-3.1-8B-Instruct-GGUF", True)
LLAMA_TOKENIZER = ("meta-llama/Meta-Llama-3.1-8B-Instruct", False)
NOMIC = ("nomic-ai/nomic-embed-text-v1.5", True)
MISTRAL_GGUF = ("TheBloke/Mistral-7B-Instruct-v0.2-GGUF", True)
MISTRAL_TOKENIZER = ("mistralai/Mistral-7B-Instruct-v0.2", True)
BGE = ("BAAI/bge-small-en-v1.5", True)
M1 = {
    "PGPT_MODELS_M1_TYPE": "llm",
    "PGPT_MODELS_M1_MODE": "openai",
    "PGPT_MODELS_M1_TOKENIZER": "org/tok",
    "PGPT_LLM_DEFAULT": "m1",
}


def checkout(version: str) -> Path:
    folder = Path(CHECKOUTS) / version
    if not (folder / ".venv" / "bin" / "python").exists():
        pytest.skip(f"{folder} is not there")
    return folder


def asked(version: str, home: Path, environ: Mapping[str, str]) -> Answer:
    answer = ask(command(version), image(home) | dict(environ), checkout(version), hub_cache=Path("/hub"))
    assert answer.present
    return answer


def image(home: Path) -> dict[str, str]:
    """What the images set."""
    return {"PATH": ".venv/bin/:/usr/bin:/bin", "PYTHONPATH": ":/private_gpt/", "PGPT_HOME": str(home)}


def command(version: str) -> tuple[str, ...]:
    return ("sh", "-c", "python -m private_gpt") if version.startswith("v0") else ("private-gpt", "serve")


@pytest.mark.parametrize(
    ("version", "environ", "needs"),
    [
        ("v0.5.0", {"PGPT_PROFILES": "docker", "PGPT_MODE": "ollama"}, [MISTRAL_TOKENIZER]),
        ("v0.5.0", {"PGPT_PROFILES": "docker", "PGPT_MODE": "mock"}, [MISTRAL_TOKENIZER]),
        ("v0.5.0", {"PGPT_PROFILES": "local"}, [MISTRAL_GGUF, BGE, MISTRAL_TOKENIZER]),
        ("v0.6.2", {"PGPT_PROFILES": "docker", "PGPT_MODE": "ollama", "PGPT_EMBED_MODE": "ollama"}, []),
        ("v0.6.2", {"PGPT_PROFILES": "docker"}, []),
        ("v0.6.2", {"PGPT_PROFILES": "ollama"}, []),
        ("v0.6.2", {}, [LLAMA_GGUF, NOMIC]),
        ("v0.6.2", {"PGPT_PROFILES": "mock"}, [NOMIC]),
        ("v0.6.2", {"PGPT_PROFILES": "local"}, [LLAMA_GGUF, NOMIC, LLAMA_TOKENIZER]),
        ("v0.6.2", {"PGPT_PROFILES": "vllm"}, [NOMIC, LLAMA_TOKENIZER]),
        ("v1.0.1", {}, []),
        ("v1.0.1", M1, [("org/tok", False)]),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "default"}, [("org/tok", False)]),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "huggingface"}, [("org/tok", True)]),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "chat"}, [("org/tok", True)]),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "mistral"}, [("org/tok", True)]),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "tiktoken"}, []),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "estimator"}, []),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_TOKENIZER_MODE": "remote"}, []),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_MODE": "mock", "PGPT_MODELS_M1_TOKENIZER_MODE": "huggingface"}, []),
        ("v1.0.1", M1 | {"PGPT_MODELS_M1_ENABLED": "false"}, []),
    ],
)
def test_each_deployment_needs_what_its_settings_say(
    version: str, environ: dict[str, str], needs: list[tuple[str, bool]], tmp_path: Path
) -> None:
    answer = asked(version, tmp_path, environ)
    assert answer.trouble == ""
    assert version.removeprefix("v").startswith(answer.version)
    assert [(need.repo, need.required) for need in answer.needs] == needs


@pytest.mark.parametrize("version", ["v0.5.0", "v0.6.2"])
def test_0_x_looks_in_its_project_folder(version: str, tmp_path: Path) -> None:
    models = checkout(version) / "models"
    places = {need.use: need.place.path for need in asked(version, tmp_path, {"PGPT_PROFILES": "local"}).needs}
    assert places == {"weights": models, "embedding": models / "cache", "tokenizer": models / "cache"}


def test_1_x_looks_in_its_home(tmp_path: Path) -> None:
    (need,) = asked("v1.0.1", tmp_path, M1).needs
    assert need.place.path == tmp_path / "models" / "cache"


@pytest.mark.parametrize("version", ["v0.5.0", "v0.6.2", "v1.0.1"])
def test_a_profile_that_is_not_there_is_told_in_privategpts_own_words(version: str, tmp_path: Path) -> None:
    answer = asked(version, tmp_path, {"PGPT_PROFILES": "nope"})
    assert answer.needs == ()
    assert "nope" in answer.trouble


def test_a_value_of_the_wrong_type_is_told_by_the_setting_and_without_the_value(tmp_path: Path) -> None:
    profile = tmp_path / "settings-wrong.yaml"
    profile.write_text("llm: {tokenizer: [top-secret]}\n")
    (tmp_path / "settings.yaml").write_text((checkout("v0.5.0") / "settings.yaml").read_text())
    environ = {"PGPT_PROFILES": "wrong", "PGPT_SETTINGS_FOLDER": str(tmp_path)}
    trouble = asked("v0.5.0", tmp_path, environ).trouble
    assert "llm.tokenizer: " in trouble
    assert "top-secret" not in trouble


LLAMACPP = {"PGPT_PROFILES": "docker", "PGPT_MODE": "llamacpp"}
OPEN_FILE = "Qwen2.5-7B-Instruct-Q4_K_M.gguf"
OPEN_WEIGHTS = Fallback("x/y", "bartowski/Qwen2.5-7B-Instruct-GGUF", patterns=(OPEN_FILE,))
OPEN_EMBEDDING = Fallback("x/y", "BAAI/bge-base-en-v1.5")
OPEN_TOKENIZER = Fallback("x/y", "open/tok")


def redirected(version: str, home: Path, environ: Mapping[str, str], use: str, fallback: Fallback) -> Redirected:
    """What PrivateGPT makes of a fallback for the one of its needs that has this use."""
    (need,) = (need for need in asked(version, home, environ).needs if need.use == use)
    given = image(home) | dict(environ)
    return redirect(need, fallback, command(version), given, checkout(version), hub_cache=Path("/hub"))


def test_0_6_takes_other_weights_by_the_variables_of_its_docker_profile(tmp_path: Path) -> None:
    taken = redirected("v0.6.2", tmp_path, LLAMACPP, "weights", OPEN_WEIGHTS)
    assert taken.variables == {"PGPT_HF_REPO_ID": OPEN_WEIGHTS.repo, "PGPT_HF_MODEL_FILE": OPEN_FILE}
    assert [(need.repo, need.patterns) for need in taken.answer.needs] == [(OPEN_WEIGHTS.repo, (OPEN_FILE,))]


@pytest.mark.parametrize("named", [{}, {"PGPT_EMBEDDING_HF_MODEL_NAME": "gated/embed"}])
@pytest.mark.parametrize("version", ["v0.5.0", "v0.6.2"])
def test_0_x_takes_another_embedding_by_the_variable_of_its_docker_profile(
    version: str, named: dict[str, str], tmp_path: Path
) -> None:
    for name in ("settings.yaml", "settings-docker.yaml"):
        (tmp_path / name).write_text((checkout(version) / name).read_text())
    (tmp_path / "settings-own.yaml").write_text("embedding: {mode: huggingface}\n")  # 0.5 has no variable for it alone
    own = {"PGPT_SETTINGS_FOLDER": str(tmp_path), "PGPT_PROFILES": "docker,own"}
    taken = redirected(version, tmp_path, own | named, "embedding", OPEN_EMBEDDING)
    assert taken.variables == {"PGPT_EMBEDDING_HF_MODEL_NAME": OPEN_EMBEDDING.repo}
    assert taken.need.repo == OPEN_EMBEDDING.repo


@pytest.mark.parametrize(
    ("version", "environ", "use", "fallback", "why"),
    [
        ("v0.6.2", {"PGPT_PROFILES": "local"}, "weights", OPEN_WEIGHTS, "does not read PGPT_HF_REPO_ID"),
        ("v0.6.2", {"PGPT_PROFILES": "docker,local"}, "weights", OPEN_WEIGHTS, "does not read PGPT_HF_REPO_ID"),
        ("v0.6.2", {}, "embedding", OPEN_EMBEDDING, "does not read PGPT_EMBEDDING_HF_MODEL_NAME with no PGPT_PROFILES"),
        ("v0.6.2", {"PGPT_PROFILES": "local"}, "tokenizer", OPEN_TOKENIZER, "No variable that is set decides"),
        ("v0.5.0", {"PGPT_PROFILES": "docker", "PGPT_MODE": "mock"}, "tokenizer", OPEN_TOKENIZER, "No variable"),
    ],
)
def test_what_a_profile_does_not_read_is_not_taken(
    version: str, environ: dict[str, str], use: str, fallback: Fallback, why: str, tmp_path: Path
) -> None:
    with pytest.raises(NotLearnedError, match=why):
        redirected(version, tmp_path, environ, use, fallback)


def test_the_line_that_is_advised_for_a_profile_is_read(tmp_path: Path) -> None:
    (need,) = (need for need in asked("v0.6.2", tmp_path, {}).needs if need.use == "embedding")
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "settings.yaml").write_text((checkout("v0.6.2") / "settings.yaml").read_text())
    own = {"PGPT_SETTINGS_FOLDER": str(folder), "PGPT_PROFILES": "own"}
    profile = folder / "settings-own.yaml"
    profile.write_text("huggingface: {}\n")
    with pytest.raises(NotLearnedError) as caught:
        redirected("v0.6.2", tmp_path, own, "embedding", OPEN_EMBEDDING)
    value = str(caught.value).rpartition("set huggingface.embedding_hf_model_name to ")[2].rstrip(".")
    profile.write_text(f"huggingface:\n  embedding_hf_model_name: {value}\n")
    assert need in asked("v0.6.2", tmp_path, own).needs
    assert redirected("v0.6.2", tmp_path, own, "embedding", OPEN_EMBEDDING).need.repo == OPEN_EMBEDDING.repo


@pytest.mark.parametrize("version", ["v1.0.1", "main"])
def test_1_x_takes_another_tokenizer_by_the_variable_that_named_the_refused_one(version: str, tmp_path: Path) -> None:
    second = {name.replace("_M1_", "_M2_"): value for name, value in M1.items() if "_M1_" in name}
    taken = redirected(version, tmp_path, M1 | second, "tokenizer", OPEN_TOKENIZER)
    assert taken.variables == {"PGPT_MODELS_M1_TOKENIZER": "open/tok", "PGPT_MODELS_M2_TOKENIZER": "open/tok"}
    assert [need.repo for need in taken.answer.needs] == ["open/tok"]


def test_what_is_fetched_for_1_x_is_whole_in_the_eyes_of_its_own_check(tmp_path: Path) -> None:
    model_cache = _loaded(checkout("v1.0.1") / "private_gpt/components/llm/tokenizers/models/model_cache.py")
    published = {
        "llama": ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        "mistral": ["params.json", "consolidated.safetensors", "tekken.json"],
    }
    for name, files in published.items():
        folder = tmp_path / name
        folder.mkdir()
        assert not model_cache.validate_model_path(folder, tokenizer_only=True)
        for file in files:
            if any(fnmatchcase(file, pattern) for pattern in TOKENIZER_PATTERNS_1):
                (folder / file).touch()
        assert model_cache.validate_model_path(folder, tokenizer_only=True)
        assert not list(folder.glob("*.safetensors"))


def _loaded(path: Path) -> ModuleType:
    """One module of PrivateGPT without the packages above it, which import much."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
