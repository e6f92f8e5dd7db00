"""The last step: how it goes on. By itself, where the container waits; else by starting again, which must create the
container anew where its environment has changed: `docker compose restart` would keep the old one.
"""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.remedies.facts import Facts
from entrypoint.remedies.phrases import say
from entrypoint.remedies.wording import Wording

Group = Sequence[Facts]


def by_compose(facts: Facts) -> bool:
    return facts.command.startswith(("docker compose ", "docker-compose "))


def after_click(facts: Facts, w: Wording) -> str:
    """What was done is done on the Hub, in the network or on the host; this container sees it as it is."""
    return say(w.nothing_more if facts.waits else w.start_again, facts, w)


def after_change(facts: Facts, w: Wording) -> str:
    """The compose file, `.env` or a setting was changed."""
    return say(w.recreate if by_compose(facts) else w.start_again, facts, w)


def after_token(facts: Facts, w: Wording) -> str:
    """Another token was put in place of the old one; one in a file is read anew."""
    return after_click(facts, w) if facts.token_file else after_change(facts, w)


def after_click_or_token(facts: Facts, w: Wording) -> str:
    return after_click(facts, w) if facts.token_file else after_click_or_change(facts, w)


def after_click_or_change(facts: Facts, w: Wording) -> str:
    return say(w.nothing_more_but, facts, w) if facts.waits else after_change(facts, w)
