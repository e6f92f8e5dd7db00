"""The server's command, looked up as `run` looks it up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from entrypoint import handover
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.reading import of_failure
from entrypoint.doctor.wording import Wording
from entrypoint.failures import Failure


def findings(command: Sequence[str], environ: Mapping[str, str], w: Wording) -> Iterator[Finding]:
    try:
        found = handover.find(command, environ)
    except Failure as failure:
        yield of_failure("command", failure)
    else:
        yield Finding("command", "ok", say(w.command_ok, name=command[0], path=found), {"path": found})
