"""What is read out of an answer, or out of the lack of one."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.hub.evidence import (
    MESSAGE_LIMIT,
    from_exception,
    from_response,
    is_passing,
    is_untrusted_certificate,
    retry_after,
)
from entrypoint.values import Evidence

NOW = 1_800_000_000.0
TOKEN = "hf_" + "a" * 34
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome</body></html>"


def evidence(
    status: int = 403, headers: Mapping[str, Any] | None = None, body: bytes = b"", method: str = "GET"
) -> Evidence:
    request = httpx2.Request(method, "https://hub.example/api/models/acme/tiny/auth-check?x=1")
    return from_response(httpx2.Response(status, headers=dict(headers or {}), request=request), body, NOW)


def test_the_hubs_code_and_message_headers_are_the_evidence() -> None:
    found = evidence(403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "is awaiting a review"}, b"another text")
    assert (found.status, found.code, found.message, found.from_hub) == (403, "GatedRepo", "is awaiting a review", True)
    assert found.url == "https://hub.example/api/models/acme/tiny/auth-check"


def test_the_answer_to_a_head_request_is_read_from_its_headers_alone() -> None:
    found = evidence(401, {"X-Error-Message": "Invalid username or password."}, method="HEAD")
    assert found.message == "Invalid username or password."
    assert found.from_hub


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/json; charset=utf-8", b'{"error":"Repository not found"}', "Repository not found"),
        ("application/json", b'{"message":"no such model"}', "no such model"),
        ("application/json", b'{"error":{"reason":"quota"}}', '{"reason": "quota"}'),
        ("text/plain", b'{"error":"labelled as text"}', "labelled as text"),
        ("text/plain", b"Entry not found", "Entry not found"),
        ("application/json", b'{"error":"cut in the mid', '{"error":"cut in the mid'),
        ("application/json", b'{"a":' * 20_000, "{"),
        ("text/html", PAGE, "Sign in"),
        ("", b"  <html><body>no title</body>", "an HTML page"),
        ("text/plain", b"\xff\xfe broken \xc3", "�� broken �"),
        ("", b"", ""),
    ],
)
def test_without_a_message_header_the_body_speaks(kind: str, body: bytes, message: str) -> None:
    assert evidence(404, {"Content-Type": kind}, body).message.startswith(message)


@pytest.mark.parametrize(
    ("headers", "body", "from_hub"),
    [
        ({"X-Error-Code": "RepoNotFound"}, PAGE, True),
        ({"X-Error-Message": "no"}, b"", True),
        ({"X-Repo-Commit": "a" * 40}, b"", True),
        ({"Content-Type": "application/json"}, b"{}", True),
        ({"Content-Type": "text/plain"}, b"Not Found", True),
        ({}, b"", True),
        ({"Content-Type": "text/html; charset=utf-8"}, b"", False),
        ({"Content-Type": "text/plain"}, PAGE, False),
        ({"X-Request-Id": "of-a-gateway", "Content-Type": "text/html"}, PAGE, False),
        ({"Proxy-Authenticate": "Basic", "Content-Type": "text/plain"}, b"log in", False),
    ],
)
def test_a_page_is_not_the_hubs_word(headers: dict[str, str], body: bytes, from_hub: bool) -> None:
    assert evidence(403, headers, body).from_hub is from_hub


PROXYS_MARKS = [
    {"X-Squid-Error": "ERR_ACCESS_DENIED 0"},
    {"Proxy-Authenticate": "Basic"},
    {"Proxy-Status": "gate.example; error=http_request_denied"},
]


def through_proxy(status: int, headers: Mapping[str, str], *, proxied: bool = True) -> Evidence:
    request = httpx2.Request("GET", "http://hub.example/api/models/acme/tiny/auth-check")
    return from_response(httpx2.Response(status, headers=headers, request=request), b"Denied", NOW, proxied=proxied)


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/json", ""])
@pytest.mark.parametrize("marks", PROXYS_MARKS)
def test_an_answer_that_the_proxy_in_force_made_itself_is_its_own(marks: dict[str, str], kind: str) -> None:
    found = through_proxy(403, {**marks, "Content-Type": kind})
    assert (found.status, found.trouble, found.from_hub) == (403, "proxy", False)
    assert not is_passing(found)


def test_a_proxy_that_wants_a_password_needs_no_other_mark() -> None:
    assert through_proxy(407, {}).trouble == "proxy"


@pytest.mark.parametrize("marks", PROXYS_MARKS)
def test_a_proxy_that_gets_no_further_is_asked_again(marks: dict[str, str]) -> None:
    found = through_proxy(503, {**marks, "Content-Type": "text/html"})
    assert (found.status, found.trouble) == (503, "connect")
    assert is_passing(found)


@pytest.mark.parametrize("marks", PROXYS_MARKS)
def test_without_a_proxy_in_force_there_is_none_to_blame(marks: dict[str, str]) -> None:
    assert through_proxy(403, marks, proxied=False).trouble == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Via": "1.1 proxy (squid)", "X-Cache": "MISS from proxy"},
        {"Proxy-Status": "cdn.example; received-status=403"},
        {"X-Error-Code": "GatedRepo", **PROXYS_MARKS[0]},
        {"X-Error-Message": "Access to this resource is disabled.", **PROXYS_MARKS[2]},
    ],
)
def test_what_a_proxy_passed_on_is_not_its_own(headers: dict[str, str]) -> None:
    found = through_proxy(403, headers)
    assert (found.trouble, found.from_hub) == ("", True)


def test_what_a_hostile_server_says_comes_out_clean_and_short() -> None:
    said = evidence(403, {"X-Error-Message": b"a\x1b[2Jb\xc2\x9b31mc \xe2\x80\xaed" + b" e" * 1000}).message
    assert said.startswith("abc d e e")
    assert len(said) <= MESSAGE_LIMIT
    assert said.isprintable()


@pytest.mark.parametrize("before", [0, MESSAGE_LIMIT - 20], ids=["at its beginning", "where the message is cut"])
def test_a_token_that_the_server_quotes_is_not_repeated(before: int) -> None:
    text = "x" * before + f" bad token {TOKEN}"
    by_header = evidence(401, {"X-Error-Message": text})
    by_body = evidence(401, {"Content-Type": "application/json"}, json.dumps({"error": text}).encode())
    by_client = from_exception(httpx2.LocalProtocolError(f"Illegal header value b'{text}'"))
    assert "hf_a" not in by_header.message + by_body.message + by_client.message


def test_credentials_in_the_address_are_masked() -> None:
    request = httpx2.Request("GET", "https://me:secret@mirror.example/api/models/a/b")
    found = from_response(httpx2.Response(403, request=request), b"")
    assert found.url == "https://***@mirror.example/api/models/a/b"
    assert "secret" not in from_exception(httpx2.ConnectError("refused", request=request)).url


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 120 "}, 120),
        ({"Retry-After": formatdate(NOW + 90, usegmt=True)}, 90),
        ({"Retry-After": formatdate(NOW - 90, usegmt=True)}, 0),
        ({"Retry-After": formatdate(NOW + 86490, usegmt=True), "Date": formatdate(NOW + 86400, usegmt=True)}, 90),
        ({"Retry-After": formatdate(NOW + 90, usegmt=True), "Date": "today"}, 90),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "1.5"}, 0),
        ({"Retry-After": "Mon, 01 Jan 99999 00:00:00 GMT"}, 0),
        ({"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, 0),
        ({"Retry-After": "", "RateLimit": '"api";r=0;t=55'}, 55),
        ({"RateLimit": '"api";r=0;t=55'}, 55),
        ({"RateLimit": '"api"; r=0; t=55'}, 55),
        ({"RateLimit": '"api";r=499;t=295'}, 0),
        ({"RateLimit": '"pages";r=10;t=295, "api";r=0;t=12'}, 12),
        ({"Retry-After": "3", "RateLimit": '"api";r=0;t=55'}, 3),
        ({"Retry-After": "soon", "RateLimit": '"api";r=0;t=55'}, 55),
    ],
)
def test_how_long_to_wait_is_read_from_retry_after_then_ratelimit(headers: dict[str, str], seconds: float) -> None:
    assert evidence(429, headers).retry_after == pytest.approx(seconds)


@given(st.dictionaries(st.sampled_from(["retry-after", "ratelimit"]), st.text(max_size=40)))
def test_no_header_makes_the_wait_fail_or_negative(headers: dict[str, str]) -> None:
    assert 0 <= retry_after(headers, NOW) < 1e10


@given(
    st.integers(200, 599),
    st.binary(max_size=200),
    st.sampled_from(["", "application/json", "text/html", "text/plain; charset=x", ";;"]),
)
def test_any_answer_becomes_evidence(status: int, body: bytes, kind: str) -> None:
    found = evidence(status, {"Content-Type": kind}, body)
    assert found.status == status
    assert len(found.message) <= MESSAGE_LIMIT


def wrapped(cause: BaseException, wrapper: Exception) -> Exception:
    wrapper.__cause__ = cause
    return wrapper


CERTIFICATE = ssl.SSLCertVerificationError(1, "certificate verify failed: unable to get local issuer certificate")


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: ...")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (wrapped(unverified(9), httpx2.ConnectError("x")), "clock"),
        (wrapped(unverified(10), httpx2.ConnectError("x")), "clock"),
        (wrapped(unverified(19), httpx2.ConnectError("x")), "tls"),
        (wrapped(unverified(62), httpx2.ConnectError("x")), "tls"),
        (wrapped(socket.gaierror(-2, "Name or service not known"), httpx2.ConnectError("x")), "dns"),
        (wrapped(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), httpx2.ConnectError("x")), "connect"),
        (wrapped(OSError(errno.ENETUNREACH, "Network is unreachable"), httpx2.ConnectError("x")), "connect"),
        (wrapped(CERTIFICATE, httpx2.ConnectError("x")), "tls"),
        (wrapped(ssl.SSLError(1, "wrong version number"), httpx2.ConnectError("x")), "tls"),
        (wrapped(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), httpx2.ConnectError("x")), "reset"),
        (wrapped(TimeoutError("timed out"), httpx2.ReadTimeout("x")), "timeout"),
        (httpx2.ConnectTimeout("x"), "timeout"),
        (wrapped(ConnectionResetError(errno.ECONNRESET, "reset"), httpx2.ReadError("x")), "reset"),
        (httpx2.RemoteProtocolError("Server disconnected without sending a response."), "reset"),
        (httpx2.ProxyError("403 Forbidden"), "proxy"),
        (httpx2.ProxyError("407 Proxy Authentication Required"), "proxy"),
        (httpx2.ProxyError("503 Service Unavailable"), "connect"),
        (httpx2.ConnectError("x"), "connect"),
        (httpx2.TooManyRedirects("x"), "other"),
    ],
)
def test_a_fault_is_named_after_its_deepest_cause(error: Exception, trouble: str) -> None:
    assert from_exception(error).trouble == trouble


def test_a_certificate_that_was_shown_is_told_from_a_handshake_that_failed_before() -> None:
    assert is_untrusted_certificate(from_exception(unverified(9)))
    assert is_untrusted_certificate(from_exception(unverified(19)))
    assert not is_untrusted_certificate(from_exception(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version")))
    assert not is_untrusted_certificate(Evidence(trouble="connect", message="CERTIFICATE_VERIFY_FAILED"))


def test_the_message_of_a_fault_is_that_of_the_cause_not_of_the_wrapper() -> None:
    error = wrapped(CERTIFICATE, httpx2.ConnectError("[SSL] something"))
    assert "unable to get local issuer certificate" in from_exception(error, "https://hub.example/x").message
    assert from_exception(error, "https://hub.example/x").url == "https://hub.example/x"


def test_a_fault_without_words_is_told_by_its_name() -> None:
    assert from_exception(httpx2.TooManyRedirects("")).message == "TooManyRedirects"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 524])
def test_rate_limits_and_server_faults_pass(status: int) -> None:
    assert is_passing(Evidence(status=status))


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 407, 410, 416, 451, 501, 511])
def test_other_answers_do_not_pass(status: int) -> None:
    assert not is_passing(Evidence(status=status))


def test_broken_connections_pass_but_neither_certificates_nor_proxy_settings_do() -> None:
    assert all(is_passing(Evidence(trouble=trouble)) for trouble in ("dns", "connect", "timeout", "reset", "other"))
    assert not any(is_passing(Evidence(trouble=trouble)) for trouble in ("tls", "clock", "proxy"))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_another_host_refuses_passes_and_names_the_host(status: int) -> None:
    request = httpx2.Request("GET", "https://cdn.example/repos/x?Signature=s")
    found = from_response(httpx2.Response(status, request=request), b"Access Denied", NOW, at_home=False)
    assert is_passing(found)
    assert (found.elsewhere, found.url) == (True, "https://cdn.example/repos/x")
    assert found.message == "from cdn.example: Access Denied"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_page_in_place_of_what_another_host_holds_does_not_pass(status: int) -> None:
    request = httpx2.Request("GET", "https://cdn.example/repos/x?Signature=s")
    found = from_response(httpx2.Response(status, request=request), PAGE, NOW, at_home=False)
    assert not is_passing(found)
    assert (found.elsewhere, found.from_hub, found.message) == (True, False, "from cdn.example: Sign in")


@pytest.mark.parametrize("mark", ["X-Error-Code", "X-Error-Message"])
def test_a_hub_to_which_a_mirror_sends_us_on_is_believed(mark: str) -> None:
    request = httpx2.Request("GET", "https://hub.example/api/models/acme/tiny/auth-check")
    found = from_response(httpx2.Response(403, headers={mark: "GatedRepo"}, request=request), b"", NOW, at_home=False)
    assert not found.elsewhere
    assert not is_passing(found)


def test_after_a_redirect_the_host_that_could_not_be_reached_is_named_not_the_one_that_was_asked() -> None:
    unreachable = httpx2.ConnectError("refused", request=httpx2.Request("GET", "https://cdn.test/file?Signature=s"))
    wrapped = OSError("please check your connection")
    wrapped.__cause__ = unreachable
    assert from_exception(wrapped, "https://hub.test/acme/tiny").url == "https://cdn.test/file"
