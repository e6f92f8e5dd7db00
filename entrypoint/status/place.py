"""The folder of the state file: where it may lie, and where the latest one lies.

Both the writer and the healthcheck ask here. The healthcheck runs every few seconds for the life of the container, so
this module imports `os` alone; `pathlib` and `typing` would double the cost of a check.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "/run/model-entrypoint"
SHARED = ("/tmp", "/dev/shm")  # noqa: S108 - see is_ours
SURROUNDINGS = " \t\r\n\"'"  # of a value: env files leave quotes in place
_KIND, _IS_FOLDER = 0o170000, 0o040000


def candidates(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where the state may lie, in order of preference. A path that isn't absolute is none: `settings` refuses it."""
    given = environ.get("ENTRYPOINT_STATE_DIR", "").strip(SURROUNDINGS)
    if given.startswith("/"):
        return (given,)
    return (FOLDER, *(f"{shared}/{_name()}" for shared in SHARED))


def find(environ: Mapping[str, str]) -> str | None:
    """The folder in which a start of this user has left its state, the latest one; None when there is none."""
    found = {}
    for folder in filter(is_ours, candidates(environ)):
        try:
            found[os.stat(f"{folder}/health").st_mtime_ns] = folder  # noqa: PTH116
        except OSError:
            continue  # no start has used this one
    return found[max(found)] if found else None


def is_ours(folder: str) -> bool:
    """Whether a folder can be trusted. In a place that all may write to, somebody else may have made ours first; a
    folder that was named by hand is taken as it is."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    if folder not in [f"{shared}/{_name()}" for shared in SHARED]:
        return True
    return found.st_uid == os.geteuid() and found.st_mode & _KIND == _IS_FOLDER


def _name() -> str:
    return f"model-entrypoint-{os.geteuid()}"
