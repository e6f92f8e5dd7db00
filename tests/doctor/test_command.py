"""`doctor` as a user runs it, in a sound environment and in each broken one."""

from __future__ import annotations

import os
import re
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.cache.conftest import NOBODY, mounted, needs_mounts, needs_root
from tests.doctor.conftest import TOKEN, Report, examine
from tests.doctor.forwarding import forwarding
from tests.process.harness import Program

ORDER = ["settings", "command", "needs", "token", "proxy", "dns", "tls", "clock", "endpoint"]
ORDER += ["model", "hosts", "cache", "state"]


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_where_all_is_well_every_check_says_so_and_nothing_is_left(program: Program, hub: LocalHub) -> None:
    before = files_in(program.folder)

    report = examine(program, "echo", "served", HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (0, [])
    assert list(dict.fromkeys(check["name"] for check in report.checks)) == ORDER
    assert report.of("token")["text"] == 'HF_TOKEN: alice ("laptop", read)'
    assert report.of("model")["facts"]["verdict"] == "granted"
    assert report.of("hosts")["facts"]["kind"] == "files"
    assert report.all("cache")[0]["facts"]["needed_bytes"] == 2_000_002
    assert files_in(program.folder) == before
    assert sum(request.path == "/api/whoami-v2" for request in hub.requests) == 1


def test_the_report_for_people_is_lines_in_a_fixed_order(program: Program) -> None:
    printed = program("doctor", "--", "echo", HF_TOKEN=TOKEN)

    names = [match[1] for line in printed.stdout.splitlines() if (match := re.match(r"[✓!✗-] (\w+)  ", line))]
    assert list(dict.fromkeys(names)) == ORDER
    assert printed.stdout.endswith("A `run` would go through. Exit code 0.\n")
    assert printed.stderr == ""


def test_the_token_goes_to_the_endpoint_alone_and_no_bytes_are_fetched(program: Program, hub: LocalHub) -> None:
    examine(program, HF_TOKEN=TOKEN)

    assert {request.origin for request in hub.requests if "authorization" in request.headers} == {"hub"}
    asked_for = [request.headers.get("range") for request in hub.requests if request.origin == "cdn"]
    assert asked_for == ["bytes=0-0"]


def test_without_a_token_a_gated_model_is_bad_with_the_steps_to_one(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")

    report = examine(program)

    assert (report.code, report.bad) == (77, ["token", "model"])
    model = report.of("model")
    assert model["facts"]["verdict"] == "token-missing"
    assert any("settings/tokens" in step for step in model["steps"])


def test_terms_that_are_not_accepted_are_told_with_the_account(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")

    report = examine(program, HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (77, ["model"])
    assert report.of("model")["text"].startswith("terms-not-accepted: acme/tiny: as alice")


def test_a_token_that_the_hub_does_not_know_is_bad(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    unknown = "hf_" + "b" * 34

    report = examine(program, HF_TOKEN=unknown)

    assert report.code == 77
    assert "token" in report.bad
    assert report.of("token")["facts"]["verdict"] == "token-invalid"
    assert unknown not in report.text
    assert sum(request.path == "/api/whoami-v2" for request in hub.requests) == 1


def test_a_stand_in_for_a_refused_model_lets_a_run_through(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_repo("acme/open", {"config.json": b"{}"})

    report = examine(program, HF_TOKEN=TOKEN, ENTRYPOINT_FALLBACKS="acme/tiny=acme/open")

    assert (report.code, report.of("model")["status"]) == (0, "warning")
    assert report.of("model")["facts"]["stand_in"] == "acme/open"
    assert any("acme/tiny=acme/open" in check["text"] for check in report.all("needs"))


def test_a_refused_optional_model_lets_a_run_through(program: Program) -> None:
    report = examine(program, ENTRYPOINT_OPTIONAL_MODELS="acme/none")

    assert report.code == 0
    assert [check["status"] for check in report.all("model")] == ["ok", "warning"]


def test_a_start_that_would_wait_is_said_to(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")

    printed = program("doctor", HF_TOKEN=TOKEN, ENTRYPOINT_ON_REFUSAL="wait")

    assert printed.returncode == 77
    assert "would wait for access" in printed.stdout


def test_a_name_that_does_not_exist_is_the_name_servers_word(program: Program) -> None:
    report = examine(program, HF_ENDPOINT="https://hub.localhub.invalid")

    assert (report.code, report.bad) == (69, ["dns"])
    assert report.of("endpoint")["facts"] == {"late": "dns"}
    assert any("dns:" in step for step in report.of("dns")["steps"])


def test_a_refused_connection_is_told_for_the_endpoint(program: Program) -> None:
    report = examine(program, HF_ENDPOINT="https://127.0.0.1:9")

    assert (report.code, report.bad) == (69, ["endpoint", "model"])
    assert report.of("endpoint")["facts"]["trouble"] == "connect"


def test_an_untrusted_certificate_is_told_with_its_issuer_and_the_clock_is_still_read(program: Program) -> None:
    report = examine(program, SSL_CERT_FILE="", HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (76, ["tls", "model"])
    assert "trustme" in report.of("tls")["text"]
    assert report.of("clock")["status"] == "ok"


def test_without_trust_no_token_is_sent(program: Program, hub: LocalHub) -> None:
    examine(program, SSL_CERT_FILE="", HF_TOKEN=TOKEN)

    assert not [request for request in hub.requests if "authorization" in request.headers]


@pytest.mark.parametrize("minutes", [-90, 90])
def test_a_clock_that_is_off_is_bad(program: Program, hub: LocalHub, minutes: int) -> None:
    date = formatdate(time.time() + minutes * 60, usegmt=True)
    hub.answer(r"GET /api/models\?", 200, {"Date": date, "Content-Type": "application/json"}, "[]")

    report = examine(program)

    assert report.bad == ["clock"]
    assert report.of("clock")["facts"]["seconds_ahead"] == pytest.approx(-minutes * 60, abs=30)
    assert report.code == 76


def test_proxy_variables_that_contradict_each_other_are_warnings(program: Program) -> None:
    with forwarding() as proxy:
        report = examine(
            program, HTTPS_PROXY=proxy, https_proxy=proxy.replace("user", "other"), HTTP_PROXY="http://a:1"
        )

    assert report.code == 0
    assert [check["facts"].get("kind") for check in report.all("proxy")] == ["differ", None]
    assert report.all("proxy")[-1]["status"] == "ok"
    assert "pa55word" not in report.text


def test_a_proxy_that_is_not_used_is_pointed_out(program: Program) -> None:
    report = examine(program, HTTPS_PROXY="http://127.0.0.1:9", NO_PROXY="localhost")

    assert report.code == 0
    assert report.all("proxy")[0]["facts"]["kind"] == "exempt"


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_is_to_blame_and_not_the_hub(program: Program, hub: LocalHub, status: int) -> None:
    with forwarding(status) as proxy:
        report = examine(program, HTTPS_PROXY=proxy)

    assert (report.code, report.bad) == (76, ["proxy", "model"])
    assert str(status) in report.of("proxy")["text"]
    assert report.of("proxy")["steps"]
    assert "pa55word" not in report.text
    assert not list(hub.requests)


def test_a_proxy_that_is_not_there_is_named_as_what_is_missing(program: Program) -> None:
    report = examine(program, HTTPS_PROXY="http://user:pa55word@127.0.0.1:9")

    assert (report.code, report.bad) == (69, ["proxy", "model"])
    assert "http://***@127.0.0.1:9 (HTTPS_PROXY) itself cannot be reached" in report.of("proxy")["text"]
    assert report.of("proxy")["steps"][0].startswith("correct the proxy's address in HTTPS_PROXY")
    assert report.of("endpoint")["status"] == "skipped"


def test_a_proxy_whose_name_nobody_knows_is_told_as_the_proxy(program: Program) -> None:
    report = examine(program, https_proxy="http://proxy.localhub.invalid:3128")

    assert (report.code, report.bad) == (69, ["dns"])
    assert "name of the proxy proxy.localhub.invalid (https_proxy) could not be" in report.of("dns")["text"]
    assert report.of("dns")["steps"][0].startswith("correct the proxy's address in https_proxy")
    assert any("NO_PROXY=localhost" in step and ".invalid" not in step for step in report.of("dns")["steps"])


def test_a_proxy_that_gets_no_further_is_told_as_one_that_answers(program: Program) -> None:
    with forwarding(502) as proxy:
        report = examine(program, HTTPS_PROXY=proxy)

    assert (report.code, report.bad) == (69, ["proxy", "model"])
    assert "answers, but does not reach localhost: 502" in report.of("proxy")["text"]


def test_a_model_that_stands_in_and_is_in_place_is_enough_while_the_hub_is_down(
    program: Program, hub: LocalHub
) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_repo("acme/open", {"config.json": b"{}"})
    fallback = {"ENTRYPOINT_FALLBACKS": "acme/tiny=acme/open", "HF_TOKEN": TOKEN}
    assert program("prefetch", **fallback).returncode == 0
    hub.fault("status", "hub", times=None, status=503)

    report = examine(program, **fallback)

    assert (report.code, report.bad) == (0, [])
    assert report.of("model")["facts"] == {"repo": "acme/tiny", "stand_in": "acme/open"}
    assert "its stand-in acme/open is in place and will be taken" in report.of("model")["text"]


def test_a_stand_in_that_is_refused_too_is_told_beside_the_model(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")

    report = examine(program, ENTRYPOINT_FALLBACKS="acme/tiny=acme/none", HF_TOKEN=TOKEN)

    assert report.code == 77
    model, stand_in = report.all("model")
    assert "Its stand-in acme/none is refused, too: repo-not-found" in model["text"]
    assert stand_in["text"].startswith("repo-not-found: acme/none")
    assert stand_in["steps"]


def test_a_stand_in_that_is_in_place_is_taken_whatever_the_hub_says_of_it_now(program: Program, hub: LocalHub) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_repo("acme/open", {"config.json": b"{}"})
    fallback = {"ENTRYPOINT_FALLBACKS": "acme/tiny=acme/open", "HF_TOKEN": TOKEN}
    assert program("prefetch", **fallback).returncode == 0
    hub.set_repo("acme/open", gated="auto")

    report = examine(program, **fallback)

    assert (report.code, report.bad) == (0, [])
    assert report.of("model")["text"].endswith("Its stand-in acme/open is in place and will be taken")
    assert report.all("cache")[0]["facts"]["needed_bytes"] is None


def test_a_stand_in_that_could_still_be_had_is_waited_for(program: Program, hub: LocalHub) -> None:
    """A name that nobody has is hopeless; but the fallback's terms can be accepted."""
    hub.add_repo("acme/gated", {"config.json": b"{}"}, gated="auto")
    waits = {"HF_TOKEN": TOKEN, "ENTRYPOINT_ON_REFUSAL": "wait", "ENTRYPOINT_MODELS": "acme/none"}

    assert "would wait" in program("doctor", ENTRYPOINT_FALLBACKS="acme/none=acme/gated", **waits).stdout
    assert "would wait" not in program("doctor", ENTRYPOINT_FALLBACKS="acme/none=acme/nor-that", **waits).stdout


def test_a_sign_in_page_is_no_hub(program: Program, hub: LocalHub) -> None:
    hub.fault("html", "hub", times=None)

    report = examine(program)

    assert report.code == 76
    assert report.of("endpoint")["facts"]["verdict"] == "not-a-hub"


@pytest.mark.parametrize("reach", ["refused", "unknown"])
def test_a_file_host_behind_a_firewall_is_named(program: Program, hub: LocalHub, reach: str) -> None:
    hub.set_reach("cdn", reach)  # type: ignore[arg-type]

    report = examine(program)

    assert (report.code, report.bad) == (69, ["hosts"])
    assert report.of("hosts")["facts"]["host"] in report.of("hosts")["text"]
    assert report.of("hosts")["steps"]


def test_an_endpoint_that_grants_but_does_not_say_where_the_file_is_would_end_a_run(
    program: Program, hub: LocalHub
) -> None:
    hub.fault("status", "HEAD /acme/tiny/resolve", times=None, status=503)

    report = examine(program)

    assert (report.code, report.bad) == (69, ["hosts"])
    assert report.of("hosts")["facts"]["verdict"] == "hub-error"


def test_a_firewalls_page_in_place_of_the_files_is_no_delivery(program: Program, hub: LocalHub) -> None:
    hub.fault("html", "cdn", times=None, status=403)

    report = examine(program)

    assert (report.code, report.bad) == (76, ["hosts"])


def test_xet_storage_behind_a_firewall_is_a_warning_for_files_come_over_http(program: Program, hub: LocalHub) -> None:
    hub.add_repo("acme/xet", {"model.safetensors": b"x" * 2_000_000}, xet=["*.safetensors"])
    hub.set_reach("cas", "refused")

    report = examine(program, ENTRYPOINT_MODELS="acme/xet")

    assert report.code == 0
    assert [(check["facts"]["kind"], check["status"]) for check in report.all("hosts")] == [
        ("files", "ok"),
        ("xet", "warning"),
    ]


def test_without_xet_its_storage_is_not_asked(program: Program, hub: LocalHub) -> None:
    hub.add_repo("acme/xet", {"model.safetensors": b"x" * 2_000_000}, xet=["*.safetensors"])

    report = examine(program, ENTRYPOINT_MODELS="acme/xet", HF_HUB_DISABLE_XET="1")

    assert report.of("hosts")["facts"]["kind"] == "files"
    assert not [request for request in hub.requests if request.origin == "cas"]


def test_a_wrong_setting_is_told_with_all_others_and_the_rest_is_still_checked(program: Program) -> None:
    report = examine(program, "no-such-server", HF_TOKEN="your_token_here", ENTRYPOINT_STALL_SECONDS="soon")

    assert report.code == 78
    assert [check["facts"]["failure"] for check in report.all("settings")] == ["token-placeholder", "setting-invalid"]
    assert report.of("command")["status"] == "bad"
    assert report.of("endpoint")["status"] == "ok"
    assert report.of("model")["status"] == "ok"


def test_a_command_that_is_not_there_ends_as_a_run_would(program: Program) -> None:
    report = examine(program, "no-such-server")

    assert (report.code, report.bad) == (127, ["command"])


def test_a_bad_name_of_a_model_is_told_where_it_was_asked_for(program: Program) -> None:
    report = examine(program, ENTRYPOINT_MODELS="not a/bad/name")

    assert (report.code, report.bad) == (78, ["needs"])
    assert report.of("endpoint")["status"] == "ok"


def test_several_quantisations_are_the_users_choice(program: Program, hub: LocalHub) -> None:
    hub.add_repo("acme/gguf", {"a.Q4_K_M.gguf": b"GGUF" * 9, "a.Q8_0.gguf": b"GGUF" * 10})

    report = examine(program, ENTRYPOINT_MODELS="acme/gguf")

    assert report.code == 78
    assert report.all("model")[-1]["facts"]["failure"] == "gguf-choice-needed"


def test_a_complete_cache_needs_no_hub(program: Program, hub: LocalHub) -> None:
    assert program("prefetch").returncode == 0
    hub.fault("reset", "hub", times=None)

    report = examine(program, HF_TOKEN=TOKEN)

    assert (report.code, report.bad) == (0, [])
    assert report.of("endpoint")["status"] == "warning"
    assert report.of("model")["facts"]["in_place"] is True


def test_a_complete_cache_whose_name_server_is_gone_is_served(program: Program) -> None:
    assert program("prefetch").returncode == 0

    report = examine(program, HF_ENDPOINT="https://hub.localhub.invalid")

    assert (report.code, report.of("dns")["status"]) == (0, "warning")


def test_a_volume_that_came_back_from_a_backup_is_proved_again_and_not_written(program: Program, hub: LocalHub) -> None:
    assert program("prefetch").returncode == 0
    for path in program.cache.glob("models--*/blobs/*"):
        os.utime(path, (1, 1))
    receipts = {path: path.read_bytes() for path in program.cache.glob(".model-entrypoint/receipts/*")}
    hub.fault("reset", "hub", times=None)

    assert examine(program).code == 0
    assert {path: path.read_bytes() for path in receipts} == receipts


def test_offline_nothing_is_asked_and_a_complete_cache_passes(program: Program, hub: LocalHub) -> None:
    assert program("prefetch").returncode == 0
    hub.clear_requests()

    report = examine(program, HF_HUB_OFFLINE="1", HF_TOKEN=TOKEN)

    assert report.code == 0
    assert report.of("endpoint")["status"] == "skipped"
    assert not list(hub.requests)


def test_offline_an_incomplete_cache_ends_as_a_run_would(program: Program) -> None:
    report = examine(program, HF_HUB_OFFLINE="1")

    assert report.code == 78
    assert report.of("model")["facts"]["failure"] == "offline-incomplete"


@needs_mounts
@pytest.mark.parametrize("filled", [False, True])
def test_a_read_only_cache_passes_only_if_it_is_complete(program: Program, filled: bool) -> None:
    home = program.folder / "hf"
    home.mkdir()
    fill = f"{' '.join(map(str, program.command('prefetch')))} && " if filled else ""
    script = f'mount -t tmpfs tmpfs "{home}" && {fill}mount -o remount,ro "{home}" && exec "$@"'
    program.under = ("unshare", "--mount", "sh", "-c", script, "sh")

    report = examine(program)

    assert report.code == (0 if filled else 73)
    assert report.all("cache")[0]["status"] == ("ok" if filled else "bad")
    if not filled:
        assert report.all("cache")[0]["facts"]["failure"] == "cache-read-only"


@needs_mounts
def test_a_full_cache_is_told_with_what_is_needed(program: Program) -> None:
    home = program.folder / "hf"
    home.mkdir()
    program.under = mounted("-o size=1m", home)

    report = examine(program)

    assert report.code == 73
    assert "cache-too-small" in [check["facts"].get("failure") for check in report.all("cache")]


@needs_root
def test_a_cache_of_another_user_is_told_with_its_owner(program: Program, hub: LocalHub, open_path: Path) -> None:
    (program.folder / "hf").mkdir(mode=0o755)
    readable = program.folder / "ca.pem"
    readable.write_bytes(hub.ca_file.read_bytes())
    program.variables["SSL_CERT_FILE"] = str(readable)
    program.under = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    report = _as_far_as_python_is_open(program)

    assert report.code == 73
    cache = report.all("cache")[0]
    assert cache["facts"]["failure"] == "cache-not-writable"
    assert f"{NOBODY}:{NOBODY}" in cache["text"]
    assert "0:0" in cache["text"]


def _as_far_as_python_is_open(program: Program) -> Report:
    ended = program("doctor", "--json")
    if not ended.stdout:
        pytest.skip("the interpreter's own folder is closed to other users")
    return examine(program)


def test_a_state_folder_that_cannot_be_written_is_a_warning(program: Program) -> None:
    (program.folder / "file").touch()

    report = examine(program, ENTRYPOINT_STATE_DIR=str(program.folder / "file" / "state"))

    assert (report.code, report.of("state")["status"]) == (0, "warning")


def test_in_chinese_every_line_but_names_is_chinese(program: Program) -> None:
    printed = program("doctor", ENTRYPOINT_LANG="zh", HF_TOKEN=TOKEN).stdout

    assert "`run` 可以顺利启动。退出码 0。" in printed
    assert "剩余" in printed
    assert "access is granted" not in printed


@pytest.mark.parametrize("arguments", [("--bogus",), ("server",), ("--", "--json", "x", "--json")])
def test_what_is_no_option_is_wrong_usage(program: Program, arguments: tuple[str, ...]) -> None:
    ended = program("doctor", *arguments)

    assert ended.returncode == (127 if arguments[0] == "--" else 64)
