"""A firewall that lets the Hub pass and not the hosts of its files: told soon, and as what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.process.harness import REPOSITORY, Program

# The pauses between two tries are cut short; how many tries there are is not.
BRIEF = "import time; sleep = time.sleep; time.sleep = lambda seconds: sleep(min(seconds, 0.01))\n"


@pytest.fixture
def impatient(program: Program, tmp_path: Path) -> Program:
    folder = tmp_path / "brief"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BRIEF)
    program.variables["PYTHONPATH"] = f"{folder}:{REPOSITORY}"
    return program


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("reach", "host", "step"),
    [
        ("refused", "localhost:", "let it pass port 443 to localhost, localhost:"),
        ("unknown", "cdn.localhub.invalid", "let it pass port 443 to localhost, cdn.localhub.invalid"),
    ],
)
def test_the_host_of_the_files_is_named_and_the_hub_is_not_blamed(
    impatient: Program, hub: LocalHub, reach: Any, host: str, step: str
) -> None:
    hub.set_reach("cdn", reach)

    ended = impatient("run", "--", "true")

    assert ended.returncode == 69, ended.stderr
    said = words(ended.stderr)
    assert "acme/tiny hub-unreachable" in said
    assert f"The Hub at localhost itself answered and granted access; only {host}" in said
    assert step in said
    assert host in impatient.state["text"]


def test_a_firewalls_page_in_place_of_the_files_is_told_as_one(impatient: Program, hub: LocalHub) -> None:
    hub.fault("html", "cdn", times=None, status=403)

    ended = impatient("run", "--", "true")

    assert ended.returncode == 76, ended.stderr
    said = words(ended.stderr)
    assert "acme/tiny not-a-hub" in said
    assert "itself answered and granted access; only localhost:" in said
    assert "most often it is a firewall's or a proxy's own page" in said
    assert "let it pass port 443 to localhost, localhost:" in said
