"""README.zh-CN.md says what README.md says, and shows what the program really prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entrypoint.remedies import explain
from entrypoint.remedies.samples import SAMPLES

REPOSITORY = Path(__file__).parents[2]
ENGLISH = REPOSITORY.joinpath("README.md").read_text(encoding="utf-8")
CHINESE = REPOSITORY.joinpath("README.zh-CN.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> set[str]:
    """The commands of the blocks, without what is only shown, and without comments."""
    lines = [line for block in blocks(text) if "✗" not in block for line in block.splitlines()]
    return {line.partition("  #")[0].rstrip() for line in lines}


@pytest.mark.parametrize(
    "pattern", [r"\]\(([^)]+)\)", r"`([A-Z_]{4,})", r"^\| `([^`]+)`"], ids=["links", "variables", "commands"]
)
def test_the_chinese_readme_leaves_nothing_out(pattern: str) -> None:
    wanted = set(re.findall(pattern, ENGLISH, re.MULTILINE)) - {"README.zh-CN.md"}
    assert wanted
    assert not wanted - set(re.findall(pattern, CHINESE, re.MULTILINE))


def test_the_commands_to_type_are_the_same() -> None:
    assert commands(ENGLISH) - commands(CHINESE) == set()


def test_the_refusal_that_it_shows_is_the_one_that_is_printed() -> None:
    (shown,) = [block for block in blocks(CHINESE) if "✗" in block]
    verdict, context = SAMPLES["terms-not-accepted"][0]
    printed = explain([verdict], context, "zh").splitlines()
    assert [line for line in shown.splitlines() if line not in [*printed, "  ..."]] == []


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", CHINESE):
        assert REPOSITORY.joinpath(target.partition("#")[0]).is_file(), target
