"""The hubs of the tables, made once, and the real way from needs to verdicts, text and exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from entrypoint import plan, remedies
from entrypoint.log import redactor
from entrypoint.remedies import Context
from entrypoint.values import Verdict
from localhub import LocalHub
from localhub.access import BadTokenAnswer
from tests.hub.conftest import Asking, asking, plain_environment, trust
from tests.states.world import Repo, Token, settle

__all__ = ["asking", "plain_environment", "trust"]
Hubs = Callable[[BadTokenAnswer], LocalHub]


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    """One hub for each way to answer a bad token, with every repo and token of the tables in it."""
    with ExitStack() as stack:
        made: dict[BadTokenAnswer, LocalHub] = {}

        def hub(bad_token: BadTokenAnswer) -> LocalHub:
            if bad_token not in made:
                made[bad_token] = stack.enter_context(LocalHub(bad_token=bad_token))
                settle(made[bad_token])
            return made[bad_token]

        yield hub


@pytest.fixture
def hub(hubs: Hubs, trust: Callable[[LocalHub], None]) -> Iterator[LocalHub]:
    """The hub of the whole module, trusted; what a test changes in it is undone."""
    shared = hubs("invalid-credentials")
    trust(shared)
    yield shared
    shared.clear_faults()
    shared.set_wording(None)
    shared.set_auth_check("there")
    shared.rate_limit("whoami", quota=None)


@dataclass(frozen=True)
class Told:
    """What a person is told about one need; in the texts, a run of blanks and line breaks is one blank."""

    repo: Repo
    verdict: Verdict
    text: str
    chinese: str
    exit_code: int
    endpoint: str

    def lacks(self, facts: Sequence[str], text: str = "") -> list[str]:
        return [fact for fact in facts if fact not in (text or self.text)]


@dataclass(frozen=True)
class Deployment:
    """Asks as a start does (access, then what was asked for against what is listed), and tells each need by itself."""

    asking: Asking

    def ask(self, endpoint: str, token: Token, repos: Sequence[Repo], attempts: int = 1) -> list[Told]:
        context = Context(endpoint, "HF_TOKEN" if token.secret else "")
        access = self.asking.access(endpoint, token.secret, attempts)
        redact = redactor([token.secret] if token.secret else [])
        told = []
        for repo, verdict in zip(repos, plan.check_all(access.ask([repo.need for repo in repos])), strict=True):
            texts = [remedies.explain([verdict], context, lang) for lang in ("en", "zh")]
            assert token.secret is None or token.secret not in "".join(texts)
            english, chinese = (" ".join(redact(text).split()) for text in texts)
            told.append(Told(repo, verdict, english, chinese, remedies.exit_code([verdict]), endpoint))
        return told


@pytest.fixture
def deployment(asking: Asking) -> Deployment:
    return Deployment(asking)
