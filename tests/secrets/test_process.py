"""The program as a process, at a hub that says the token back in every answer: nobody can read it anywhere."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from localhub import LocalHub
from tests.process.harness import Program, descendants, until
from tests.secrets.forms import FORMS, seen

HUB_TOKEN = "hf_" + "Qz7Kd0Vw3XjR8tYb5NmLs2Pc9GhF4a6Ee1"
MIRROR_TOKEN = "Qz7:K%d0/Vw3+X=jR8'tYb\"5Nm\\Ls2@Pc9?Xkey=Gh&F4a"
PASSWORD = "Wk4%41/Zt:9@uJx+6Bq"
TOKENS = pytest.mark.parametrize("token", [HUB_TOKEN, MIRROR_TOKEN], ids=["hub token", "mirror token"])
# What fits into a header: the rest comes in bodies.
IN_HEADERS = [name for name in FORMS if not name.startswith("torn") and name not in ("many", "traceback")]


def echo(token: str) -> str:
    return " ".join(FORMS[name](token) for name in IN_HEADERS)


def headers(token: str, code: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-Error-Code": code,
        "X-Error-Message": FORMS["header"](token) + " " + echo(token),
        "WWW-Authenticate": f'Bearer realm="{quote(token)}"',
        "Link": f'<https://hub.test/?token={quote(token)}>; rel="next"',
        "X-Request-Id": quote(token),
    }


def whoami(token: str) -> bytes:
    own = {"role": "fineGrained", "displayName": f"laptop {token}", "fineGrained": {"scoped": []}}
    return json.dumps({"name": token, "orgs": [{"name": token}], "auth": {"accessToken": own}}).encode()


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.add_repo("acme/tiny", {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 4000})
        running.add_repo("acme/gated", {"config.json": b"{}"}, gated="manual")
        yield running


@pytest.fixture
def program(hub: LocalHub, tmp_path: Path) -> Program:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return Program(tmp_path, hub, {"ENTRYPOINT_MODELS": "acme/tiny", "TMPDIR": str(temporary)})


def check(program: Program, secret: str, *outputs: str) -> None:
    """No output, no file and no name of a file in the program's folders has the secret."""
    for output in outputs:
        assert not seen(secret, output)
    for path in program.folder.rglob("*"):
        assert not seen(secret, str(path.relative_to(program.folder)))
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 100_000:
            assert not seen(secret, path.read_text(encoding="utf-8", errors="replace")), path


def ended(program: Program, *arguments: str, **variables: str) -> str:
    done = program(*arguments, **variables)
    assert done.returncode not in (0, 70), done.stderr
    return done.stdout + done.stderr


@TOKENS
@pytest.mark.parametrize(
    ("log", "lang", "status", "code"),
    [("json", "en", 403, "GatedRepo"), ("console", "zh", 401, ""), ("", "en", 400, "")],
)
def test_a_hub_that_says_the_token_back_is_not_quoted_with_it(
    program: Program, hub: LocalHub, token: str, log: str, lang: str, status: int, code: str
) -> None:
    said = json.dumps({"error": " ".join(form(token) for form in FORMS.values())}).encode()
    hub.answer("auth-check", status, headers(token, code), said)
    hub.answer("/api/models/acme/tiny$", status, headers(token, code), said)
    hub.answer("whoami", 200, {"Content-Type": "application/json"}, whoami(token))
    program.variables |= {"HF_TOKEN": token, "ENTRYPOINT_LOG": log, "ENTRYPOINT_LANG": lang}

    outputs = [ended(program, "run", "--", "echo", "served"), ended(program, "plan")]
    outputs += [program("status").stdout, program("status", "--json").stdout, program("healthcheck").stdout]
    assert program.phase == "refused"

    check(program, token, *outputs)
    assert hub.leaks == []


@TOKENS
@pytest.mark.parametrize("arguments", [("doctor",), ("doctor", "--json")], ids=" ".join)
def test_the_doctor_does_not_show_the_token(
    program: Program, hub: LocalHub, token: str, arguments: tuple[str, ...]
) -> None:
    hub.answer("auth-check", 403, headers(token, "GatedRepo"), FORMS["json"](token))
    hub.answer("whoami", 200, {"Content-Type": "application/json"}, whoami(token))
    check(program, token, ended(program, *arguments, HF_TOKEN=token))
    assert hub.leaks == []


