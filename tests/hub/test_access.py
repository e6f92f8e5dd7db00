"""The verdict for a need: who asks, with which token, for which repo, over which network. The real client, over TLS."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from entrypoint.hub.access import BEARER_SECONDS, PARALLEL
from entrypoint.values import Evidence, Identity
from localhub import LocalHub
from localhub.mirror import AuthCheck
from tests.hub.conftest import FILES, TOKEN, Asking, asked, need
from tests.hub.tls import ConnectProxy, Host, Shown

YEAR_2001, YEAR_2900 = (datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2900))

# Tokens x gates x repos

TOKENS: dict[str, dict[str, Any] | None] = {
    "no token": None,
    "a read token": {"role": "read"},
    "a write token": {"role": "write"},
    "a fine-grained token": {"role": "fineGrained", "reads_gated": True},
    "a narrow token": {"role": "fineGrained", "reads_gated": False},
    "an expired token": {"state": "expired"},
    "a revoked token": {"state": "revoked"},
    "an unknown token": None,
}
GATES = {
    "accepted": "granted",
    "none": "terms-not-accepted",
    "pending": "review-pending",
    "rejected": "review-rejected",
    "reset": "access-reset",
}
GOOD = ("a read token", "a write token", "a fine-grained token")
BAD = {
    "an expired token": "token-expired",
    "a revoked token": "token-invalid",
    "an unknown token": "token-invalid",
}
BAD_TOKEN_ANSWERS = ("invalid-credentials", "invalid-username", "as-anonymous")


def hold(hub: LocalHub, kind: str) -> str | None:
    """Issues a token of this kind, to alice; what the deployment then sends."""
    options = TOKENS[kind]
    if options is not None:
        hub.add_token(TOKEN, user="alice", name="laptop", **options)
    return None if kind == "no token" else TOKEN


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("standing", GATES)
@pytest.mark.parametrize("gated", ["auto", "manual"])
def test_a_gated_repo(hub: LocalHub, asking: Asking, kind: str, standing: Any, gated: Any) -> None:
    token = hold(hub, kind)
    hub.set_repo("acme/tiny", gated=gated)
    hub.set_access("alice", "acme/tiny", standing)
    expected = {
        "no token": "token-missing",
        "a narrow token": "token-lacks-gated-scope",
        **BAD,
        **dict.fromkeys(GOOD, GATES[standing]),
    }[kind]
    verdict = asking.verdict(hub.url, token)
    assert verdict.name == expected
    assert TOKEN not in repr(verdict)
    if verdict.identity is not None:
        assert (verdict.identity.account, verdict.identity.token_name) == ("alice", "laptop")
    assert (verdict.identity is not None) is (token is not None and kind not in BAD and not verdict.granted)
    if expected in ("token-missing", "token-lacks-gated-scope", "terms-not-accepted", "review-pending", "granted"):
        assert verdict.repo is not None
        assert verdict.repo.gated == gated


@pytest.mark.parametrize("kind", TOKENS)
def test_an_open_repo_is_granted_to_all_but_bad_tokens(hub: LocalHub, asking: Asking, kind: str) -> None:
    verdict = asking.verdict(hub.url, hold(hub, kind))
    assert verdict.name == BAD.get(kind, "granted")
    if verdict.granted:
        assert verdict.repo is not None
        assert {file.path for file in verdict.repo.files} == FILES.keys()


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("repo", ["acme/hidden", "acme/nothing"])
def test_a_private_repo_is_not_told_from_a_missing_one(hub: LocalHub, asking: Asking, kind: str, repo: str) -> None:
    hub.add_repo("acme/hidden", FILES, private=True)
    expected = {"no token": "repo-missing-or-private", **BAD}.get(kind, "repo-not-found")
    assert asking.verdict(hub.url, hold(hub, kind), of=repo).name == expected


@pytest.mark.parametrize(
    ("kind", "scoped", "verdict"),
    [
        ("read", (), "granted"),
        ("fineGrained", ("acme/hidden",), "granted"),
        ("fineGrained", ("acme/other",), "repo-not-found"),
    ],
)
def test_a_private_repo_is_open_to_its_members_within_the_tokens_scope(
    hub: LocalHub, asking: Asking, kind: Any, scoped: tuple[str, ...], verdict: str
) -> None:
    hub.add_repo("acme/hidden", FILES, private=True)
    hub.set_access("alice", "acme/hidden", "accepted")
    hub.add_token(TOKEN, user="alice", role=kind, scoped=scoped)
    assert asking.verdict(hub.url, TOKEN, of="acme/hidden").name == verdict


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("disabled", [True, "content"])
def test_a_disabled_repo(hub: LocalHub, asking: Asking, kind: str, disabled: Any) -> None:
    hub.set_repo("acme/tiny", disabled=disabled)
    assert asking.verdict(hub.url, hold(hub, kind)).name == BAD.get(kind, "repo-disabled")


@pytest.mark.parametrize("answer", BAD_TOKEN_ANSWERS)
@pytest.mark.parametrize("repo", ["acme/gated", "acme/hidden", "acme/nothing"])
def test_a_bad_token_is_named_however_the_hub_answers_it(
    asking: Asking, trust: Callable[[LocalHub], None], answer: Any, repo: str
) -> None:
    with LocalHub(bad_token=answer) as hub:
        trust(hub)
        hub.add_repo("acme/gated", FILES, gated="auto")
        hub.add_repo("acme/hidden", FILES, private=True)
        assert asking.verdict(hub.url, TOKEN, of=repo).name == "token-invalid"


@pytest.mark.parametrize("kind", ["no token", "a read token"])
def test_a_revision_that_is_not_there(hub: LocalHub, asking: Asking, kind: str) -> None:
    assert asking.verdict(hub.url, hold(hub, kind), revision="v9").name == "revision-not-found"


def test_the_gate_comes_before_the_revision(hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    assert asking.verdict(hub.url, revision="v9").name == "token-missing"


def test_a_renamed_repo_is_granted(hub: LocalHub, asking: Asking) -> None:
    hub.add_repo("acme/new", FILES, renamed_from=["acme/old"])
    assert asking.verdict(hub.url, of="acme/old").granted


def test_a_narrow_token_is_not_blamed_for_what_an_open_repo_refuses_that_it_names(
    hub: LocalHub, asking: Asking
) -> None:
    hub.add_token(TOKEN, user="alice", role="fineGrained", reads_gated=False, scoped=["acme/tiny"])
    hub.answer("auth-check", 403, {"X-Error-Message": "a sentence of next year"}, "")
    verdict = asking.verdict(hub.url, TOKEN)
    assert (verdict.name, verdict.evidence.message) == ("refused", "a sentence of next year")


# Other words than those of today

WORDINGS: dict[str, Any] = {
    "one sentence for all": "You may not do this.",
    "none": "",
    "in capitals": str.upper,
    "another language": "您没有权限",
}


@pytest.fixture(params=list(WORDINGS))
def reworded(request: pytest.FixtureRequest, hub: LocalHub) -> LocalHub:
    hub.set_wording(WORDINGS[request.param])
    return hub


@pytest.mark.parametrize("kind", ["no token", "a read token", "a narrow token", "an unknown token"])
@pytest.mark.parametrize("gated", ["auto", "manual"])
def test_a_gate_is_known_without_its_words(reworded: LocalHub, asking: Asking, kind: str, gated: Any) -> None:
    expected = {
        "no token": "token-missing",
        "a read token": "terms-not-accepted",
        "a narrow token": "token-lacks-gated-scope",
        "an unknown token": "token-invalid",
    }[kind]
    reworded.set_repo("acme/tiny", gated=gated)
    verdict = asking.verdict(reworded.url, hold(reworded, kind))
    assert verdict.name == expected
    assert verdict.repo is None if kind == "an unknown token" else verdict.repo and verdict.repo.gated == gated


@pytest.mark.parametrize("kind", ["no token", "a read token", "a narrow token"])
def test_a_disabled_repo_is_known_without_its_words(reworded: LocalHub, asking: Asking, kind: str) -> None:
    reworded.set_repo("acme/tiny", disabled="content")
    assert asking.verdict(reworded.url, hold(reworded, kind)).name == "repo-disabled"


@pytest.mark.parametrize("kind", ["no token", "a read token", "a revoked token"])
def test_what_is_missing_is_known_without_its_words(reworded: LocalHub, asking: Asking, kind: str) -> None:
    token = hold(reworded, kind)
    bad = "token-invalid" if kind == "a revoked token" else ""
    missing = "repo-not-found" if token else "repo-missing-or-private"
    assert asking.verdict(reworded.url, token, of="acme/nothing").name == (bad or missing)
    assert asking.verdict(reworded.url, token, revision="v9").name == (bad or "revision-not-found")


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize(
    ("kind", "orgs", "scoped", "verdict"),
    [
        ("read", ["acme"], [], "org-policy"),
        ("fineGrained", ["acme"], ["acme"], "org-policy"),
        ("fineGrained", ["acme"], ["acme/tiny"], "org-policy"),
        ("fineGrained", ["acme"], ["acme/other"], "token-lacks-repo-scope"),
        ("read", ["umbrella"], [], "refused"),
    ],
)
def test_a_rule_of_an_organisation_is_known_without_its_words(
    reworded: LocalHub, asking: Asking, kind: Any, orgs: list[str], scoped: list[str], verdict: str, metadata: bool
) -> None:
    reworded.add_token(TOKEN, user="alice", role=kind, scoped=scoped)
    reworded.set_orgs("alice", dict.fromkeys(orgs, "read"))
    reworded.set_policy("acme", "A rule of acme stands in the way.", metadata=metadata)
    if not metadata and verdict == "token-lacks-repo-scope":
        verdict = "org-policy"  # the repo shows itself to the token: no scope is missing
    assert asking.verdict(reworded.url, TOKEN).name == verdict


@pytest.mark.parametrize("repo", ["acme/hidden", "alice/hidden", "umbrella/hidden"])
@pytest.mark.parametrize("scoped", [True, False])
def test_a_private_repo_that_the_token_does_not_name_is_told_where_it_could(
    reworded: LocalHub, asking: Asking, repo: str, scoped: bool
) -> None:
    reworded.add_repo(repo, FILES, private=True)
    reworded.add_token(TOKEN, user="alice", role="fineGrained", scoped=[repo if scoped else "acme/other"])
    reworded.set_orgs("alice", {"acme": "read"})
    mine = not repo.startswith("umbrella")
    expected = "granted" if mine and scoped else "token-lacks-repo-scope" if mine else "repo-not-found"
    assert asking.verdict(reworded.url, TOKEN, of=repo).name == expected


def test_a_whoami_that_refuses_an_account_speaks_for_it(hub: LocalHub, asking: Asking) -> None:
    token = hold(hub, "a read token")
    hub.answer("auth-check", 403, {"X-Error-Message": "no"}, "")
    hub.answer("whoami", 403, {"X-Error-Message": "Your IP address is not on the list"}, "")
    verdict = asking.verdict(hub.url, token)
    assert (verdict.name, verdict.evidence.message) == ("org-policy", "Your IP address is not on the list")
    assert verdict.evidence.url.endswith("/api/whoami-v2")


def test_a_whoami_that_refuses_in_other_words_is_shown_as_it_came(hub: LocalHub, asking: Asking) -> None:
    token = hold(hub, "a read token")
    hub.answer("/api/", 403, {"X-Error-Message": "Account locked"}, "")
    verdict = asking.verdict(hub.url, token)
    assert (verdict.name, verdict.evidence.message) == ("refused", "Account locked")
    assert verdict.evidence.url.endswith("/api/whoami-v2")


def test_a_whoami_that_refuses_does_not_hide_what_the_repo_says_for_itself(hub: LocalHub, asking: Asking) -> None:
    token = hold(hub, "a read token")
    hub.set_repo("acme/tiny", gated="auto")
    hub.answer("whoami", 403, {"X-Error-Message": "Your IP address is not on the list"}, "")
    verdict = asking.verdict(hub.url, token)
    assert (verdict.name, verdict.evidence.code) == ("terms-not-accepted", "GatedRepo")


# Who is asked what, and how often


def test_needs_are_asked_about_in_parallel_and_answered_in_their_order(hub: LocalHub, asking: Asking) -> None:
    names = [f"acme/model-{number}" for number in range(PARALLEL)]
    for name in names:
        hub.add_repo(name, FILES)
    hub.fault("slow", "auth-check", times=None, delay=0.4)
    began = time.monotonic()
    verdicts = asking.access(hub.url).ask([need(name) for name in names])
    assert time.monotonic() - began < 0.4 * PARALLEL / 2
    assert [verdict.need.repo for verdict in verdicts] == names
    assert all(verdict.granted for verdict in verdicts)


def test_one_refusal_does_not_spoil_the_other_verdicts(hub: LocalHub, asking: Asking) -> None:
    hub.add_repo("acme/gated", FILES, gated="auto")
    asked_for = [need("acme/nothing"), need("acme/tiny"), need("acme/gated"), need("acme/tiny", "v9")]
    names = [verdict.name for verdict in asking.access(hub.url).ask(asked_for)]
    assert names == ["repo-missing-or-private", "granted", "token-missing", "revision-not-found"]


def test_no_needs_no_questions(hub: LocalHub, asking: Asking) -> None:
    assert asking.access(hub.url).ask([]) == ()
    assert hub.requests == []


def test_whoami_is_asked_once_for_many_refusals(hub: LocalHub, asking: Asking) -> None:
    token = hold(hub, "a read token")
    hub.fault("slow", "whoami", times=None, delay=0.2)
    access = asking.access(hub.url, token)
    access.ask([need(f"acme/nothing-{number}") for number in range(10)])
    access.refused(need(), Evidence(status=403, code="GatedRepo", from_hub=True))
    assert len(asked(hub, "whoami")) == 1


def test_whoami_is_asked_once_even_when_it_fails(hub: LocalHub, asking: Asking) -> None:
    asking.access(hub.url, TOKEN).ask([need(f"acme/nothing-{number}") for number in range(10)])
    assert len(asked(hub, "whoami")) == 1


def test_who_keeps_asking_asks_whoami_once_a_minute(hub: LocalHub, asking: Asking) -> None:
    now = 1000.0
    token = hold(hub, "a read token")
    hub.set_repo("acme/tiny", gated="auto")
    access = asking.access(hub.url, token, clock=lambda: now)
    for _ in range(3):
        assert access.ask([need()])[0].identity == Identity("alice", "laptop", "read")
    now += BEARER_SECONDS - 1
    access.ask([need()])
    assert len(asked(hub, "whoami")) == 1
    hold(hub, "a revoked token")
    now += 1
    verdict = access.ask([need()])[0]
    assert (verdict.name, verdict.identity) == ("token-invalid", None)
    assert len(asked(hub, "whoami")) == 2


def test_the_public_face_is_asked_once_per_repo(hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_repo("acme/other", FILES, gated="manual")
    needs = [need(), need(revision="v9"), need(revision="v8"), need("acme/other")]
    verdicts = asking.access(hub.url).ask(needs)
    assert [verdict.repo.gated for verdict in verdicts if verdict.repo] == ["auto", "auto", "auto", "manual"]
    assert sorted(asked(hub, "")) == [
        "GET /api/models/acme/other",
        "GET /api/models/acme/other/auth-check",
        "GET /api/models/acme/tiny",
        *["GET /api/models/acme/tiny/auth-check"] * 3,
    ]


@pytest.mark.parametrize("kind", ["no token", "a read token", "an unknown token"])
def test_what_the_listing_answered_is_not_asked_again(hub: LocalHub, asking: Asking, kind: str) -> None:
    asking.verdict(hub.url, hold(hub, kind), of="acme/nothing")
    assert len(asked(hub, "/api/models/acme/nothing")) == 2


@pytest.mark.parametrize("kind", ["no token", "a read token"])
def test_whoami_is_not_asked_when_all_is_granted(hub: LocalHub, asking: Asking, kind: str) -> None:
    asking.verdict(hub.url, hold(hub, kind))
    assert asked(hub, "whoami") == []


def test_whoami_is_not_asked_without_a_token(hub: LocalHub, asking: Asking) -> None:
    asking.verdict(hub.url, of="acme/nothing")
    assert asked(hub, "whoami") == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_whoami_is_not_asked_where_it_could_not_change_the_verdict(hub: LocalHub, asking: Asking, status: int) -> None:
    hub.fault("status", "auth-check", times=None, status=status)
    asking.verdict(hub.url, hold(hub, "a read token"))
    assert asked(hub, "whoami") == []


@pytest.mark.parametrize("trouble", ["429", "500", "page", "odd JSON", "reset"])
def test_a_whoami_that_fails_does_not_spoil_the_verdict(hub: LocalHub, asking: Asking, trouble: str) -> None:
    token = hold(hub, "a read token")
    hub.set_repo("acme/tiny", gated="auto")
    if trouble.isdecimal():
        hub.answer("whoami", int(trouble), {"RateLimit": '"whoami";r=0;t=300'}, "")
    elif trouble == "odd JSON":
        hub.answer("whoami", 200, {"Content-Type": "application/json"}, '["alice"]')
    else:
        hub.fault("html" if trouble == "page" else "reset", "whoami", times=None)
    verdict = asking.access(hub.url, token, attempts=5).ask([need()])[0]
    assert (verdict.name, verdict.identity) == ("terms-not-accepted", None)
    assert sum(asking.pauses) < 5


def test_the_gating_is_not_waited_for_either(hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.answer("GET /api/models/acme/tiny$", 429, {"RateLimit": '"api";r=0;t=300'}, "")
    verdict = asking.access(hub.url, attempts=5).ask([need()])[0]
    assert (verdict.name, verdict.repo, asking.pauses) == ("token-missing", None, [])


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        (Evidence(status=403, code="GatedRepo", from_hub=True), "terms-not-accepted"),
        (Evidence(status=404, code="RepoNotFound", from_hub=True), "repo-not-found"),
        (Evidence(status=404, code="EntryNotFound", from_hub=True), "file-not-found"),
        (Evidence(trouble="reset"), "hub-unreachable"),
    ],
)
def test_a_refusal_in_the_middle_of_a_transfer_gets_its_verdict(
    hub: LocalHub, asking: Asking, evidence: Evidence, name: str
) -> None:
    verdict = asking.access(hub.url, hold(hub, "a read token")).refused(need(), evidence)
    assert (verdict.name, verdict.evidence) == (name, evidence)


# Mirrors without auth-check


@pytest.fixture
def mirror(hub: LocalHub) -> LocalHub:
    """Answers 404 to auth-check, as olah (with the Hub's code) and others (a plain page) do."""
    hub.answer("auth-check", 404, {"X-Error-Code": "RepoNotFound"}, "")
    return hub


def test_where_auth_check_is_missing_a_head_of_the_largest_file_grants(mirror: LocalHub, asking: Asking) -> None:
    assert asking.verdict(mirror.url).granted
    heads = [path for path in asked(mirror, "/resolve/") if path.startswith("HEAD")]
    assert len(heads) == 1
    assert heads[0].endswith("/model.safetensors")


@pytest.mark.parametrize("standing", GATES)
def test_where_auth_check_is_missing_a_head_refuses_with_the_same_verdict(
    mirror: LocalHub, asking: Asking, standing: Any
) -> None:
    mirror.set_repo("acme/tiny", gated="manual")
    mirror.set_access("alice", "acme/tiny", standing)
    verdict = asking.verdict(mirror.url, hold(mirror, "a read token"))
    assert verdict.name == GATES[standing]
    if standing == "none":
        assert verdict.repo is not None
        assert verdict.repo.gated == "manual"


@pytest.mark.parametrize(("gated", "verdict"), [("", "granted"), ("auto", "token-missing")])
def test_an_auth_check_that_wants_a_login_from_everybody_does_not_close_an_open_repo(
    hub: LocalHub, asking: Asking, gated: Any, verdict: str
) -> None:
    hub.answer("auth-check", 401, {"X-Error-Message": "Invalid username or password."}, "")
    hub.add_repo("acme/tiny", FILES, gated=gated)
    assert asking.verdict(hub.url).name == verdict


def test_where_auth_check_is_missing_a_repo_may_be_missing_too(mirror: LocalHub, asking: Asking) -> None:
    assert asking.verdict(mirror.url, of="acme/nothing").name == "repo-missing-or-private"
    assert asking.verdict(mirror.url, hold(mirror, "a read token"), of="acme/nothing").name == "repo-not-found"


def test_where_a_mirror_masks_hashes_the_verdict_brings_the_real_ones(mirror: LocalHub, asking: Asking) -> None:
    masked = {"oid": "*" * 64, "size": 2000, "pointerSize": 130}
    listing = [{"type": "file", "path": "model.safetensors", "oid": "a" * 40, "size": 2000, "lfs": masked}]
    mirror.answer("GET .*/tree/", 200, {"Content-Type": "application/json"}, json.dumps(listing))
    verdict = asking.verdict(mirror.url)
    assert verdict.repo is not None
    assert verdict.repo.files[0].sha256 == hashlib.sha256(FILES["model.safetensors"]).hexdigest()


def test_files_that_everybody_may_read_prove_nothing_about_a_gate(mirror: LocalHub, asking: Asking) -> None:
    readme = b"#" * 5000
    mirror.add_repo("acme/gated", {"README.md": readme, "LICENSE": readme, "config.json": b"{}"}, gated="auto")
    assert asking.verdict(mirror.url, of="acme/gated").name == "token-missing"


def test_a_repo_with_nothing_but_open_files_is_granted(mirror: LocalHub, asking: Asking) -> None:
    mirror.add_repo("acme/card", {"README.md": b"# Card"}, gated="auto")
    assert asking.verdict(mirror.url, of="acme/card").granted


@pytest.mark.parametrize("auth_check", get_args(AuthCheck))
@pytest.mark.parametrize(("gated", "verdict"), [("", "granted"), ("manual", "terms-not-accepted")])
def test_a_mirror_that_does_not_know_auth_check(
    hub: LocalHub, asking: Asking, auth_check: AuthCheck, gated: Any, verdict: str
) -> None:
    hub.set_auth_check(auth_check)
    hub.set_repo("acme/tiny", gated=gated)
    assert asking.verdict(hub.url, hold(hub, "a read token")).name == verdict


PAGE = {"Content-Type": "text/html"}


@pytest.mark.parametrize("status", [200, 404, 405, 501])
@pytest.mark.parametrize("headers", [PAGE, {"Content-Type": "application/json"}, {}], ids=["page", "JSON", "nothing"])
def test_whatever_says_that_there_is_no_auth_check_the_listing_is_believed(
    hub: LocalHub, asking: Asking, status: int, headers: dict[str, str]
) -> None:
    hub.answer("auth-check", status, headers, "<html><title>No such page</title></html>" if headers == PAGE else "{}")
    assert asking.verdict(hub.url).granted


@pytest.mark.parametrize("status", [200, 401, 403, 404, 405, 451])
def test_who_answers_everything_with_a_page_is_not_a_hub(hub: LocalHub, asking: Asking, status: int) -> None:
    hub.answer("", status, PAGE, "<html><title>Sign in</title></html>")
    assert asking.verdict(hub.url, TOKEN).name == "not-a-hub"


def test_a_repo_that_a_mirror_lists_but_gives_to_nobody_without_a_login(mirror: LocalHub, asking: Asking) -> None:
    mirror.answer("HEAD .*/resolve/", 401, {"X-Error-Message": "log in, please"}, "")
    assert asking.verdict(mirror.url).name == "token-missing"


def test_a_page_with_404_for_auth_check_is_a_mirror_that_does_not_have_it(hub: LocalHub, asking: Asking) -> None:
    hub.answer("auth-check", 404, {"Content-Type": "text/html"}, "<html><title>404 Not Found</title></html>")
    assert asking.verdict(hub.url).granted


# Networks


def test_a_host_without_an_address(asking: Asking) -> None:
    verdict = asking.verdict("https://nope.invalid")
    assert (verdict.name, verdict.evidence.trouble) == ("hub-unreachable", "dns")
    assert verdict.evidence.url.startswith("https://nope.invalid/")


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_port_where_nobody_listens(asking: Asking, closed_port: int) -> None:
    access = asking.access(f"https://localhost:{closed_port}", attempts=3)
    verdicts = access.ask([need(f"acme/model-{number}") for number in range(PARALLEL)])
    assert {(verdict.name, verdict.evidence.trouble) for verdict in verdicts} == {("hub-unreachable", "connect")}
    assert len(asking.pauses) == 2 * PARALLEL


def test_a_certificate_that_nobody_trusts_is_asked_once(asking: Asking) -> None:
    with LocalHub() as hub:
        verdict = asking.access(hub.url, TOKEN, attempts=5).ask([need()])[0]
        assert (verdict.name, verdict.evidence.trouble) == ("tls-untrusted", "tls")
        assert "certificate verify failed" in verdict.evidence.message
        assert hub.requests == []
        assert len(hub.tls_failures) == 1


def test_the_issuer_that_is_not_trusted_is_named_and_looked_at_once(asking: Asking) -> None:
    with Host() as host:
        verdicts = asking.access(host.url, TOKEN).ask([need(f"acme/model-{number}") for number in range(PARALLEL)])
    assert {verdict.name for verdict in verdicts} == {"tls-untrusted"}
    assert {(verdict.evidence.issuer, verdict.evidence.valid) for verdict in verdicts} == {
        ("Company Inspection CA, Company Ltd", "2025-01-01 to 2999-12-31")
    }
    assert host.received == b""
    assert host.connections == PARALLEL + 2


@pytest.mark.parametrize(
    ("shown", "trusted", "trouble", "words"),
    [
        (Shown(begin=YEAR_2001, end=YEAR_2001 + timedelta(days=365)), True, "clock", "certificate has expired"),
        (Shown(begin=YEAR_2900), True, "clock", "certificate is not yet valid"),
        (Shown(), False, "tls", "unable to get local issuer certificate"),
        (Shown(names=("other.example",)), True, "tls", "Hostname mismatch"),
    ],
    ids=["expired", "not yet valid", "another issuer", "another name"],
)
def test_a_certificate_out_of_its_time_is_told_from_one_of_another_issuer(
    asking: Asking,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shown: Shown,
    trusted: bool,
    trouble: str,
    words: str,
) -> None:
    context, authority = shown.issued()
    if trusted:
        (tmp_path / "ca.pem").write_bytes(authority)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Host(contexts=[context]) as host:
        verdict = asking.verdict(host.url)
    evidence = verdict.evidence
    assert (verdict.name, evidence.trouble) == ("tls-untrusted", trouble)
    assert words in evidence.message
    assert evidence.valid == f"{shown.begin:%Y-%m-%d} to {shown.end:%Y-%m-%d}"


def test_of_a_file_host_the_issuer_is_named_too(hub: LocalHub, asking: Asking) -> None:
    with Host() as host:
        message = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
        said = Evidence(url=f"https://localhost:{host.port}/repos/x", message=message, trouble="tls")
        verdict = asking.access(hub.url).refused(need(), said)
    assert verdict.name == "tls-untrusted"
    assert verdict.evidence == replace(
        said, issuer="Company Inspection CA, Company Ltd", valid="2025-01-01 to 2999-12-31"
    )
    assert hub.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_whose_own_certificate_is_not_trusted_is_named(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with ConnectProxy(context=Shown(issuer="Proxy CA").context()) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", proxy.url("alice:s3cret@"))
        verdict = asking.verdict(f"{scheme}://hub.example", TOKEN)
        assert verdict.evidence.message.startswith(
            f"the proxy localhost:{proxy.port}: [SSL: CERTIFICATE_VERIFY_FAILED]"
        )
    assert (verdict.name, verdict.evidence.issuer) == ("tls-untrusted", "Proxy CA, Company Ltd")
    assert "s3cret" not in repr(verdict)


def test_a_certificate_that_does_not_let_itself_be_seen_again_changes_nothing(asking: Asking) -> None:
    with Host() as host:
        verdict = asking.access(host.url, look=lambda _: None).ask([need()])[0]
    assert (verdict.name, verdict.evidence.issuer, verdict.evidence.valid) == ("tls-untrusted", "", "")


def test_nothing_is_looked_at_where_no_certificate_was_the_fault(asking: Asking, closed_port: int) -> None:
    looks: list[str] = []
    with LocalHub(tls=False) as hub:
        for url in (hub.url.replace("http:", "https:"), f"https://localhost:{closed_port}", "https://nope.invalid"):
            assert asking.access(url, look=looks.append).ask([need()])[0].name in ("tls-untrusted", "hub-unreachable")
    assert looks == []


def test_plain_http_where_tls_was_expected(asking: Asking) -> None:
    with LocalHub(tls=False) as hub:
        assert asking.verdict(hub.url.replace("http:", "https:")).name == "tls-untrusted"


@pytest.mark.parametrize("kind", ["reset", "cut"])
def test_a_connection_that_is_always_broken(hub: LocalHub, asking: Asking, kind: str) -> None:
    hub.fault(kind, "hub", times=None)
    verdict = asking.access(hub.url, attempts=3).ask([need()])[0]
    assert (verdict.name, verdict.evidence.trouble) == ("hub-unreachable", "reset")
    assert len(hub.requests) == 3


@contextlib.contextmanager
def proxy(answer: str, *marks: str) -> Iterator[str]:
    """A proxy that answers every request with this status line, these headers, and a page."""
    page = "<html><title>Blocked by policy</title></html>"
    head = (answer, *marks, "Content-Type: text/html", f"Content-Length: {len(page)}", "Connection: close")
    reply = "HTTP/1.1 " + "\r\n".join(head) + "\r\n\r\n"

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall((reply + page).encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("403 Forbidden", "proxy-refused"),
        ("407 Proxy Authentication Required", "proxy-refused"),
        ("503 Service Unavailable", "hub-unreachable"),
    ],
)
def test_a_proxy_that_does_not_let_a_connection_through(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, answer: str, name: str
) -> None:
    with proxy(answer) as address:
        monkeypatch.setenv("HTTPS_PROXY", address)
        verdict = asking.access("https://hub.example", TOKEN).ask([need()])[0]
    assert verdict.name == name
    assert verdict.evidence.message == answer


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("403 Forbidden", "not-a-hub"),
        ("407 Proxy Authentication Required", "proxy-refused"),
        ("503 Service Unavailable", "hub-error"),
    ],
)
def test_a_proxy_that_answers_in_the_hubs_place(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, answer: str, name: str
) -> None:
    with proxy(answer) as address:
        monkeypatch.setenv("HTTP_PROXY", address)
        verdict = asking.access("http://hub.example", TOKEN).ask([need()])[0]
    assert (verdict.name, verdict.evidence.message) == (name, "Blocked by policy")


