"""Whole repos fetched by the real client: plain, LFS and Xet, and what it may never do on the way."""

from __future__ import annotations

from localhub import LocalHub
from tests.localhub.conftest import WEIGHTS, Client

FILES = {"config.json": b"{}", "sub/notes.txt": b"words " * 1000, "model.safetensors": WEIGHTS, "empty.txt": b""}
XET = {"a.safetensors": WEIGHTS, "b.bin": WEIGHTS[:1_500_000] + b"tail", "config.json": b"{}", "tiny.bin": b"x"}


def origins(hub: LocalHub) -> set[str]:
    return {record.origin for record in hub.requests}


def test_a_snapshot_of_a_plain_repo_arrives_whole_and_the_token_stays_on_the_hub(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/plain", FILES, gated="auto")
    hub.add_token("hf_alice", user="alice")
    hub.set_access("alice", "acme/plain", "accepted")
    folder = client.snapshot("acme/plain", "hf_alice")
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert origins(hub) == {"hub", "cdn"}
    assert hub.leaks == []
    assert all(r.headers["authorization"] == "Bearer hf_alice" for r in hub.requests if r.origin == "hub")
    [download] = [r for r in hub.requests if r.origin == "cdn"]
    assert (download.method, download.status, download.bytes_sent) == ("GET", 200, len(WEIGHTS))


def test_a_snapshot_of_a_xet_repo_comes_from_the_cas_without_the_token(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/xet", XET, xet=["*.safetensors", "*.bin"], gated="manual")
    hub.add_token("hf_alice", user="alice")
    hub.set_access("alice", "acme/xet", "accepted")
    folder = client.snapshot("acme/xet", "hf_alice")
    assert {name: (folder / name).read_bytes() for name in XET} == XET
    assert origins(hub) == {"hub", "cas"}
    assert hub.leaks == []
    assert len([r for r in hub.requests if "/xet-read-token/" in r.path]) == 1
    assert {r.status for r in hub.requests if r.path.startswith("/xorbs/")} == {206}


def test_a_xet_repo_comes_over_http_when_xet_is_switched_off(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/xet", XET, xet=["*.safetensors", "*.bin"])
    folder = client.snapshot("acme/xet", HF_HUB_DISABLE_XET="1")
    assert {name: (folder / name).read_bytes() for name in XET} == XET
    assert origins(hub) == {"hub", "cdn"}


def test_what_the_client_stored_agrees_with_the_published_checksums(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/plain", FILES)
    hub.add_repo("acme/xet", XET, xet=["*.safetensors"])
    code = """
import json, huggingface_hub as h
def check(repo):
    h.snapshot_download(repo)
    seen = h.HfApi().verify_repo_checksums(repo)
    return [seen.checked_count, len(seen.mismatches), len(seen.missing_paths)]
print(json.dumps([check("acme/plain"), check("acme/xet")]))
"""
    assert client.run(code) == [[4, 0, 0], [4, 0, 0]]


def test_a_refused_snapshot_moves_no_file(hub: LocalHub, client: Client) -> None:
    hub.add_repo("acme/gated", XET, xet=["*.safetensors"], gated="manual")
    hub.add_token("hf_alice", user="alice")
    code = """
import json, huggingface_hub as h
try:
    h.snapshot_download("acme/gated")
except Exception as error:
    print(json.dumps([type(error).__name__, error.response.headers["x-error-code"]]))
"""
    assert client.run(code, "hf_alice") == ["GatedRepoError", "GatedRepo"]
    assert origins(hub) == {"hub"}
    assert not [r for r in hub.requests if r.path.startswith("/api/resolve-cache/")]


def test_a_repo_can_be_a_folder_on_disk(hub: LocalHub, client: Client) -> None:
    source = client.home.parent / "source"
    (source / "onnx").mkdir(parents=True)
    (source / ".git").mkdir()
    (source / ".git" / "HEAD").write_text("ref")
    (source / ".gitattributes").write_text("*.bin filter=lfs")
    (source / "onnx" / "model.onnx").write_bytes(WEIGHTS)
    hub.add_repo("acme/folder", source, xet=["onnx/*"])
    folder = client.snapshot("acme/folder")
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    assert found == [".gitattributes", "onnx/model.onnx"]
    assert (folder / "onnx" / "model.onnx").read_bytes() == WEIGHTS


def test_a_warm_start_asks_for_the_revision_only(hub: LocalHub, client: Client) -> None:
    client.snapshot("acme/tiny")
    hub.clear_requests()
    client.snapshot("acme/tiny")
    assert [(r.method, r.path) for r in hub.requests] == [("GET", "/api/models/acme/tiny/revision/main")]


def test_a_client_that_does_not_trust_the_ca_gets_nothing(hub: LocalHub, client: Client) -> None:
    code = """
import json, huggingface_hub as h
try:
    h.HfApi().auth_check("acme/tiny")
except Exception as error:
    print(json.dumps(str(error)))
"""
    with LocalHub() as stranger:
        told = client.run(code, SSL_CERT_FILE=str(stranger.ca_file))
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert hub.requests == []
    assert hub.tls_failures


def test_plain_http_can_be_had_and_has_no_ca(client: Client) -> None:
    with LocalHub(tls=False) as hub:
        hub.add_repo("acme/tiny", {"config.json": b"{}", "w.bin": WEIGHTS})
        assert hub.url.startswith("http://localhost:")
        assert (Client(hub, client.home).snapshot("acme/tiny") / "w.bin").read_bytes() == WEIGHTS
