"""A sample of the table through the program as a process: `plan`, its exit code, and what it prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.process.harness import Program
from tests.states.rule import EXIT_CODES, expected, facts
from tests.states.world import BAD_TOKENS, EXPIRED, GOOD_TOKENS, NONE, READ, REPOS, Repo, Token


def repo(name: str) -> Repo:
    return next(repo for repo in REPOS if repo.id == name)


ROWS = [
    (NONE, repo("acme/manual-none-there")),
    (READ, repo("acme/auto-none-renamed")),
    (READ, repo("acme/manual-accepted-private")),
    (READ, repo("other/open-none-missing")),
    (GOOD_TOKENS[3], repo("acme/auto-accepted-there")),
    (GOOD_TOKENS[3], repo("acme/open-none-private")),
    (EXPIRED, repo("acme/open-none-there")),
    (BAD_TOKENS[2], repo("acme/manual-pending-there")),
    (NONE, repo("acme/open-none-no-such-revision")),
]


@dataclass(frozen=True)
class Told:
    text: str
    exit_code: int


@pytest.fixture
def told(hub: LocalHub, tmp_path: Path) -> Callable[[Token, Repo], Told]:
    def plan(token: Token, repo: Repo) -> Told:
        program = Program(tmp_path, hub, {"ENTRYPOINT_MODELS": repo.id})
        if repo.state == "no such revision":
            program.variables["ENTRYPOINT_MODELS"] += "@" + repo.need.revision
        if token.secret:
            program.variables["HF_TOKEN"] = token.secret
        done = program("plan")
        text = done.stdout + done.stderr
        assert token.secret is None or token.secret not in text
        return Told(" ".join(text.split()), done.returncode)

    return plan


@pytest.mark.parametrize(("token", "repo"), ROWS, ids=lambda value: getattr(value, "kind", None) or value.id)
def test_plan_tells_the_refusal_and_ends_with_its_code(
    told: Callable[[Token, Repo], Told], hub: LocalHub, token: Token, repo: Repo
) -> None:
    verdict = expected(token, repo)
    row = told(token, repo)
    assert row.exit_code == EXIT_CODES[verdict], row.text
    if verdict == "granted":
        assert f"{repo.id}@" in row.text
        assert "2 of 2 files to fetch" in row.text
    else:
        assert [fact for fact in facts(verdict, token, repo, hub.url) if fact not in row.text] == []


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ({"kind": "html", "status": 200}, "not-a-hub"),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "4000"}}, "rate-limited"),
        ({"kind": "status", "status": 407, "headers": {"Proxy-Authenticate": "Basic"}}, "proxy-refused"),
    ],
    ids=["page", "429", "407"],
)
def test_plan_tells_a_fault_on_the_way_and_ends_with_its_code(
    told: Callable[[Token, Repo], Told], hub: LocalHub, fault: dict[str, Any], verdict: str
) -> None:
    hub.fault(route="hub", times=None, **fault)
    row = told(READ, repo("acme/open-none-there"))
    assert row.exit_code == EXIT_CODES[verdict], row.text
    assert f"acme/open-none-there {verdict}" in row.text
    assert f"Exit code {row.exit_code}:" in row.text
