"""The worker process: takes a job from standard input, fetches its files, tells what happens on standard output.

It can be killed at any instant. What it has placed is proved and stays; what it has not placed lies in the staging
area only. When the supervisor is gone, it ends itself.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from entrypoint.transfer import wire

TICK_SECONDS = 0.2


class Speaker:
    """Writes events. Bytes are summed up and told every `TICK_SECONDS`: a line per chunk would cost too much."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._bytes = 0
        self._alive = False

    def bytes(self, count: int) -> None:
        with self._lock:
            self._bytes += count

    def alive(self) -> None:
        self._alive = True

    def note(self, text: str, **fields: Any) -> None:
        self.say("note", text=text, fields=fields)

    def say(self, event: str, **fields: Any) -> None:
        self.flush()
        self._write({"event": event, **fields})

    def flush(self) -> None:
        with self._lock:
            count, self._bytes = self._bytes, 0
            alive, self._alive = self._alive, False
        if count:
            self._write({"event": "bytes", "count": count})
        elif alive:
            self._write({"event": "alive"})

    def tick_for_ever(self) -> None:
        while not threading.Event().wait(TICK_SECONDS):
            self.flush()

    def _write(self, record: dict[str, Any]) -> None:
        line = json.dumps(record).encode() + b"\n"
        with self._lock:
            os.write(self._handle, line)


def main() -> None:
    """Entry of the process. Exits 0 when everything is placed, 1 after a "failed" event."""
    events = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints belongs into the log, not between the events
    job = wire.decode(sys.stdin.buffer.readline())
    speaker = Speaker(events)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    threading.Thread(target=speaker.tick_for_ever, daemon=True).start()
    done = _work(job, speaker)
    if done:
        speaker.say("done")
    sys.stderr.flush()
    os._exit(0 if done else 1)  # the library's thread pools would be waited for


def _end_with_supervisor() -> None:
    # Not by sys.stdin: a thread that waits in its lock makes the interpreter abort at the end.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _work(job: wire.Job, speaker: Speaker) -> bool:
    from entrypoint.hub.evidence import Refusal
    from entrypoint.hub.session import open_api
    from entrypoint.transfer import fetch

    from huggingface_hub import constants  # isort: skip - the session sets what it reads at import

    constants.DOWNLOAD_CHUNK_SIZE = fetch.CHUNK_BYTES
    open_api(job.endpoint, job.token)
    fetcher = fetch.Fetcher(job.endpoint, job.token, speaker)

    def one(index: int, position: int) -> bool:
        item = job.items[index]
        file = item.files[position]
        try:
            fetcher.fetch(item, file)
        except (Refusal, fetch.DiskFull, OSError) as error:
            speaker.say("failed", item=index, path=file.path, **_told(error))
            return False
        speaker.say("placed", item=index, path=file.path)
        return True

    todo = [(i, p) for i, item in enumerate(job.items) for p in range(len(item.files))]
    todo.sort(
        key=lambda pair: -job.items[pair[0]].files[pair[1]].size
    )  # largest first: nothing big is left for the end
    pool = ThreadPoolExecutor(max_workers=job.parallel, thread_name_prefix="fetch")
    futures = [pool.submit(one, *pair) for pair in todo]
    for future in as_completed(futures):
        if not future.result():
            pool.shutdown(wait=False, cancel_futures=True)
            return False
    return True


def _told(error: Exception) -> dict[str, Any]:
    from entrypoint.hub.evidence import Refusal
    from entrypoint.transfer import fetch

    if isinstance(error, fetch.Mismatch):
        return {"kind": "mismatch"}
    if isinstance(error, Refusal):
        return {"kind": "refusal", "evidence": dataclasses.asdict(error.evidence)}
    if isinstance(error, fetch.DiskFull):
        return {"kind": "disk-full", "error": str(error)}
    assert isinstance(error, OSError)
    return {"kind": "disk", "error": str(error.strerror or error), "errno": error.errno}
