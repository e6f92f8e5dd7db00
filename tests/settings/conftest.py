"""`read` over an environment given as keywords, in a home of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from entrypoint import settings
from entrypoint.failures import Failure


class Read(Protocol):
    def __call__(self, **environ: str) -> settings.Settings: ...


class Refusal(Protocol):
    def __call__(self, **environ: str) -> Failure: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def read(home: Path, root: Path) -> Read:
    def read_environment(**environ: str) -> settings.Settings:
        return settings.read(environ, stderr_is_terminal=False, home=home, root=root)

    return read_environment


@pytest.fixture
def refusal(read: Read) -> Refusal:
    def read_and_fail(**environ: str) -> Failure:
        with pytest.raises(Failure) as caught:
            read(**environ)
        assert caught.value.exit_code == 78
        return caught.value

    return read_and_fail


@pytest.fixture
def as_nobody() -> Iterator[int]:
    """Runs the test as a user who may not read everything, also where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield os.geteuid()
    os.seteuid(before)


def names(found: settings.Settings) -> list[str]:
    return [notice.name for notice in found.notices]


def said(failure: Failure) -> str:
    """Everything that a person would see of a failure."""
    return " ".join((failure.name, failure.what, failure.why, *failure.todo))
