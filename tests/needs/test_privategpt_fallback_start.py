"""A whole start of PrivateGPT 0.6 with its docker profile, whose models are refused: the server gets open ones.

As in tests/test_privategpt_start.py: its settings alone, and all else real processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.needs.fake_privategpt import settings_of
from tests.test_privategpt_start import GGUF, Deployment, served, snapshot

FALLBACKS = "org/gated-GGUF=org/open-GGUF:open.Q4.gguf org/gated-embed=org/open-embed"
OPEN_EMBED = {"config.json": b"{}", "model.safetensors": b"e" * 3000}


@pytest.fixture
def docker_profile(tmp_path: Path) -> Iterator[Deployment]:
    """A compose file that names gated models by the variables of the docker profile, and no token."""
    with LocalHub() as hub:
        hub.add_repo("org/gated-GGUF", {"gated.Q4.gguf": GGUF}, gated="auto")
        hub.add_repo("org/open-GGUF", {"open.Q4.gguf": GGUF + b"open", "open.Q8.gguf": GGUF})
        hub.add_repo("org/gated-embed", OPEN_EMBED, gated="manual")
        hub.add_repo("org/open-embed", OPEN_EMBED)
        deployment = Deployment(hub, tmp_path)
        deployment.gpt.holds(
            settings_of(
                "0.6",
                llm={"mode": "llamacpp"},
                llamacpp={
                    "llm_hf_repo_id": "${PGPT_HF_REPO_ID:org/other-GGUF}",
                    "llm_hf_model_file": "${PGPT_HF_MODEL_FILE:other.gguf}",
                },
                embedding={"mode": "huggingface"},
                huggingface={"embedding_hf_model_name": "${PGPT_EMBEDDING_HF_MODEL_NAME:org/gated-embed}"},
            )
        )
        deployment.environ |= {
            "PGPT_PROFILES": "docker",
            "PGPT_HF_REPO_ID": "org/gated-GGUF",
            "PGPT_HF_MODEL_FILE": "gated.Q4.gguf",
            "ENTRYPOINT_FALLBACKS": FALLBACKS,
        }
        yield deployment


def test_the_server_gets_the_open_models_in_the_variables_that_named_the_gated_ones(docker_profile: Deployment) -> None:
    server = served(docker_profile.start())["env"]

    assert server["PGPT_HF_REPO_ID"] == "org/open-GGUF"
    assert server["PGPT_HF_MODEL_FILE"] == "open.Q4.gguf"
    assert server["PGPT_EMBEDDING_HF_MODEL_NAME"] == "org/open-embed"
    assert server["ENTRYPOINT_FALLBACKS_TAKEN"] == "org/gated-GGUF=org/open-GGUF org/gated-embed=org/open-embed"
    assert server["ENTRYPOINT_MODEL_REPO"] == "org/open-GGUF"
    file = docker_profile.app / "models" / "open.Q4.gguf"
    assert server["ENTRYPOINT_MODEL_PATH"] == str(file)
    assert file.read_bytes() == GGUF + b"open"
    assert snapshot(docker_profile, "org/open-embed") == set(OPEN_EMBED)
    assert not (docker_profile.app / "models" / "gated.Q4.gguf").exists()


def test_it_is_told_that_documents_must_be_ingested_again(docker_profile: Deployment) -> None:
    assert "Ingest the documents again" in docker_profile.start().stderr


def test_the_next_start_fetches_nothing_again(docker_profile: Deployment) -> None:
    first = served(docker_profile.start())["env"]
    docker_profile.hub.clear_requests()

    assert served(docker_profile.start())["env"] == first
    assert [record.path for record in docker_profile.hub.requests if "open.Q4.gguf" in record.path] == []


def test_offline_the_fetched_ones_serve(docker_profile: Deployment) -> None:
    first = served(docker_profile.start())["env"]

    offline = served(docker_profile.start(HF_HUB_OFFLINE="1"))["env"]

    assert offline == first | {"HF_HUB_OFFLINE": "1"}


def test_where_the_profile_does_not_read_the_variable_the_refusal_stands_and_says_why(
    docker_profile: Deployment,
) -> None:
    docker_profile.gpt.holds(
        settings_of(
            "0.6",
            llm={"mode": "llamacpp"},
            llamacpp={"llm_hf_repo_id": "org/gated-GGUF", "llm_hf_model_file": "gated.Q4.gguf"},
        )
    )
    result = docker_profile.start(PGPT_PROFILES="local", PGPT_HF_REPO_ID="")

    assert result.returncode == 77
    assert "does not read PGPT_HF_REPO_ID with PGPT_PROFILES=local" in result.stderr
    assert "✗ org/gated-GGUF   token-missing" in result.stderr
    assert result.stdout == ""
    assert not (docker_profile.app / "models").exists()


def test_a_repo_without_its_file_is_told_before_anything_is_refused(docker_profile: Deployment) -> None:
    result = docker_profile.start(ENTRYPOINT_FALLBACKS="org/gated-GGUF=org/open-GGUF org/gated-embed=org/open-embed")

    assert result.returncode == 77
    assert "must name: org/gated-GGUF=org/open-GGUF:<file>.gguf" in result.stderr
