"""`doctor` and `run` come to the same end: its exit code is the one with which a start would end now.

Two rows of life are not in the table. Where access is waited for (ENTRYPOINT_ON_REFUSAL=wait), a start does not end at
all, and `doctor` says so. And `doctor` tries hosts of files with one request, where a start is patient.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.doctor.conftest import TOKEN
from tests.doctor.forwarding import forwarding
from tests.needs.fake_privategpt import FakePrivateGPT, settings_of
from tests.process.harness import REPOSITORY, Program

GGUFS = {"a.Q4_K_M.gguf": b"GGUF" * 9, "a.Q8_0.gguf": b"GGUF" * 10}
OPEN = {"config.json": b"{}", "model.safetensors": b"open weights"}
FALLBACK = {"ENTRYPOINT_MODELS": "org/gated", "ENTRYPOINT_FALLBACKS": "org/gated=org/open", "HF_TOKEN": TOKEN}
BRIEF = "import time; sleep = time.sleep; time.sleep = lambda seconds: sleep(min(seconds, 0.01))\n"

Variables = dict[str, str]
Prepare = Callable[[LocalHub, Program], Variables]


def good(_hub: LocalHub, _program: Program) -> Variables:
    return {}


def in_place_and_no_hub(hub: LocalHub, program: Program) -> Variables:
    assert program("prefetch").returncode == 0
    hub.fault("status", "hub", times=None, status=503)
    return {}


def gated(answer: Any = None, **variables: str) -> Prepare:
    def prepare(hub: LocalHub, _program: Program) -> Variables:
        if answer:
            hub.set_access("alice", "org/gated", answer)
        return {"ENTRYPOINT_MODELS": "org/gated", **variables}

    return prepare


def with_variables(**variables: str) -> Prepare:
    return lambda _hub, _program: variables


def with_fault(kind: Any, **fault: Any) -> Prepare:
    def prepare(hub: LocalHub, _program: Program) -> Variables:
        hub.fault(kind, "hub", times=None, **fault)
        return {}

    return prepare


def fallback_refused_too(hub: LocalHub, _program: Program) -> Variables:
    return {**FALLBACK, "ENTRYPOINT_FALLBACKS": "org/gated=org/no-such-model"}


def missing_with_a_gated_fallback(_hub: LocalHub, _program: Program) -> Variables:
    return {**FALLBACK, "ENTRYPOINT_MODELS": "org/none", "ENTRYPOINT_FALLBACKS": "org/none=org/gated"}


def fallback_in_place_and_no_hub(hub: LocalHub, program: Program) -> Variables:
    assert program("run", "--", "true", **FALLBACK).returncode == 0
    hub.fault("status", "hub", times=None, status=503)
    return FALLBACK


def fallback_in_place_and_offline(hub: LocalHub, program: Program) -> Variables:
    assert program("run", "--", "true", **FALLBACK).returncode == 0
    return {**FALLBACK, "HF_HUB_OFFLINE": "1"}


def fallback_in_place_and_no_name_server(hub: LocalHub, program: Program) -> Variables:
    assert program("run", "--", "true", **FALLBACK).returncode == 0
    return {**FALLBACK, "HF_ENDPOINT": "https://hub.localhub.invalid"}


def fallback_in_place_but_the_way_is_shut(hub: LocalHub, program: Program) -> Variables:
    assert program("run", "--", "true", **FALLBACK).returncode == 0
    hub.fault("html", "hub", times=None, status=200)
    return FALLBACK


def without_token_but_with_a_fallback(_hub: LocalHub, _program: Program) -> Variables:
    return {**FALLBACK, "HF_TOKEN": ""}


def fallback_among_several_quantisations(hub: LocalHub, _program: Program) -> Variables:
    hub.add_repo("org/gguf", GGUFS)
    return {**FALLBACK, "ENTRYPOINT_FALLBACKS": "org/gated=org/gguf"}


def fallback_whose_file_is_not_there(hub: LocalHub, _program: Program) -> Variables:
    hub.add_repo("org/gguf", GGUFS)
    return {**FALLBACK, "ENTRYPOINT_FALLBACKS": "org/gated=org/gguf:none.gguf"}


def fallback_in_place_on_a_folder_that_is_no_more_granted(hub: LocalHub, program: Program) -> Variables:
    assert program("run", "--", "true", **FALLBACK).returncode == 0
    hub.set_repo("org/open", gated="manual")
    return FALLBACK


def in_place_but_gated_by_now_beside_several_quantisations(hub: LocalHub, program: Program) -> Variables:
    assert program("prefetch").returncode == 0
    hub.set_repo("acme/tiny", gated="manual")
    hub.add_repo("org/gguf", GGUFS)
    return {"ENTRYPOINT_MODELS": "acme/tiny org/gguf"}


def cache_in_whose_way_is(entry: str, target: str = "") -> Prepare:
    """`entry` is a symlink to `target`, or a file."""

    def prepare(_hub: LocalHub, program: Program) -> Variables:
        path = program.folder / "hf" / entry
        path.parent.mkdir(parents=True)
        if target:
            path.symlink_to(target)
        else:
            path.touch()
        return {}

    return prepare


TABLE: dict[str, tuple[Prepare, int]] = {
    "all is well": (good, 0),
    "in place, and the Hub is down": (in_place_and_no_hub, 0),
    "gated, no token": (gated(), 77),
    "gated, terms not accepted": (gated(HF_TOKEN=TOKEN), 77),
    "gated, request pending": (gated("pending", HF_TOKEN=TOKEN), 77),
    "gated, accepted": (gated("accepted", HF_TOKEN=TOKEN), 0),
    "gated, optional": (gated(ENTRYPOINT_MODELS="acme/tiny", ENTRYPOINT_OPTIONAL_MODELS="org/gated"), 0),
    "gated, with an open fallback": (with_variables(**FALLBACK), 0),
    "gated, and the fallback is refused, too": (fallback_refused_too, 77),
    "no such model, and a gated fallback": (missing_with_a_gated_fallback, 77),
    "fallback in place, and the Hub is down": (fallback_in_place_and_no_hub, 0),
    "fallback in place, and offline": (fallback_in_place_and_offline, 0),
    "fallback in place, and no name server": (fallback_in_place_and_no_name_server, 0),
    "fallback in place, and a sign-in page": (fallback_in_place_but_the_way_is_shut, 76),
    "fallback in place, and refused by now": (fallback_in_place_on_a_folder_that_is_no_more_granted, 0),
    "fallback without a token": (without_token_but_with_a_fallback, 0),
    "fallback of several quantisations": (fallback_among_several_quantisations, 78),
    "fallback without the file that it names": (fallback_whose_file_is_not_there, 77),
    "in place but gated by now, and several quantisations": (
        in_place_but_gated_by_now_beside_several_quantisations,
        78,
    ),
    "a bad token": (with_variables(HF_TOKEN="hf_" + "b" * 34), 77),
    "no such model": (with_variables(ENTRYPOINT_MODELS="acme/tinny", HF_TOKEN=TOKEN), 78),
    "no such model, and waiting": (
        with_variables(ENTRYPOINT_MODELS="acme/tinny", HF_TOKEN=TOKEN, ENTRYPOINT_ON_REFUSAL="wait"),
        78,
    ),
    "no such revision": (with_variables(ENTRYPOINT_MODELS="acme/tiny@v9"), 78),
    "no such file": (with_variables(ENTRYPOINT_MODELS="acme/tiny:*.gguf"), 78),
    "a sign-in page": (with_fault("html", status=200), 76),
    "the Hub has a fault": (with_fault("status", status=503), 69),
    "too many requests": (with_fault("status", status=429, headers={"Retry-After": "4000"}), 75),
    "a name that nobody knows": (with_variables(HF_ENDPOINT="https://hub.localhub.invalid"), 69),
    "offline, and nothing in place": (with_variables(HF_HUB_OFFLINE="1"), 78),
    "a setting that cannot be": (with_variables(ENTRYPOINT_STALL_SECONDS="soon"), 78),
    "a cache that leads nowhere": (cache_in_whose_way_is("hub", "/nonexistent/volume"), 73),
    "a cache that leads to itself": (cache_in_whose_way_is("hub", "hub"), 73),
    "a repo that leads to itself": (cache_in_whose_way_is("hub/models--acme--tiny", "models--acme--tiny"), 73),
    "a file in place of the snapshots": (cache_in_whose_way_is("hub/models--acme--tiny/snapshots"), 73),
    "a cache that cannot be": (with_variables(HF_HUB_CACHE="/dev/null/hub"), 73),
}


@pytest.fixture
def impatient(hub: LocalHub, program: Program, tmp_path: Path) -> Program:
    """The program, whose pauses between two questions are cut short."""
    folder = tmp_path / "brief"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BRIEF)
    program.variables["PYTHONPATH"] = f"{folder}:{REPOSITORY}"
    hub.add_repo("org/gated", OPEN, gated="manual")
    hub.add_repo("org/open", OPEN)
    return program


@pytest.mark.parametrize(("prepare", "code"), TABLE.values(), ids=TABLE)
def test_doctor_ends_as_a_start_would(hub: LocalHub, impatient: Program, prepare: Prepare, code: int) -> None:
    impatient.variables |= prepare(hub, impatient)

    examined = impatient("doctor", "--", "true")
    started = impatient("run", "--", "true")

    assert (examined.returncode, started.returncode) == (code, code), examined.stdout + started.stderr


LLAMA = {"llm": {"mode": "llamacpp"}, "llamacpp": {"llm_hf_repo_id": "org/llm", "llm_hf_model_file": "a.gguf"}}
LEARNS = {
    "llm": {"mode": "llamacpp"},
    "llamacpp": {
        "llm_hf_repo_id": "${PGPT_HF_REPO_ID:org/llm}",
        "llm_hf_model_file": "${PGPT_HF_MODEL_FILE:a.gguf}",
    },
}
EMBEDDING = {
    "embedding": {"mode": "huggingface"},
    "huggingface": {"embedding_hf_model_name": "${PGPT_EMBEDDING_HF_MODEL_NAME:org/gated}", "access_token": ""},
}


@pytest.mark.parametrize(
    ("settings", "fallback", "code"),
    [
        (LEARNS, "org/llm=org/gguf:a.Q8_0.gguf", 0),
        (LEARNS, "org/llm=org/gguf", 77),
        (LEARNS, "org/llm=org/gguf:*Q8*", 77),
        (LEARNS, "org/llm=org/gguf:none.gguf", 77),
        (LLAMA, "org/llm=org/gguf:a.Q8_0.gguf", 77),
        (EMBEDDING, "org/gated=org/open", 0),
        (EMBEDDING, "org/gated=org/with-code", 77),
    ],
    ids=["taken", "no file", "glob", "missing file", "not learned", "embedding", "code of a gated repo"],
)
def test_both_know_which_fallback_privategpt_would_use(
    hub: LocalHub, impatient: Program, settings: dict[str, Any], fallback: str, code: int
) -> None:
    app = FakePrivateGPT(impatient.folder)
    app.holds(settings_of("0.6", **settings))
    hub.add_repo("org/llm", {"a.gguf": b"GGUF" * 9}, gated="manual")
    hub.add_repo("org/gguf", GGUFS)
    hub.add_repo("org/code", {"modeling.py": b""}, gated="manual")
    auto_map = b'{"auto_map": {"AutoModel": "org/code--modeling.Model"}}'
    hub.add_repo("org/with-code", {**OPEN, "config.json": auto_map, "tokenizer.json": b"{}"})
    impatient.variables |= {"ENTRYPOINT_MODELS": "", "HF_TOKEN": TOKEN, "ENTRYPOINT_FALLBACKS": fallback}
    impatient.variables |= {"PATH": app.path, "PYTHONPATH": f"{impatient.variables['PYTHONPATH']}:/private_gpt/"}
    impatient.folder.joinpath("private_gpt", "__main__.py").touch()
    server = (".venv/bin/python", "-m", "private_gpt")

    examined = impatient("doctor", "--", *server)
    started = impatient("run", "--", *server)

    assert (examined.returncode, started.returncode) == (code, code), examined.stdout + started.stderr


def test_a_command_that_is_not_there_is_told_by_both(impatient: Program) -> None:
    assert impatient("doctor", "--", "no-such-server").returncode == 127
    assert impatient("run", "--", "no-such-server").returncode == 127


@pytest.mark.parametrize(("status", "code"), [(403, 76), (407, 76), (502, 69)])
def test_both_meet_the_same_proxy(impatient: Program, status: int, code: int) -> None:
    with forwarding(status) as proxy:
        assert impatient("doctor", HTTPS_PROXY=proxy).returncode == code
        assert impatient("run", "--", "true", HTTPS_PROXY=proxy).returncode == code


def test_both_meet_the_same_closed_port(impatient: Program) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://bob:pa55@127.0.0.1:{closed.getsockname()[1]}"
        examined = impatient("doctor", HTTPS_PROXY=proxy)
        started = impatient("run", "--", "true", HTTPS_PROXY=proxy)
    assert (examined.returncode, started.returncode) == (69, 69)
    for said in (examined.stdout, started.stderr):
        words = " ".join(said.split())
        assert f"correct the proxy's address in HTTPS_PROXY (now {proxy.replace('bob:pa55', '***')})" in words
        assert "pa55" not in words
