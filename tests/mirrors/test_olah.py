"""Access and a whole prefetch through olah: it has no auth-check, and words of its own for a bad token."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from entrypoint.hub.evidence import Refusal
from localhub import LocalHub
from tests.hub.conftest import FILES, TOKEN, Asking, asked
from tests.mirrors.conftest import Mirror, prefetch

BAD_TOKEN = "hf_" + "b" * 34


def fetched(home: Path) -> dict[str, bytes]:
    """What the server finds in the Hub cache, by name."""
    snapshots = list((home / "hub" / "models--acme--tiny" / "snapshots").iterdir())
    assert len(snapshots) == 1
    return {path.name: path.read_bytes() for path in snapshots[0].iterdir()}


def leaves_no_trace(home: Path) -> bool:
    return not list((home / "hub").glob("models--*"))


# Access, olah as a proxy


def test_auth_check_is_404_even_for_who_may_read(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    """The habit that makes a HEAD decide; where olah learns better, this test says so."""
    with pytest.raises(Refusal) as refusal:
        asking.open(mirror.url).may_read("acme/tiny")
    assert (refusal.value.evidence.status, refusal.value.evidence.code) == (404, "RepoNotFound")
    assert asked(hub, "auth-check") == []


def test_an_open_repo_is_granted(mirror: Mirror, asking: Asking) -> None:
    verdict = asking.verdict(mirror.url)
    assert verdict.granted
    assert verdict.repo is not None
    files = {file.path: file for file in verdict.repo.files}
    assert files.keys() == FILES.keys()
    assert files["model.safetensors"].sha256 == hashlib.sha256(FILES["model.safetensors"]).hexdigest()


@pytest.mark.parametrize(
    ("standing", "name"),
    [
        ("accepted", "granted"),
        ("none", "terms-not-accepted"),
        ("pending", "review-pending"),
        ("rejected", "review-rejected"),
        ("reset", "access-reset"),
    ],
)
def test_a_gated_repo_gets_the_verdict_of_the_hub_behind(
    mirror: Mirror, hub: LocalHub, asking: Asking, standing: Any, name: str
) -> None:
    hub.set_repo("acme/tiny", gated="manual")
    hub.add_token(TOKEN, user="alice", name="laptop")
    hub.set_access("alice", "acme/tiny", standing)
    verdict = asking.verdict(mirror.url, TOKEN)
    assert verdict.name == name
    if name != "granted":
        assert verdict.identity is not None
        assert verdict.identity.account == "alice"


def test_a_gated_repo_without_a_token(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    assert asking.verdict(mirror.url).name == "token-missing"


def test_a_gated_repo_with_a_token_that_lacks_the_scope(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice", role="fineGrained", reads_gated=False)
    assert asking.verdict(mirror.url, TOKEN).name == "token-lacks-gated-scope"


@pytest.mark.parametrize("gated", ["", "auto"])
def test_a_bad_token_is_named_though_olah_calls_the_repo_missing(
    mirror: Mirror, hub: LocalHub, asking: Asking, gated: Any
) -> None:
    hub.set_repo("acme/tiny", gated=gated)
    verdict = asking.verdict(mirror.url, BAD_TOKEN)
    assert (verdict.evidence.status, verdict.evidence.code) == (401, "RepoNotFound")
    assert verdict.name == "token-invalid"


def test_an_expired_token_is_named(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.add_token(TOKEN, user="alice", state="expired")
    assert asking.verdict(mirror.url, TOKEN).name == "token-expired"


def test_a_missing_repo(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.add_token(TOKEN, user="alice")
    assert asking.verdict(mirror.url, of="acme/nothing").name == "repo-missing-or-private"
    assert asking.verdict(mirror.url, TOKEN, of="acme/nothing").name == "repo-not-found"


def test_a_missing_revision(mirror: Mirror, asking: Asking) -> None:
    assert asking.verdict(mirror.url, revision="v9").name == "revision-not-found"


def test_a_hub_behind_that_is_gone(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.fault("reset", "hub", times=None)
    assert asking.verdict(mirror.url).name == "hub-error"


def test_a_rate_limit_of_the_hub_behind_is_passed_on(mirror: Mirror, hub: LocalHub, asking: Asking) -> None:
    hub.rate_limit("api", quota=0, window=120)
    verdict = asking.verdict(mirror.url)
    assert verdict.name == "rate-limited"
    assert 0 < verdict.evidence.retry_after <= 120


# The whole line


def test_a_prefetch_through_olah_brings_what_the_hub_published(mirror: Mirror, hub: LocalHub, tmp_path: Path) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice")
    hub.set_access("alice", "acme/tiny", "accepted")
    done = prefetch(mirror.url, tmp_path / "home", {"HF_TOKEN": TOKEN})
    assert done.returncode == 0, done.stderr
    files = fetched(tmp_path / "home")
    assert files["model.safetensors"] == FILES["model.safetensors"]
    assert files["config.json"] == FILES["config.json"]
    assert TOKEN not in done.stdout + done.stderr
    assert hub.leaks == []


def test_a_model_that_the_hub_keeps_in_xet_storage_comes_through_olah_over_http(
    mirror: Mirror, hub: LocalHub, tmp_path: Path
) -> None:
    hub.add_repo("acme/tiny", FILES, xet=["model.safetensors"])
    done = prefetch(mirror.url, tmp_path / "home", {})
    assert done.returncode == 0, done.stderr
    assert fetched(tmp_path / "home")["model.safetensors"] == FILES["model.safetensors"]
    assert not [record for record in hub.requests if record.origin == "cas"]


def test_who_is_accepted_after_a_refusal_gets_hashes_that_prove_though_olah_keeps_the_masked_ones(
    mirror: Mirror, hub: LocalHub, tmp_path: Path
) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice")
    hub.set_access("alice", "acme/tiny", "accepted")
    assert prefetch(mirror.url, tmp_path / "home", {}).returncode == 77
    done = prefetch(mirror.url, tmp_path / "home", {"HF_TOKEN": TOKEN})
    assert done.returncode == 0, done.stderr
    assert fetched(tmp_path / "home")["model.safetensors"] == FILES["model.safetensors"]


def test_a_second_prefetch_asks_neither_olah_nor_the_hub(mirror: Mirror, hub: LocalHub, tmp_path: Path) -> None:
    assert prefetch(mirror.url, tmp_path / "home", {}).returncode == 0
    hub.clear_requests()
    assert prefetch("http://127.0.0.1:9", tmp_path / "home", {}).returncode == 0
    assert hub.requests == []


def test_a_refused_prefetch_through_olah_leaves_nothing_behind(mirror: Mirror, hub: LocalHub, tmp_path: Path) -> None:
    hub.set_repo("acme/tiny", gated="auto")
    hub.add_token(TOKEN, user="alice")
    done = prefetch(mirror.url, tmp_path / "home", {"HF_TOKEN": TOKEN})
    assert done.returncode == 77
    assert "terms-not-accepted" in done.stderr
    assert "alice" in done.stderr
    assert leaves_no_trace(tmp_path / "home")


# olah with repos of its own, and no Hub behind it


def test_a_local_mirror_grants_what_it_has(local_mirror: Mirror, asking: Asking) -> None:
    verdict = asking.verdict(local_mirror.url)
    assert verdict.granted
    assert verdict.repo is not None
    assert re.fullmatch("[0-9a-f]{40}", verdict.repo.commit)


@pytest.mark.parametrize(("token", "name"), [(None, "repo-missing-or-private"), (TOKEN, "repo-not-found")])
def test_what_a_local_mirror_does_not_have_is_not_found(
    local_mirror: Mirror, asking: Asking, token: str | None, name: str
) -> None:
    """With a token, too, whose whoami nobody is there to answer."""
    assert asking.verdict(local_mirror.url, token, of="acme/nothing").name == name


def test_a_prefetch_from_a_local_mirror_is_whole_and_proved(local_mirror: Mirror, tmp_path: Path) -> None:
    done = prefetch(local_mirror.url, tmp_path / "home", {})
    assert done.returncode == 0, done.stderr
    published = tmp_path / "git" / "models" / "acme" / "tiny"
    files = fetched(tmp_path / "home")
    assert files.keys() == {"config.json", "model.safetensors"}
    assert all(files[name] == (published / name).read_bytes() for name in files)