@TOKENS
def test_an_answer_that_cannot_be_understood_is_not_quoted_with_the_token(
    program: Program, hub: LocalHub, token: str
) -> None:
    answer = {"id": "acme/tiny", "sha": token, "gated": token, "siblings": [], "error": token}
    hub.answer("/revision/main", 200, {"Content-Type": "application/json"}, json.dumps(answer))
    check(program, token, ended(program, "prefetch", HF_TOKEN=token))


@TOKENS
def test_a_redirect_to_the_token_is_not_told_with_it(program: Program, hub: LocalHub, token: str) -> None:
    away = f"https://user:{quote(token, safe='')}@127.0.0.1:1/{quote(token, safe='')}?token={quote(token)}"
    hub.answer("/api/models/acme/tiny/auth-check", 307, {"Location": away}, token)
    hub.answer("/resolve/", 302, {"Location": away}, token)
    check(program, token, ended(program, "prefetch", HF_TOKEN=token, ENTRYPOINT_DEADLINE_SECONDS="4"))
    assert hub.leaks == []


@pytest.mark.parametrize("token", [HUB_TOKEN, "Qz7Kd0Vw3+XjR8=tYb5Nm"], ids=["hub token", "mirror token"])
def test_no_file_is_named_after_the_token(program: Program, hub: LocalHub, token: str) -> None:
    files = {f"{form}.json": b"{}" for form in (token, quote(token, safe=""), FORMS["percent"](token))}
    hub.add_token(token, user="alice")
    hub.add_repo("acme/echo", {"config.json": b"{}", "model.safetensors": b"weights", **files})
    told = ended(program, "prefetch", HF_TOKEN=token, ENTRYPOINT_MODELS="acme/echo")
    assert any("/tree/" in request.path for request in hub.requests), told
    check(program, token, told)


@pytest.mark.parametrize("token", [HUB_TOKEN, "Qz7Kd0Vw3+XjR8=tYb5Nm"], ids=["hub token", "mirror token"])
def test_no_argument_list_holds_the_token_while_a_transfer_runs(program: Program, hub: LocalHub, token: str) -> None:
    hub.add_token(token, user="alice")
    hub.fault("slow", "cdn", times=None, rate=200_000)
    process = program.start("prefetch", HF_TOKEN=token)
    lines: set[str] = set()
    try:
        until(lambda: program.phase == "fetching" or process.poll() is not None)
        end = time.monotonic() + 1.0
        while process.poll() is None and time.monotonic() < end:
            for pid in (process.pid, *descendants(process.pid)):
                try:
                    lines.add(Path(f"/proc/{pid}/cmdline").read_text())
                except OSError:
                    continue
            time.sleep(0.05)
    finally:
        process.kill()
        output, _ = process.communicate()
    assert any("worker" in line for line in lines), (lines, output)
    check(program, token, output, *lines)
    assert hub.leaks == []


@pytest.mark.parametrize("log", ["console", "json"])
@pytest.mark.parametrize("command", ["prefetch", "doctor"])
def test_a_proxys_password_is_not_shown(program: Program, hub: LocalHub, log: str, command: str) -> None:
    proxy = f"http://bob:{quote(PASSWORD, safe='')}@127.0.0.1:1"
    variables = {"HTTPS_PROXY": proxy, "ENTRYPOINT_DEADLINE_SECONDS": "1", "ENTRYPOINT_LOG": log}
    check(program, PASSWORD, ended(program, command, **variables))


