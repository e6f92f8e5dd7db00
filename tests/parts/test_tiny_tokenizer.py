from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.parts import tiny_tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"

# In a process of its own: HF_HUB_OFFLINE is read when the packages are imported.
LOAD_AND_ENCODE = """
import json, sys
from transformers import AutoTokenizer
cache, text = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained("acme/tiny-llama", cache_dir=cache)
ids = tokenizer(text)["input_ids"]
print(json.dumps({
    "tokens": tokenizer.convert_ids_to_tokens(ids),
    "decoded": tokenizer.decode(ids, skip_special_tokens=True),
    "eos": tokenizer.eos_token,
    "torch": "torch" in sys.modules,
}))
"""


@pytest.mark.parts
def test_transformers_loads_it_from_a_hub_cache_without_torch_or_network(tmp_path: Path) -> None:
    text = "hello llama, où est le modèle?"
    said = load_and_encode(hub_cache(tmp_path, tiny_tokenizer.files()), text)

    assert said["tokens"][:3] == ["<s>", "▁hello", "▁llama"]
    assert "<0xC3>" in said["tokens"]
    assert said["decoded"] == text
    assert said["eos"] == "</s>"
    assert not said["torch"]


def hub_cache(folder: Path, files: dict[str, bytes]) -> Path:
    snapshot = folder / "models--acme--tiny-llama" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, content in files.items():
        (snapshot / name).write_bytes(content)
    refs = snapshot.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    return folder


def load_and_encode(cache: Path, text: str) -> dict[str, Any]:
    if find_spec("transformers") is None:
        pytest.skip("not installed; `make venv` does")
    done = subprocess.run(
        [sys.executable, "-c", LOAD_AND_ENCODE, str(cache), text],
        env={"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "HOME": str(cache), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said
