"""The questions to the Hub and their answers as values; what is odd or hostile in an answer is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from entrypoint.failures import CONFIG, Failure
from entrypoint.hub import hub as hub_module
from entrypoint.hub import session
from entrypoint.hub.evidence import Refusal
from entrypoint.values import Evidence, Identity
from localhub import LocalHub
from tests.hub.conftest import FILES, TOKEN, Asking, asked

JSON = {"Content-Type": "application/json; charset=utf-8"}
COMMIT = "c" * 40


def listing_refused(asking: Asking, hub: LocalHub, token: str | None = None) -> Evidence:
    with pytest.raises(Refusal) as refusal:
        asking.open(hub.url, token).repo("acme/tiny", "main")
    return refusal.value.evidence


def entry(path: str, **other: Any) -> dict[str, Any]:
    return {"type": "file", "path": path, "oid": "a" * 40, "size": 3, **other}


# Listings


def test_a_listing_names_commit_gating_sizes_and_hashes(hub: LocalHub, asking: Asking) -> None:
    commit = hub.add_repo("acme/full", {**FILES, "sub/dir/x.json": b"[]"}, gated="manual", xet=["model.safetensors"])
    hub.add_token(TOKEN, user="acme")
    repo = asking.open(hub.url, TOKEN).repo("acme/full", "main")
    files = {file.path: file for file in repo.files}
    assert (repo.commit, repo.gated) == (commit, "manual")
    assert files.keys() == {*FILES, "sub/dir/x.json"}
    weights = files["model.safetensors"]
    assert (weights.size, weights.sha256) == (2000, hashlib.sha256(b"w" * 2000).hexdigest())
    assert re.fullmatch("[0-9a-f]{64}", weights.xet_hash)
    blob = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
    assert files["config.json"].blob_id == files["config.json"].etag == blob


def test_a_listing_of_many_pages_is_read_to_its_end(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalHub(page_size=3) as hub:
        monkeypatch.setenv("SSL_CERT_FILE", str(hub.ca_file))
        names = {f"part-{number:02}.bin": b"x" for number in range(10)}
        hub.add_repo("acme/many", names)
        repo = asking.open(hub.url).repo("acme/many", "main")
        assert {file.path for file in repo.files} == names.keys()
        assert len(asked(hub, "/tree/")) == 4


def test_hashes_that_the_hub_masks_come_out_blank(hub: LocalHub, asking: Asking) -> None:
    hub.add_repo("acme/gated", FILES, gated="auto", xet=["model.safetensors"])
    repo = asking.open(hub.url).repo("acme/gated", "main")
    weights = next(file for file in repo.files if file.path == "model.safetensors")
    assert (weights.size, weights.sha256, weights.xet_hash) == (2000, "", "")


@pytest.fixture
def kept(hub: LocalHub) -> LocalHub:
    """A mirror that keeps the listing of an earlier visitor, with masked hashes, for those who may read, too."""
    masked = {"lfs": {"oid": "*" * 64, "size": 2000, "pointerSize": 130}, "xetHash": "*" * 64}
    listing = [entry("config.json"), entry("model.safetensors", **masked)]
    hub.answer("GET .*/tree/", 200, JSON, json.dumps(listing))
    return hub


def test_a_hash_that_a_mirror_keeps_masked_is_asked_for_with_a_head(kept: LocalHub, asking: Asking) -> None:
    repo = asking.open(kept.url).repo("acme/tiny", "main", hashes=True)
    hashes = {file.path: (file.sha256, file.xet_hash) for file in repo.files}
    assert hashes == {"config.json": ("", ""), "model.safetensors": (hashlib.sha256(b"w" * 2000).hexdigest(), "")}
    assert len(asked(kept, "/resolve/")) == 1


def test_a_masked_hash_of_a_file_that_may_not_be_read_is_the_gates_refusal(kept: LocalHub, asking: Asking) -> None:
    kept.set_repo("acme/tiny", gated="auto")
    with pytest.raises(Refusal) as refusal:
        asking.open(kept.url).repo("acme/tiny", "main", hashes=True)
    assert refusal.value.evidence.code == "GatedRepo"


@pytest.mark.parametrize("etag", [{}, {"ETag": '"abc"'}, {"X-Linked-ETag": "*" * 64}], ids=str)
def test_a_hash_that_stays_hidden_is_refused(kept: LocalHub, asking: Asking, etag: dict[str, str]) -> None:
    kept.answer("HEAD", 200, etag, "")
    with pytest.raises(Refusal) as refusal:
        asking.open(kept.url).repo("acme/tiny", "main", hashes=True)
    assert "hides the hash" in refusal.value.evidence.message


def test_the_listing_is_that_of_the_commit_even_when_the_branch_moves_on(hub: LocalHub, asking: Asking) -> None:
    repo = asking.open(hub.url).repo("acme/tiny", "main")
    assert asked(hub, "/tree/") == [f"GET /api/models/acme/tiny/tree/{repo.commit}"]


def test_a_renamed_repo_is_found_under_its_old_name(hub: LocalHub, asking: Asking) -> None:
    commit = hub.add_repo("acme/new", FILES, renamed_from=["acme/old"])
    client = asking.open(hub.url)
    client.may_read("acme/old")
    assert client.repo("acme/old", "main").commit == commit
    assert client.read("acme/old", commit, "config.json") == b"{}"


def test_a_repo_that_shows_itself_disabled_is_refused(hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", disabled="content")
    said = listing_refused(asking, hub)
    assert (said.status, said.message) == (403, "Access to this resource is disabled.")


@pytest.mark.parametrize(
    "path",
    ["../outside", "a/../../outside", "/etc/passwd", "a//b", "./a", "a/.", "..", "", "a\\..\\b", "a/", "nul\0byte"],
)
def test_a_path_that_leaves_its_folder_is_refused(hub: LocalHub, asking: Asking, path: str) -> None:
    hub.answer("GET .*/tree/", 200, JSON, json.dumps([entry("config.json"), entry(path)]))
    said = listing_refused(asking, hub)
    assert (said.status, said.from_hub) == (200, False)
    assert "leaves its folder" in said.message


@pytest.mark.parametrize(
    "odd",
    [
        {"oid": "../../etc"},
        {"oid": 7},
        {"oid": "A" * 40},
        {"lfs": {"oid": "b" * 63, "size": 3, "pointerSize": 1}},
        {"lfs": {"size": 3}},
        {"lfs": "yes"},
        {"xetHash": "none"},
        {"size": -1},
        {"size": None},
        {"size": "many"},
        {"path": None},
    ],
    ids=str,
)
def test_an_entry_of_another_shape_is_refused(hub: LocalHub, asking: Asking, odd: dict[str, Any]) -> None:
    hub.answer("GET .*/tree/", 200, JSON, json.dumps([entry("config.json") | odd]))
    assert not listing_refused(asking, hub).from_hub


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", "{}", "null", '{"id":"acme/tiny"}', '{"sha":"main"}', "[" * 90_000]
)
def test_metadata_that_names_no_commit_is_refused(hub: LocalHub, asking: Asking, body: str) -> None:
    hub.answer("GET .*/revision/", 200, JSON, body)
    said = listing_refused(asking, hub)
    assert (said.status, said.from_hub) == (200, False)


@pytest.mark.parametrize("body", ["", "no json", "{}", "null", '["config.json"]', "[{}]", "7"])
def test_a_tree_of_another_shape_is_refused_or_empty(hub: LocalHub, asking: Asking, body: str) -> None:
    hub.answer("GET .*/tree/", 200, JSON, body)
    try:
        assert asking.open(hub.url).repo("acme/tiny", "main").files == ()
    except Refusal as refusal:
        assert not refusal.evidence.from_hub


def test_a_listing_without_an_end_is_refused(hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_FILES", 50)
    again = f'<{hub.url}/api/models/acme/tiny/tree/main>; rel="next"'
    hub.answer("GET .*/tree/", 200, JSON | {"Link": again}, json.dumps([entry(f"{n}.bin") for n in range(10)]))
    assert "goes on" in listing_refused(asking, hub).message
    assert len(asked(hub, "/tree/")) <= 7


def test_a_name_that_the_library_rejects_is_a_setting_that_is_wrong(hub: LocalHub, asking: Asking) -> None:
    with pytest.raises(Failure) as failure:
        asking.open(hub.url).repo("not--a/name", "main")
    assert failure.value.exit_code == CONFIG
    assert hub.requests == []


# Files


def test_a_small_file_is_read_whole(hub: LocalHub, asking: Asking) -> None:
    assert asking.open(hub.url).read("acme/tiny", "main", "README.md") == b"# Tiny"


@pytest.mark.parametrize("limit", [1, 999, 2000])
def test_no_more_of_a_file_is_read_than_the_limit(hub: LocalHub, asking: Asking, limit: int) -> None:
    assert asking.open(hub.url).read("acme/tiny", "main", "model.safetensors", limit) == b"w" * limit


def test_a_file_without_an_end_is_left_after_the_limit(hub: LocalHub, asking: Asking) -> None:
    hub.add_repo("acme/big", {"config.json": b" " * 20_000_000}, lfs=["config.json"])
    assert len(asking.open(hub.url).read("acme/big", "main", "config.json", 1000)) == 1000
    assert asking.open(hub.url).read("acme/tiny", "main", "README.md") == b"# Tiny"  # the connection is not left behind
    sent = next(record.bytes_sent for record in hub.requests if record.origin == "cdn")
    assert sent < 20_000_000


# whoami


@pytest.fixture
def known(hub: LocalHub) -> Iterator[LocalHub]:
    hub.add_token(TOKEN, user="alice", name="laptop")
    yield hub


@pytest.mark.parametrize("role", ["read", "write"])
def test_whoami_names_account_token_and_role(hub: LocalHub, asking: Asking, role: Any) -> None:
    hub.add_token(TOKEN, user="alice", name="laptop", role=role)
    assert asking.open(hub.url, TOKEN).whoami() == Identity("alice", "laptop", role, None)


@pytest.mark.parametrize("reads_gated", [True, False])
def test_whoami_tells_whether_a_fine_grained_token_reads_gated_repos(
    hub: LocalHub, asking: Asking, reads_gated: bool
) -> None:
    hub.add_token(TOKEN, user="alice", name="ci", role="fineGrained", reads_gated=reads_gated)
    assert asking.open(hub.url, TOKEN).whoami() == Identity("alice", "ci", "fineGrained", reads_gated, readable=())


def fine(scopes: Any) -> dict[str, Any]:
    return {"name": "alice", "auth": {"accessToken": {"role": "fineGrained", "fineGrained": scopes}}}


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        ({"name": "alice"}, Identity("alice")),
        ({"name": "alice", "auth": None}, Identity("alice")),
        ({"name": "alice", "auth": "token"}, Identity("alice")),
        ({"name": "alice", "auth": {"type": "oauth"}}, Identity("alice")),
        ({"name": "alice", "auth": {"accessToken": [1]}}, Identity("alice")),
        ({"name": "alice", "auth": {"accessToken": {"role": None, "displayName": 7}}}, Identity("alice", "7")),
        ({"name": "a\x1b[31ml\nice", "auth": {}}, Identity("al ice")),
        (fine(None), Identity("alice", role="fineGrained")),
        (fine({"scoped": []}), Identity("alice", role="fineGrained", readable=())),
        (fine({"canReadGatedRepos": "yes"}), Identity("alice", role="fineGrained")),
    ],
    ids=str,
)
def test_what_whoami_leaves_out_is_left_open(known: LocalHub, asking: Asking, answer: Any, identity: Identity) -> None:
    known.answer("whoami", 200, JSON, json.dumps(answer))
    assert asking.open(known.url, TOKEN).whoami() == identity


def scope(name: Any, *permissions: Any, kind: Any = "model") -> dict[str, Any]:
    return {"entity": {"_id": "1", "type": kind, "name": name}, "permissions": list(permissions)}


READ, WRITE = "repo.content.read", "repo.write"
NOT_READABLE: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("scopes", "readable"),
    [
        ([scope("acme/tiny", READ)], ("acme/tiny",)),
        ([scope("acme/tiny", WRITE)], ("acme/tiny",)),
        ([scope("acme", READ, kind="org"), scope("alice", "discussion.write", READ, kind="user")], ("acme", "alice")),
        ([scope("acme/tiny", "discussion.write")], NOT_READABLE),
        ([scope("acme/tiny")], NOT_READABLE),
        ([scope("acme/data", READ, kind="dataset"), scope("acme/space", READ, kind="space")], NOT_READABLE),
        ([scope("acme/ti\x1b[31mny\u202e", READ)], ("acme/tiny",)),
        ([scope("x" * 5000, READ)], ("x" * 99 + "…",)),
        ([scope(" ", READ), scope(None, READ), scope(7, READ), scope(["a"], READ)], NOT_READABLE),
        ([scope("a/b", READ, kind=None), scope("a/b", READ, kind=["model"]), scope("a/b", [READ])], NOT_READABLE),
        ([{"entity": "acme/tiny", "permissions": [READ]}, {"permissions": [READ]}, {}, None, "x", 7], NOT_READABLE),
        ([{"entity": {"type": "model", "name": "a/b"}, "permissions": READ}], NOT_READABLE),
        ([scope(f"acme/{n}", READ) for n in range(501)], None),
        ({"acme/tiny": READ}, None),
        ("acme/tiny", None),
        (None, None),
    ],
)
def test_a_fine_grained_token_reads_what_it_names(
    known: LocalHub, asking: Asking, scopes: Any, readable: tuple[str, ...] | None
) -> None:
    known.answer("whoami", 200, JSON, json.dumps(fine({"scoped": scopes, "global": ["discussion.write"]})))
    assert asking.open(known.url, TOKEN).whoami().readable == readable


def test_a_token_that_may_read_everywhere_is_not_limited_to_names(known: LocalHub, asking: Asking) -> None:
    known.answer("whoami", 200, JSON, json.dumps(fine({"scoped": [scope("acme/tiny", READ)], "global": [READ]})))
    assert asking.open(known.url, TOKEN).whoami().readable is None


def test_another_role_is_not_limited_whatever_is_said_of_scopes(known: LocalHub, asking: Asking) -> None:
    answer = fine({"scoped": [scope("acme/tiny", READ)]})
    answer["auth"]["accessToken"]["role"] = "read"
    known.answer("whoami", 200, JSON, json.dumps(answer))
    assert asking.open(known.url, TOKEN).whoami().readable is None


@pytest.mark.parametrize(
    ("orgs", "names"),
    [
        ([{"type": "org", "name": "acme", "roleInOrg": "read"}, {"name": "umbrella"}], ("acme", "umbrella")),
        ([{"name": "a\x1b[31mc\nme"}], ("ac me",)),
        ([None, 7, "acme", [], {}, {"name": None}, {"name": 7}, {"name": "\u200b"}], ()),
        ([{"name": f"org-{n}"} for n in range(5000)], tuple(f"org-{n}" for n in range(500))),
        ({"name": "acme"}, ()),
        ("acme", ()),
        (None, ()),
    ],
    ids=["orgs", "escapes", "odd entries", "many", "mapping", "text", "nothing"],
)
def test_whoami_names_the_organisations(known: LocalHub, asking: Asking, orgs: Any, names: tuple[str, ...]) -> None:
    known.answer("whoami", 200, JSON, json.dumps({"name": "alice", "orgs": orgs}))
    assert asking.open(known.url, TOKEN).whoami().orgs == names


# The public face


@pytest.mark.parametrize("gated", ["", "auto", "manual"])
@pytest.mark.parametrize("disabled", [False, "content"])
def test_the_public_face_of_a_repo_is_one_request(hub: LocalHub, asking: Asking, gated: Any, disabled: Any) -> None:
    hub.set_repo("acme/tiny", gated=gated, disabled=disabled)
    face = asking.open(hub.url).public_face("acme/tiny")
    assert (face.gated, face.disabled, face.files) == (gated, bool(disabled), ())
    assert len(hub.requests) == 1


@pytest.mark.parametrize("body", ["", "[]", "null", "7", "no json"])
def test_a_face_of_another_shape_is_refused(hub: LocalHub, asking: Asking, body: str) -> None:
    hub.answer("GET /api/models/acme/tiny$", 200, JSON, body)
    with pytest.raises(Refusal) as refusal:
        asking.open(hub.url).public_face("acme/tiny")
    assert not refusal.value.evidence.from_hub


@pytest.mark.parametrize("odd", ["no", 7, [], {"gated": "auto"}, None], ids=str)
def test_what_a_face_says_oddly_it_does_not_say(hub: LocalHub, asking: Asking, odd: Any) -> None:
    gated = odd if not isinstance(odd, str) else 1
    hub.answer("GET /api/models/acme/tiny$", 200, JSON, json.dumps({"id": "x", "gated": gated, "disabled": odd}))
    face = asking.open(hub.url).public_face("acme/tiny")
    assert (face.gated, face.disabled) == ("", False)


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", "7", '"alice"', '{"name":""}', '{"name":{}}', '{"name":" "}'])
def test_a_whoami_that_names_no_account_is_refused(known: LocalHub, asking: Asking, body: str) -> None:
    known.answer("whoami", 200, JSON, body)
    with pytest.raises(Refusal) as refusal:
        asking.open(known.url, TOKEN).whoami()
    assert (refusal.value.evidence.status, refusal.value.evidence.from_hub) == (200, False)


def test_whoami_is_not_waited_for_when_it_is_rate_limited(known: LocalHub, asking: Asking) -> None:
    known.rate_limit("whoami", quota=0)
    with pytest.raises(Refusal):
        asking.open(known.url, TOKEN, attempts=5).whoami()
    assert asking.pauses == []
    assert len(asked(known, "whoami")) == 1


# Retries


def test_a_passing_fault_is_asked_again_and_a_permanent_one_is_not(hub: LocalHub, asking: Asking) -> None:
    hub.fault("status", "auth-check", times=2, status=503)
    hub.fault("reset", "auth-check", skip=2)
    client = asking.open(hub.url, attempts=5)
    client.may_read("acme/tiny")
    assert len(asked(hub, "auth-check")) == 4
    with pytest.raises(Refusal):
        client.may_read("acme/none")
    assert len(asked(hub, "auth-check")) == 5
    assert len(asking.pauses) == 3


# Hostile answers that would never end, or cannot be on disk


def test_a_listing_whose_next_page_is_itself_ends(
    hub: LocalHub, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_REQUESTS", 20)
    again = f"{hub.url}/api/models/acme/tiny/tree/main"
    hub.answer("GET .*/tree/", 200, {**JSON, "Link": f'<{again}>; rel="next"'}, "[]")
    evidence = listing_refused(asking, hub)
    assert (evidence.from_hub, evidence.message) == (False, "the answer goes on for ever")
    assert len(asked(hub, "/tree/")) < 25


@pytest.mark.parametrize("odd", ['"size": 1e999', '"size": 3, "path": "a\\ud800.json"'], ids=["no size", "no name"])
def test_an_entry_that_no_disk_could_hold_is_refused(hub: LocalHub, asking: Asking, odd: str) -> None:
    listing = f'[{{"type": "file", "path": "x", "oid": "{"a" * 40}", {odd}}}]'
    hub.answer("GET .*/tree/", 200, JSON, listing)
    assert not listing_refused(asking, hub).from_hub


def test_a_sign_in_page_in_place_of_a_file_is_no_answer_of_the_hub(hub: LocalHub, asking: Asking) -> None:
    hub.fault("html", "HEAD .*/resolve/", status=200)
    with pytest.raises(Refusal) as refusal:
        asking.open(hub.url).head_file("acme/tiny", "main", "model.safetensors")
    assert not refusal.value.evidence.from_hub
