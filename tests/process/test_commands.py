"""The commands as a user runs them: what they leave, what they say, and the code with which they end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.cache.conftest import NOBODY, mounted, needs_mounts, needs_root
from tests.process.conftest import FILES, TOKEN, WEIGHTS
from tests.process.harness import REPOSITORY, Program

SERVE = ("run", "--", "sh", "-c", "echo served")


def visible(program: Program, repo: str = "acme--tiny") -> dict[str, bytes]:
    paths = program.cache.glob(f"models--{repo}/snapshots/*/*")
    return {path.name: path.read_bytes() for path in paths}


def leftovers(program: Program) -> list[Path]:
    """What is neither the model, nor its receipt."""
    ours = program.cache / ".model-entrypoint"
    known = (*program.cache.glob("models--*/**/*"), *(ours / "receipts").rglob("*"))
    return sorted(
        set(program.cache.rglob("*"))
        - set(known)
        - {ours, ours / "receipts", ours / "staging"}
        - set(program.cache.glob("models--*"))
    )


def test_run_fetches_serves_and_leaves_nothing_half_done(program: Program) -> None:
    done = program(*SERVE)

    assert (done.returncode, done.stdout) == (0, "served\n")
    assert visible(program) == FILES
    assert leftovers(program) == []
    assert not [path for path in program.cache.rglob("*") if path.name.endswith((".incomplete", ".lock", ".new"))]
    assert program.state["phase"] == "serving"


def test_a_second_start_asks_nobody_and_reads_no_weights(program: Program, hub: LocalHub) -> None:
    program(*SERVE)
    hub.clear_requests()

    done = program(*SERVE)

    assert (done.returncode, done.stdout) == (0, "served\n")
    assert hub.requests == []
    assert hub.tls_failures == []


def test_what_the_hubs_own_client_brought_is_proved_and_not_fetched_again(program: Program, hub: LocalHub) -> None:
    fetch = "import huggingface_hub; huggingface_hub.snapshot_download('acme/tiny')"
    subprocess.run([sys.executable, "-c", fetch], env=program.environ(), check=True, capture_output=True)
    hub.clear_requests()

    assert program(*SERVE).stdout == "served\n"
    assert [request.path for request in hub.requests if "/resolve" in request.path or request.origin == "cdn"] == []


@pytest.mark.parametrize("damage", ["shortened", "changed", "removed", "unlinked"])
def test_a_file_that_was_damaged_since_is_fetched_again_and_only_it(
    program: Program, hub: LocalHub, damage: str
) -> None:
    program(*SERVE)
    (pointer,) = program.cache.glob("models--acme--tiny/snapshots/*/model.safetensors")
    blob = pointer.resolve()
    if damage == "shortened":
        os.truncate(blob, 0)
    elif damage == "changed":
        blob.write_bytes(WEIGHTS[:-1] + b"!")
    else:
        (blob if damage == "removed" else pointer).unlink()
    hub.clear_requests()

    assert program(*SERVE).stdout == "served\n"

    assert visible(program) == FILES
    moved = [request for request in hub.requests if request.origin == "cdn"]
    assert len(moved) == (0 if damage == "unlinked" else 1)
    assert not [request for request in hub.requests if request.path.endswith("config.json")]


def test_prefetch_ends_with_0_and_starts_nothing(program: Program) -> None:
    done = program("prefetch")

    assert (done.returncode, done.stdout) == (0, "")
    assert visible(program) == FILES


def test_plan_tells_what_would_come_and_writes_nothing(program: Program, hub: LocalHub) -> None:
    done = program("plan")

    assert done.returncode == 0
    assert "2 of 2 files to fetch (ENTRYPOINT_MODELS)" in done.stdout
    assert re.search(r"3\.0 MB +model\.safetensors\n", done.stdout)
    assert sorted(path.name for path in program.folder.rglob("*") if "hf" not in path.parts or path.is_file()) in (
        [],
        ["hf"],
    )
    assert {request.origin for request in hub.requests} == {"hub"}

    program("prefetch")
    assert "in place and proved" in program("plan").stdout


def test_status_and_healthcheck_tell_how_it_ended(program: Program, hub: LocalHub) -> None:
    assert "unknown" in program("status").stdout
    hub.set_repo("acme/tiny", gated="auto")

    program(*SERVE)

    assert program("status").stdout.startswith("refused since ")
    assert json.loads(program("status", "--json").stdout)["exit_code"] == 77
    check = program("healthcheck")
    assert check.returncode == 1
    assert check.stdout.startswith("refused: token-missing: acme/tiny: ")
    assert check.stdout.count("\n") == 1


CASES = {
    "a gated model and no token": (77, {}, "token-missing"),
    "no such model": (77, {"ENTRYPOINT_MODELS": "acme/none"}, "repo-missing-or-private"),
    "no such revision": (78, {"ENTRYPOINT_MODELS": "acme/tiny@v9"}, "revision-not-found"),
    "no such file": (78, {"ENTRYPOINT_MODELS": "acme/tiny:*.gguf"}, "file-not-found"),
    "no model's name": (78, {"ENTRYPOINT_MODELS": "../etc"}, "bad-model-name"),
    "a choice of quantisations": (78, {"ENTRYPOINT_MODELS": "acme/quants"}, "gguf-choice-needed"),
    "a token that cannot be one": (78, {"HF_TOKEN": "your_token_here"}, "token"),
    "a certificate file that is not there": (78, {"SSL_CERT_FILE": "/no/such.pem"}, "/no/such.pem"),
    "a portal's page": (76, {}, "not-a-hub"),
    "offline and nothing there": (78, {"HF_HUB_OFFLINE": "1"}, "offline-incomplete"),
    "a cache that is a file": (73, {"HF_HOME": "file"}, "cache"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_trouble_has_its_code_its_name_and_no_traceback(program: Program, hub: LocalHub, case: str) -> None:
    code, variables, words = CASES[case]
    hub.add_repo("acme/quants", {"a.Q4.gguf": b"x", "a.Q8.gguf": b"y"})
    (program.folder / "file").touch()
    variables = {name: str(program.folder / value) if value == "file" else value for name, value in variables.items()}
    if case == "a gated model and no token":
        hub.set_repo("acme/tiny", gated="auto")
    if case == "a portal's page":
        hub.fault("html", "hub", times=None)

    done = program(*SERVE, ENTRYPOINT_LOG="console", ENTRYPOINT_DEADLINE_SECONDS="1", **variables)

    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert program.state["exit_code"] == code
    assert not list(program.cache.glob("models--*/snapshots/*/*"))


def test_an_unknown_command_is_64(program: Program) -> None:
    done = program("fetch")

    assert done.returncode == 64
    assert "not understood: fetch" in done.stderr


def test_an_optional_model_that_is_refused_does_not_keep_the_server_from_starting(
    program: Program, hub: LocalHub
) -> None:
    hub.add_repo("acme/gated", {"model.safetensors": b"x"}, gated="manual")

    done = program(*SERVE, ENTRYPOINT_OPTIONAL_MODELS="acme/gated", ENTRYPOINT_LOG="console")

    assert (done.returncode, done.stdout) == (0, "served\n")
    assert "acme/gated" in done.stderr
    assert visible(program) == FILES


def test_an_optional_model_that_cannot_be_fetched_does_not_either(program: Program, hub: LocalHub) -> None:
    hub.add_repo("acme/extra", {"model.safetensors": b"x" * 100})
    hub.fault("status", "/acme/extra/resolve/", times=None, status=403, headers={"X-Error-Message": "No."})

    done = program(*SERVE, ENTRYPOINT_OPTIONAL_MODELS="acme/extra")

    assert (done.returncode, done.stdout) == (0, "served\n"), done.stderr


def test_access_that_is_lost_in_the_middle_is_77_and_says_that_something_was_fetched(
    program: Program, hub: LocalHub
) -> None:
    words = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Your request has been rejected by the repo's authors."}
    hub.fault("status", "resolve/.*/model.safetensors", times=None, status=403, headers=words)

    done = program(*SERVE, ENTRYPOINT_LOG="console")

    assert done.returncode == 77
    assert "rejected" in done.stderr
    assert "Nothing was downloaded" not in done.stderr


def test_bytes_that_stay_wrong_are_74(program: Program, hub: LocalHub) -> None:
    hub.fault("corrupt", "cdn", times=None, offset=5)

    done = program(*SERVE, ENTRYPOINT_LOG="console")

    assert done.returncode == 74
    assert "content-mismatch" in done.stderr
    assert "model.safetensors" not in visible(program)


def test_offline_a_complete_cache_serves_and_an_incomplete_one_is_78(program: Program, hub: LocalHub) -> None:
    program("prefetch")
    hub.clear_requests()

    assert program(*SERVE, HF_HUB_OFFLINE="1").stdout == "served\n"
    incomplete = program(*SERVE, HF_HUB_OFFLINE="1", ENTRYPOINT_MODELS="acme/tiny acme/other", ENTRYPOINT_LOG="console")

    assert incomplete.returncode == 78
    assert "acme/other" in incomplete.stderr
    assert hub.requests == []


def test_a_token_appears_in_nothing_that_is_said_or_written(program: Program, hub: LocalHub) -> None:
    hub.add_token(TOKEN, user="alice")
    hub.set_repo("acme/tiny", gated="auto")

    refused = program(*SERVE, HF_TOKEN=TOKEN)
    hub.set_access("alice", "acme/tiny", "accepted")
    served = program(*SERVE, HF_TOKEN=TOKEN)

    assert (refused.returncode, served.returncode) == (77, 0)
    said = refused.stdout + refused.stderr + served.stdout + served.stderr
    written = b"".join(path.read_bytes() for path in program.folder.rglob("*") if path.is_file())
    assert TOKEN not in said
    assert TOKEN.encode() not in written
    assert hub.leaks == []


def test_a_defect_is_70_with_a_report_file_and_no_traceback(program: Program, hub: LocalHub) -> None:
    hub.add_token(TOKEN, user="alice")
    (program.folder / "trick").mkdir()
    (program.folder / "trick/sitecustomize.py").write_text(
        f"import entrypoint.plan\ndef make(*a, **k): raise ZeroDivisionError('{TOKEN}')\nentrypoint.plan.make = make\n"
    )
    (program.folder / "tmp").mkdir()
    variables = {"PYTHONPATH": f"{REPOSITORY}:{program.folder}/trick", "TMPDIR": str(program.folder / "tmp")}

    done = program(*SERVE, HF_TOKEN=TOKEN, ENTRYPOINT_LOG="console", **variables)

    assert (done.returncode, done.stdout) == (70, "")
    assert "Traceback" not in done.stderr
    assert "mistake in model-entrypoint" in done.stderr
    (report,) = (program.folder / "tmp").iterdir()
    assert report.name in done.stderr.replace("\n", "")
    assert "ZeroDivisionError" in report.read_text()
    assert TOKEN not in done.stderr + report.read_text()
    assert program.state["exit_code"] == 70


@needs_mounts
def test_a_complete_volume_serves_also_where_it_is_mounted_read_only(program: Program, hub: LocalHub) -> None:
    program("prefetch")
    hub.clear_requests()
    mount = f'mount --bind "{program.cache}" "{program.cache}" && mount -o remount,ro,bind "{program.cache}"'
    program.under = ("unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")

    warm = program(*SERVE)
    assert (warm.returncode, warm.stdout, hub.requests) == (0, "served\n", [])

    for receipt in (program.cache / ".model-entrypoint/receipts").iterdir():
        receipt.unlink()
    proved = program(*SERVE)
    assert (proved.returncode, proved.stdout) == (0, "served\n"), proved.stderr
    assert [request for request in hub.requests if request.origin == "cdn"] == []


@needs_mounts
def test_an_incomplete_one_that_is_mounted_read_only_is_73_before_the_first_byte(
    program: Program, hub: LocalHub
) -> None:
    program.cache.mkdir(parents=True)
    program.under = mounted("-o ro", program.cache)

    done = program(*SERVE, ENTRYPOINT_LOG="console")

    assert done.returncode == 73
    assert "cache-read-only" in done.stderr
    assert [request for request in hub.requests if "/resolve" in request.path] == []


def test_what_is_fetched_under_a_closed_umask_is_readable_for_the_servers_user(program: Program) -> None:
    program.under = ("sh", "-c", 'umask 077; exec "$@"', "sh")

    program("prefetch")

    closed = [path for path in program.cache.rglob("*") if path.stat().st_mode & 0o044 != 0o044]
    assert closed == []
    assert (program.folder / "state").stat().st_mode & 0o055 == 0o055


def test_several_models_come_together_and_share_one_volume(program: Program, hub: LocalHub) -> None:
    hub.add_repo("acme/other", {"config.json": b"{}", "model.safetensors": WEIGHTS[:1000]})
    models = "acme/tiny acme/tiny:config.json,*.safetensors acme/other"

    done = program(*SERVE, ENTRYPOINT_MODELS=models)

    assert (done.returncode, done.stdout) == (0, "served\n"), done.stderr
    assert visible(program) == FILES
    assert visible(program, "acme--other") == {"config.json": b"{}", "model.safetensors": WEIGHTS[:1000]}
    assert leftovers(program) == []
    assert len([request for request in hub.requests if request.origin == "cdn"]) == 2
    hub.clear_requests()
    assert program(*SERVE, ENTRYPOINT_MODELS=models).stdout == "served\n"
    assert hub.requests == []


def test_a_company_proxy_for_everything_is_no_obstacle_to_a_warm_start(program: Program) -> None:
    program("prefetch")

    assert program(*SERVE, HTTPS_PROXY="http://127.0.0.1:9").stdout == "served\n"


@needs_root
def test_a_cache_of_another_user_is_73_with_the_chown_line_before_the_first_byte(
    program: Program, hub: LocalHub, tmp_path: Path
) -> None:
    program.cache.mkdir(parents=True)
    (tmp_path / "state").mkdir()
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o711)
    (tmp_path / "state").chmod(0o777)
    code = (
        # All before the change of user, who may not be allowed to read the folder in which the tests lie.
        "import importlib, os, pkgutil, sys, entrypoint, structlog, huggingface_hub.hf_api, tenacity\n"
        "for module in pkgutil.walk_packages(entrypoint.__path__, 'entrypoint.'):\n"
        "    if not module.name.endswith(('.__main__', '.privategpt_probe')): importlib.import_module(module.name)\n"
        "from entrypoint import cli\n"
        "import _strptime, encodings.idna, ssl\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); sys.exit(cli.main(sys.argv[1:]))"
    )
    ca = tmp_path / "ca.pem"
    ca.write_bytes(hub.ca_file.read_bytes())
    ca.chmod(0o644)

    done = subprocess.run(
        [sys.executable, "-c", code, *SERVE],
        env=program.environ(ENTRYPOINT_LOG="console", SSL_CERT_FILE=str(ca)),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 73, done.stderr
    assert f"chown -R {NOBODY}:{NOBODY} {program.cache}" in " ".join(done.stderr.split())
    assert [request for request in hub.requests if "/resolve" in request.path or request.origin == "cdn"] == []
