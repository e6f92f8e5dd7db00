"""Where a start would keep its state for the healthcheck. Nothing is written: the rights are asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from entrypoint.cache import room
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.status import place


def finding(environ: Mapping[str, str], w: Wording) -> Finding:
    candidates = place.candidates(environ)
    usable = next((folder for folder in candidates if _usable(folder)), None)
    if usable is not None:
        return Finding("state", "ok", say(w.state_ok, folder=usable), {"folder": usable})
    tried = ", ".join(candidates)
    return Finding("state", "warning", say(w.state_none, folders=tried), {"folder": ""}, (w.state_step,))


def _usable(folder: str) -> bool:
    existing = room.nearest_existing(Path(folder))
    if str(existing) == folder and not place.is_ours(folder):
        return False
    return room.obstacle(Path(folder)) is None and os.access(existing, os.W_OK | os.X_OK)
