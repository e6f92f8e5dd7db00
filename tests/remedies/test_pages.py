"""The pages in docs/ are what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entrypoint.remedies.facts import DOCS
from entrypoint.remedies.pages import pages
from entrypoint.remedies.samples import SAMPLES
from entrypoint.values import EXIT_CODES

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_pages_in_docs_are_what_the_code_makes(name: str) -> None:
    on_disk = REPOSITORY.joinpath("docs", name).read_text(encoding="utf-8")
    assert on_disk == pages()[name], "run: python -m entrypoint.remedies"


@pytest.mark.parametrize("name", EXIT_CODES)
def test_each_verdict_has_a_section_with_examples_in_both_languages(name: str) -> None:
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", pages()["refusals.md"], re.MULTILINE | re.DOTALL)
    english, chinese = section.split("**中文**")
    assert english.count("```text") == chinese.count("```text") == len(SAMPLES[name]) > 0
    assert "When: " in english and "出现条件：" in chinese
    assert f"[{EXIT_CODES[name]}](exit-codes.md)" in english
    assert f"[{EXIT_CODES[name]}](exit-codes.md)" in chinese


@pytest.mark.parametrize("name", [name for name in EXIT_CODES if name != "granted"])
def test_the_link_in_a_message_leads_to_its_section(name: str) -> None:
    page, _, anchor = f"{DOCS}#{name}".rpartition("#")
    text = REPOSITORY.joinpath(page).read_text(encoding="utf-8")
    assert f"\n## {anchor}\n" in text
    assert f": {DOCS}#{name}\n" in text
    assert f"：{DOCS}#{name}\n" in text


def test_the_table_of_exit_codes_names_every_verdict_in_both_languages() -> None:
    page = pages()["exit-codes.md"]
    for name in EXIT_CODES:
        assert page.count(f"[{name}](refusals.md#{name})") == 2
