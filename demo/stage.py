"""What the audience sees: commands, what they really print, how they end.

Everything that a program wrote stands behind a bar; everything else is the narrator's. A claim that does not
hold ends the demo with `DemoError`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_BOLD, _DIM, _GREEN, _CYAN = "1", "2", "32", "36"


class DemoError(Exception):
    """Something did not happen as the demo says it does."""


def expect(holds: bool, claim: str) -> None:
    if not holds:
        raise DemoError(claim)


class Stage:
    """Prints; starts programs in `environment`, leaves none behind, and remembers what they printed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.heard = ""
        self._folder = folder
        self._running: list[Process] = []
        self._printing = threading.Lock()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.kill()

    def title(self, text: str) -> None:
        self._print(f"\n{_paint(text, _BOLD)}\n")

    def act(self, number: int, title: str) -> None:
        self._print(f"\n{_paint(f'{number}  {title}', _BOLD)}\n")

    def close(self, text: str) -> None:
        self._print(f"\n{text}")

    def say(self, text: str) -> None:
        self._print(f"  {text}")

    def point_out(self, text: str) -> None:
        first, *rest = textwrap.wrap(text, 100)
        self._print("\n".join([f"\n  {_paint('→', _GREEN)} {first}", *(f"    {line}" for line in rest)]))

    def quote(self, text: str) -> None:
        for line in text.splitlines():
            self._print(f"  {_paint('│', _DIM)} {line}")
            self.heard += line + "\n"

    def command(self, argv: Sequence[str]) -> None:
        self._print(f"  {_paint('$ ' + ' '.join(argv), _CYAN)}")

    def asked(self, argv: Sequence[str], code: int, answer: str) -> None:
        """A short command, its exit code and its answer, on one line."""
        self.heard += answer + "\n"
        command = _paint("$ " + " ".join(argv), _CYAN)
        self._print(f"  {command} → {_paint(str(code), _BOLD)} {_paint('│', _DIM)} {answer}")

    def start(self, argv: Sequence[str]) -> Process:
        self.command(argv)
        process = Process(self, argv, self._folder)
        self._running.append(process)
        return process

    def run(self, argv: Sequence[str], seconds: float) -> int:
        """Run to its end, which must come within `seconds`; tell and return the exit code."""
        process = self.start(argv)
        code = process.wait(seconds)
        self.say(f"exit code {_paint(str(code), _BOLD)}")
        return code

    def ask(self, argv: Sequence[str]) -> tuple[int, str]:
        """Run a short command without a word to the audience: its exit code and its output."""
        done = subprocess.run(
            argv,
            env=self.environment,
            cwd=self._folder,
            capture_output=True,
            encoding="utf-8",
            timeout=10,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def _print(self, text: str) -> None:
        with self._printing:
            print(text, flush=True)


class Process:
    """A program that runs beside the demo, its output quoted line by line as it comes."""

    def __init__(self, stage: Stage, argv: Sequence[str], folder: Path) -> None:
        self.started = time.monotonic()
        reading, writing = os.pipe()
        # A session of its own: Ctrl-C reaches the demo alone, which then ends the whole group.
        self._popen = subprocess.Popen(
            argv,
            env=stage.environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
        os.close(writing)
        self._argv = list(argv)
        self._reader = threading.Thread(target=self._read, args=(stage, reading), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @staticmethod
    def _read(stage: Stage, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as output:
            for line in output:
                stage.quote(line.rstrip("\n"))

    def ended(self) -> bool:
        return self._popen.poll() is not None

    def wait(self, seconds: float) -> int:
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise DemoError(f"`{' '.join(self._argv)}` ends within {seconds:.0f} s") from None
        self._reader.join()
        return code

    def argv(self) -> list[str]:
        """What runs under this PID right now, as the kernel knows it."""
        return Path(f"/proc/{self.pid}/cmdline").read_text().split("\0")[:-1]

    def wait_until_it_is(self, argv: Sequence[str], seconds: float) -> float:
        """Seconds from the start of the process until it became `argv` by exec."""
        while self.argv() != list(argv):
            elapsed = time.monotonic() - self.started
            expect(
                not self.ended() and elapsed < seconds,
                f"`{' '.join(argv)}` is started within {seconds:.0f} s",
            )
            time.sleep(0.0005)
        return time.monotonic() - self.started

    def terminate(self) -> None:
        self._popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def _paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if _COLOURS else text
