"""Asks PrivateGPT for its settings. Runs in PrivateGPT's interpreter, as `python -c <this text>`, in its
working directory.

Imports nothing but PrivateGPT and the standard library, and decides nothing: it hands the few settings that
name models to `privategpt`, as one line of JSON on what was standard output. Whatever the settings code
prints goes to standard error. Runs on Python 3.11, where PrivateGPT does; a setting that a version does not
have is None.
"""

from __future__ import annotations

import json
import os
from typing import Any

# What 0.x reads; the first names are the settings' own, as a person writes them in settings.yaml.
SETTINGS = (
    "llm.mode",
    "llm.tokenizer",
    "llamacpp.llm_hf_repo_id",
    "llamacpp.llm_hf_model_file",
    "embedding.mode",
    "huggingface.embedding_hf_model_name",
    "huggingface.trust_remote_code",
    "huggingface.access_token",
    "rag.rerank.enabled",
    "rag.rerank.model",
    "llm.default_model",
)
MODEL_FIELDS = ("type", "name", "mode", "enabled", "tokenizer", "tokenizer_mode")


def setting(settings: object, name: str) -> str | bool | None:
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part, None)
    return value if value is None or isinstance(value, (str, bool)) else str(value)


def facts() -> dict[str, object]:
    from private_gpt import paths  # type: ignore[import-not-found]
    from private_gpt.settings.settings import settings  # type: ignore[import-not-found]

    loaded = settings()
    models = getattr(loaded, "models", None)
    return {
        "models_path": str(paths.models_path),
        "cache_path": str(paths.models_cache_path),
        "has_llamacpp": hasattr(loaded, "llamacpp"),
        # Came with the change that made a failing tokenizer a warning (zylon-ai/private-gpt#1998, 0.6.0).
        "has_access_token": hasattr(getattr(loaded, "huggingface", None), "access_token"),
        "settings": {name: setting(loaded, name) for name in SETTINGS},
        "models": None if models is None else [{f: setting(m, f) for f in MODEL_FIELDS} for m in models],
    }


def complaint(error: BaseException) -> str:
    """One line for a person. Not pydantic's `str(error)`: it quotes values, and a value may be a secret."""
    name = type(error).__name__
    errors = getattr(error, "errors", None)
    if callable(errors):
        details = errors()
        if details:
            where = ".".join(str(part) for part in details[0]["loc"])
            more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
            return f"{name}: {where}: {details[0]['msg']}{more}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{name}: {lines[-1]}" if lines else name


def main() -> None:
    answer_to = os.dup(1)
    os.dup2(2, 1)
    try:
        answer = facts()
    except BaseException as error:  # SystemExit, too: whatever ends the settings is PrivateGPT's own word on them
        absent = isinstance(error, ModuleNotFoundError) and error.name == "private_gpt"
        answer = {"absent": True} if absent else {"trouble": complaint(error)}
    os.write(answer_to, b"\n" + json.dumps(answer).encode("ascii") + b"\n")
    # Not sys.exit: threads and exit handlers of the settings code are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
