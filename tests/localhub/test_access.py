"""Every refusal, as the wire carries it and as the real client reports it, in the words of the recorded answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub, Sample, load_samples
from tests.localhub.conftest import Client, ask

SAMPLES = {sample.id: sample for sample in load_samples(Path(__file__).parents[1] / "data" / "hub-answers.json")}
CHALLENGE = 'Bearer realm="Authentication required", charset="UTF-8"'


def arrange(hub: LocalHub, repo: str) -> None:
    """A gated repo and a token for every standing and state; each token is named after its own case."""
    hub.add_repo(repo, {"config.json": b"{}", "README.md": b"# hi", "model.safetensors": b"w"}, gated="manual")
    for standing in ("accepted", "none", "pending", "rejected", "reset"):
        hub.add_token(f"hf_{standing}", user=standing)
        hub.set_access(standing, repo, standing)
    hub.add_token("hf_noscope", user="accepted", role="fineGrained", reads_gated=False)
    hub.add_token("hf_scoped", user="accepted", role="fineGrained", reads_gated=False, scoped=[repo])
    hub.add_token("hf_expired", user="accepted", name="NOVA Quiz Generator", state="expired")
    hub.add_token("hf_revoked", user="accepted", state="revoked")


CASES = [
    ("", "gated-anon-3"),
    ("hf_none", "gated-norequest-1"),
    ("hf_pending", "gated-pending-2"),
    ("hf_rejected", "gated-rejected-1"),
    ("hf_noscope", "fine-grained-1"),
    ("hf_unknown", "bad-token-3"),
    ("hf_revoked", "bad-token-1"),
    ("hf_expired", "token-expired-1"),
]


@pytest.mark.parametrize(("token", "sample_id"), CASES)
@pytest.mark.parametrize("route", ["auth-check", "GET resolve", "HEAD resolve", "xet-read-token"])
def test_a_gated_repo_refuses_in_the_recorded_words(hub: LocalHub, token: str, sample_id: str, route: str) -> None:
    sample = SAMPLES[sample_id]
    repo = sample.repo or "acme/gated"
    arrange(hub, repo)
    api = "resolve" not in route
    path = {"auth-check": f"/api/models/{repo}/auth-check", "xet-read-token": f"/api/models/{repo}/xet-read-token/main"}
    method = "HEAD" if route.startswith("HEAD") else "GET"
    answer = ask(hub, method, path.get(route, f"/{repo}/resolve/main/config.json"), token)
    assert answer.status == sample.status
    assert answer.headers["x-error-message"] == sample.message
    assert answer.headers.get("x-error-code", "") == sample.code
    assert answer.headers.get("www-authenticate") == (CHALLENGE if sample.status == 401 else None)
    assert answer.headers["x-request-id"].startswith("Root=1-")
    if method == "HEAD":
        assert answer.body == b""
        assert int(answer.headers["content-length"]) == len(sample.message)
    elif api:
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.json() == {"error": sample.message}
    else:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.body.decode() == sample.message


def test_a_reset_request_is_told_to_submit_a_new_one(hub: LocalHub) -> None:
    arrange(hub, "acme/gated")
    assert ask(hub, "GET", "/acme/gated/resolve/main/config.json", "hf_reset").body.decode() == (
        "Your request to access model acme/gated has been reset by the repo's authors. "
        "Visit https://huggingface.co/acme/gated to submit a new request."
    )


def test_the_recorded_capture_has_the_same_headers(hub: LocalHub) -> None:
    """huggingface/xet-core#869 has all headers of one refusal; values that change from answer to answer aside."""
    sample = SAMPLES["gated-anon-1"]
    hub.add_repo(sample.repo, {"config.json": b"{}"}, gated="manual")
    answer = ask(hub, "HEAD", f"/{sample.repo}/resolve/main/config.json")
    recorded = dict(sample.reported_headers)
    assert set(recorded) <= set(answer.headers)
    for name in set(recorded) - {"etag", "x-request-id", "ratelimit"}:
        assert answer.headers[name] == recorded[name]
    assert answer.headers["etag"].startswith('W/"7b-')
    assert answer.headers["ratelimit"] == '"resolvers";r=2999;t=300'


AUTH_CHECKS = """
import json
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
def one(repo, token):
    try:
        HfApi().auth_check(repo, token=token or False)
    except HfHubHTTPError as error:
        r = error.response
        return [type(error).__name__, r.status_code, r.headers.get("x-error-code", ""), error.server_message]
    return ["granted"]
"""


