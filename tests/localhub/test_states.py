"""The states of a hub beyond token and gate: organisations, policies, other words, mirrors, content out of reach."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from localhub import LocalHub
from localhub.__main__ import publish
from tests.localhub.conftest import Client, ask, cdn_address

AUTH_CHECK = "/api/models/{}/auth-check"
RESOLVE = "/{}/resolve/main/config.json"
LISTING = "/api/models/{}/tree/main"


# Organisations and scopes


def test_whoami_lists_the_accounts_organisations_with_its_role_in_each(hub: LocalHub, client: Client) -> None:
    hub.add_token("hf_alice", user="alice")
    hub.set_orgs("alice", {"acme": "read", "umbrella": "admin"})
    told = client.run("import json, huggingface_hub as h; print(json.dumps(h.whoami()))", "hf_alice")
    assert [(o["type"], o["name"], o["fullname"], o["roleInOrg"]) for o in told["orgs"]] == [
        ("org", "acme", "Acme", "read"),
        ("org", "umbrella", "Umbrella", "admin"),
    ]


def test_a_member_sees_the_organisations_private_repos_but_passes_no_gate(hub: LocalHub) -> None:
    hub.add_repo("acme/private", {"config.json": b"{}"}, private=True)
    hub.add_repo("acme/gated", {"config.json": b"{}"}, gated="auto")
    hub.add_token("hf_alice", user="alice")
    paths = [AUTH_CHECK.format(repo) for repo in ("acme/private", "acme/gated")]
    assert [ask(hub, "GET", path, "hf_alice").status for path in paths] == [404, 403]
    hub.set_orgs("alice", {"acme": "read"})
    assert [ask(hub, "GET", path, "hf_alice").status for path in paths] == [200, 403]
    hub.set_orgs("alice", {})
    assert ask(hub, "GET", paths[0], "hf_alice").status == 404


@pytest.mark.parametrize(
    ("scoped", "status"),
    [
        (["acme"], 200),
        (["acme/private"], 200),
        ({"acme": ["repo.content.read", "repo.write"]}, 200),
        ({"acme": ["inference.serverless.write"]}, 404),
        (["alice"], 404),
        (["acme/other"], 404),
        ([], 404),
    ],
)
def test_a_fine_grained_token_reaches_what_it_may_read_and_nothing_else(
    hub: LocalHub, scoped: Any, status: int
) -> None:
    hub.add_repo("acme/private", {"config.json": b"{}"}, private=True)
    hub.set_orgs("alice", {"acme": "write"})
    hub.add_token("hf_fine", user="alice", role="fineGrained", reads_gated=True, scoped=scoped)
    for path in (AUTH_CHECK, RESOLVE, LISTING):
        answer = ask(hub, "GET", path.format("acme/private"), "hf_fine")
        assert answer.status == (307 if status == 200 and path is RESOLVE else status)
        assert answer.headers.get("x-error-code") == ("RepoNotFound" if status == 404 else None)


def test_whoami_tells_repos_accounts_and_organisations_in_a_tokens_scope_apart(hub: LocalHub) -> None:
    scoped = {"alice": ["repo.content.read"], "acme": ["inference.serverless.write"], "acme/tiny": ["repo.write"]}
    hub.add_token("hf_fine", user="alice", role="fineGrained", scoped=scoped)
    told = ask(hub, "GET", "/api/whoami-v2", "hf_fine").json()["auth"]["accessToken"]["fineGrained"]["scoped"]
    assert [(entry["entity"]["type"], entry["entity"]["name"], entry["permissions"]) for entry in told] == [
        ("user", "alice", ["repo.content.read"]),
        ("org", "acme", ["inference.serverless.write"]),
        ("model", "acme/tiny", ["repo.write"]),
    ]


# Policies


@pytest.mark.parametrize("name", ["acme", "acme/tiny"])
def test_a_policy_answers_403_without_a_code_in_its_own_words(hub: LocalHub, name: str) -> None:
    hub.add_repo("other/open", {"config.json": b"{}"})
    hub.set_policy(name, "Your IP address is not allowed here.")
    for path in (AUTH_CHECK, RESOLVE):
        answer = ask(hub, "GET", path.format("acme/tiny"))
        assert (answer.status, answer.headers["x-error-message"]) == (403, "Your IP address is not allowed here.")
        assert "x-error-code" not in answer.headers
    assert ask(hub, "GET", LISTING.format("acme/tiny")).status == 200
    assert ask(hub, "GET", AUTH_CHECK.format("other/open")).status == 200
    hub.set_policy(name, None)
    assert ask(hub, "GET", AUTH_CHECK.format("acme/tiny")).status == 200


def test_a_policy_may_close_the_listing_too(hub: LocalHub) -> None:
    hub.set_policy("acme", "no", metadata=True)
    assert ask(hub, "GET", LISTING.format("acme/tiny")).status == 403


# Other words


def test_all_refusals_can_be_worded_differently_with_status_and_code_as_they_were(hub: LocalHub) -> None:
    hub.add_repo("acme/gated", {"config.json": b"{}"}, gated="auto")
    hub.add_token("hf_alice", user="alice")
    hub.add_token("hf_old", user="alice", state="expired")
    hub.rate_limit("pages", quota=0)
    asked = [
        (AUTH_CHECK.format("acme/gated"), ""),
        (RESOLVE.format("acme/gated"), "hf_alice"),
        (RESOLVE.format("acme/none"), "hf_alice"),
        ("/acme/tiny/resolve/v9/config.json", ""),
        ("/api/whoami-v2", "hf_old"),
        ("/", ""),
    ]
    before = [ask(hub, "GET", *case) for case in asked]
    hub.set_wording(lambda said: f"({len(said)})")
    after = [ask(hub, "GET", *case) for case in asked]
    for was, answer, (path, _) in zip(before, after, asked, strict=True):
        assert answer.status == was.status >= 400
        assert answer.headers.get("x-error-code") == was.headers.get("x-error-code")
        assert ("x-error-message" in answer.headers) is (answer.status != 429)
        body = answer.json()["error"] if path == "/" or path.startswith("/api/") else answer.body.decode()
        said = was.json()["error"] if path == "/" or path.startswith("/api/") else was.body.decode()
        assert body == answer.headers.get("x-error-message", body) == f"({len(said)})"
    assert ask(hub, "GET", AUTH_CHECK.format("acme/tiny")).body == b"OK"
    hub.set_wording(None)
    assert ask(hub, "GET", *asked[0]).body == before[0].body


def test_one_sentence_can_stand_for_all() -> None:
    with LocalHub(wording="Non, merci.\nVraiment.") as hub:
        answer = ask(hub, "GET", AUTH_CHECK.format("acme/none"))
        assert answer.headers["x-error-message"] == "Non, merci. Vraiment."
        assert answer.json() == {"error": "Non, merci.\nVraiment."}
        assert ask(hub, "HEAD", RESOLVE.format("acme/none")).headers["x-error-message"] == "Non, merci. Vraiment."


# Mirrors without auth-check


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [
        ("repo-not-found", 404, "application/json; charset=utf-8"),
        ("json", 404, "application/json; charset=utf-8"),
        ("html", 404, "text/html"),
        ("not-allowed", 405, "application/json; charset=utf-8"),
    ],
)
def test_a_mirror_may_not_know_auth_check(hub: LocalHub, how: Any, status: int, kind: str) -> None:
    hub.set_auth_check(how)
    answer = ask(hub, "GET", AUTH_CHECK.format("acme/tiny"), "hf_bad")
    assert (answer.status, answer.headers["content-type"]) == (status, kind)
    assert answer.headers.get("x-error-code") == ("RepoNotFound" if how == "repo-not-found" else None)
    assert not {"x-request-id", "x-error-message", "x-powered-by", "ratelimit"} & set(answer.headers)
    assert ask(hub, "GET", LISTING.format("acme/tiny")).status == 200
    hub.set_auth_check("there")
    assert ask(hub, "GET", AUTH_CHECK.format("acme/tiny")).body == b"OK"


# Content out of reach


def dial(address: str, seconds: float = 0.3) -> type[OSError] | None:
    """What a TCP connection to an address's host meets."""
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname or "", url.port or 443), timeout=seconds).close()
    except OSError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("reach", "met"),
    [
        ("there", None),
        ("refused", ConnectionRefusedError),
        ("blackholed", TimeoutError),
    ],
)
@pytest.mark.parametrize("origin", ["cdn", "cas"])
def test_a_content_host_may_be_out_of_reach_while_the_api_answers(
    hub: LocalHub, origin: str, reach: Any, met: type[OSError] | None
) -> None:
    hub.add_repo("acme/xet", {"model.safetensors": b"w" * 2000}, xet=["*"])
    hub.set_reach(origin, reach)
    if origin == "cdn":
        address = cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")
    else:
        address = ask(hub, "GET", "/api/models/acme/xet/xet-read-token/main").headers["x-xet-cas-url"]
    assert [dial(address) for _ in range(3)] == [met] * 3
    assert ask(hub, "GET", AUTH_CHECK.format("acme/tiny")).status == 200
    hub.set_reach(origin, "there")
    assert ask(hub, "GET", cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")).status == 200


def test_a_content_host_may_have_a_name_that_nobody_knows(hub: LocalHub) -> None:
    hub.set_reach("cdn", "unknown")
    address = cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")
    assert (urlsplit(address).hostname or "").endswith(".invalid")  # reserved for this: RFC 2606


def test_a_hub_whose_ports_lead_nowhere_frees_them_at_the_end() -> None:
    with LocalHub(tls=False) as hub:
        hub.set_reach("cdn", "refused")
        port = urlsplit(hub.cdn_url).port or 0
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", port))
    socket.create_server(("127.0.0.1", port)).close()


# What whoami has of its own


def test_whoami_may_be_rate_limited_alone_and_the_limit_be_taken_back(hub: LocalHub) -> None:
    hub.add_token("hf_alice", user="alice")
    hub.rate_limit("whoami", quota=0, retry_after=300)
    answer = ask(hub, "GET", "/api/whoami-v2", "hf_alice")
    assert (answer.status, answer.headers["retry-after"]) == (429, "300")
    assert ask(hub, "GET", LISTING.format("acme/tiny"), "hf_alice").status == 200
    hub.rate_limit("whoami", quota=None)
    assert ask(hub, "GET", "/api/whoami-v2", "hf_alice").status == 200


# From another process


def test_the_control_route_sets_each_of_these(hub: LocalHub) -> None:
    def post(what: str, **given: object) -> int:
        return ask(hub, "POST", f"/_localhub/{what}", body=json.dumps(given).encode()).status

    path = AUTH_CHECK.format("acme/tiny")
    hub.add_token("hf_alice", user="alice")
    assert post("orgs", user="alice", orgs={"acme": "read"}) == 204
    assert [org["name"] for org in ask(hub, "GET", "/api/whoami-v2", "hf_alice").json()["orgs"]] == ["acme"]
    assert post("tokens", token="hf_fine", user="alice", role="fineGrained", scoped={"acme": ["repo.write"]}) == 204
    assert post("policies", name="acme", words="not from there", metadata=True) == 204
    assert ask(hub, "GET", path).json() == {"error": "not from there"}
    assert post("wording", words="no") == 204
    assert ask(hub, "GET", path).json() == {"error": "no"}
    assert post("wording", words=None) == 204
    assert post("policies", name="acme", words=None) == 204
    assert ask(hub, "GET", path).body == b"OK"
    assert post("auth-check", answer="not-allowed") == 204
    assert ask(hub, "GET", path).status == 405
    assert post("auth-check", answer="there") == 204
    assert post("reach", origin="cdn", reach="unknown") == 204
    assert "//cdn.localhub.invalid/" in cdn_address(hub, "/acme/tiny/resolve/main/model.safetensors")
    assert post("rate-limit", bucket="whoami", quota=0) == 204
    assert ask(hub, "GET", "/api/whoami-v2", "hf_alice").status == 429
    assert post("rate-limit", bucket="whoami", quota=None) == 204
    assert ask(hub, "GET", "/api/whoami-v2", "hf_alice").status == 200


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("orgs", {"user": "alice", "orgs": {"acme": "owner"}}),
        ("orgs", {"user": "alice", "orgs": 5}),
        ("wording", {"words": 5}),
        ("policies", {"name": "acme", "words": ["no"]}),
        ("auth-check", {"answer": "maybe"}),
        ("reach", {"origin": "hub", "reach": "refused"}),
        ("reach", {"origin": "cdn", "reach": "far"}),
    ],
)
def test_the_control_route_says_what_is_wrong_with_them(hub: LocalHub, what: str, given: object) -> None:
    answer = ask(hub, "POST", f"/_localhub/{what}", body=json.dumps(given).encode())
    assert answer.status == 400
    assert answer.body


def test_the_access_file_sets_them_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "acme" / "tiny").mkdir(parents=True)
    (tmp_path / "acme" / "tiny" / "config.json").write_text("{}")
    given = {
        "tokens": [{"token": "hf_alice", "user": "alice", "role": "fineGrained", "scoped": ["acme"]}],
        "orgs": [{"user": "alice", "orgs": {"acme": "read"}}],
        "policies": [{"name": "acme/tiny", "words": "not from there"}],
        "wording": [{"words": "no"}],
        "auth-check": [{"answer": "json"}],
        "reach": [{"origin": "cas", "reach": "refused"}],
    }
    with LocalHub() as hub:
        publish(hub, tmp_path, given)
        assert [org["name"] for org in ask(hub, "GET", "/api/whoami-v2", "hf_alice").json()["orgs"]] == ["acme"]
        refused = ask(hub, "GET", RESOLVE.format("acme/tiny"), "hf_alice")
        assert (refused.status, refused.body) == (403, b"no")
        assert ask(hub, "GET", AUTH_CHECK.format("acme/tiny")).json() == {"detail": "Not Found"}
        assert dial(hub.cas_url) is ConnectionRefusedError
