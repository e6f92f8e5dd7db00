"""In which language a person is told what is wrong, the settings themselves included."""

from __future__ import annotations

import pytest

from entrypoint.settings import language


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "zh", "LC_MESSAGES": "de_DE", "LANG": "en_US"}, "zh"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh-Hans", "LANG": "en_US"}, "zh"),
        ({"ENTRYPOINT_LANG": "en", "LANG": "zh_CN"}, "en"),
        ({"ENTRYPOINT_LANG": "fr", "LANG": "zh_CN"}, "en"),
        ({"ENTRYPOINT_LANG": " ", "LANG": "zh_CN"}, "zh"),
        ({"ENTRYPOINT_LANG": " 'ZH' "}, "zh"),
    ],
)
def test_the_language_is_known_whatever_else_is_wrong(environ: dict[str, str], expected: str) -> None:
    assert language({**environ, "HF_TOKEN": "your_token", "PORT": "none"}) == expected