@pytest.mark.parametrize(
    "variables",
    [
        {"HF_TOKEN": "T", "HF_ENDPOINT": "https://user:T@hub.test"},
        {"HF_TOKEN": "T", "HF_ENDPOINT": "https://T@hub.test"},
        {"HF_TOKEN": "T", "HF_ENDPOINT": "T"},
        {"HF_TOKEN": "T", "HF_ENDPOINT": "https://hub.test/T?x"},
        {"HF_TOKEN": "T", "ENTRYPOINT_MODELS": "T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_MODELS": "org/T@T:T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_MODELS": "../T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_FALLBACKS": "org/T=T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_STALL_SECONDS": "T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_ON_REFUSAL": "T"},
        {"HF_TOKEN": "T", "ENTRYPOINT_HEALTH_URL": "http://127.0.0.1/T?token=T x"},
        {"HF_TOKEN": "T", "SSL_CERT_FILE": "/nowhere/T"},
        {"HF_TOKEN": "T", "HTTPS_PROXY": "socks5://T:T@proxy.test"},
        {"HF_TOKEN_FILE": "T"},
        {"HF_TOKEN_PATH": "T"},
        {"HF_TOKEN": "T T"},
        {"HF_TOKEN": "HF_TOKEN=T"},
    ],
    ids=lambda variables: " ".join(f"{name}={value}" for name, value in variables.items()),
)
@pytest.mark.parametrize("token", [HUB_TOKEN, "Qz7Kd0Vw3XjR8tYb5Nm"], ids=["hub token", "mirror token"])
def test_a_wrong_setting_is_named_without_the_token_that_stands_in_it(
    tmp_path: Path, variables: dict[str, str], token: str
) -> None:
    style = "json" if "ENTRYPOINT_MODELS" in variables else "console"
    program = Program(tmp_path, None, {"HF_ENDPOINT": "https://hub.test", "ENTRYPOINT_LOG": style})
    program.variables |= {name: re.sub(r"\bT\b", token, value) for name, value in variables.items()}
    told = program("prefetch", ENTRYPOINT_DEADLINE_SECONDS="1")
    check(program, token, told.stdout + told.stderr, program("healthcheck").stdout)


@pytest.mark.parametrize("address", ["http://u:T@127.0.0.1:1/x", "http://127.0.0.1:1/T", "http://127.0.0.1:1/?token=T"])
def test_the_healthcheck_does_not_show_a_secret_of_its_address(tmp_path: Path, address: str) -> None:
    program = Program(tmp_path)
    told = program("healthcheck", ENTRYPOINT_HEALTH_URL=address.replace("T", HUB_TOKEN))
    assert told.returncode == 1
    assert told.stdout.count("\n") == 1
    check(program, HUB_TOKEN, told.stdout + told.stderr)


def test_an_unknown_setting_and_an_unknown_command_are_told_without_the_token(program: Program) -> None:
    program.variables["HF_TOKEN"] = HUB_TOKEN
    told = program("plan", **{f"ENTRYPOINT_{HUB_TOKEN}": HUB_TOKEN})
    assert "setting-unknown" in told.stderr
    misused = program(HUB_TOKEN, "x")
    assert misused.returncode == 64
    check(program, HUB_TOKEN, told.stdout + told.stderr, misused.stdout + misused.stderr)


def test_a_defect_is_reported_without_the_token(program: Program) -> None:
    """A mistake of our own in the midst of it: the report file is sent to strangers."""
    program.variables["HF_TOKEN"] = MIRROR_TOKEN
    broken = (
        "import sys\nfrom entrypoint import cli, start\n"
        "def hub(self): raise KeyError('Bearer ' + self.settings.token.value, self.settings.environ['HF_TOKEN'])\n"
        "start.Start.ask_patiently_for = lambda self, needs: hub(self)\n"
        "sys.exit(cli.main(['prefetch']))"
    )
    done = subprocess.run(
        [program.command()[0], "-c", broken],
        env=program.environ(),
        cwd=program.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70, done.stderr
    (report,) = (program.folder / "tmp").glob("model-entrypoint-defect-*")
    assert "KeyError" in report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o077 == 0
    check(program, MIRROR_TOKEN, done.stdout + done.stderr)


def test_a_plan_does_not_show_the_token_that_stands_in_a_models_name(program: Program, hub: LocalHub) -> None:
    token = "Qz7Kd0Vw3XjR8tYb5Nm"
    hub.add_token(token, user="alice")
    hub.add_repo(f"acme/{token}", {"config.json": b"{}", "model.safetensors": b"weights"})
    done = program("plan", HF_TOKEN=token, ENTRYPOINT_MODELS=f"acme/{token}")
    assert "files to fetch" in done.stdout
    check(program, token, done.stdout + done.stderr)
