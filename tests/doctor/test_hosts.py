"""Where a granted file leads: which hosts are asked, with what, and what their answers mean."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from entrypoint.doctor import hosts
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.hosts import Host, NotLed
from entrypoint.doctor.probe import Answer
from entrypoint.remedies import Context
from entrypoint.settings import Token
from entrypoint.values import Evidence, Need, Place, Repo, RepoFile, Verdict
from localhub import LocalHub
from tests.doctor.conftest import FILES, TOKEN

CONTEXT = Context("https://huggingface.co", "HF_TOKEN")
CDN = Host("files", "https://cdn.example/file?Signature=secret")


@pytest.fixture(autouse=True)
def trusting(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(hub.ca_file))


def granted(hub: LocalHub, repo: str = "acme/tiny") -> Verdict:
    commit = hub.add_repo(repo, FILES)
    files = tuple(RepoFile(path, len(content), "b" * 40) for path, content in FILES.items())
    need = Need(repo, Place("hub-cache", Path("/cache")), "ENTRYPOINT_MODELS")
    return Verdict(need, "granted", repo=Repo(commit, files=files))


def led(hub: LocalHub, verdict: Verdict) -> list[Host]:
    return hosts.lead(hub.url, Token(TOKEN, "HF_TOKEN"), verdict, {}, time.monotonic() + 5)


def authorized(hub: LocalHub) -> set[str]:
    return {request.origin for request in hub.requests if "authorization" in request.headers}


def test_the_largest_file_is_asked_for_and_one_in_xet_before_all(hub: LocalHub) -> None:
    verdict = granted(hub)
    assert hosts.probe_file(verdict) == verdict.repo.files[1]  # type: ignore[union-attr]

    small_but_xet = RepoFile("tiny.bin", 1, "b" * 40, xet_hash="c" * 64)
    xet = Verdict(verdict.need, "granted", repo=Repo("c" * 40, files=(small_but_xet, *verdict.repo.files)))  # type: ignore[union-attr]
    assert hosts.probe_file(xet) == small_but_xet


def test_the_endpoint_names_the_host_and_it_alone_gets_the_token(hub: LocalHub) -> None:
    (host,) = led(hub, granted(hub))
    _, answer = hosts.reach(host, {}, time.monotonic() + 5)

    assert host.url.startswith(hub.cdn_url)
    assert answer.evidence.status == 206
    assert authorized(hub) == {"hub"}


def test_redirects_beyond_the_endpoint_are_followed_without_the_token(hub: LocalHub) -> None:
    with LocalHub(tls=False) as mirror:
        verdict = granted(hub)
        mirror.answer("HEAD /acme/tiny/resolve", 302, {"Location": f"{hub.url}/acme/tiny/resolve/main/config.json"}, "")
        (host,) = hosts.lead(mirror.url, Token(TOKEN, "HF_TOKEN"), verdict, {}, time.monotonic() + 5)
        last, answer = hosts.reach(host, {}, time.monotonic() + 5)

        assert authorized(mirror) == {"hub"}
    assert authorized(hub) == set()
    assert answer.evidence.status in (200, 206)
    assert last.url.startswith(hub.url)


def test_a_loop_of_redirects_ends(hub: LocalHub) -> None:
    hub.answer("HEAD /acme/tiny/resolve", 302, {"Location": "/acme/tiny/resolve/main/model.safetensors"}, "")

    assert led(hub, granted(hub)) == []
    assert len([request for request in hub.requests if request.method == "HEAD"]) == hosts.MOST_REDIRECTS


def test_an_xet_address_at_a_foreign_host_is_not_asked(hub: LocalHub) -> None:
    with LocalHub(tls=False) as stranger:
        headers = {"X-Xet-Hash": "c" * 64, "Link": f'<{stranger.url}/token>; rel="xet-auth"', "Location": hub.cdn_url}
        hub.answer("HEAD /acme/tiny/resolve", 302, headers, "")

        assert [host.kind for host in led(hub, granted(hub))] == ["files"]
        assert not list(stranger.requests)


def test_an_endpoint_that_fails_is_not_taken_for_one_that_delivers(hub: LocalHub) -> None:
    hub.fault("status", "HEAD /acme/tiny/resolve", times=None, status=500)

    with pytest.raises(NotLed):
        led(hub, granted(hub))


@pytest.mark.parametrize(
    ("evidence", "status", "code"),
    [
        (Evidence(status=206, from_hub=True, elsewhere=True), "ok", 0),
        (Evidence(status=403, from_hub=True, elsewhere=True), "bad", 69),
        (Evidence(status=403, elsewhere=True), "bad", 76),
        (Evidence(url=CDN.url, trouble="connect"), "bad", 69),
        (Evidence(url=CDN.url, trouble="tls"), "bad", 76),
        (Evidence(url=CDN.url, trouble="proxy"), "bad", 76),
        (Evidence(status=403, from_hub=True), "bad", 77),
    ],
)
def test_what_a_host_answers_decides(evidence: Evidence, status: str, code: int) -> None:
    finding = hosts.finding(CDN, Answer(evidence), CONTEXT, "en", ENGLISH)

    assert (finding.status, finding.exit_code) == (status, code)
    assert "cdn.example" in finding.text
    assert "secret" not in repr(finding)
