"""The settings, read as a start reads them; where one is wrong, again without it, so that the other checks still run
and all that is wrong is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from entrypoint import settings as settings_module
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.failures import Failure
from entrypoint.sentence import join
from entrypoint.settings import TOKEN_VARIABLES, Settings, paths

NOWHERE = Path("/nonexistent")


@dataclass(frozen=True, slots=True)
class Reading:
    """`settings` is None where they cannot be read even without what is wrong."""

    settings: Settings | None
    failures: tuple[Failure, ...] = ()


def read(environ: Mapping[str, str], *, stderr_is_terminal: bool, root: Path = Path("/")) -> Reading:
    left = dict(environ)
    failures: list[Failure] = []
    while True:
        try:
            return Reading(
                settings_module.read(left, stderr_is_terminal=stderr_is_terminal, root=root), tuple(failures)
            )
        except Failure as failure:
            failures.append(failure)
            wrong = _named(failure, left)
            if failure.name.startswith("token-") and root != NOWHERE:
                wrong |= left.keys() & {*TOKEN_VARIABLES, "HF_TOKEN_PATH"}
                root = NOWHERE  # nor the secret
            elif not wrong:
                return Reading(None, tuple(failures))
            left = {name: value for name, value in left.items() if name not in wrong}


def read_elsewhere(environ: Mapping[str, str], *, stderr_is_terminal: bool) -> Reading:
    """As `read`, for when that hangs: without a look into HF_HOME, where a token may lie and which may be on a dead
    file server. The cache's folder stays the same."""
    moved = {name: value for name, value in environ.items() if value.strip()}
    home = paths.user_home(moved)
    cache = paths.hub_cache(moved, [], home, paths.hub_home(moved, [], home))
    moved |= {"HF_HOME": str(NOWHERE), "HF_HUB_CACHE": str(cache)}
    return read(moved, stderr_is_terminal=stderr_is_terminal, root=NOWHERE)


def findings(reading: Reading, w: Wording) -> Iterator[Finding]:
    for failure in reading.failures:
        yield of_failure("settings", failure)
    settings = reading.settings
    notices = settings.notices if settings else ()
    for notice in notices:
        yield Finding("settings", "warning", notice.text, {"notice": notice.name})
    if settings and not reading.failures and not notices:
        text = w.settings_offline if settings.offline else w.settings_ok
        yield Finding("settings", "ok", say(text, endpoint=settings.endpoint), {"endpoint": settings.endpoint})


def of_failure(check: str, failure: Failure, *, about_hub: bool = False) -> Finding:
    """The line for what would end a start, with the failure's own words and steps."""
    text = join(" ", filter(None, (failure.what, failure.why)))
    return Finding(check, "bad", text, {"failure": failure.name}, failure.todo, failure.exit_code, about_hub)


def _named(failure: Failure, environ: Mapping[str, str]) -> set[str]:
    """The variables that the failure speaks of."""
    return set(re.findall(r"(?a)\b\w+\b", f"{failure.what} {failure.why}")) & environ.keys()
