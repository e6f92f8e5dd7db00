from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.text import clean, human_bytes, human_duration, mask_secrets, mask_url, shown


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("plain text", "plain text"),
        ("two\r\nlines\tand\x0bmore   blanks \u2028", "two lines and more blanks"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x1bcreset", "reset"),
        ("bell\x07 null\x00 delete\x7f", "bell null delete"),
        ("abc\u202egpj.exe\u2066", "abcgpj.exe"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("no\u00a0break", "no break"),
        ("half a \ud800 surrogate", "half a surrogate"),
        ("Übung 模型 🤗", "Übung 模型 🤗"),
    ],
)
def test_text_from_outside_is_shown_as_one_harmless_line(raw: str, harmless: str) -> None:
    assert clean(raw) == harmless


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 300) == "x" * 300
    assert clean("x" * 301) == "x" * 299 + "…"
    assert clean("word " * 10, limit=12) == "word word w…"
    assert clean("x" * 1000, limit=0) == "x" * 1000


def test_a_text_of_many_megabytes_takes_no_time() -> None:
    begin = time.process_time()
    assert len(clean("\x1b" * 20_000_000 + "end")) <= 300
    assert time.process_time() - begin < 1


@given(st.text(st.characters()), st.integers(2, 50))
def test_no_text_whatever_breaks_the_line_or_its_limit(raw: str, limit: int) -> None:
    shown = clean(raw, limit)
    assert len(shown) <= limit
    assert all(character.isprintable() for character in shown)
    assert clean(shown, limit) == shown


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("https://huggingface.co/org/name", "https://huggingface.co/org/name"),
        ("http://bob:secret@proxy:3128/", "http://***@proxy:3128/"),
        ("http://bob:p@ss@proxy:3128", "http://***@proxy:3128"),
        ("http://bob:pa/ss@proxy:3128", "http://***@proxy:3128"),
        ("http://token@proxy", "http://***@proxy"),
        ("bob:secret@proxy:3128", "***@proxy:3128"),
        ("proxy:3128", "proxy:3128"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("http://[::1]:8080/a@b", "http://[::1]:8080/a@b"),
        (
            "https://cdn.example/f?X-Amz-Signature=abc&x-id=GetObject&Key-Pair-Id=K1",
            "https://cdn.example/f?X-Amz-Signature=***&x-id=GetObject&Key-Pair-Id=***",
        ),
    ],
)
def test_an_address_is_shown_without_its_credentials(raw: str, masked: str) -> None:
    assert mask_url(raw) == masked


@pytest.mark.parametrize("token", ["hf_abcdEFGH", "hf_oauth_eyJ.a-b_c123", "hf_jwt_eyJhbGciOi", "api_org_abcdefgh"])
def test_what_looks_like_a_hub_token_is_never_shown(token: str) -> None:
    assert mask_secrets(f"Bearer {token}, then") == "Bearer hf_…(redacted), then"


def test_addresses_inside_a_text_are_masked() -> None:
    assert mask_secrets("tried http://a:b@c, then ftp://d:e@f/g") == "tried http://***@c, then ftp://***@f/g"


def test_the_form_of_a_proxys_address_in_our_own_advice_stays_readable() -> None:
    assert mask_secrets("HTTPS_PROXY=http://name:password@proxy:port") == "HTTPS_PROXY=http://name:password@proxy:port"
    assert mask_secrets("HTTPS_PROXY=http://name:password@proxy:portal") == "HTTPS_PROXY=http://***@proxy:portal"


@pytest.mark.parametrize("hostile", ["://a:b", "?key", "?token=", "hf_jwt_", "://" + "a" * 50, "\x1b]"])
def test_no_text_makes_masking_slow(hostile: str) -> None:
    begin = time.process_time()
    mask_secrets(clean(hostile * (60_000 // len(hostile)), 0))
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (532, "532 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567_890, "1.2 GB"),
        (14_480_000_000, "14.5 GB"),
        (548_118_077, "548 MB"),
        (99_949_999, "99.9 MB"),
        (99_950_000, "100 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
        (2.5e18, "2500 PB"),
    ],
)
def test_bytes_are_told_in_decimal_units(count: float, shown: str) -> None:
    assert human_bytes(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0.0 s"),
        (0.42, "0.4 s"),
        (0.96, "1 s"),
        (20, "20 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (3659, "1 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_are_told_in_at_most_two_units(seconds: float, shown: str) -> None:
    assert human_duration(seconds) == shown


@given(st.text())
def test_what_is_shown_is_one_short_line_without_control_characters(text: str) -> None:
    line = shown(text, 40)
    assert len(line) <= 40
    assert line == "" or line.isprintable()


def test_a_token_pasted_in_the_wrong_place_is_not_shown() -> None:
    assert "A1b2C3d4" not in shown("hf_" + "A1b2C3d4" * 4)
