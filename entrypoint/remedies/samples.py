"""One person's refusals, as docs/refusals.md shows them: each verdict with the evidence that it is given on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from entrypoint.remedies.facts import HUB, Context
from entrypoint.values import EXIT_CODES, Evidence, Identity, Need, Place, Repo, RepoFile, Verdict

_NEED = Need(
    "mistralai/Mistral-7B-Instruct-v0.2",
    Place("hub-cache", Path("/home/worker/app/models/cache")),
    "llm.tokenizer",
    asker="PrivateGPT",
    use="tokenizer",
)
_REVISION = replace(_NEED, source="ENTRYPOINT_MODELS", revision="v2", asker="", use="listed")
_FILES = replace(_REVISION, revision="main", patterns=("pytorch_model*.bin",))
_GGUF = replace(_FILES, patterns=("*.gguf",))
_ACME = replace(_NEED, repo="acme/house-model", source="ENTRYPOINT_MODELS", asker="", use="listed")
_ALICE = Identity("alice", "laptop", "read", orgs=("acme",))
_NARROW = Identity("alice", "laptop", "fineGrained", reads_gated=False, orgs=("acme",), readable=("alice",))
_REPO = Repo("", "auto", tuple(RepoFile(path, 1, "") for path in ("config.json", "model.safetensors")))
_FILE_HOST = "https://cas-server.xethub.hf.co/v1"

_ANONYMOUS = Context(HUB, "")
_ALICES = Context(HUB, "HF_TOKEN")
_SECRET = Context(HUB, "/run/secrets/hf_token")
_PROXIED = Context(HUB, "HF_TOKEN", proxies={"HTTPS_PROXY": "http://alice:secret@proxy.acme.example:3128"})
_WAITING = Context(HUB, "HF_TOKEN", waits=True)
_MIDWAY = Context(HUB, "HF_TOKEN", nothing_downloaded=False)
_LATE = Context(HUB, "HF_TOKEN", now=1_735_689_660)

# What the Hub says, word for word, where its words are known (among others huggingface/xet-core#869,
# huggingface/huggingface_hub#2844, Comfy-Org/ComfyUI#9415).
_GATED = f"Access to model {_NEED.repo} is restricted"
_REQUEST = f"Your request to access model {_NEED.repo}"


def _said(status: int, message: str, code: str = "") -> Evidence:
    return Evidence(HUB, status, code, message, from_hub=True)


def _verdict(
    name: str, evidence: Evidence | None = None, identity: Identity | None = _ALICE, need: Need = _NEED
) -> Verdict:
    return Verdict(need, name, evidence or Evidence(HUB), identity, _REPO)


_SCOPE = (
    "Please enable access to public gated repositories in your fine-grained token settings to view this repository."
)
_EXAMPLES: tuple[tuple[Verdict, Context], ...] = (
    (_verdict("granted"), _ALICES),
    (
        _verdict(
            "token-missing",
            _said(401, f"{_GATED}. You must have access to it and be authenticated to access it.", "GatedRepo"),
            None,
        ),
        _ANONYMOUS,
    ),
    (_verdict("token-invalid", _said(401, "Invalid credentials in Authorization header"), None), _ALICES),
    (_verdict("token-invalid", _said(401, "Invalid credentials in Authorization header"), None), _SECRET),
    (_verdict("token-expired", _said(401, 'User Access Token "laptop" is expired'), None), _ALICES),
    (_verdict("token-lacks-gated-scope", _said(403, _SCOPE), _NARROW), _ALICES),
    (_verdict("token-lacks-repo-scope", _said(403, ""), _NARROW, _ACME), _ALICES),
    (
        _verdict("terms-not-accepted", _said(403, f"{_GATED} and you are not in the authorized list.", "GatedRepo")),
        _ALICES,
    ),
    (
        _verdict("terms-not-accepted", _said(403, f"{_GATED} and you are not in the authorized list.", "GatedRepo")),
        _WAITING,
    ),
    (
        _verdict("review-pending", _said(403, f"{_REQUEST} is awaiting a review from the repo authors.", "GatedRepo")),
        _ALICES,
    ),
    (
        _verdict("review-rejected", _said(403, f"{_REQUEST} has been rejected by the repo's authors.", "GatedRepo")),
        _ALICES,
    ),
    (_verdict("access-reset", _said(403, f"{_REQUEST} has been reset by the repo's authors.", "GatedRepo")), _ALICES),
    (_verdict("repo-not-found", _said(404, "Repository not found", "RepoNotFound")), _ALICES),
    (_verdict("repo-missing-or-private", _said(401, "Invalid username or password."), None), _ANONYMOUS),
    (_verdict("revision-not-found", _said(404, "Revision not found", "RevisionNotFound"), need=_REVISION), _ALICES),
    (_verdict("file-not-found", _said(200, ""), need=_FILES), _ALICES),
    (_verdict("file-not-found", _said(200, ""), need=_GGUF), _ALICES),
    (_verdict("repo-disabled", _said(403, "Access to this resource is disabled.")), _ALICES),
    (_verdict("org-policy", _said(403, ""), need=_ACME), _ALICES),
    (_verdict("rate-limited", Evidence(HUB, 429, from_hub=True, retry_after=55)), _ALICES),
    (_verdict("hub-error", Evidence(HUB, 503, from_hub=True), None), _ALICES),
    (
        _verdict(
            "hub-unreachable", Evidence(HUB, message="[Errno -3] Temporary failure in name resolution", trouble="dns")
        ),
        _ALICES,
    ),
    (_verdict("hub-unreachable", Evidence(HUB, message="[Errno 111] Connection refused", trouble="connect")), _PROXIED),
    (
        _verdict("hub-unreachable", Evidence(_FILE_HOST, message="timed out", trouble="timeout")),
        _MIDWAY,
    ),
    (
        _verdict(
            "tls-untrusted",
            Evidence(HUB, message="unable to get local issuer certificate", trouble="tls", issuer="Acme Firewall CA"),
        ),
        _ALICES,
    ),
    (
        _verdict(
            "tls-untrusted",
            Evidence(
                HUB,
                message="certificate is not yet valid",
                trouble="clock",
                issuer="Amazon RSA 2048 M02",
                valid="2026-04-01 to 2027-04-30",
            ),
        ),
        _LATE,
    ),
    (_verdict("proxy-refused", Evidence(HUB, message="403 Forbidden", trouble="proxy")), _PROXIED),
    (_verdict("proxy-refused", Evidence(HUB, 407, message="Proxy Authentication Required")), _PROXIED),
    (_verdict("not-a-hub", Evidence(HUB, 200, message="Sign in to this network")), _ALICES),
    (_verdict("refused", _said(451, "Unavailable For Legal Reasons")), _ALICES),
)
SAMPLES: Mapping[str, tuple[tuple[Verdict, Context], ...]] = {
    name: tuple(example for example in _EXAMPLES if example[0].name == name) for name in EXIT_CODES
}
