"""Needs, people and answers that the tests of this folder share."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from entrypoint.remedies import Context
from entrypoint.values import EXIT_CODES, Evidence, Identity, Need, Place

HUB = "https://huggingface.co"
REPO = "mistralai/Mistral-7B-Instruct-v0.2"
PLACE = Place("hub-cache", Path("/models"))
TOKENIZER = Need(REPO, PLACE, "llm.tokenizer", asker="PrivateGPT", use="tokenizer")
LISTED = Need("org/listed", PLACE, "ENTRYPOINT_MODELS")
ALICE = Identity("alice", "laptop", "read", orgs=("acme",))
NARROW = Identity("alice", "laptop", "fineGrained", reads_gated=False, orgs=("acme",), readable=("alice", "acme/one"))
WITH_TOKEN = Context(HUB, "HF_TOKEN")
WITHOUT_TOKEN = Context(HUB, "")
WITH_SECRET = Context(HUB, "HF_TOKEN_FILE (/run/secrets/hf_token)")
WAITING = Context(HUB, "HF_TOKEN", waits=True)
REFUSALS = [name for name in EXIT_CODES if name != "granted"]
NOT_AUTHORIZED = Evidence(
    f"{HUB}/api/models/{REPO}/auth-check", 403, "GatedRepo", "you are not in the authorized list.", from_hub=True
)
RESTRICTED = Evidence(status=401, code="GatedRepo", message="Access is restricted. Please log in.", from_hub=True)
NEEDS = (
    TOKENIZER,
    replace(TOKENIZER, source="models[m1].tokenizer"),
    Need("org/gguf", PLACE, "llamacpp.llm_hf_repo_id", patterns=("x.gguf",), asker="PrivateGPT", use="weights"),
    Need("org/e", PLACE, "huggingface.embedding_hf_model_name", asker="PrivateGPT", use="embedding"),
    Need("org/code", PLACE, "huggingface.embedding_hf_model_name", asker="PrivateGPT", use="code"),
    Need("org/rerank", PLACE, "rag.rerank.model", required=False, asker="PrivateGPT", use="reranker"),
    LISTED,
    replace(LISTED, source="ENTRYPOINT_OPTIONAL_MODELS", required=False),
    replace(LISTED, use="code"),
)


def flat(text: str) -> str:
    """The text without its line breaks, as a reader takes it in."""
    return " ".join(text.split())


def packed(text: str) -> str:
    """The text without any blank: Chinese has none where a line was broken."""
    return re.sub(r"\s+", "", text)


def steps_of(text: str) -> list[str]:
    """The numbered steps of an explained refusal, each on one line."""
    return [flat(step) for step in re.findall(r"^    \d+\. (.*(?:\n {5,}.*)*)", text, re.MULTILINE)]
