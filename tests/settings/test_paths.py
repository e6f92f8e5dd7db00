from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.settings import paths, read
from tests.settings.conftest import Read, names


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HF_HOME": "/data/hf"},
        {"HF_HOME": "~/hf"},
        {"HF_HOME": "$BASE/hf", "BASE": "/base"},
        {"HF_HOME": "${BASE}/hf/../x", "BASE": "/base"},
        {"XDG_CACHE_HOME": "/xdg"},
        {"HF_HOME": "/data/hf", "XDG_CACHE_HOME": "/xdg"},
        {"HUGGINGFACE_HUB_CACHE": "/old", "HF_HOME": "/data/hf"},
        {"HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old", "TRANSFORMERS_CACHE": "/new"},
        {"HF_HUB_CACHE": "~/$NOT_SET/hub"},
    ],
    ids=str,
)
def test_the_cache_is_where_the_real_hub_client_looks(tmp_path: Path, environ: dict[str, str]) -> None:
    environ = {**environ, "HOME": str(tmp_path)}
    code = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    run = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    hub_cache = Path(os.path.normpath(run.stdout.strip()))
    found = read(environ, stderr_is_terminal=False, root=tmp_path)
    assert found.hub_cache == hub_cache
    assert found.notices == ()


def test_transformers_cache_alone_is_the_cache_for_every_reader(read: Read) -> None:
    found = read(TRANSFORMERS_CACHE="/models")
    assert found.hub_cache == Path("/models")
    assert found.environ["HF_HUB_CACHE"] == "/models"
    assert found.environ["TRANSFORMERS_CACHE"] == "/models"
    assert names(found) == ["transformers-cache-used"]
    assert "set HF_HUB_CACHE instead" in found.notices[0].text


@pytest.mark.parametrize("name", ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"])
def test_transformers_cache_beside_another_name_is_told_to_lead_elsewhere(read: Read, name: str) -> None:
    found = read(**{name: "/hf", "TRANSFORMERS_CACHE": "/models"})
    assert found.hub_cache == Path("/hf/hub" if name == "HF_HOME" else "/hf")
    assert names(found) == ["transformers-cache-ignored"]
    assert name in found.notices[0].text
    assert found.environ.get("HF_HUB_CACHE", "/hf") == "/hf"


def test_a_relative_cache_is_made_absolute_and_told(read: Read) -> None:
    found = read(HF_HOME="cache/hf")
    assert found.hub_cache == Path.cwd() / "cache/hf/hub"
    assert names(found) == ["path-relative"]
    assert str(Path.cwd() / "cache/hf") in found.notices[0].text


def test_home_is_the_variable_else_the_users_entry_else_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.user_home({"HOME": "/home/worker"}) == Path("/home/worker")
    assert paths.user_home({}) == Path("~").expanduser()

    def no_entry(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", no_entry)
    assert paths.user_home({"HOME": ""}) == Path("/")