@pytest.mark.parametrize(
    "mark",
    [
        "X-Squid-Error: ERR_ACCESS_DENIED 0",
        "Proxy-Authenticate: Basic",
        "Proxy-Status: gate; error=http_request_denied",
    ],
)
@pytest.mark.parametrize(
    ("answer", "name"), [("403 Forbidden", "proxy-refused"), ("503 Service Unavailable", "hub-unreachable")]
)
def test_a_proxy_that_answers_in_the_hubs_place_and_says_so(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, answer: str, name: str, mark: str
) -> None:
    with proxy(answer, mark) as address:
        monkeypatch.setenv("HTTP_PROXY", address)
        verdict = asking.access("http://hub.example", TOKEN).ask([need()])[0]
        assert (verdict.name, verdict.evidence.message) == (name, "Blocked by policy")
        assert verdict.evidence.status == int(answer[:3])
        monkeypatch.delenv("HTTP_PROXY")
        direct = asking.access(address, TOKEN).ask([need()])[0]
    assert direct.name == ("not-a-hub" if name == "proxy-refused" else "hub-error")


@pytest.mark.parametrize("exception", ["hub.example", "*"])
def test_a_proxy_that_is_not_in_force_for_the_hub_is_not_blamed(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, exception: str
) -> None:
    with proxy("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0") as address:
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1" if exception != "*" else "*")
        assert asking.access(address, TOKEN).ask([need()])[0].name == "not-a-hub"


