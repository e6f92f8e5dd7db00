"""Runs the worker and watches it: what it says becomes progress and log lines, its silence and its death are acted on.

A stalled or dead worker costs a restart of the worker with gentler settings (no xet, fewer files at once), not the
container. What it had placed is not asked for again. After `FRUITLESS_LIMIT` workers in a row that placed no file, the
transfer is given up: one that dies of the same file each time would else be started for ever.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from entrypoint import log
from entrypoint.cache import room
from entrypoint.failures import IO_ERROR, TEMP_FAIL, UNAVAILABLE, Failure
from entrypoint.sentence import join, say
from entrypoint.settings import TOKEN_VARIABLES
from entrypoint.text import clean, human_bytes, human_duration
from entrypoint.transfer import wire
from entrypoint.transfer.progress import Display, Meter, Snapshot
from entrypoint.values import Evidence, Need

PARALLEL_FILES = 4
FRUITLESS_LIMIT = 3
TURN_SECONDS = 0.25
STDERR_TAIL_BYTES = 64_000

_BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv[1:]; sys.argv[1:] = []; from entrypoint.transfer.worker import main; main()"
)


class RefusedMidway(Exception):  # noqa: N818
    """The Hub refused a file that it had granted before: access was taken away, or the Hub kept failing."""

    def __init__(self, need: Need, evidence: Evidence) -> None:
        super().__init__(evidence.message)
        self.need = need
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. `deadline` is a time of `time.monotonic`, or None."""

    stall: float
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Where the supervisor's news go."""

    log: Callable[..., None]
    progress: Callable[[Snapshot], None]
    display: Display


