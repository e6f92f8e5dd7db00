"""The API's answers: info, tree, revisions, paging, redirects, and what is not there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from localhub import LocalHub
from tests.localhub.conftest import WEIGHTS, Client, ask


def test_a_tree_lists_files_and_folders_with_gits_and_lfs_hashes(hub: LocalHub) -> None:
    hub.add_repo("acme/deep", {"a/b/c.txt": b"hello", "model.bin": b"w", "z.txt": b""})
    flat = ask(hub, "GET", "/api/models/acme/deep/tree/main").json()
    assert [(e["type"], e["path"]) for e in flat] == [("directory", "a"), ("file", "model.bin"), ("file", "z.txt")]
    deep = ask(hub, "GET", "/api/models/acme/deep/tree/main?recursive=true").json()
    assert [e["path"] for e in deep] == ["a", "a/b", "a/b/c.txt", "model.bin", "z.txt"]
    assert [e["path"] for e in ask(hub, "GET", "/api/models/acme/deep/tree/main/a/b").json()] == ["a/b/c.txt"]
    by_path = {entry["path"]: entry for entry in deep}
    assert by_path["a/b/c.txt"]["oid"] == hashlib.sha1(b"blob 5\0hello").hexdigest()  # noqa: S324 - git's own
    assert by_path["z.txt"]["oid"] == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(b'w').hexdigest()}\nsize 1\n"
    lfs = by_path["model.bin"]
    assert lfs["lfs"] == {"oid": hashlib.sha256(b"w").hexdigest(), "size": 1, "pointerSize": len(pointer)}
    blob = f"blob {len(pointer)}\0{pointer}".encode()
    assert lfs["oid"] == hashlib.sha1(blob).hexdigest()  # noqa: S324 - git's own


def test_a_long_tree_comes_in_pages_that_the_client_follows(tmp_path: Path) -> None:
    with LocalHub(page_size=3) as hub:
        hub.add_repo("acme/many", {f"f{n:02}.txt": b"x" for n in range(10)})
        first = ask(hub, "GET", "/api/models/acme/many/tree/main?recursive=true")
        assert len(first.json()) == 3
        assert first.headers["link"].endswith('>; rel="next"')
        assert first.headers["link"].startswith(f"<{hub.url}/api/models/acme/many/tree/main?recursive=true")
        code = "import json, huggingface_hub as h; print(json.dumps(h.list_repo_files('acme/many')))"
        assert Client(hub, tmp_path).run(code) == [f"f{n:02}.txt" for n in range(10)]
        pages = [r for r in hub.requests if "/tree/" in r.path and "cursor" in r.query]
        assert len(pages) == 3


def test_model_info_has_the_fields_that_clients_read(hub: LocalHub, client: Client) -> None:
    code = """
