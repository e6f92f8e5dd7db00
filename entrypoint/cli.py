"""Commands and options, nothing else. What costs time to import is imported by the command that needs it.

Exit codes: docs/exit-codes.md. This module is also the one place where failures become words and codes.
"""

from __future__ import annotations

import os
import sys

from entrypoint import __version__
from entrypoint.failures import SOFTWARE, USAGE

TYPE_CHECKING = False  # typing's own would cost each healthcheck its import
if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrypoint.start import Start

HELP = f"""model-entrypoint {__version__}
Checks access to Hugging Face models, fetches and proves them, then becomes the server.

  model-entrypoint run -- CMD ARG...        the whole line, then becomes CMD
  model-entrypoint prefetch [-- CMD ...]    the same without the handover; CMD tells whose settings to read
  model-entrypoint plan [-- CMD ...]        what would be fetched, and whether it may be; moves and writes nothing
  model-entrypoint doctor [--json] [-- CMD ...]
                                            checks everything that a start takes, each trouble with its remedy
  model-entrypoint status [--json]          the present phase
  model-entrypoint healthcheck              exit code 0 when the server answers, else 1; one line
  model-entrypoint --version | --help

Settings come from the environment: docs/settings.md. Exit codes: docs/exit-codes.md.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script. Returns the exit code; after a successful `run` it does not return at all."""
    command, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if command == "healthcheck":
        from entrypoint.status import healthcheck

        return healthcheck.main(os.environ)
    if command in ("--help", "-h", "help"):
        sys.stdout.write(HELP)
        return 0
    if command == "--version":
        sys.stdout.write(f"model-entrypoint {__version__}\n")
        return 0
    if command == "status" and rest in ([], ["--json"]):
        from entrypoint import streams
        from entrypoint.status import show

        streams.forgive()
        return show.main(os.environ, as_json=bool(rest))
    if command == "doctor":
        as_json = rest[:1] == ["--json"]
        left = rest[1:] if as_json else rest
        if left[:1] in ([], ["--"]):
            return _examined(left[1:], as_json=as_json)
    if command in ("run", "prefetch", "plan"):
        if rest[:1] == ["--"]:
            return _guarded(command, rest[1:])
        if not rest or not rest[0].startswith("-"):
            return _guarded(command, rest)
    from entrypoint.text import shown

    sys.stderr.write(f"model-entrypoint: not understood: {shown(' '.join([command, *rest][:2]))}\n\n{HELP}")
    return USAGE


def _examined(command: Sequence[str], *, as_json: bool) -> int:
    import time

    began = time.monotonic()  # what follows costs a slow machine seconds, of which there are ten in all
    try:
        from entrypoint.doctor.command import main as examine

        examine(dict(os.environ), command, as_json=as_json, began=began)
    except Exception as error:
        from entrypoint import ending

        code = ending.tell(error, None)
        if as_json:
            import json

            check = {"name": "doctor", "status": "bad", "text": type(error).__name__, "facts": {}, "steps": []}
            seconds = round(time.monotonic() - began, 3)
            sys.stdout.write(json.dumps({"checks": [check], "exit_code": code, "seconds": seconds}) + "\n")
        return code
    return SOFTWARE  # not reached: whatever hangs, the examination ends the process by itself


def _guarded(name: str, command: Sequence[str]) -> int:
    """Runs a command of the line; whatever goes wrong in it ends in words and a code (see `ending`)."""
    from entrypoint import signals, streams

    start: Start | None = None

    def last_words(number: int) -> None:
        if start is not None:
            start.state.enter("failed", f"ended by {signals.name_of(number)}", exit_code=128 + number)
        os._exit(128 + number)

    signals.end_with(last_words)  # first of all: until then PID 1 ignores SIGTERM
    streams.forgive()
    try:
        from entrypoint import gate
        from entrypoint.start import Start

        start = Start(os.environ, writes_state=name != "plan")
        if name == "plan":
            return gate.show_plan(start, command)
        if name == "prefetch":
            gate.prefetch(start, command)
            return 0
        gate.run(start, command)
    except Exception as error:
        try:
            from entrypoint import ending

            return ending.tell(error, start)
        except Exception as worse:
            # Not even the telling works: still no traceback, and never the text of an error, which may hold a secret.
            names = f"{type(error).__name__}, then {type(worse).__name__}"
            sys.stderr.write(f"model-entrypoint: defect: {names}. Please report it. Exit code {SOFTWARE}.\n")
            return SOFTWARE
