"""Would a `run` go through, and if not, how would it end?"""

from __future__ import annotations

import pytest

from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.findings import Finding
from entrypoint.doctor.outcome import exit_code, weigh

MODEL = Finding("model", "bad", "refused", {}, ("click",), 77, about_hub=True)
DNS = Finding("dns", "bad", "no name", {}, ("fix",), 69, about_hub=True)
SETTINGS = Finding("settings", "bad", "wrong", {}, (), 78)
COMMAND = Finding("command", "bad", "not found", {}, (), 127)
CACHE = Finding("cache", "bad", "read-only", {}, (), 73, about_hub=True)
WARNING = Finding("token", "warning", "none")


@pytest.mark.parametrize(
    ("findings", "of_models", "code"),
    [
        ([WARNING], 0, 0),
        ([DNS], 0, 69),
        ([CACHE, MODEL], 77, 77),
        ([DNS, COMMAND], 0, 127),
        ([COMMAND, SETTINGS], 0, 78),
        ([MODEL, CACHE], 78, 78),
        ([CACHE], 0, 73),
    ],
)
def test_what_a_start_meets_first_decides(findings: list[Finding], of_models: int, code: int) -> None:
    assert exit_code(findings, of_models) == code


def test_troubles_of_the_hub_are_warnings_where_it_is_not_needed() -> None:
    weighed = weigh([DNS, CACHE, WARNING], hub_needed=False, w=ENGLISH)

    assert [finding.status for finding in weighed] == ["warning"] * 3
    assert weighed[0].steps == ("fix",)
    assert exit_code(weighed, 0) == 0


def test_a_command_that_is_not_there_stays_bad_where_the_hub_is_not_needed() -> None:
    assert exit_code(weigh([COMMAND, DNS], hub_needed=False, w=ENGLISH), 0) == 127


def test_troubles_of_the_hub_stay_bad_where_it_is_needed() -> None:
    assert weigh([DNS], hub_needed=True, w=ENGLISH) == (DNS,)
