"""What lies in place, and what is still to come of what a start needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache.receipts import Receipt
from entrypoint.doctor.wanted import Held
from entrypoint.values import Need, Place
from tests.cache.conftest import COMMIT


@pytest.fixture
def need(tmp_path: Path) -> Need:
    return Need("acme/tiny", Place("hub-cache", tmp_path / "hub"), "ENTRYPOINT_MODELS")


def test_what_is_lacking_is_what_was_not_found_and_the_code_of_what_was(need: Need) -> None:
    other, code = replace(need, repo="acme/other"), replace(need, repo="acme/code", use="code")
    touched = replace(need, repo="acme/touched")
    held = Held({need: Receipt(need, COMMIT, (), ())}, (other, code), (touched,))

    assert held.lacking((need, touched, other), lambda: False) == (other, code)


def test_what_the_look_was_not_for_is_looked_at_now(need: Need) -> None:
    stand_in = replace(need, repo="acme/open")

    assert Held({}, (need,)).lacking((stand_in,), lambda: False) == (stand_in,)
