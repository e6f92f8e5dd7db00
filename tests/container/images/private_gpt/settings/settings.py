"""The settings that name models, in the shape that each version gives them, with repos that the tests publish."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

TOKENIZER = "acme/tiny-llama"


def settings() -> SimpleNamespace:
    version = (Path(__file__).parents[2] / "version.txt").read_text().strip()
    return {"0.6.2": local_profile, "1.0.1": one_model_with_a_tokenizer}[version]()


def local_profile() -> SimpleNamespace:
    return SimpleNamespace(
        llm=SimpleNamespace(mode="llamacpp", tokenizer=TOKENIZER),
        llamacpp=SimpleNamespace(llm_hf_repo_id="acme/tiny-llama-gguf", llm_hf_model_file="tiny.gguf"),
        embedding=SimpleNamespace(mode="mock"),
        huggingface=SimpleNamespace(access_token=os.environ.get("HF_TOKEN", ""), trust_remote_code=True),
        rag=SimpleNamespace(rerank=SimpleNamespace(enabled=False)),
    )


def one_model_with_a_tokenizer() -> SimpleNamespace:
    chat = SimpleNamespace(
        type="llm",
        name="chat",
        mode="openai",
        enabled=True,
        tokenizer=TOKENIZER,
        tokenizer_mode="huggingface",
    )
    return SimpleNamespace(llm=SimpleNamespace(default_model="chat"), models=[chat])
