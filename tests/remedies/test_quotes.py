"""What the Hub said, quoted so that it cannot be misread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from entrypoint.remedies import explain, fields
from entrypoint.values import Evidence, Verdict
from tests.remedies.people import ALICE, HUB, LISTED, NOT_AUTHORIZED, WITH_TOKEN, WITHOUT_TOKEN, flat


@pytest.mark.parametrize("lead", range(60, 100, 3))
@pytest.mark.parametrize("name", ["terms-not-accepted", "refused"])
def test_a_quote_is_never_cut_inside_an_address(name: str, lead: int) -> None:
    said = "a" * lead * (2 if name == "refused" else 1) + f" Visit {HUB}/org/listed to ask for access to it."
    verdict = Verdict(LISTED, name, replace(NOT_AUTHORIZED, message=said), ALICE)
    told = fields(verdict, WITH_TOKEN)
    for text in (told["answer"], told["message"]):
        for word in text.split():
            assert not word.startswith("https://") or word == f"{HUB}/org/listed", text
    assert "…" in told["answer"] or said in told["answer"]


def test_quotation_marks_inside_a_quote_are_single() -> None:
    expired = Evidence(HUB, 401, message='User Access Token "old" is expired', from_hub=True)
    verdict = Verdict(LISTED, "token-expired", expired)
    assert "\"User Access Token 'old' is expired\"" in explain([verdict], WITH_TOKEN)
    assert fields(verdict, WITH_TOKEN)["message"] == 'User Access Token "old" is expired'


def test_who_reads_of_a_password_learns_that_none_is_involved() -> None:
    said = Evidence(HUB, 401, message="Invalid username or password.", from_hub=True)
    for name, context in (("repo-missing-or-private", WITHOUT_TOKEN), ("token-invalid", WITH_TOKEN)):
        text = flat(explain([Verdict(LISTED, name, said)], context))
        assert '"Invalid username or password." (it says so for want of a valid token; no password is involved)' in text
    other = Verdict(LISTED, "token-invalid", replace(said, message="Invalid credentials"))
    assert "no password is involved" not in flat(explain([other], WITH_TOKEN))
