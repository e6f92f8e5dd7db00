"""`python -m localhub` and the control route, as a rehearsal in another process uses them."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub
from tests.localhub.conftest import Answer, Client, ask

ACCESS = {
    "repos": {"acme/gated": {"gated": "manual", "xet": ["*.bin"], "renamed_from": ["acme/old"]}},
    "tokens": [{"token": "hf_alice", "user": "alice", "name": "laptop"}],
    "access": [{"user": "alice", "repo": "acme/gated", "state": "pending"}],
    "faults": [{"kind": "status", "route": "GET /api/models/acme/open$", "times": 1, "status": 500}],
}


@dataclass
class Served:
    """A hub in another process."""

    url: str
    ca_file: Path
    process: subprocess.Popen[str]

    def environment(self, home: Path) -> dict[str, str]:
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "SSL_CERT_FILE": str(self.ca_file)}

    def ask(self, method: str, path: str, token: str = "", body: dict[str, Any] | None = None) -> Answer:
        return ask(self, method, path, token, body=None if body is None else json.dumps(body).encode())


def folder(path: Path) -> Path:
    for name in ("acme/gated", "acme/open"):
        (path / name).mkdir(parents=True)
        (path / name / "config.json").write_text("{}")
        (path / name / "w.bin").write_bytes(b"weights")
    return path


@contextmanager
def serving(path: Path, *options: str) -> Iterator[Served]:
    command = [
        sys.executable,
        "-m",
        "localhub",
        str(folder(path / "repos")),
        "--ca-out",
        str(path / "ca.pem"),
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(process.stdout.readline().strip(), Path(process.stdout.readline().strip()), process)
        finally:
            process.terminate()
            assert process.wait(20) == 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "access.json").write_text(json.dumps(ACCESS))
    with serving(tmp_path, "--access", str(tmp_path / "access.json")) as running:
        yield running


def test_a_folder_is_served_with_its_access_file_and_changed_over_the_control_route(
    served: Served, tmp_path: Path
) -> None:
    assert served.ca_file == tmp_path / "ca.pem"
    assert served.ask("GET", "/api/models/acme/open").status == 500
    assert served.ask("GET", "/api/models/acme/open").status == 200
    assert served.ask("GET", "/api/models/acme/old/auth-check", "hf_alice").status == 307
    check = "/api/models/acme/gated/auth-check"
    assert "awaiting a review" in served.ask("GET", check, "hf_alice").json()["error"]
    accepted = {"user": "alice", "repo": "acme/gated", "state": "accepted"}
    assert served.ask("POST", "/_localhub/access", body=accepted).status == 204
    assert served.ask("GET", check, "hf_alice").body == b"OK"
    bob = {"token": "hf_bob", "user": "bob", "state": "expired", "name": "old"}
    assert served.ask("POST", "/_localhub/tokens", body=bob).status == 204
    assert served.ask("GET", check, "hf_bob").json() == {"error": 'User Access Token "old" is expired'}
    seen = served.ask("GET", "/_localhub/requests").json()
    assert [(r["method"], r["path"], r["status"]) for r in seen][-1] == ("GET", check, 401)
    assert not [r for r in seen if r["path"].startswith("/_localhub/")]
    assert served.ask("DELETE", "/_localhub/requests").status == 204
    assert served.ask("GET", "/_localhub/requests").json() == []


def test_the_real_client_fetches_from_the_command(served: Served, tmp_path: Path) -> None:
    served.ask("POST", "/_localhub/access", body={"user": "alice", "repo": "acme/gated", "state": "accepted"})
    client = Client(served, tmp_path / "home")
    assert (client.snapshot("acme/gated", "hf_alice") / "w.bin").read_bytes() == b"weights"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as running:
        running.process.send_signal(number)
        assert running.process.wait(20) == 0


def test_another_host_name_is_in_the_addresses_and_in_the_certificate(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--name", "hub.test", "--also", "cdn.test") as running:
        assert running.url.startswith("https://hub.test:")
        local = Served(running.url.replace("hub.test", "localhost"), running.ca_file, running.process)
        location = local.ask("GET", "/acme/open/resolve/main/w.bin").headers["location"]
        assert location.startswith("https://hub.test:")
        assert presented_names(local) == {"hub.test", "cdn.test", "localhost", "127.0.0.1"}


def presented_names(served: Served) -> set[str]:
    trust = ssl.create_default_context(cafile=str(served.ca_file))
    with (
        socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0), timeout=10) as raw,
        trust.wrap_socket(raw, server_hostname="hub.test") as connection,
    ):
        certificate = connection.getpeercert()
    assert certificate is not None
    return {str(value) for _, value in cast("tuple[tuple[str, str], ...]", certificate["subjectAltName"])}


def test_fixed_ports_follow_the_first(tmp_path: Path) -> None:
    with LocalHub() as free:
        port = int(free.url.rpartition(":")[2])
    with serving(tmp_path, "--port", str(port)) as running:
        assert running.url == f"https://localhost:{port}"
        location = running.ask("GET", "/acme/open/resolve/main/w.bin").headers["location"]
        assert location.startswith(f"https://localhost:{port + 1}/")


@pytest.mark.parametrize(
    ("access", "words"),
    [
        ('{"repos": {"acme/none": {}}}', "names repos that are not in"),
        ('{"repos": {"acme/open": {"colour": 1}}}', "unknown for acme/open: colour"),
        ('{"users": []}', "unknown in the access file: users"),
        ('{"access": [{"user": "a", "repo": "acme/open", "state": "maybe"}]}', "no such standing: 'maybe'"),
        ("{", "Expecting property name"),
    ],
)
def test_a_wrong_access_file_is_named(tmp_path: Path, access: str, words: str) -> None:
    (tmp_path / "access.json").write_text(access)
    command = [
        sys.executable,
        "-m",
        "localhub",
        str(folder(tmp_path / "repos")),
        "--access",
        str(tmp_path / "access.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_control_route_sets_faults_limits_clock_and_gates(hub: LocalHub) -> None:
    def post(what: str, **given: object) -> int:
        return ask(hub, "POST", f"/_localhub/{what}", body=json.dumps(given).encode()).status

    path = "/acme/tiny/resolve/main/config.json"
    assert post("repos", repo="acme/tiny", gated="auto") == 204
    assert ask(hub, "GET", path).status == 401
    assert post("repos", repo="acme/tiny", gated="") == 204
    assert post("faults", kind="status", route="hub", times=None, status=502) == 204
    assert ask(hub, "GET", path).status == 502
    assert ask(hub, "DELETE", "/_localhub/faults").status == 204
    assert post("rate-limit", bucket="resolvers", quota=1, window=10) == 204
    assert [ask(hub, "GET", path).status for _ in range(2)] == [307, 429]
    assert post("clock", advance=11) == 204
    assert ask(hub, "GET", path).status == 307


@pytest.mark.parametrize(
    ("what", "given"), [("faults", {"kind": "none", "route": "hub"}), ("access", {}), ("tokens", {"token": "hf_x"})]
)
def test_the_control_route_says_what_is_wrong(hub: LocalHub, what: str, given: dict[str, object]) -> None:
    answer = ask(hub, "POST", f"/_localhub/{what}", body=json.dumps(given).encode())
    assert answer.status == 400
    assert answer.body
