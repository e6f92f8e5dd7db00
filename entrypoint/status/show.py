"""The `status` command: the present phase, from the state file, for people or for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from entrypoint.status.place import find
from entrypoint.text import clean

LINE_LIMIT = 1200


def main(environ: Mapping[str, str], *, as_json: bool) -> int:
    """Prints the phase. 0, also when there is no state yet: that is a phase, too."""
    folder = find(environ)
    try:
        found = json.loads(Path(folder, "state.json").read_bytes()) if folder else {}
    except (OSError, ValueError):
        found = {}
    record = found if isinstance(found, dict) else {}
    if as_json:
        sys.stdout.write(json.dumps(record or {"phase": "unknown"}, indent=1) + "\n")
    elif record:
        line = f"{record.get('phase')} since {record.get('since')}: {record.get('text')}"
        sys.stdout.write(clean(line, LINE_LIMIT) + "\n")
    else:
        sys.stdout.write("unknown: no start of this container has left a state file\n")
    return 0
