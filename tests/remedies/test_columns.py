"""Lines by the columns that a terminal shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.remedies.columns import columns, wrap

ADDRESS = "https://huggingface.co/mistralai/Mistral-7B-Instruct-v0.2"


def test_a_chinese_character_takes_two_columns_and_a_combining_mark_none() -> None:
    assert columns("令牌") == 4
    assert columns("（a）") == 5
    assert columns("e\u0301") == 1


def test_english_is_broken_at_blanks_alone_and_later_lines_are_indented_as_far() -> None:
    assert wrap("one two-three four", "  1. ", 15) == ["  1. one", "     two-three", "     four"]


def test_chinese_is_broken_between_any_two_characters_where_the_line_is_full() -> None:
    assert wrap("作者尚未答复你的申请", "  ", 12) == ["  作者尚未答", "  复你的申请"]


@pytest.mark.parametrize("mark", "，。、；：？！）」”")
def test_no_line_begins_with_a_closing_mark(mark: str) -> None:
    assert wrap(f"作者尚未{mark}答复", "", 8) == ["作者尚", f"未{mark}答复"]


@pytest.mark.parametrize("mark", "（「“")
def test_no_line_ends_with_an_opening_mark(mark: str) -> None:
    assert wrap(f"作者{mark}尚未答复", "", 6) == ["作者", f"{mark}尚未"[:3], "答复"]


def test_a_mark_after_an_address_and_a_blank_stays_behind_the_address() -> None:
    assert wrap(f"打开 {ADDRESS} ，点击", "", 66) == [f"打开 {ADDRESS} ，", "点击"]
    assert wrap(f"打开 {ADDRESS} ，点击", "", 64) == ["打开", f"{ADDRESS} ，点击"]


def test_an_address_is_never_broken_even_where_it_is_wider_than_the_line() -> None:
    assert wrap(f"打开 {ADDRESS} 页面", "  ", 20) == ["  打开", f"  {ADDRESS}", "  页面"]


@pytest.mark.parametrize("quotation", ['"Agree and access repository"', "“Agree and access repository”", "`a b c d e`"])
def test_a_short_quotation_stays_on_one_line(quotation: str) -> None:
    for width in range(30, 60):
        assert any(f"{quotation}," in line for line in wrap(f"on the page press {quotation}, then wait", "", width))


def test_a_long_quotation_is_broken_like_any_sentence() -> None:
    said = '"' + "word " * 30 + '"'
    assert all(columns(line) <= 60 for line in wrap(said, "", 60))


@given(st.text(st.sampled_from('ab -“”"`（），。令牌/'), max_size=200), st.integers(10, 60))
def test_nothing_is_lost_and_only_what_cannot_be_broken_is_too_wide(text: str, width: int) -> None:
    lines = wrap(text, "  ", width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("  ") and line.strip() == line[2:] for line in lines)