class Supervisor:
    """One transfer. `environ` is the worker's environment; the token travels in the job, not in there.

    `watch` hears of each worker when it starts, and of None when it has ended.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        environ: Mapping[str, str],
        limits: Limits,
        listener: Listener,
        watch: Callable[[subprocess.Popen[bytes] | None], None] = lambda _process: None,
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._environ = environ
        self._limits = limits
        self._listener = listener
        self._watch = watch
        self._left: list[wire.JobItem] = []
        self._last_trouble = ""
        self._meter = Meter(0)

    def move(self, items: Sequence[wire.JobItem]) -> None:
        """Returns when all files of all items are in place. Raises `RefusedMidway` or `Failure`."""
        self._left = [item for item in items if item.files]
        self._meter = Meter(sum(file.size for item in self._left for file in item.files))
        try:
            self._run_workers()
        finally:
            self._listener.display.clear()

    def _run_workers(self) -> None:
        parallel, xet, fruitless = PARALLEL_FILES, True, 0
        while self._left:
            files_left = self._files_left()
            trouble = self._run_worker(parallel, xet)
            if not self._left:
                break
            self._meter.add(self._meter.total - self._bytes_left() - self._meter.done)  # its unfinished files
            fruitless = fruitless + 1 if self._files_left() == files_left else 0
            if fruitless >= FRUITLESS_LIMIT:
                raise self._given_up(trouble)
            parallel, xet = 1, False
            self._listener.display.clear()
            self._listener.log("transfer restarted, gently: over HTTP, one file at a time", reason=trouble)

    def _run_worker(self, parallel: int, xet: bool) -> str:
        """Runs one worker to its end, and tells what ended it ("" when it finished)."""
        job = wire.Job(self._endpoint, self._token, tuple(self._left), parallel)
        area = self._left[0].area
        environ = {**self._tokenless_environ(), "HF_XET_CACHE": str(area / "xet")}
        if not xet:
            environ["HF_HUB_DISABLE_XET"] = "1"
        # In the area, which can be written to: with a read-only root there may be no other folder for it.
        try:
            errors = tempfile.TemporaryFile(dir=area)  # noqa: SIM115 - closed below
        except OSError as error:
            raise room.not_writable(self._left[0].need.place.path, error) from error
        with errors:
            process = _start(environ, errors)
            self._watch(process)
            try:
                return self._listen(process, job, errors)
            finally:
                kill(process)
                self._watch(None)
                for pipe in (process.stdin, process.stdout):
                    assert pipe is not None
                    pipe.close()

    def _tokenless_environ(self) -> dict[str, str]:
        """The job says which token goes where. In the environment the library would read it; so would anyone who may
        look into /proc."""
        return {
            name: value
            for name, value in self._environ.items()
            if name not in TOKEN_VARIABLES and not (self._token and self._token in value)
        }

    def _listen(self, process: subprocess.Popen[bytes], job: wire.Job, errors: IO[bytes]) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        heard = time.monotonic()
        buffer = b""
        # A pipe holds 64 kB, a job may be longer: a worker that does not read it must not hold us up.
        unsent = wire.encode(job)
        os.set_blocking(process.stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            while True:
                self._check_deadline()
                ready = [key.fileobj for key, _ in selector.select(TURN_SECONDS)]
                if process.stdin in ready:
                    unsent = _send(process.stdin.fileno(), unsent)
                    if not unsent:
                        selector.unregister(process.stdin)
                if process.stdout in ready:
                    chunk = os.read(process.stdout.fileno(), 1 << 16)
                    if not chunk:
                        return self._how_it_died(process, errors)
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    for line in lines:
                        self._act(json.loads(line), job)
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > self._limits.stall:
                    return say("no byte came for {duration}", duration=human_duration(self._limits.stall))
                self._show()

    def _act(self, event: dict[str, Any], job: wire.Job) -> None:
        kind = event["event"]
        if kind == "bytes":
            self._meter.add(event["count"])
        elif kind == "placed":
            self._placed(job.items[event["item"]], event["path"])
        elif kind == "note":
            self._listener.display.clear()
            self._listener.log(event["text"], **event["fields"])
            self._last_trouble = clean(str(event["fields"].get("reason", "")), 200)
        elif kind == "failed":
            raise self._failure(job.items[event["item"]], event)

    def _placed(self, item: wire.JobItem, path: str) -> None:
        left = []
        for other in self._left:
            if (other.area, other.need) == (item.area, item.need):
                other = replace(other, files=tuple(file for file in other.files if file.path != path))
            if other.files:
                left.append(other)
        self._left = left

    def _failure(self, item: wire.JobItem, event: dict[str, Any]) -> Exception:
        kind, place = event["kind"], item.need.place.path
        if kind == "refusal":
            return RefusedMidway(item.need, wire.evidence(event["evidence"]))
        if kind == "disk-full":
            return room.too_small(place, self._bytes_left(), _free(place))
        if kind == "mismatch":
            return Failure(
                "content-mismatch",
                IO_ERROR,
                say(
                    "{repo}: {path} arrived with another hash than published, again and again.",
                    repo=item.need.repo,
                    path=event["path"],
                ),
                "Something between the Hub and this disk changes the bytes: a proxy, a mirror, or the disk itself.",
                (
                    say("try another network or mirror than {endpoint}", endpoint=self._endpoint),
                    "check the disk under the cache folder",
                ),
            )
        return room.not_writable(place, OSError(event["errno"], event["error"]))

    def _check_deadline(self) -> None:
        deadline = self._limits.deadline
        if deadline is not None and time.monotonic() > deadline:
            missing = [file.path for item in self._left for file in item.files]
            named = join(", ", (clean(path, 80) for path in missing[:5]))
            why = [say("Missing: {files} ...", files=named) if missing[5:] else say("Missing: {files}", files=named)]
            if self._last_trouble:
                why.append(say("The last interruption was: {reason}", reason=self._last_trouble))
            raise Failure(
                "deadline-passed",
                TEMP_FAIL,
                say(
                    "The deadline passed with {size} in {count} files still to come.",
                    size=human_bytes(self._bytes_left()),
                    count=len(missing),
                ),
                join("; ", why),
                ("start again: what has arrived whole is kept", "or raise ENTRYPOINT_DEADLINE_SECONDS"),
            )

    def _given_up(self, trouble: str) -> Failure:
        return Failure(
            "transfer-stalled",
            UNAVAILABLE,
            say(
                "The transfer came to nothing {count} times in a row: {trouble}.",
                count=FRUITLESS_LIMIT,
                trouble=trouble,
            ),
            say("{size} are still to come.", size=human_bytes(self._bytes_left())),
            ("start again: what has arrived whole is kept", "check the network, the proxy, and the memory limit"),
        )

    def _how_it_died(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
        code = process.wait()
        if code == 0:
            return ""
        size = errors.seek(0, os.SEEK_END)
        errors.seek(max(0, size - STDERR_TAIL_BYTES))
        if size > STDERR_TAIL_BYTES:
            errors.readline()  # half a line may hold half a token, which nothing would know for one
        redact = log.redactor([self._token] if self._token else [])
        words = redact(errors.read().decode("utf-8", "replace")).strip().splitlines()
        last = clean(words[-1], 200) if words else ""  # of a traceback, the error itself
        if code == -signal.SIGKILL:
            return say("the worker was killed, as happens when memory runs out")
        cause = (
            say("signal {name}", name=signal.Signals(-code).name)
            if code < 0
            else say("exit code {exit_code}", exit_code=code)
        )
        if last:
            return say("the worker died ({cause}: {last})", cause=cause, last=last)
        return say("the worker died ({cause})", cause=cause)

    def _files_left(self) -> int:
        return sum(len(item.files) for item in self._left)

    def _bytes_left(self) -> int:
        return sum(file.size for item in self._left for file in item.files)

    def _show(self) -> None:
        snapshot = self._meter.now()
        self._listener.progress(snapshot)
        self._listener.display.show(snapshot)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the worker and whatever it may have started, at once; nothing that it placed is lost by it.

    Fit for a signal handler, which may have interrupted `process.wait` or a write to its pipe: no lock and no pipe is
    touched here.
    """
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # the interrupted wait has it
        process.returncode = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])


def _start(environ: Mapping[str, str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, *_interpreter_flags(), "-c", _BOOTSTRAP, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(
            "worker-not-started",
            TEMP_FAIL,
            say(
                "The process that fetches could not be started: {error}.",
                error=clean(error.strerror or str(error), 100),
            ),
            "Containers have limits on processes, memory and open files.",
            ("start again later", "or raise the limits: in compose, pids_limit, mem_limit and ulimits"),
        ) from error


def _send(handle: int, unsent: bytes) -> bytes:
    """Writes what the pipe takes, and gives what is left; nothing, where the worker has died: its exit code tells."""
    try:
        return unsent[os.write(handle, unsent) :]
    except BrokenPipeError:
        return b""


def _interpreter_flags() -> list[str]:
    """The worker sees the same modules as we do, and nothing else: our flags, and our sys.path by the bootstrap."""
    return ["-I", *(["-S"] if sys.flags.no_site else [])]


def _free(folder: Path) -> int:
    with contextlib.suppress(OSError):
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize
    return 0