def test_the_client_tells_every_state_of_access(hub: LocalHub, client: Client) -> None:
    arrange(hub, "acme/gated")
    hub.add_repo("acme/private", {"config.json": b"{}"}, private=True)
    hub.add_repo("acme/disabled", {"config.json": b"{}"}, disabled=True)
    asked = [
        ("acme/tiny", ""),
        ("acme/gated", "hf_accepted"),
        ("acme/gated", "hf_scoped"),
        ("acme/gated", ""),
        ("acme/gated", "hf_none"),
        ("acme/gated", "hf_pending"),
        ("acme/gated", "hf_rejected"),
        ("acme/gated", "hf_reset"),
        ("acme/gated", "hf_noscope"),
        ("acme/tiny", "hf_unknown"),
        ("acme/tiny", "hf_expired"),
        ("acme/private", ""),
        ("acme/missing", ""),
        ("acme/private", "hf_accepted"),
        ("acme/missing", "hf_accepted"),
        ("acme/disabled", ""),
    ]
    told: list[list[Any]] = client.run(AUTH_CHECKS + f"print(json.dumps([one(*case) for case in {asked!r}]))")
    got = {case: tuple(answer[:3]) for case, answer in zip(asked, told, strict=True)}
    assert got == {
        ("acme/tiny", ""): ("granted",),
        ("acme/gated", "hf_accepted"): ("granted",),
        ("acme/gated", "hf_scoped"): ("granted",),
        ("acme/gated", ""): ("GatedRepoError", 401, "GatedRepo"),
        ("acme/gated", "hf_none"): ("GatedRepoError", 403, "GatedRepo"),
        ("acme/gated", "hf_pending"): ("GatedRepoError", 403, "GatedRepo"),
        ("acme/gated", "hf_rejected"): ("GatedRepoError", 403, "GatedRepo"),
        ("acme/gated", "hf_reset"): ("GatedRepoError", 403, "GatedRepo"),
        ("acme/gated", "hf_noscope"): ("HfHubHTTPError", 403, ""),
        ("acme/tiny", "hf_unknown"): ("HfHubHTTPError", 401, ""),
        ("acme/tiny", "hf_expired"): ("RepositoryNotFoundError", 401, ""),
        ("acme/private", ""): ("RepositoryNotFoundError", 401, ""),
        ("acme/missing", ""): ("RepositoryNotFoundError", 401, ""),
        ("acme/private", "hf_accepted"): ("RepositoryNotFoundError", 404, "RepoNotFound"),
        ("acme/missing", "hf_accepted"): ("RepositoryNotFoundError", 404, "RepoNotFound"),
        ("acme/disabled", ""): ("DisabledRepoError", 403, ""),
    }


@pytest.mark.parametrize("route", ["/api/models/{}", "/api/models/{}/tree/main", "/{}/resolve/main/config.json"])
@pytest.mark.parametrize(("token", "sample_id"), [("", "repo-missing-anon-1"), ("hf_alice", "repo-missing-auth")])
def test_a_private_repo_cannot_be_told_from_a_missing_one(
    hub: LocalHub, route: str, token: str, sample_id: str
) -> None:
    hub.add_repo("acme/private", {"config.json": b"{}"}, private=True, gated="auto")
    hub.add_token("hf_alice", user="alice")
    sample = SAMPLES[sample_id]
    seen = [ask(hub, "GET", route.format(repo), token) for repo in ("acme/private", "acme/missing", "gpt2")]
    assert {(a.status, a.headers["x-error-message"], a.headers.get("x-error-code", "")) for a in seen} == {
        (sample.status, sample.message, sample.code)
    }


def test_members_and_owners_see_a_private_repo_if_their_token_covers_it(hub: LocalHub) -> None:
    hub.add_repo("acme/private", {"config.json": b"{}"}, private=True)
    hub.add_token("hf_owner", user="acme")
    hub.add_token("hf_member", user="alice")
    hub.add_token("hf_scoped", user="alice", role="fineGrained", scoped=["acme/private"])
    hub.add_token("hf_elsewhere", user="alice", role="fineGrained", scoped=["acme/tiny"])
    hub.set_access("alice", "acme/private", "accepted")
    tokens = ("hf_owner", "hf_member", "hf_scoped", "hf_elsewhere")
    statuses = [ask(hub, "GET", "/api/models/acme/private/auth-check", token).status for token in tokens]
    assert statuses == [200, 200, 200, 404]


def test_the_gate_stands_before_revision_and_file(hub: LocalHub) -> None:
    arrange(hub, "acme/gated")
    for path in ("/acme/gated/resolve/nowhere/config.json", "/acme/gated/resolve/main/nothing.bin"):
        assert ask(hub, "HEAD", path).headers["x-error-code"] == "GatedRepo"
    wrong = {path: SAMPLES[path] for path in ("revision-missing", "entry-missing")}
    revision = ask(hub, "GET", "/acme/gated/resolve/nowhere/README.md")
    entry = ask(hub, "GET", "/acme/gated/resolve/main/nothing.bin", "hf_accepted")
    assert entry.headers["x-repo-commit"] == ask(hub, "GET", "/api/models/acme/gated").json()["sha"]
    for answer, sample in zip((revision, entry), wrong.values(), strict=True):
        assert (answer.status, answer.headers["x-error-code"]) == (404, sample.code)
        assert answer.body.decode() == sample.message


