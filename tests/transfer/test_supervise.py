"""A transfer by real worker processes: what it leaves for the server, and what becomes of it when things die."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest

from entrypoint.failures import Failure
from entrypoint.transfer import supervise, wire
from entrypoint.transfer.progress import Display, Snapshot
from entrypoint.transfer.supervise import Limits, Listener, RefusedMidway, Supervisor
from entrypoint.values import Need, RepoFile
from localhub import LocalHub, routes
from localhub.messages import redirect
from tests.cache.conftest import mounted, needs_mounts
from tests.transfer.conftest import FILES, TOKEN, WEIGHTS, Transfer, alive, blobs, job_item, planned, visible


@pytest.fixture(autouse=True)
def _leaves_no_process(transfer: Transfer) -> Iterator[None]:
    yield
    assert [worker.pid for worker in transfer.workers if alive(worker.pid)] == []


def leftovers(place: Path) -> list[Path]:
    names = (".incomplete", ".lock", ".pointer", ".new", ".old")
    found = [path for path in place.rglob("*") if path.name.endswith(names)]
    return found + list(place.glob(".model-entrypoint/staging/*"))


def test_what_was_fetched_is_a_cache_that_the_hubs_own_client_takes_offline(transfer: Transfer, need: Need) -> None:
    transfer.hub.add_repo("acme/xet", FILES, xet={"model.safetensors"})
    xet = planned(transfer.hub, replace(need, repo="acme/xet"))
    transfer.plan = replace(transfer.plan, items=transfer.plan.items + xet.items)

    transfer.run()

    for item in transfer.plan.items:
        folder = huggingface_hub.snapshot_download(
            item.need.repo, revision=item.commit, cache_dir=need.place.path, local_files_only=True
        )
        assert {path: (Path(folder) / path).read_bytes() for path in FILES} == FILES
    assert {request.origin for request in transfer.hub.requests} == {"hub", "cdn", "cas"}
    assert len(transfer.workers) == 1
    assert leftovers(need.place.path) == []


def test_the_numbers_only_reach_the_end_at_the_end(transfer: Transfer) -> None:
    transfer.hub.fault("slow", "cdn", times=None, rate=6_000_000)
    transfer.hub.fault("corrupt", "cdn", offset=2_999_999)

    transfer.run()

    total = sum(map(len, FILES.values()))
    assert {snapshot.total for snapshot in transfer.snapshots} == {total}
    assert all(0 <= snapshot.done <= total for snapshot in transfer.snapshots)
    assert all((snapshot.percent == 100) == (snapshot.done == total) for snapshot in transfer.snapshots)
    assert transfer.snapshots[-1].percent == 100
    dones = [snapshot.done for snapshot in transfer.snapshots]
    assert dones != sorted(dones), "what was garbled is taken back"


def test_a_worker_that_is_killed_from_outside_costs_a_restart_not_the_transfer(transfer: Transfer) -> None:
    transfer.hub.fault("slow", "cdn", rate=2_000_000)

    def kill_once(running: Transfer, snapshot: Snapshot) -> None:
        if len(running.workers) == 1 and snapshot.done > 500_000:
            running.worker.kill()

    transfer.when = kill_once
    transfer.run()

    assert len(transfer.workers) == 2
    assert visible(transfer.plan.items[0].need.place.path) == FILES
    (line,) = transfer.lines
    assert line.startswith("transfer restarted, gently: over HTTP, one file at a time ")
    assert line.endswith("the worker was killed, as happens when memory runs out")
    assert all(snapshot.done <= snapshot.total for snapshot in transfer.snapshots), "lost bytes are not counted twice"


def test_files_that_were_placed_before_a_death_are_not_asked_for_again(transfer: Transfer) -> None:
    transfer.hub.fault("slow", "cdn", rate=3_000_000)
    placed: list[str] = []

    def kill_once(running: Transfer, snapshot: Snapshot) -> None:
        if len(running.workers) == 1 and snapshot.done > 500_000:
            placed.extend(visible(running.plan.items[0].need.place.path))
            running.hub.clear_requests()
            running.worker.kill()

    transfer.when = kill_once
    transfer.run()

    assert sorted(placed) == ["config.json", "sub/tokenizer.json"]
    assert not [request.path for request in transfer.hub.requests if request.path.endswith(".json")]


def test_a_worker_that_dies_of_the_same_file_each_time_is_not_started_for_ever(transfer: Transfer) -> None:
    transfer.hub.fault("slow", "cdn", times=None, rate=4_000_000)

    def kill_always(running: Transfer, snapshot: Snapshot) -> None:
        if snapshot.done > 1_500_000 and running.worker.poll() is None:
            running.worker.kill()

    transfer.when = kill_always
    with pytest.raises(Failure) as caught:
        transfer.run()

    assert (caught.value.name, caught.value.exit_code) == ("transfer-stalled", 69)
    assert "memory" in caught.value.what
    # one that placed the small files, and then three that placed nothing
    assert len(transfer.workers) == supervise.FRUITLESS_LIMIT + 1


@pytest.mark.parametrize("xet", [True, False], ids=["xet", "http"])
def test_a_transfer_that_stalls_is_begun_again_over_http(transfer: Transfer, need: Need, xet: bool) -> None:
    name = "acme/stalling"
    transfer.hub.add_repo(name, {"model.safetensors": WEIGHTS}, xet={"model.safetensors"} if xet else ())
    transfer.plan = planned(transfer.hub, replace(need, repo=name))
    transfer.hub.fault("stall", "cas" if xet else "cdn", after=0, times=None if xet else 1)
    transfer.stall = 1.2
    began = time.monotonic()

    transfer.run()

    assert time.monotonic() - began < 6
    assert visible(need.place.path) == {"model.safetensors": WEIGHTS}
    assert len(transfer.workers) == 2
    assert transfer.lines == ["transfer restarted, gently: over HTTP, one file at a time no byte came for 1 s"]
    assert transfer.hub.requests[-1].origin == "cdn"


def test_a_deadline_ends_it_and_names_what_is_missing(transfer: Transfer) -> None:
    transfer.hub.fault("slow", "cdn", rate=200_000)
    transfer.deadline = time.monotonic() + 1.0

    with pytest.raises(Failure) as caught:
        transfer.run()

    assert (caught.value.name, caught.value.exit_code) == ("deadline-passed", 75)
    assert caught.value.what == "The deadline passed with 3.0 MB in 1 files still to come."
    assert caught.value.why == "Missing: model.safetensors"
    assert set(visible(transfer.plan.items[0].need.place.path)) == {"config.json", "sub/tokenizer.json"}


def test_a_deadline_names_what_kept_it_from_ending_earlier(transfer: Transfer) -> None:
    transfer.hub.fault("status", "cdn", times=None, status=503, headers={"X-Error-Message": "Overloaded"})
    transfer.deadline = time.monotonic() + 2.5

    with pytest.raises(Failure, match="deadline-passed") as caught:
        transfer.run()

    assert caught.value.why == "Missing: model.safetensors; The last interruption was: localhost: 503 Overloaded"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_gone_before_a_failure_is_told(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    transfer.hub.fault("slow", "cdn", rate=500_000)
    terminal = Terminal()
    items = [job_item(transfer.hub, item.need) for item in transfer.plan.items]
    listener = Listener(print, lambda _snapshot: None, Display(print, terminal))
    limits = Limits(30, time.monotonic() + 2)

    with pytest.raises(Failure, match="deadline-passed"):
        Supervisor(transfer.hub.url, None, transfer.environ, limits, listener).move(items)

    assert "3.0 MB" in terminal.getvalue(), "there was a bar"
    assert terminal.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("deadline", [None, 0.5])
def test_a_worker_that_does_not_even_read_its_long_job_is_given_up(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch, deadline: float | None
) -> None:
    monkeypatch.setattr(supervise, "_BOOTSTRAP", "import time; time.sleep(60)")
    (item,) = transfer.plan.items
    many = tuple(RepoFile(f"{number:0200}", 1, "b" * 40) for number in range(2000))
    transfer.plan = replace(transfer.plan, items=(replace(item, files=many, missing=many),))
    transfer.stall = 0.4
    transfer.deadline = deadline and time.monotonic() + deadline
    began = time.monotonic()

    with pytest.raises(Failure, match="deadline-passed" if deadline else "transfer-stalled.*no byte came"):
        transfer.run()

    assert time.monotonic() - began < 10


def test_a_job_longer_than_a_pipe_holds_arrives_whole(transfer: Transfer, need: Need) -> None:
    files = {f"{number:03}/{'x' * 200}.json": b"%d" % number for number in range(300)}
    transfer.hub.add_repo("acme/many", files)
    transfer.plan = planned(transfer.hub, replace(need, repo="acme/many"))

    transfer.run()

    assert visible(need.place.path) == files


def test_an_area_that_has_gone_is_73_and_no_defect(transfer: Transfer, need: Need) -> None:
    item = job_item(transfer.hub, need)
    item.area.rmdir()

    with pytest.raises(Failure) as caught:
        transfer.supervisor().move([item])

    assert (caught.value.name, caught.value.exit_code) == ("cache-unusable", 73)
    assert "No such file or directory" in caught.value.what


def test_a_container_without_processes_left_is_told_so(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_arguments: Any, **_options: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", none_left)

    with pytest.raises(Failure) as caught:
        transfer.run()

    assert (caught.value.name, caught.value.exit_code) == ("worker-not-started", 75)
    assert "Resource temporarily unavailable" in caught.value.what


def test_a_strange_host_gets_no_token_by_way_of_xet(
    transfer: Transfer, need: Need, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer may name any host as the one that renews xet's token; the native client would take ours along."""
    with LocalHub(tls=False) as hub, LocalHub(tls=False) as other:
        hub.add_repo("acme/xet", {"model.safetensors": WEIGHTS}, xet={"model.safetensors"})
        hub.add_token(TOKEN, user="alice")
        token, _ = hub._state.signer.token(3600, repo="acme/xet")
        short = {"X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(int(time.time()) + 1)}
        other.answer("GET", 200, {"X-Xet-Cas-Url": hub._state.urls["cas"], **short}, "{}")

        def to_other(status: int, location: str, headers: Any = ()) -> Any:
            return redirect(status, location, tuple((k, v.replace(hub.url, other.url)) for k, v in headers))

        monkeypatch.setattr(routes, "redirect", to_other)
        transfer.hub, transfer.token = hub, TOKEN
        transfer.plan = planned(hub, replace(need, repo="acme/xet"))
        transfer.environ = {**transfer.environ, "HF_ENDPOINT": hub.url}

        transfer.run()

        assert visible(need.place.path) == {"model.safetensors": WEIGHTS}
        assert [record.headers.get("authorization") for record in other.requests] == []
        assert {record.origin for record in hub.requests} == {"hub", "cdn"}


def test_access_that_is_taken_away_in_the_middle_is_told_with_the_hubs_words(transfer: Transfer, need: Need) -> None:
    words = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Your access has been reset by the repo's authors."}
    transfer.hub.fault("status", "resolve/.*/model.safetensors", times=None, status=403, headers=words)

    with pytest.raises(RefusedMidway) as caught:
        transfer.run()

    assert caught.value.need == need
    assert caught.value.evidence.status == 403
    assert "reset by the repo's authors" in caught.value.evidence.message
    assert len(transfer.workers) == 1
    assert "model.safetensors" not in visible(need.place.path)


def test_bytes_that_stay_wrong_end_it_and_are_nowhere_to_be_seen(transfer: Transfer, need: Need) -> None:
    transfer.hub.fault("corrupt", "cdn", times=None, offset=77)

    with pytest.raises(Failure) as caught:
        transfer.run()

    assert (caught.value.name, caught.value.exit_code) == ("content-mismatch", 74)
    assert "acme/tiny: model.safetensors arrived with another hash than published" in caught.value.what
    assert "model.safetensors" not in visible(need.place.path)
    assert all(blob.stat().st_size < 100 for blob in blobs(need.place.path))
    assert leftovers(need.place.path) == []


def test_the_token_is_in_no_argument_and_no_variable_of_the_worker(transfer: Transfer) -> None:
    transfer.hub.add_token(TOKEN, user="alice")
    transfer.token = TOKEN
    names = ("HF_TOKEN", "HUGGINGFACE_TOKEN", "PGPT_HUGGINGFACE_TOKEN", "MY_OWN_VARIABLE")
    transfer.environ = {**transfer.environ, **dict.fromkeys(names, TOKEN), "URL": f"https://x:{TOKEN}@localhost/"}
    transfer.environ |= {"HUGGINGFACEHUB_API_TOKEN": "hf_" + "b" * 34, "HF_TOKEN_FILE": "/run/secrets/x"}
    transfer.hub.fault("slow", "cdn", rate=3_000_000)
    seen: list[bytes] = []

    def look(running: Transfer, _snapshot: Snapshot) -> None:
        process = Path("/proc") / str(running.worker.pid)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            seen.append((process / "cmdline").read_bytes() + b"\0" + (process / "environ").read_bytes())

    transfer.when = look
    transfer.run()

    assert any(b"HF_ENDPOINT=" in one for one in seen), "the look was at the worker itself"
    for one in seen:
        assert b"aaaaaaaa" not in one
        assert b"bbbbbbbb" not in one
        assert b"TOKEN_FILE" not in one
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in transfer.hub.requests if "/resolve/" in r.path)
    assert transfer.hub.leaks == []


