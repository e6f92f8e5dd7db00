"""What can go wrong for a person, as one type: a stable name, what happened, why, what to do, and the exit code.

Every stage raises `Failure` or `Refused`; `ending` tells them in one place. A defect of this program is anything else.
The exit codes are those of sysexits.h, as documented in docs/exit-codes.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own would cost each healthcheck its import
if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrypoint.values import Verdict

USAGE = 64
UNAVAILABLE = 69
SOFTWARE = 70
CANT_CREATE = 73
IO_ERROR = 74
TEMP_FAIL = 75
PROTOCOL = 76
NO_PERMISSION = 77
CONFIG = 78
NOT_EXECUTABLE = 126
NOT_FOUND = 127


class Failure(Exception):  # noqa: N818 - what a person meets, not what the code got wrong
    """A failure that a person can meet.

    `name` is kebab-case and stable; `what` and `why` are sentences; `todo` are the steps to take, in order, each a
    sentence and, after line breaks, lines to copy; `exit_code` is one of the constants above. None ever holds a token.
    """

    def __init__(self, name: str, exit_code: int, what: str, why: str = "", todo: tuple[str, ...] = ()) -> None:
        super().__init__(f"{name}: {what}")
        self.name = name
        self.exit_code = exit_code
        self.what = what
        self.why = why
        self.todo = todo


class Refused(Exception):  # noqa: N818 - as above
    """A needed model may not be read, or cannot be: every need's verdict, to be told together."""

    def __init__(self, verdicts: Sequence[Verdict], *, nothing_downloaded: bool = True) -> None:
        super().__init__(", ".join(f"{verdict.need.repo}: {verdict.name}" for verdict in verdicts))
        self.verdicts = tuple(verdicts)
        self.nothing_downloaded = nothing_downloaded