def test_readme_and_licence_are_open_but_only_at_the_root(hub: LocalHub) -> None:
    names = ["README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", ".gitattributes", "docs/README.md", "README.txt"]
    hub.add_repo("acme/gated", dict.fromkeys(names, b"text"), gated="auto")
    statuses = {name: ask(hub, "HEAD", f"/acme/gated/resolve/main/{name}").status for name in names}
    assert statuses == dict.fromkeys(names[:4], 307) | dict.fromkeys(names[4:], 401)


def test_metadata_of_a_gated_repo_is_public_with_its_hashes_masked(hub: LocalHub) -> None:
    arrange(hub, "acme/gated")
    for token, masked in (("", True), ("hf_pending", True), ("hf_noscope", True), ("hf_accepted", False)):
        info = ask(hub, "GET", "/api/models/acme/gated?blobs=true", token)
        assert (info.status, info.json()["gated"]) == (200, "manual")
        tree = ask(hub, "GET", "/api/models/acme/gated/tree/main", token).json()
        paths = ask(
            hub,
            "POST",
            "/api/models/acme/gated/paths-info/main",
            token,
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"paths=model.safetensors&expand=False",
        ).json()
        lfs = [entry["lfs"]["oid"] for entry in tree + paths if "lfs" in entry]
        lfs += [sibling["lfs"]["sha256"] for sibling in info.json()["siblings"] if "lfs" in sibling]
        assert len(lfs) == 3
        assert all((oid == "*" * 64) is masked for oid in lfs)


@pytest.mark.parametrize("token", ["hf_unknown", "hf_revoked", "hf_expired"])
def test_a_bad_token_spoils_even_public_repos(hub: LocalHub, token: str) -> None:
    arrange(hub, "acme/gated")
    for path in ("/api/whoami-v2", "/api/models/acme/tiny", "/acme/tiny/resolve/main/config.json"):
        assert ask(hub, "GET", path, token).status == 401


def test_the_other_reported_answers_to_a_bad_token_can_be_chosen() -> None:
    told = {}
    for way in ("invalid-credentials", "invalid-username", "as-anonymous"):
        with LocalHub(bad_token=way) as hub:
            hub.add_repo("acme/gated", {"config.json": b"{}"}, gated="auto")
            paths = ("/acme/gated/resolve/main/config.json", "/api/whoami-v2")
            told[way] = [ask(hub, "HEAD", path, "hf_bad").headers["x-error-message"] for path in paths]
    credentials, username = SAMPLES["bad-token-1"].message, SAMPLES["repo-missing-anon-1"].message
    gated = SAMPLES["gated-anon-3"].message.replace("black-forest-labs/FLUX.1-dev", "acme/gated")
    assert told == {
        "invalid-credentials": [credentials, credentials],
        "invalid-username": [username, username],
        "as-anonymous": [gated, credentials],
    }


def test_whoami_tells_account_role_and_scopes(hub: LocalHub, client: Client) -> None:
    hub.add_token("hf_fine", user="alice", name="ci", role="fineGrained", reads_gated=False, scoped=["acme/tiny"])
    told = client.run("import json, huggingface_hub as h; print(json.dumps(h.whoami()))", "hf_fine")
    token = told["auth"]["accessToken"]
    assert (told["name"], token["displayName"], token["role"]) == ("alice", "ci", "fineGrained")
    assert token["fineGrained"]["canReadGatedRepos"] is False
    assert [scope["entity"]["name"] for scope in token["fineGrained"]["scoped"]] == ["acme/tiny"]
    anonymous = ask(hub, "GET", "/api/whoami-v2")
    assert (anonymous.status, anonymous.json()) == (401, {"error": "Invalid username or password."})


def test_a_disabled_repo_says_so_everywhere(hub: LocalHub) -> None:
    hub.add_repo("acme/off", {"README.md": b"# off"}, disabled=True)
    hub.add_repo("acme/half", {"README.md": b"# off"}, disabled="content")
    sample = SAMPLES["disabled-1"]
    for path in ("/api/models/acme/off", "/acme/off/resolve/main/README.md", "/acme/half/resolve/main/README.md"):
        answer = ask(hub, "GET", path)
        assert (answer.status, answer.headers["x-error-message"]) == (sample.status, sample.message)
        assert "x-error-code" not in answer.headers
    assert ask(hub, "GET", "/api/models/acme/half").json()["disabled"] is True


PLAYABLE = [sample for sample in SAMPLES.values() if sample.is_refusal]


@pytest.mark.parametrize("sample", PLAYABLE, ids=lambda sample: sample.id)
def test_a_recorded_answer_can_be_played_back(hub: LocalHub, sample: Sample) -> None:
    api = "api" in sample.route.lower()
    path = "/api/models/acme/tiny/auth-check" if api else "/acme/tiny/resolve/main/config.json"
    hub.answer(path, *sample.answer(api))
    answer = ask(hub, "GET", path)
    assert answer.status == sample.status
    assert answer.headers.get("x-error-code", "") == sample.code
    assert answer.headers["x-error-message"] in sample.message
    assert answer.headers["x-error-message"] in (answer.json()["error"] if api else answer.body.decode())
