"""`doctor` in each network that is broken on purpose: the line that is bad, its remedy, and the code."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.network.certificates import DATES, showing
from tests.network.conftest import PASSWORD, TOKEN, USER
from tests.network.proxies import Proxy
from tests.network.reading import holding, said, tells
from tests.process.harness import Program

DOCTOR_SECONDS = 10


def bad(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The checks that `doctor --json` found bad, by name; each has its steps."""
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"] if check["status"] == "bad"}
    assert all(check["steps"] for check in found.values()), found
    return found


def status(done: subprocess.CompletedProcess[str], name: str) -> set[str]:
    return {check["status"] for check in json.loads(done.stdout)["checks"] if check["name"] == name}


def test_behind_inspection_without_the_ca_it_is_tls_that_is_bad(program: Program, inspecting: Proxy) -> None:
    variables = {"ENTRYPOINT_MODELS": "acme/gated", "HF_TOKEN": TOKEN, "HTTPS_PROXY": inspecting.url}

    done = program("doctor", "--json", **variables)
    shown = program("doctor", **variables)

    assert (done.returncode, shown.returncode) == (76, 76), said(done)
    assert "mitmproxy" in bad(done)["tls"]["text"]
    assert any("SSL_CERT_FILE" in step for step in bad(done)["tls"]["steps"])
    assert status(done, "proxy") == {"ok"}
    assert "✗ tls" in said(shown)
    assert "mitmproxy" in said(shown)
    assert "SSL_CERT_FILE" in said(shown)
    # it looks on without trust, for the time of day, but as nobody
    assert [event for event in inspecting.seen("request") if "authorization" in event["headers"]] == []
    assert not tells(TOKEN, done, shown)


@pytest.mark.parametrize("repo", ["acme/gated", "acme/in-xet"])
def test_behind_inspection_with_the_ca_all_is_well(program: Program, inspecting: Proxy, repo: str) -> None:
    done = program(
        *("doctor", "--json"),
        ENTRYPOINT_MODELS=repo,
        HF_TOKEN=TOKEN,
        HTTPS_PROXY=inspecting.url,
        SSL_CERT_FILE=str(inspecting.ca_file),
    )

    assert done.returncode == 0, said(done)
    assert bad(done) == {}
    assert [status(done, name) for name in ("proxy", "tls", "endpoint", "hosts", "model")] == [{"ok"}] * 5
    assert "mitmproxy" in said(done)


def test_a_proxy_that_refuses_is_named_without_its_password(program: Program, forwarding: Proxy) -> None:
    forwarding.decide(refuse=".")
    address = forwarding.with_credentials(USER, PASSWORD)

    done = program("doctor", "--json", HTTPS_PROXY=address)
    shown = program("doctor", HTTPS_PROXY=address)

    assert (done.returncode, shown.returncode) == (76, 76), said(done)
    assert f"http://***@127.0.0.1:{forwarding.port}" in bad(done)["proxy"]["text"]
    assert "✗ proxy" in said(shown)
    assert not tells(PASSWORD, done, shown)
    assert holding(program, PASSWORD) == []


def test_a_proxy_that_wants_a_password_gets_it_and_all_is_well(program: Program, asking: Proxy) -> None:
    refused = program("doctor", "--json", HTTPS_PROXY=asking.url)
    passed = program("doctor", "--json", HTTPS_PROXY=asking.with_credentials(USER, PASSWORD))

    assert refused.returncode == 76, said(refused)
    assert any("HTTPS_PROXY=http://name:password@proxy:port" in step for step in bad(refused)["proxy"]["steps"])
    assert passed.returncode == 0, said(passed)
    assert not tells(PASSWORD, passed)


def test_a_file_host_that_the_proxy_refuses_is_the_only_thing_that_is_bad(
    program: Program, forwarding: Proxy, hub: LocalHub
) -> None:
    hub.set_reach("cdn", "unknown")
    forwarding.decide(refuse="cdn.localhub.invalid")

    done = program("doctor", "--json", HTTPS_PROXY=forwarding.url)

    assert done.returncode == 76, said(done)
    assert bad(done).keys() == {"hosts"}
    assert "cdn.localhub.invalid" in bad(done)["hosts"]["text"]
    assert any("cdn.localhub.invalid" in step for step in bad(done)["hosts"]["steps"])


def test_without_the_xet_storage_it_still_goes_by_http(program: Program, forwarding: Proxy, hub: LocalHub) -> None:
    hub.set_reach("cas", "unknown")
    forwarding.decide(refuse="cas.localhub.invalid")

    done = program("doctor", "--json", ENTRYPOINT_MODELS="acme/in-xet", HTTPS_PROXY=forwarding.url)

    assert done.returncode == 0, said(done)
    assert status(done, "hosts") == {"ok", "warning"}
    assert "cas.localhub.invalid" in said(done)


def test_a_sign_in_page_is_no_hub(program: Program, inspecting: Proxy) -> None:
    inspecting.decide(page=".")

    done = program("doctor", "--json", HTTPS_PROXY=inspecting.url, SSL_CERT_FILE=str(inspecting.ca_file))

    assert done.returncode == 76, said(done)
    assert "not-a-hub" in bad(done)["endpoint"]["text"]


@pytest.mark.parametrize("rule", ["page", "refuse"])
def test_a_page_in_place_of_the_files_alone_is_told_of_their_host(
    program: Program, inspecting: Proxy, rule: str
) -> None:
    inspecting.decide(**{rule: "/repos/"})

    done = program("doctor", "--json", HTTPS_PROXY=inspecting.url, SSL_CERT_FILE=str(inspecting.ca_file))

    assert done.returncode == 76, said(done)
    assert bad(done).keys() == {"hosts"}
    assert "not-a-hub" in bad(done)["hosts"]["text"]


def test_a_hub_without_tls_behind_a_proxy_that_answers_403_by_itself(
    program: Program, forwarding: Proxy, plain_hub: LocalHub
) -> None:
    program.hub = plain_hub
    forwarding.decide(refuse=".")

    done = program("doctor", "--json", HTTP_PROXY=forwarding.url)

    assert done.returncode == 76, said(done)
    assert bad(done).keys() & {"proxy", "endpoint"}


def test_a_proxy_that_is_gone_is_named(program: Program, closed: int) -> None:
    done = program("doctor", "--json", HTTPS_PROXY=f"http://{USER}:{PASSWORD}@127.0.0.1:{closed}")

    assert done.returncode == 69, said(done)
    assert any(f"127.0.0.1:{closed}" in step for check in bad(done).values() for step in check["steps"])
    assert not tells(PASSWORD, done)


def test_a_proxy_that_says_nothing_costs_less_than_ten_seconds(program: Program, silent: int) -> None:
    begin = time.monotonic()

    done = program("doctor", "--json", HTTPS_PROXY=f"http://127.0.0.1:{silent}")

    assert time.monotonic() - begin < DOCTOR_SECONDS
    assert done.returncode == 69, said(done)
    assert f"127.0.0.1:{silent}" in said(done)


@pytest.mark.parametrize("when", DATES)
def test_a_certificate_that_is_not_good_today_leads_to_dates_and_the_clock(
    program: Program, tmp_path: Path, when: str
) -> None:
    begin, end = DATES[when]
    with showing(tmp_path, begin, end) as (port, ca_file):
        done = program("doctor", "--json", HF_ENDPOINT=f"https://localhost:{port}", SSL_CERT_FILE=str(ca_file))

    assert done.returncode == 76, said(done)
    check = bad(done)["tls"]
    assert "clock" in " ".join((check["text"], *check["steps"]))
