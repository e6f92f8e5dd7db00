"""The `status` command: the present phase, from the state file, for people or for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from entrypoint.status.state import find


def main(environ: Mapping[str, str], *, as_json: bool) -> int:
    """Prints the phase. 0, also when there is no state yet: that is a phase, too."""
    folder = find(environ)
    try:
        record = json.loads((folder / "state.json").read_bytes()) if folder else {}
    except (OSError, ValueError):
        record = {}
    if as_json:
        sys.stdout.write(json.dumps(record or {"phase": "unknown"}, indent=1) + "\n")
    elif record:
        sys.stdout.write(f"{record['phase']} since {record['since']}: {record['text']}\n")
    else:
        sys.stdout.write("unknown: no start of this container has left a state file\n")
    return 0