import json, huggingface_hub as h
i = h.HfApi().model_info("acme/tiny", files_metadata=True, securityStatus=True)
s = {f.rfilename: [f.size, f.lfs.sha256 if f.lfs else None] for f in i.siblings}
print(json.dumps([i.id, i.sha, i.gated, i.private, i.disabled, s, i.security_repo_status is not None]))
"""
    identity, sha, gated, private, disabled, siblings, status = client.run(code)
    assert (identity, gated, private, disabled, status) == ("acme/tiny", False, False, False, True)
    assert sha == ask(hub, "GET", "/api/models/acme/tiny/revision/main").json()["sha"]
    assert siblings["model.safetensors"] == [len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest()]
    assert siblings["config.json"] == [2, None]
    narrow = ask(hub, "GET", "/api/models/acme/tiny?expand=gated&expand=sha").json()
    assert set(narrow) == {"_id", "id", "gated", "sha"}


def test_commits_depend_on_the_contents_and_old_ones_stay(hub: LocalHub) -> None:
    old = hub.add_repo("acme/moving", {"config.json": b"1", "gone.txt": b""}, branches={"v1": None, "dev": {"d": b"2"}})
    with LocalHub() as other:
        assert other.add_repo("acme/moving", {"gone.txt": b"", "config.json": b"1"}) == old
    new = hub.update_repo("acme/moving", {"config.json": b"2"}, delete=["gone.txt"])
    assert old != new
    seen = {
        revision: ask(hub, "GET", f"/api/models/acme/moving/revision/{revision}").json()["sha"]
        for revision in ("main", "v1", "refs%2Fheads%2Fmain", old)
    }
    assert seen == {"main": new, "v1": old, "refs%2Fheads%2Fmain": new, old: old}
    assert [e["path"] for e in ask(hub, "GET", "/api/models/acme/moving/tree/dev").json()] == ["d"]
    names = [s["rfilename"] for s in ask(hub, "GET", f"/api/models/acme/moving/revision/{new}").json()["siblings"]]
    assert names == ["config.json"]
    moved = ask(hub, "GET", f"/acme/moving/resolve/{old}/config.json")
    assert ask(hub, "GET", moved.headers["location"]).body == b"1"


def test_a_missing_revision_is_named_by_the_api(hub: LocalHub) -> None:
    for path in ("revision/nowhere", "tree/nowhere"):
        answer = ask(hub, "GET", f"/api/models/acme/tiny/{path}")
        assert (answer.status, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
        assert answer.json() == {"error": "Invalid rev id: nowhere"}


def test_paths_info_answers_forms_and_json_and_leaves_out_what_is_not_there(hub: LocalHub) -> None:
    path = "/api/models/acme/tiny/paths-info/main"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers, body in (
        (form, b"paths=config.json&paths=nothing&expand=False"),
        ({"Content-Type": "application/json"}, json.dumps({"paths": ["config.json", "nothing"]}).encode()),
    ):
        assert [e["path"] for e in ask(hub, "POST", path, headers=headers, body=body).json()] == ["config.json"]
    assert ask(hub, "POST", path, headers={"Content-Type": "application/json"}, body=b"[").status == 400


def test_a_renamed_repo_redirects_every_route_and_downloads(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/new", {"config.json": b"{}"}, renamed_from=["acme/old"])
    for path in ("/api/models/{}/revision/main", "/api/models/{}/auth-check", "/{}/resolve/main/config.json"):
        answer = ask(hub, "GET", path.format("acme/old"))
        assert (answer.status, answer.headers["location"]) == (307, path.format("acme/new"))
    assert (client.snapshot("acme/old") / "config.json").read_bytes() == b"{}"


def test_the_new_name_of_a_private_repo_is_not_given_away(hub: LocalHub) -> None:
    hub.add_repo("acme/secret", {"config.json": b"{}"}, private=True, renamed_from=["acme/old"])
    assert ask(hub, "GET", "/api/models/acme/old").status == 401


def test_a_repo_without_an_organisation_has_all_routes(hub: LocalHub) -> None:
    sha = hub.add_repo("gpt2", {"config.json": b"{}"})
    for path in ("gpt2", "gpt2/revision/main", "gpt2/tree/main", "gpt2/auth-check", f"gpt2/xet-read-token/{sha}"):
        assert ask(hub, "GET", f"/api/models/{path}").status == 200
    cached = ask(hub, "GET", "/gpt2/resolve/main/config.json").headers["location"]
    assert ask(hub, "GET", cached).body == b"{}"


def test_what_is_an_lfs_file_goes_by_suffix_and_size_or_as_given(hub: LocalHub) -> None:
    files = {"w.gguf": b"w", "notes.txt": b"t", "big.txt": bytes(1_000_001), "b.onnx": b"o"}
    hub.add_repo("acme/usual", files)
    hub.add_repo("acme/given", files, lfs=["*.txt"], xet=["b.onnx"])

    def lfs(repo: str) -> list[str]:
        return [e["path"] for e in ask(hub, "GET", f"/api/models/{repo}/tree/main").json() if "lfs" in e]

    assert lfs("acme/usual") == ["b.onnx", "big.txt", "w.gguf"]
    assert lfs("acme/given") == ["b.onnx", "big.txt", "notes.txt"]


@pytest.mark.parametrize("path", ["/api/agent-harnesses", "/api/nothing", "/api/models/acme/tiny/commits/main"])
def test_other_routes_are_not_there(hub: LocalHub, path: str) -> None:
    answer = ask(hub, "GET", path)
    assert answer.status == 404
    assert answer.json() == {"error": "Sorry, we can't find the page you are looking for."}


def test_datasets_are_other_repos(hub: LocalHub) -> None:
    assert ask(hub, "GET", "/api/datasets/acme/tiny").status == 401
    assert ask(hub, "GET", "/datasets/acme/tiny/resolve/main/config.json").status == 401


def test_the_callers_trace_is_part_of_the_request_id(hub: LocalHub) -> None:
    answer = ask(hub, "GET", "/api/models/acme/tiny", headers={"X-Amzn-Trace-Id": "abc-123"})
    assert answer.headers["x-request-id"].endswith(";abc-123")
    assert answer.headers["x-powered-by"] == "huggingface-moon"


@pytest.mark.parametrize("path", ["../up", "/root", "a//b", "a/./b"])
def test_paths_that_no_repo_can_hold_are_refused(hub: LocalHub, path: str) -> None:
    with pytest.raises(ValueError, match="no path inside a repo"):
        hub.add_repo("acme/bad", {path: b""})
