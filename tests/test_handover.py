"""What becomes of a command: refused before anything is fetched, or run as if nothing had come before it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint import handover
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import Failure
from entrypoint.settings import TOKEN_VARIABLES
from entrypoint.values import Need, Place, RepoFile
from localhub import LocalHub
from tests.process.harness import Program

TOKEN = "hf_" + "a" * 34
SHOW = """
import json, os, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "pid": os.getpid(), "cwd": os.getcwd(), "stdin": sys.stdin.read(),
    "argv": open("/proc/self/cmdline", "rb").read().hex(),
    "environ": open("/proc/self/environ", "rb").read().hex(),
    "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)),
    **{name: int(status[name], 16) for name in ("SigBlk", "SigIgn", "SigCgt")},
}))
"""
# What a Python process itself ignores and catches at its start: SIGPIPE and SIGXFSZ; SIGINT.
# glibc keeps signals 32 and 33 for itself; its posix_spawn, which make uses, leaves them ignored in the child.
LIBCS_OWN = 0b11 << 31
PYTHONS_OWN = {"SigIgn": 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1), "SigCgt": 1 << (signal.SIGINT - 1)}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", {"config.json": b"{}", "model.safetensors": b"weights"})
        yield running


def script(folder: Path, name: str, text: str, mode: int = 0o755) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


# As a process


def shown(
    program: Program, *, stdin: str = "", extra: tuple[str | bytes, ...] = (), **variables: str
) -> dict[str, object]:
    process = subprocess.Popen(
        program.command("run", "--", sys.executable, "-c", SHOW, *extra),
        env=program.environ(**variables),
        cwd=program.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = process.communicate(stdin, timeout=30)
    assert process.returncode == 0, errors
    return {**json.loads(output), "expected pid": process.pid}


def test_the_server_is_the_same_process_in_the_same_folder_with_the_same_input(program: Program) -> None:
    server = shown(program, stdin="typed\n")

    assert server["pid"] == server["expected pid"]
    assert server["cwd"] == str(program.folder)
    assert server["stdin"] == "typed\n"


def test_arguments_arrive_to_the_byte(program: Program) -> None:
    odd: tuple[str | bytes, ...] = ("", " a  b ", "--", "-x", "$HOME", "*", "a\nb", "\t", "é", b"\xff\xfe", "'\"\\")

    server = shown(program, extra=odd)

    arguments = bytes.fromhex(str(server["argv"])).split(b"\0")[3:-1]
    assert arguments == [os.fsencode(argument) for argument in odd]


def test_a_name_that_is_not_utf8_is_no_trouble(program: Program) -> None:
    path = os.path.join(os.fsencode(program.folder), b"server-\xff")  # noqa: PTH118 - bytes
    os.symlink("/bin/true", path)  # noqa: PTH211 - bytes

    assert program("run", "--", path).returncode == 0


def test_signals_are_as_in_a_fresh_process(program: Program) -> None:
    server = shown(program)
    fresh = json.loads(subprocess.check_output([sys.executable, "-c", SHOW], stdin=subprocess.DEVNULL))

    assert server["SigBlk"] == 0
    assert {name: int(str(server[name])) & ~LIBCS_OWN for name in PYTHONS_OWN} == PYTHONS_OWN
    assert {name: server[name] for name in PYTHONS_OWN} == {name: fresh[name] for name in PYTHONS_OWN}


def test_a_broken_pipe_ends_a_server_that_is_no_python(program: Program) -> None:
    looks = program("run", "--", "sh", "-c", "exec grep -E 'Sig(Ign|Blk|Cgt)' /proc/self/status")

    masks = dict(line.split(":\t") for line in looks.stdout.splitlines())
    assert int(masks["SigIgn"], 16) & ~LIBCS_OWN == 0
    assert int(masks["SigBlk"], 16) == 0


def test_a_signal_that_was_ignored_for_us_stays_ignored_for_the_server(program: Program) -> None:
    program.under = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")  # as nohup does

    looks = program("run", "--", "sh", "-c", "exec grep SigIgn /proc/self/status")

    assert int(looks.stdout.split()[1], 16) & ~LIBCS_OWN == 1 << (signal.SIGHUP - 1)


def test_no_file_of_ours_stays_open_in_the_server(program: Program, hub: LocalHub) -> None:
    program.hub = hub

    server = shown(program, ENTRYPOINT_MODELS="acme/tiny")

    assert server["fds"] == [0, 1, 2]


def test_the_servers_exit_code_is_the_containers(program: Program) -> None:
    assert program("run", "--", "sh", "-c", "exit 42").returncode == 42
    assert program("run", "--", "sh", "-c", "kill -TERM $$").returncode == -signal.SIGTERM


def environ_of(server: dict[str, object]) -> dict[str, str]:
    pairs = bytes.fromhex(str(server["environ"])).split(b"\0")[:-1]
    return dict(os.fsdecode(pair).split("=", 1) for pair in pairs)


def test_the_server_gets_the_token_under_both_names_and_where_the_model_lies(program: Program, hub: LocalHub) -> None:
    program.hub = hub
    hub.add_token(TOKEN, user="alice")

    environ = environ_of(shown(program, ENTRYPOINT_MODELS="acme/tiny", HUGGING_FACE_HUB_TOKEN=TOKEN, HF_TOKEN=""))

    assert (environ["HF_TOKEN"], environ["PGPT_HUGGINGFACE_TOKEN"]) == (TOKEN, TOKEN)
    assert Path(environ["ENTRYPOINT_MODEL_PATH"], "model.safetensors").read_bytes() == b"weights"
    assert Path(environ["ENTRYPOINT_MODEL_PATH"]).is_relative_to(program.cache)
    assert environ["ENTRYPOINT_MODEL_REPO"] == "acme/tiny"


def test_without_a_token_the_server_gets_none_not_a_blank_one(program: Program) -> None:
    environ = environ_of(shown(program, HF_TOKEN="", PGPT_HUGGINGFACE_TOKEN=" ", HUGGINGFACE_TOKEN=""))

    assert [name for name in environ if "TOKEN" in name] == []


def test_a_token_to_be_dropped_is_gone_under_every_name(program: Program) -> None:
    names: dict[str, str] = {name: TOKEN for name in TOKEN_VARIABLES if not name.endswith("_FILE")}
    path = script(program.folder, "token", TOKEN)

    program.variables = names | {"HF_TOKEN_PATH": str(path), "ENTRYPOINT_SERVER_TOKEN": "drop"}
    environ = environ_of(shown(program))

    assert [name for name, value in environ.items() if TOKEN in value or value == str(path)] == []


def test_a_variable_that_only_our_interpreter_needs_is_not_handed_on(program: Program) -> None:
    environ = program("run", "--", "env").stdout
    given = program("run", "--", "env", LC_CTYPE="C.UTF-8").stdout

    assert "LC_CTYPE" not in environ
    assert "LC_CTYPE=C.UTF-8" in given


def test_a_variable_that_is_no_utf8_arrives_as_it_was(program: Program) -> None:
    odd = os.fsdecode(b"\xff\xfe")

    assert environ_of(shown(program, ODD=odd))["ODD"] == odd


def test_a_parent_that_closed_our_output_does_not_keep_the_server_from_starting(program: Program) -> None:
    program.under = ("sh", "-c", 'exec "$@" >&-', "sh")

    assert program("run", "--", "sh", "-c", "exit 7").returncode == 7


REFUSED = {
    "nothing like it on PATH": (["no-such-server"], 127, "no-such-server was not found on PATH"),
    "no such path": (["./no/such"], 127, "./no/such was not found in "),
    "a folder": (["./folder"], 126, "./folder cannot be executed"),
    "no execute permission": (["./plain"], 126, "chmod +x ./plain"),
    "an interpreter that is not there": (["./bad"], 127, "./bad is a script for /no/such/python"),
    "windows line ends": (["./windows"], 127, "./windows is a script whose lines end as on Windows"),
    "an interpreter that is a folder": (["./dir"], 126, "./dir is a script for /tmp, which cannot be executed"),
    "no interpreter line": (["./bare"], 126, "sh ./bare"),
    "an empty interpreter line": (["./blank"], 126, "./blank is a script without an interpreter line"),
    "an empty file": (["./empty"], 126, "./empty is a script without an interpreter line"),
    "no command": ([], 64, "No command was given"),
    "a blank command": ([""], 64, "No command was given"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_command_that_cannot_run_is_refused_before_anything_is_fetched(
    program: Program, hub: LocalHub, case: str
) -> None:
    program.hub = hub
    (program.folder / "folder").mkdir()
    for name, text, mode in (
        ("plain", "#!/bin/sh\n", 0o644),
        ("bad", "#!/no/such/python -u\n", 0o755),
        ("windows", "#!/bin/sh -e\r\necho\r\n", 0o755),
        ("dir", "#! /tmp\n", 0o755),
        ("bare", "echo served\n", 0o755),
        ("blank", "#!\necho\n", 0o755),
        ("empty", "", 0o755),
    ):
        script(program.folder, name, text, mode)
    command, code, words = REFUSED[case]

    done = program("run", "--", *command, ENTRYPOINT_MODELS="acme/tiny", ENTRYPOINT_LOG="console", COLUMNS="500")

    assert done.returncode == code
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert hub.requests == []
    assert program.state["exit_code"] == code


def test_an_executable_that_the_kernel_refuses_is_126_with_the_kernels_words(program: Program) -> None:
    path = program.folder / "foreign"
    path.write_bytes(b"\x7fELF" + b"\0" * 200)
    path.chmod(0o755)

    done = program("run", "--", "./foreign", ENTRYPOINT_LOG="console")

    assert done.returncode == 126
    assert "Exec format error" in done.stderr
    assert program.phase == "failed"


# Where a command is found


def found(name: str, path: str | None = None) -> str:
    return handover.find([name], {"PATH": path} if path is not None else {})


def test_a_relative_path_is_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, ".venv/bin/python", "#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)

    assert found(".venv/bin/python") == ".venv/bin/python"


def test_the_first_that_can_be_executed_on_path_is_taken(tmp_path: Path) -> None:
    script(tmp_path, "a/serve", "#!/bin/sh\n", 0o644)
    (tmp_path / "b" / "serve").mkdir(parents=True)
    right = script(tmp_path, "c/serve", "#!/bin/sh\n")
    script(tmp_path, "d/serve", "#!/bin/sh\n")

    assert found("serve", ":".join(str(tmp_path / name) for name in "abcd")) == str(right)


def test_an_empty_part_of_path_is_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "serve", "#!/bin/sh\n")
    monkeypatch.chdir(tmp_path)

    assert found("serve", "/usr/bin:") == "./serve"


def test_without_a_path_the_usual_folders_are_searched() -> None:
    assert found("sh").endswith("bin/sh")


def test_hostile_names_are_shown_without_control_characters() -> None:
    with pytest.raises(Failure) as caught:
        found("no\x1b[2Jsuch\nserver", "/usr/bin")

    assert "\x1b" not in caught.value.what
    assert "\n" not in caught.value.what


# Where the model lies

NEED = Need("acme/tiny", Place("hub-cache", Path("/hub")), "ENTRYPOINT_MODELS")
SNAPSHOT = f"/hub/models--acme--tiny/snapshots/{'c' * 40}"


@pytest.mark.parametrize(
    ("paths", "model"),
    [
        (("config.json", "model.safetensors"), SNAPSHOT),
        (("model-Q4.gguf",), f"{SNAPSHOT}/model-Q4.gguf"),
        (("config.json", "model-Q4.gguf"), f"{SNAPSHOT}/model-Q4.gguf"),
        (("b-00002-of-00002.gguf", "b-00001-of-00002.gguf"), f"{SNAPSHOT}/b-00001-of-00002.gguf"),
        (("mmproj-F16.gguf", "z-Q4.gguf"), f"{SNAPSHOT}/z-Q4.gguf"),
        (("a-Q4.gguf", "b-Q8.gguf"), SNAPSHOT),
        (("a.gguf", "model.safetensors"), SNAPSHOT),
    ],
)
def test_the_path_of_the_model_is_its_file_if_it_is_one_else_its_folder(paths: tuple[str, ...], model: str) -> None:
    files = tuple(RepoFile(path, 1, "b" * 40) for path in paths)
    receipt = Receipt(NEED, "c" * 40, files, (0,) * len(files))

    assert handover.model_path([NEED], {NEED: receipt})["ENTRYPOINT_MODEL_PATH"] == model


def test_path_and_name_are_those_of_the_first_model_that_is_there() -> None:
    optional = replace(NEED, repo="acme/refused")
    receipt = Receipt(NEED, "c" * 40, (RepoFile("x", 1, "b" * 40),), (0,))

    assert handover.model_path([optional, NEED], {NEED: receipt}) == {
        "ENTRYPOINT_MODEL_PATH": f"{SNAPSHOT}/x",
        "ENTRYPOINT_MODEL_REPO": "acme/tiny",
    }
    assert handover.model_path([], {}) == {}


def test_what_is_set_by_hand_is_not_overwritten() -> None:
    environ = handover.environment(
        {"ENTRYPOINT_MODEL_PATH": "/mine"},
        None,
        keep_token=True,
        offline=True,
        extra={"ENTRYPOINT_MODEL_PATH": "/ours", "MORE": "1"},
    )

    assert environ == {"ENTRYPOINT_MODEL_PATH": "/mine", "HF_HUB_OFFLINE": "1", "MORE": "1"}