@pytest.mark.parametrize("secret", [TOKEN, "not-of-the-hubs-form-but-a-secret"])
def test_the_last_words_of_a_worker_that_died_are_told_without_the_token(
    transfer: Transfer, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = f"raise SystemExit('cannot load ' + 'x' * 70000 + chr(10) + 'ValueError: bad header {secret} in request')"
    monkeypatch.setattr(supervise, "_BOOTSTRAP", words)
    transfer.token = secret

    with pytest.raises(Failure) as caught:
        transfer.run()

    assert "exit code 1: ValueError: bad header" in caught.value.what
    assert "in request" in caught.value.what
    assert secret not in caught.value.what + " ".join(transfer.lines)


def test_a_library_that_prints_does_not_disturb_the_events(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = "import os, threading; threading.Timer(0.3, os.write, (1, b'noise')).start(); main()"
    noisy = supervise._BOOTSTRAP.replace("main()", noise)
    monkeypatch.setattr(supervise, "_BOOTSTRAP", noisy)
    transfer.hub.fault("slow", "cdn", rate=3_000_000)

    transfer.run()

    assert len(transfer.workers) == 1


def test_it_needs_no_temporary_folder_but_the_cache(
    transfer: Transfer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))  # as with a read-only root
    transfer.environ = {**transfer.environ, "TMPDIR": str(tmp_path / "nowhere")}

    transfer.run()

    assert len(transfer.workers) == 1


def test_a_supervisor_that_is_killed_takes_its_worker_with_it(hub: LocalHub, need: Need, transfer: Transfer) -> None:
    hub.fault("slow", "cdn", times=None, rate=100_000)
    item = job_item(hub, need)
    script = textwrap.dedent("""
        import json, os, sys
        from entrypoint.transfer.progress import Display
        from entrypoint.transfer.supervise import Limits, Listener, Supervisor
        from entrypoint.transfer import wire
        job = wire.decode(sys.argv[1].encode())
        tell = lambda process: process and print(process.pid, flush=True)
        listener = Listener(print, lambda snapshot: None, Display(print))
        Supervisor(job.endpoint, None, dict(os.environ), Limits(60), listener, tell).move(job.items)
    """)
    job = wire.encode(wire.Job(hub.url, None, (item,), 1)).decode()
    environ = {**transfer.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", script, job], stdout=subprocess.PIPE, env=environ) as supervisor:
        assert supervisor.stdout is not None
        worker = int(supervisor.stdout.readline())
        while not any(request.origin == "cdn" for request in hub.requests):
            assert alive(worker)
            time.sleep(0.01)

        supervisor.send_signal(signal.SIGKILL)

        until = time.monotonic() + 2
        while alive(worker) and time.monotonic() < until:
            time.sleep(0.01)
        assert not alive(worker)


@needs_mounts
@pytest.mark.parametrize("xet", [False, True], ids=["http", "xet"])
def test_a_disk_that_fills_up_in_the_middle_is_73_and_shows_the_server_nothing_half_written(
    hub: LocalHub, need: Need, transfer: Transfer, xet: bool
) -> None:
    hub.add_repo("acme/big", {"model.safetensors": WEIGHTS * 4}, xet={"model.safetensors"} if xet else ())
    need.place.path.mkdir()
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from entrypoint.failures import Failure
        from entrypoint.transfer import wire
        from entrypoint.transfer.progress import Display
        from entrypoint.transfer.supervise import Limits, Listener, Supervisor
        job = wire.decode(sys.argv[1].encode())
        for item in job.items:
            item.area.mkdir(parents=True)
        listener = Listener(lambda *a, **f: None, lambda snapshot: None, Display(print))
        try:
            Supervisor(job.endpoint, None, dict(os.environ), Limits(20), listener).move(job.items)
        except Failure as failure:
            print(failure.name, failure.exit_code, failure.what)
        for path in job.items[0].need.place.path.glob("models--*/**/*"):
            print("visible:", path) if path.is_file() or path.is_symlink() else None
    """)
    item = job_item(hub, replace(need, repo="acme/big"))
    job = wire.encode(wire.Job(hub.url, None, (item,), 1)).decode()
    environ = {**transfer.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [*mounted("-o size=8m", need.place.path), sys.executable, "-c", script, job],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"cache-too-small 73 The cache folder {need.place.path} has ")
    assert line.endswith("free; 12.0 MB are needed.")


def test_killing_a_worker_twice_or_from_a_signal_handler_is_harmless() -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)

    def handler(_number: int, _frame: object) -> None:
        supervise.kill(process)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        process.wait()  # holds the lock of Popen while the handler runs
    finally:
        signal.signal(signal.SIGALRM, before)
    supervise.kill(process)

    assert not alive(process.pid)


def test_nothing_to_move_starts_no_worker(transfer: Transfer) -> None:
    def refuse(_process: object) -> None:
        pytest.fail("a worker was started")

    listener = Listener(print, print, Display(print))
    Supervisor(transfer.hub.url, None, {}, Limits(1), listener, refuse).move([])
