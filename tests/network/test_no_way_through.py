"""Proxies that are gone or silent, and servers whose certificates are good for other times than now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.network.certificates import DATES, showing
from tests.network.conftest import PASSWORD, USER
from tests.network.reading import holding, said, tells
from tests.process.harness import Program


@pytest.mark.parametrize("command", ["plan", "prefetch"])
def test_a_proxy_that_is_gone_is_named_and_a_restart_may_help(program: Program, closed: int, command: str) -> None:
    address = f"http://{USER}:{PASSWORD}@127.0.0.1:{closed}"

    done = program(command, HTTPS_PROXY=address, ENTRYPOINT_DEADLINE_SECONDS="4")

    assert done.returncode in (69, 75), said(done)
    assert "acme/tiny hub-unreachable" in said(done)
    assert f"127.0.0.1:{closed}" in said(done)
    assert not tells(PASSWORD, done)
    assert holding(program, PASSWORD) == []


def test_a_proxy_that_says_nothing_is_not_waited_for_beyond_the_deadline(program: Program, silent: int) -> None:
    done = program("prefetch", HTTPS_PROXY=f"http://127.0.0.1:{silent}", ENTRYPOINT_DEADLINE_SECONDS="1")

    assert done.returncode == 75, said(done)
    assert "deadline-passed" in said(done)


@pytest.mark.parametrize("when", DATES)
def test_a_certificate_that_is_not_good_today_leads_to_dates_and_the_clock(
    program: Program, tmp_path: Path, when: str
) -> None:
    begin, end = DATES[when]
    with showing(tmp_path, begin, end) as (port, ca_file):
        done = program("prefetch", HF_ENDPOINT=f"https://localhost:{port}", SSL_CERT_FILE=str(ca_file))

    assert done.returncode == 76, said(done)
    assert "acme/tiny tls-untrusted" in said(done)
    assert "clock" in said(done)
    bound = end if when == "expired yesterday" else begin
    assert str(bound.date()) in said(done)
    assert "company" not in said(done).lower()
