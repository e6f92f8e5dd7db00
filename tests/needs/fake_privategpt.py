"""A PrivateGPT that consists of its settings: enough of the package for the probe to ask, in the shape of
each version.

Laid out as in the images: the working directory holds `private_gpt/` and `.venv/bin/python`; 1.x has the
console script `.venv/bin/private-gpt`, too. The interpreter is the one that runs the tests.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PATHS = """
import os
from pathlib import Path

root = Path(__file__).parents[1]
models_path = Path(os.environ.get("PGPT_HOME", root)) / "models"
models_cache_path = models_path / "cache"
"""

SETTINGS = """
import json, os
from types import SimpleNamespace

print("noise on standard output")
{before}

def filled(value):
    if not (isinstance(value, str) and value.startswith("${{") and ":" in value):
        return value
    name, _, default = value[2:-1].partition(":")
    return os.environ.get(name) or default

def section(values):
    return SimpleNamespace(**{{name: filled(value) for name, value in values.items()}})

def settings():
    return json.loads({values!r}, object_hook=section)
"""

MODEL_1 = {
    "type": "llm",
    "name": "m1",
    "mode": "openai",
    "enabled": True,
    "alias": None,
    "tokenizer": None,
    "tokenizer_mode": None,
}


def settings_of(version: Literal["0.5", "0.6", "1"], **changes: Any) -> dict[str, Any]:
    """Settings as that version has them, all modes "mock", with `changes` like llm={"mode": "x"}."""
    values: dict[str, Any]
    if version == "1":
        values = {
            "llm": {"default_model": "", "auto_discover_models": True},
            "models": [],
            "huggingface": {"username": "u", "access_token": "", "trust_remote_code": True},
            "rag": {},
        }
    else:
        values = {
            "llm": {"mode": "mock", "tokenizer": None},
            "embedding": {"mode": "mock"},
            "llamacpp": {"llm_hf_repo_id": "org/model-GGUF", "llm_hf_model_file": "model.Q4_K_M.gguf"},
            "huggingface": {"embedding_hf_model_name": "org/embed"},
            "rag": {"rerank": {"enabled": False, "model": "org/rerank"}},
        }
        if version == "0.6":
            values["huggingface"] |= {"access_token": "", "trust_remote_code": True}
    for section, change in changes.items():
        values[section] = values[section] | change if isinstance(change, dict) else change
    return values


@dataclass
class FakePrivateGPT:
    root: Path
    path: str = ".venv/bin/:/usr/bin:/bin"
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / ".venv" / "bin").mkdir(parents=True)
        (self.root / ".venv" / "bin" / "python").symlink_to(sys.executable)
        self.environ = {"PATH": self.path, "PYTHONPATH": ":/private_gpt/"}

    def holds(self, values: dict[str, Any], before: str = "") -> None:
        """Its settings are `values`, of which "${NAME:default}" is filled in as PrivateGPT does it; the code `before`
        runs when they are loaded."""
        package = self.root / "private_gpt"
        (package / "settings").mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "paths.py").write_text(PATHS)
        (package / "settings" / "__init__.py").write_text("")
        source = SETTINGS.format(before=before, values=json.dumps(values))
        (package / "settings" / "settings.py").write_text(source)

    def without_interpreter(self) -> None:
        (self.root / ".venv" / "bin" / "python").unlink()

    def script(self, text: str, name: str = "private-gpt") -> Path:
        path = self.root / ".venv" / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
        return path
