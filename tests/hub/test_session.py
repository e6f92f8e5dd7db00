"""The client library's session: it ends in time, keeps the token at home, and says every failure one way."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest

from entrypoint.hub import session
from entrypoint.hub.evidence import MESSAGE_LIMIT, Refusal
from entrypoint.hub.hub import Hub
from entrypoint.hub.retry import patiently
from entrypoint.values import Evidence
from localhub import LocalHub
from tests.hub.conftest import TOKEN, Asking, asked

Question = Callable[[Hub], object]

QUESTIONS: dict[str, Question] = {
    "auth-check": lambda client: client.may_read("acme/tiny"),
    "model_info": lambda client: client.repo("acme/tiny", "main"),
    "whoami": lambda client: client.whoami(),
    "head": lambda client: client.head_file("acme/tiny", "main", "config.json"),
    "read": lambda client: client.read("acme/tiny", "main", "config.json"),
}
EVERY_QUESTION = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())


def refused(question: Question, client: Hub) -> Evidence:
    with pytest.raises(Refusal) as refusal:
        question(client)
    return refusal.value.evidence


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(session, name, 0.3)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_ETAG_TIMEOUT", 0.3)


class Clock:
    def __init__(self) -> None:
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


# Time limits


@EVERY_QUESTION
@pytest.mark.usefixtures("short_limits")
def test_a_server_that_accepts_and_never_answers_ends_each_question(
    hub: LocalHub, asking: Asking, question: Question
) -> None:
    client = asking.open(hub.url, TOKEN)
    hub.fault("stall", "hub", times=None)
    clock = Clock()
    assert refused(question, client).trouble == "timeout"
    assert clock.seconds < 5
    assert len(hub.requests) == 1  # the library would have asked for the tree six times by itself


@pytest.mark.usefixtures("short_limits")
def test_a_server_that_never_gives_the_file_tree_ends_the_listing(hub: LocalHub, asking: Asking) -> None:
    hub.fault("stall", "GET .*/tree/", times=None)
    clock = Clock()
    assert refused(QUESTIONS["model_info"], asking.open(hub.url)).trouble == "timeout"
    assert clock.seconds < 5
    assert len(asked(hub, "/tree/")) == 1


@EVERY_QUESTION
@pytest.mark.usefixtures("short_limits")
def test_a_server_that_never_shakes_hands_ends_each_question(hub: LocalHub, asking: Asking, question: Question) -> None:
    hub.fault("stall", "hub", times=None, at="connect")
    assert refused(question, asking.open(hub.url, TOKEN)).trouble == "timeout"


@pytest.mark.parametrize("name", ["model_info", "read"])
def test_a_server_that_drips_its_answer_ends_the_question_as_a_whole(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(session, "QUESTION_SECONDS", 0.4)
    hub.update_repo("acme/tiny", {"config.json": "{" + " " * 900 + "}"})
    hub.fault("slow", "GET", times=None, rate=100)
    clock = Clock()
    assert refused(QUESTIONS[name], asking.open(hub.url)).trouble == "timeout"
    assert clock.seconds < 3


def test_a_refusal_that_drips_is_told_without_its_end(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "QUESTION_SECONDS", 0.4)
    hub.answer("auth-check", 403, {"Content-Type": "text/plain"}, "no " * 300)
    hub.fault("slow", "auth-check", rate=100)
    clock = Clock()
    said = refused(QUESTIONS["auth-check"], asking.open(hub.url))
    assert (said.status, said.message[:5]) == (403, "no no")
    assert clock.seconds < 3


def test_a_limit_that_the_user_set_for_the_library_is_kept(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_ETAG_TIMEOUT", 0.2)
    hub.fault("stall", "HEAD", times=None)
    clock = Clock()
    assert refused(QUESTIONS["head"], asking.open(hub.url)).trouble == "timeout"
    assert clock.seconds < session.READ_SECONDS / 3


@EVERY_QUESTION
def test_no_question_lasts_beyond_the_deadline(hub: LocalHub, question: Question) -> None:
    clock = Clock()
    client = Hub(hub.url, TOKEN, patiently(1), deadline=time.monotonic() + 0.4)
    hub.fault("stall", "hub", times=None)
    assert refused(question, client).trouble == "timeout"
    assert clock.seconds < 3
    assert refused(question, client).trouble == "timeout", "after it, there is still a limit, and a short one"
    assert clock.seconds < 4


def test_an_answer_that_drips_ends_at_the_deadline(hub: LocalHub) -> None:
    hub.update_repo("acme/tiny", {"config.json": "{" + " " * 900 + "}"})
    hub.fault("slow", "GET", times=None, rate=100)
    clock = Clock()
    client = Hub(hub.url, None, patiently(1), deadline=time.monotonic() + 0.4)
    assert refused(QUESTIONS["read"], client).trouble == "timeout"
    assert clock.seconds < 3


def test_a_deadline_that_is_far_changes_nothing(hub: LocalHub) -> None:
    hub.add_token(TOKEN, user="alice")
    client = Hub(hub.url, TOKEN, patiently(1), deadline=time.monotonic() + 3600)
    for question in QUESTIONS.values():
        question(client)


# The token


@pytest.fixture
def elsewhere(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Another host, trusted, and named as the Hub itself is: the library sends tokens there from anywhere."""
    with LocalHub(name="huggingface.co") as other:
        both = tmp_path / "ca.pem"
        both.write_bytes(hub.ca_file.read_bytes() + other.ca_file.read_bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        resolve = socket.getaddrinfo

        def on_loopback(host: Any, *rest: Any, **options: Any) -> Any:
            return resolve("127.0.0.1" if host in ("huggingface.co", b"huggingface.co") else host, *rest, **options)

        monkeypatch.setattr(socket, "getaddrinfo", on_loopback)
        other.add_repo("acme/tiny", {"config.json": b"{}"})
        yield other


def test_the_token_goes_to_the_endpoint(hub: LocalHub, asking: Asking) -> None:
    hub.add_token(TOKEN, user="alice")
    client = asking.open(hub.url, TOKEN)
    for question in QUESTIONS.values():
        question(client)
    questions = [record for record in hub.requests if "resolve-cache" not in record.path]
    assert {record.headers.get("authorization") for record in questions} == {f"Bearer {TOKEN}"}


def test_the_token_does_not_go_to_the_content_network(hub: LocalHub, asking: Asking) -> None:
    hub.add_token(TOKEN, user="alice")
    client = asking.open(hub.url, TOKEN)
    assert client.read("acme/tiny", "main", "model.safetensors") == b"w" * 2000
    client.head_file("acme/tiny", "main", "model.safetensors")
    assert [record.origin for record in hub.requests] == ["hub", "cdn", "hub"]
    assert hub.leaks == []


@EVERY_QUESTION
@pytest.mark.parametrize("named", ["huggingface.co", "localhost"])
def test_a_redirect_does_not_take_the_token_to_another_host(
    hub: LocalHub, elsewhere: LocalHub, asking: Asking, question: Question, named: str
) -> None:
    client = asking.open(hub.url, TOKEN)
    stolen = elsewhere.url.replace("huggingface.co", named) + "/acme/tiny/resolve/main/config.json"
    hub.answer("(GET|HEAD)", 307, {"Location": stolen}, "")
    with contextlib.suppress(Refusal):  # whether that answer is any good is not the matter
        question(client)
    assert all("authorization" not in record.headers for record in elsewhere.requests)
    assert elsewhere.requests or question is QUESTIONS["head"]  # a redirect answers a HEAD: the file may be read


def test_the_next_page_of_a_listing_does_not_take_the_token_to_another_host(
    hub: LocalHub, elsewhere: LocalHub, asking: Asking
) -> None:
    hub.add_token(TOKEN, user="alice")
    following = f'<{elsewhere.url}/api/models/acme/tiny/tree/main>; rel="next"'
    hub.answer("GET .*/tree/", 200, {"Content-Type": "application/json", "Link": following}, "[]")
    asking.open(hub.url, TOKEN).repo("acme/tiny", "main")
    assert asked(elsewhere, "/tree/")
    assert all("authorization" not in record.headers for record in elsewhere.requests)


def test_without_a_token_of_ours_none_is_sent_whatever_the_library_finds(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    client = asking.open(hub.url)
    for name in ("auth-check", "model_info", "head", "read"):
        QUESTIONS[name](client)
    assert all("authorization" not in record.headers for record in hub.requests)


def xet_address(hub: LocalHub, asking: Asking, headers: dict[str, str]) -> str | None:
    """Where the library would let xet's native code take our token, by such an answer."""
    asking.open(hub.url, TOKEN)
    told = {"X-Repo-Commit": "c" * 40, "X-Linked-ETag": '"e"', "X-Linked-Size": "1", "Location": f"{hub.cdn_url}/x"}
    hub.answer("HEAD", 302, {**told, "X-Xet-Hash": "a" * 64, **headers}, "")
    url = f"{hub.url}/acme/tiny/resolve/main/model.safetensors"
    found = huggingface_hub.get_hf_file_metadata(url, token=TOKEN, endpoint=hub.url)
    assert found.location == f"{hub.cdn_url}/x", "the file can come over HTTP"
    return found.xet_file_data.refresh_route if found.xet_file_data else None


AUTH = "/api/models/acme/tiny/xet-read-token/main"
BOTH_FORMS = pytest.mark.parametrize(
    "form",
    [lambda address: {"Link": f'<{address}>; rel="xet-auth"'}, lambda address: {"X-Xet-Refresh-Route": address}],
    ids=["Link", "X-Xet-Refresh-Route"],
)


@BOTH_FORMS
@pytest.mark.parametrize(
    "address",
    [
        *("https://files.example", "//files.example", "https://localhost:1", "http://localhost:{port}", "https://[::"),
        "https://localhost:{port}@files.example",
    ],
)
def test_xet_gets_no_address_to_which_the_token_must_not_go(
    hub: LocalHub, asking: Asking, form: Callable[[str], dict[str, str]], address: str
) -> None:
    port = httpx2.URL(hub.url).port
    assert xet_address(hub, asking, form(address.replace("{port}", str(port)) + AUTH)) is None


@BOTH_FORMS
@pytest.mark.parametrize("address", ["", "https://localhost:{port}", "https://huggingface.co"])
def test_xet_gets_the_endpoints_own_address(
    hub: LocalHub, asking: Asking, form: Callable[[str], dict[str, str]], address: str
) -> None:
    port = httpx2.URL(hub.url).port
    assert xet_address(hub, asking, form(address.replace("{port}", str(port)) + AUTH)) == hub.url + AUTH


@pytest.mark.parametrize("userinfo", ["alice:secret", "files.example\\"])
def test_an_address_that_can_be_read_in_two_ways_is_written_anew(hub: LocalHub, asking: Asking, userinfo: str) -> None:
    odd = hub.url.replace("://", f"://{userinfo}@") + AUTH
    assert xet_address(hub, asking, {"X-Xet-Refresh-Route": odd}) == hub.url + AUTH


# One way to say it


@EVERY_QUESTION
def test_a_megabyte_of_hostile_text_comes_out_short_and_clean(
    hub: LocalHub, asking: Asking, question: Question
) -> None:
    text = "Sorry\x1b]0;owned\x07 \x1b[31m\u202efriend\u200b\x00 " * 30_000
    hub.answer("GET", 403, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())
    hub.answer("HEAD", 403, {"X-Error-Message": "Sorry \x1b[31mfriend " * 500}, "")
    said = refused(question, asking.open(hub.url, TOKEN))
    assert said.message.startswith("Sorry friend")
    assert len(said.message) <= MESSAGE_LIMIT
    assert said.message.isprintable()


def test_a_refusal_whose_body_cannot_be_unpacked_keeps_its_status(hub: LocalHub, asking: Asking) -> None:
    hub.answer("auth-check", 503, {"Content-Encoding": "gzip"}, b"this is not gzip")
    assert refused(QUESTIONS["auth-check"], asking.open(hub.url)).status == 503


def test_a_refusal_whose_body_breaks_off_keeps_its_status(hub: LocalHub, asking: Asking) -> None:
    hub.answer("auth-check", 403, {"X-Error-Code": "GatedRepo"}, "x" * 5000)
    hub.fault("reset", "auth-check", after=100)
    said = refused(QUESTIONS["auth-check"], asking.open(hub.url))
    assert (said.status, said.code) == (403, "GatedRepo")


@pytest.mark.parametrize("name", ["auth-check", "model_info", "whoami"])
def test_a_page_with_status_200_is_not_the_hubs_answer(hub: LocalHub, asking: Asking, name: str) -> None:
    hub.fault("html", "hub", times=None)
    said = refused(QUESTIONS[name], asking.open(hub.url, TOKEN))
    assert (said.status, said.from_hub, said.message) == (200, False, "Network sign-in")


@pytest.mark.parametrize(("lfs", "route"), [([], "GET /api/resolve-cache/"), (["*.html"], "GET /repos/")])
def test_a_page_that_is_a_file_of_the_repo_is_read(hub: LocalHub, asking: Asking, lfs: list[str], route: str) -> None:
    hub.add_repo("acme/page", {"index.html": "<html>"}, lfs=lfs)
    page = hub.answer(route, 200, {"Content-Type": "text/html"}, "<html>")
    assert asking.open(hub.url).read("acme/page", "main", "index.html") == b"<html>"
    assert page.hits == 1


def test_a_page_of_the_content_network_in_place_of_another_file_is_not_its_bytes(hub: LocalHub, asking: Asking) -> None:
    hub.fault("html", "GET /repos/", times=None, status=200)
    client = asking.open(hub.url)
    said = refused(lambda client: client.read("acme/tiny", "main", "model.safetensors"), client)
    assert (said.status, said.from_hub, said.elsewhere) == (200, False, True)
    assert said.message == "from localhost: Network sign-in"
    assert said.url.startswith(hub.cdn_url)


@pytest.mark.parametrize("status", [300, 304, 307])
def test_a_redirect_to_nowhere_is_a_refusal(hub: LocalHub, asking: Asking, status: int) -> None:
    hub.answer("auth-check", status, {}, "")
    assert refused(QUESTIONS["auth-check"], asking.open(hub.url)).status == status


def test_a_next_page_at_an_impossible_address_is_a_refusal(hub: LocalHub, asking: Asking) -> None:
    link = {"Content-Type": "application/json", "Link": '<https://localhost:none/>; rel="next"'}
    hub.answer("GET .*/tree/", 200, link, "[]")
    assert refused(QUESTIONS["model_info"], asking.open(hub.url)).trouble == "other"


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_certificates_that_openssl_cannot_load_are_a_tls_fault(
    hub: LocalHub, asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(broken))
    assert refused(QUESTIONS["auth-check"], asking.open(hub.url)).trouble == "tls"


def test_a_download_keeps_the_librarys_own_handling_of_a_broken_connection(hub: LocalHub, asking: Asking) -> None:
    asking.open(hub.url)
    hub.fault("cut", "hub", times=None)
    with pytest.raises(httpx2.RemoteProtocolError):
        huggingface_hub.get_session().stream("GET", f"{hub.url}/acme/tiny/resolve/main/config.json").__enter__()


def test_a_download_that_cannot_connect_is_told_before_the_library_tries_again(hub: LocalHub, asking: Asking) -> None:
    asking.open(hub.url)
    hub.set_reach("cdn", "refused")
    address = f"{hub.url}/acme/tiny/resolve/main/model.safetensors"
    with pytest.raises(Refusal) as caught:
        huggingface_hub.get_session().stream("GET", address).__enter__()
    assert caught.value.evidence.trouble == "connect"
    assert not caught.value.evidence.url.startswith(hub.url)
    with pytest.raises(httpx2.ConnectError):  # of one that has begun the library knows where to go on
        huggingface_hub.get_session().stream("GET", address, headers={"Range": "bytes=10-"}).__enter__()
