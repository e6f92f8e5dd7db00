"""0 only when the server itself answers; else 1, and one line that says which of all the reasons it is."""

from __future__ import annotations

import _socket
import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.status import healthcheck
from entrypoint.status.state import PHASES, State
from tests.process.harness import Program

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers every request with the same bytes; None: never. `asked` are the requests that came."""

    def __init__(self, answer: bytes | None, family: int = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.answer = answer
        self.asked: list[bytes] = []
        self._ends = threading.Event()
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.bind((host, 0))
        self._socket.listen(8)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/health"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self.asked.append(connection.recv(4096))
                    if self.answer is None:
                        self._ends.wait(20)
                    else:
                        connection.sendall(self.answer)

    def close(self) -> None:
        self._ends.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def serving(answer: bytes | None, family: int = socket.AF_INET, host: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(answer, family, host)
    try:
        yield server
    finally:
        server.close()


def test_a_server_that_answers_is_well() -> None:
    with serving(OK) as server:
        assert healthcheck.ask_server(server.url) == (0, f"serving: {server.url} 200")

    (request,) = server.asked
    assert request.startswith(b"GET /health HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in request


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "server not ready: {url} 503"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "server unwell: {url} 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "server unwell: {url} 302"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "something other than HTTP: {url}"),
        (b"HTTP/1.1\r\n", "something other than HTTP: {url}"),
        (b"HTTP/1.1 abc\r\n", "something other than HTTP: {url}"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "something other than HTTP: {url}"),
        (b"", "something other than HTTP: {url}"),
        (b"x" * 5000, "something other than HTTP: {url}"),
    ],
)
def test_an_odd_answer_is_not_well(answer: bytes, words: str) -> None:
    with serving(answer) as server:
        code, text = healthcheck.ask_server(server.url)

    assert code == 1
    assert words.format(url=server.url) in text


def test_an_answer_in_pieces_is_put_together() -> None:
    with serving(b"HTTP/1.1 200") as server:
        assert healthcheck.ask_server(server.url)[0] == 0


def test_a_port_where_nobody_listens_is_a_server_that_is_not_up_yet() -> None:
    with serving(OK) as server:
        pass

    assert healthcheck.ask_server(server.url) == (1, f"server not up yet: {server.url}: Connection refused")


def test_a_server_that_hangs_is_waited_for_only_so_long() -> None:
    with serving(None) as server:
        assert healthcheck.ask_server(server.url, 0.2) == (1, f"server does not answer within 0.2 s: {server.url}")


def test_a_server_that_drips_is_not_waited_for_any_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def later() -> float:
        now[0] += 1.5
        return now[0]

    monkeypatch.setattr(healthcheck.time, "monotonic", later)  # type: ignore[attr-defined]
    with serving(b"HTTP/1.1") as server:
        assert "does not answer within 4 s" in healthcheck.ask_server(server.url)[1]


def test_a_name_that_is_none_is_said_in_words() -> None:
    code, text = healthcheck.ask_server("http://no-such-host.invalid:80/")

    assert code == 1
    assert text.startswith("server not up yet: http://no-such-host.invalid:80/: ")
    assert "Unknown error" not in text


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_a_server_on_ipv6_is_asked_with_brackets() -> None:
    with serving(OK, socket.AF_INET6, "::1") as server:
        assert healthcheck.ask_server(f"http://[::1]:{server.port}/health")[0] == 0

    assert f"Host: [::1]:{server.port}\r\n".encode() in server.asked[0]


def test_localhost_is_asked_at_every_address_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(_host: bytes, port: int, *_hints: int) -> list[object]:
        return [
            (_socket.AF_INET, _socket.SOCK_STREAM, 0, "", ("127.0.0.9", port)),
            (_socket.AF_INET, _socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(_socket, "getaddrinfo", both)
    with serving(OK) as server:
        assert healthcheck.ask_server(f"http://localhost:{server.port}/")[0] == 0


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "localhost:8080",
            "https://localhost/",
            "http://:8080/",
            "http://localhost:0/",
            "http://localhost:99999/",
        ),
        *("http://localhost:http/", "http://[::1/", "http://a b/", "http://h/a\r\nX: y", "http://user@h/", "http://ü/"),
        *("http://h:" + "9" * 5000, "http://h?x=1", "https://localhost/health"),
    ],
)
def test_what_is_no_plain_http_address_is_refused_with_an_example(url: str) -> None:
    code, text = healthcheck.ask_server(url)

    assert code == 1
    assert text.startswith("ENTRYPOINT_HEALTH_URL must be like http://127.0.0.1:8080/health, not ")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://127.0.0.1:8080/health"),
        ({"PORT": " "}, "http://127.0.0.1:8080/health"),
        ({"PORT": "8001"}, "http://127.0.0.1:8001/health"),
        ({"PORT": "8001", "ENTRYPOINT_HEALTH_URL": "http://localhost:$PORT/v1"}, "http://localhost:8001/v1"),
        ({"PORT": "8001", "ENTRYPOINT_HEALTH_URL": '"http://localhost:${PORT}/v1"'}, "http://localhost:8001/v1"),
        ({"PORT": '"8001"\r'}, "http://127.0.0.1:8001/health"),
        ({"ENTRYPOINT_HEALTH_URL": "http://localhost:9/"}, "http://localhost:9/"),
    ],
    ids=str,
)
def test_it_asks_where_it_is_told_to(environ: dict[str, str], url: str) -> None:
    assert healthcheck.health_url(environ) == url


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://h", ("h", 80, "/")),
        ("http://h:81", ("h", 81, "/")),
        ("HTTP://h:81/a/b?c=d", ("h", 81, "/a/b?c=d")),
        ("http://[::1]/x", ("::1", 80, "/x")),
        ("http://[::1]:8080/x", ("::1", 8080, "/x")),
    ],
)
def test_an_address_is_split(url: str, parts: tuple[str, int, str]) -> None:
    assert healthcheck.split(url) == parts


# With the state


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "serving"])
def test_while_the_entrypoint_works_its_phase_is_the_answer_even_if_somebody_listens(
    program: Program, phase: str
) -> None:
    State.open([program.folder / "state"]).enter(phase, "40 % (4 MB of 10 MB)")
    with serving(OK) as server:
        done = program("healthcheck", ENTRYPOINT_HEALTH_URL=server.url)

    assert (done.returncode, done.stdout, done.stderr) == (1, f"{phase}: 40 % (4 MB of 10 MB)\n", "")
    assert server.asked == []


@pytest.mark.parametrize("phase", ["serving", None], ids=["after the handover", "without a state"])
def test_then_the_server_is_asked(program: Program, phase: str | None) -> None:
    if phase:
        State.open([program.folder / "state"]).enter(phase, "handing over")
    with serving(OK) as server:
        well = program("healthcheck", ENTRYPOINT_HEALTH_URL=server.url)
    gone = program("healthcheck", ENTRYPOINT_HEALTH_URL=server.url)

    assert (well.returncode, well.stdout) == (0, f"serving: {server.url} 200\n")
    assert (gone.returncode, gone.stdout) == (1, f"server not up yet: {server.url}: Connection refused\n")


def test_what_is_served_in_place_of_another_model_is_said_beside_the_servers_answer(program: Program) -> None:
    note = "org/open in place of org/gated"
    State.open([program.folder / "state"]).enter("serving", "handing over", note=note)
    with serving(OK) as server:
        well = program("healthcheck", ENTRYPOINT_HEALTH_URL=server.url)
    gone = program("healthcheck", ENTRYPOINT_HEALTH_URL=server.url)

    assert (well.returncode, well.stdout) == (0, f"serving: {server.url} 200; {note}\n")
    assert (gone.returncode, gone.stdout.rstrip().endswith(f"; {note}")) == (1, True)


def test_a_text_that_the_locale_cannot_show_is_no_crash(program: Program) -> None:
    State.open([program.folder / "state"]).enter("refused", "modèle…")

    done = program("healthcheck", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert (done.returncode, done.stdout, done.stderr) == (1, "refused: modèle…\n", "")


def test_it_imports_nothing_of_others_and_little_of_pythons_own(tmp_path: Path) -> None:
    code = (
        "import json, sys; before = set(sys.modules); sys.path[:0] = sys.argv[1:]\n"
        "import os; os.environ.update(ENTRYPOINT_STATE_DIR='/nowhere', PORT='1')\n"
        "from entrypoint.cli import main\n"
        "code = main(['healthcheck'])\n"
        "print(json.dumps([code, sorted(set(sys.modules) - before)]))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(Path(__file__).parents[2])]
    code, imported = json.loads(subprocess.check_output(command, text=True).splitlines()[-1])

    costly = {
        "socket",
        "http",
        "ssl",
        "json",
        "urllib",
        "argparse",
        "logging",
        "typing",
        "pathlib",
        "re",
        "collections",
    }
    others = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - {"entrypoint"}
    assert code == 1
    assert others == set()
    assert costly & set(imported) == set()
    assert [name for name in imported if name.startswith("entrypoint")] == [
        *("entrypoint", "entrypoint.cli", "entrypoint.failures"),
        *("entrypoint.status", "entrypoint.status.healthcheck", "entrypoint.status.place"),
    ]
    assert "encodings.idna" not in imported