@pytest.mark.parametrize("status", [200, 403])
def test_a_networks_sign_in_page_is_not_a_hub(hub: LocalHub, asking: Asking, status: int) -> None:
    hub.fault("html", "hub", times=None, status=status)
    verdict = asking.verdict(hub.url, TOKEN)
    assert (verdict.name, verdict.evidence.message) == ("not-a-hub", "Network sign-in")


def test_a_redirect_to_a_sign_in_page_is_not_a_hub(hub: LocalHub, asking: Asking) -> None:
    hub.answer("/api/", 302, {"Location": f"{hub.url}/login"}, "")
    hub.fault("html", "/login", times=None)
    assert asking.verdict(hub.url, TOKEN).name == "not-a-hub"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_hub_that_keeps_failing(hub: LocalHub, asking: Asking, status: int) -> None:
    hub.fault("status", "hub", times=None, status=status)
    verdict = asking.access(hub.url, attempts=4).ask([need()])[0]
    assert (verdict.name, verdict.evidence.status) == ("hub-error", status)
    assert len(hub.requests) == 4


def test_a_hub_that_fails_for_a_moment_is_granted_all_the_same(hub: LocalHub, asking: Asking) -> None:
    for route in ("auth-check", "revision", "/tree/"):
        hub.fault("status", route, status=503)
        hub.fault("reset", route, skip=1)
    assert asking.access(hub.url, attempts=8).ask([need()])[0].granted


def test_a_rate_limit_is_waited_for_as_told(hub: LocalHub, asking: Asking) -> None:
    hub.answer("auth-check", 429, {"RateLimit": '"api";r=0;t=120'}, "", times=1)
    assert asking.access(hub.url, attempts=3).ask([need()])[0].granted
    assert asking.pauses == [121]


def test_a_rate_limit_that_stays_is_a_verdict(hub: LocalHub, asking: Asking) -> None:
    hub.rate_limit(quota=0, window=240)
    verdict = asking.access(hub.url, attempts=3).ask([need()])[0]
    assert verdict.name == "rate-limited"
    assert 0 < verdict.evidence.retry_after <= 240
    assert len(asking.pauses) == 2


def test_a_whoami_that_never_answers_does_not_hold_up_a_verdict(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoint.hub.hub.BRIEF_QUESTION_SECONDS", 0.3)
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice")
    stall = hub.fault("stall", "/whoami", times=None)
    began = time.monotonic()

    verdict = asking.verdict(hub.url, TOKEN)

    assert (verdict.name, verdict.identity) == ("terms-not-accepted", None)
    assert stall.hits
    assert time.monotonic() - began < 5
