"""From all findings to the exit code: would a `run` go through, and if not, how would it end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from entrypoint.doctor.findings import Finding
from entrypoint.doctor.wording import Wording

# In the order in which a start meets them: what stops it first decides.
_ORDER = ("settings", "command", "needs", "held", "model", "token", "dns", "proxy", "tls", "endpoint", "clock")


def weigh(findings: Sequence[Finding], *, hub_needed: bool, w: Wording) -> tuple[Finding, ...]:
    """What is bad about the way to the Hub is a warning where nothing has to come from there."""
    if hub_needed:
        return tuple(findings)
    return tuple(
        replace(finding, status="warning", exit_code=0, text=f"{finding.text}{w.mere_warning}")
        if finding.status == "bad" and finding.about_hub
        else finding
        for finding in findings
    )


def exit_code(findings: Sequence[Finding], of_models: int) -> int:
    """The code of the first bad finding in a start's order. `of_models`: that of the models, which has an order of its
    own."""

    def rank(finding: Finding) -> int:
        return _ORDER.index(finding.name) if finding.name in _ORDER else len(_ORDER)

    bad = sorted((finding for finding in findings if finding.status == "bad"), key=rank)
    if not bad:
        return 0
    return of_models if of_models and bad[0].name == "model" else bad[0].exit_code
