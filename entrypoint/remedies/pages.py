"""docs/refusals.md and docs/exit-codes.md, made from what the program says and does. A test compares them with this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from entrypoint.remedies.facts import Context
from entrypoint.remedies.languages import wording
from entrypoint.remedies.render import explain, restart_helps
from entrypoint.values import EXIT_CODES, PRECEDENCE, Evidence, Identity, Need, Place, Repo, RepoFile, Verdict

_ENDPOINT = "https://huggingface.co"
_NEED = Need(
    "mistralai/Mistral-7B-Instruct-v0.2",
    Place("hub-cache", Path("/home/worker/app/models/cache")),
    "llm.tokenizer",
    asker="PrivateGPT",
    use="tokenizer",
)
_LISTED = Need("mistralai/Mistral-7B-Instruct-v0.2", _NEED.place, "ENTRYPOINT_MODELS", revision="v2")
_FILES = Need("mistralai/Mistral-7B-Instruct-v0.2", _NEED.place, "ENTRYPOINT_MODELS", patterns=("*.gguf",))
_ALICE = Identity("alice", "laptop", "read")
_FINE_GRAINED = Identity("alice", "laptop", "fineGrained", reads_gated=False)
_ANONYMOUS = frozenset({"token-missing", "repo-missing-or-private"})

# What the Hub says, word for word, where its words are known (among others huggingface/xet-core#869,
# huggingface/huggingface_hub#2844, Comfy-Org/ComfyUI#9415).
_GATED = f"Access to model {_NEED.repo} is restricted"
_REQUEST = f"Your request to access model {_NEED.repo}"


def _said(status: int, message: str, code: str = "") -> Evidence:
    return Evidence(_ENDPOINT, status, code, message, from_hub=True)


_SAMPLES: Mapping[str, Verdict] = {
    verdict.name: verdict
    for verdict in (
        Verdict(_NEED, "granted"),
        Verdict(
            _NEED,
            "token-missing",
            _said(401, f"{_GATED}. You must have access to it and be authenticated to access it.", "GatedRepo"),
        ),
        Verdict(_NEED, "token-invalid", _said(401, "Invalid credentials in Authorization header")),
        Verdict(_NEED, "token-expired", _said(401, 'User Access Token "laptop" is expired')),
        Verdict(
            _NEED,
            "token-lacks-gated-scope",
            _said(
                403,
                "Please enable access to public gated repositories in your fine-grained token settings to view"
                " this repository.",
            ),
            _FINE_GRAINED,
        ),
        Verdict(_NEED, "token-lacks-repo-scope", _said(403, ""), _FINE_GRAINED),
        Verdict(
            _NEED,
            "terms-not-accepted",
            _said(403, f"{_GATED} and you are not in the authorized list.", "GatedRepo"),
            _ALICE,
        ),
        Verdict(
            _NEED,
            "review-pending",
            _said(403, f"{_REQUEST} is awaiting a review from the repo authors.", "GatedRepo"),
            _ALICE,
        ),
        Verdict(
            _NEED,
            "review-rejected",
            _said(403, f"{_REQUEST} has been rejected by the repo's authors.", "GatedRepo"),
            _ALICE,
        ),
        Verdict(
            _NEED,
            "access-reset",
            _said(403, f"{_REQUEST} has been reset by the repo's authors.", "GatedRepo"),
            _ALICE,
        ),
        Verdict(_NEED, "repo-not-found", _said(404, "Repository not found", "RepoNotFound"), _ALICE),
        Verdict(_NEED, "repo-missing-or-private", _said(401, "Invalid username or password.")),
        Verdict(_LISTED, "revision-not-found", _said(404, "Revision not found", "RevisionNotFound"), _ALICE),
        Verdict(
            _FILES,
            "file-not-found",
            _said(200, ""),
            _ALICE,
            Repo("", files=tuple(RepoFile(path, 1, "") for path in ("config.json", "model.safetensors"))),
        ),
        Verdict(_NEED, "repo-disabled", _said(403, "Access to this resource is disabled."), _ALICE),
        Verdict(_NEED, "org-policy", _said(403, ""), _ALICE),
        Verdict(_NEED, "rate-limited", Evidence(_ENDPOINT, 429, from_hub=True, retry_after=55), _ALICE),
        Verdict(_NEED, "hub-error", Evidence(_ENDPOINT, 503, from_hub=True)),
        Verdict(
            _NEED,
            "hub-unreachable",
            Evidence(_ENDPOINT, message="[Errno -3] Temporary failure in name resolution", trouble="dns"),
        ),
        Verdict(
            _NEED,
            "tls-untrusted",
            Evidence(_ENDPOINT, message="unable to get local issuer certificate", trouble="tls"),
        ),
        Verdict(_NEED, "proxy-refused", Evidence(_ENDPOINT, 407, trouble="proxy")),
        Verdict(_NEED, "not-a-hub", Evidence(_ENDPOINT, 200, message="Sign in to this network")),
        Verdict(_NEED, "refused", _said(451, "Unavailable For Legal Reasons"), _ALICE),
    )
}


def pages() -> dict[str, str]:
    """The pages by their file name in docs/."""
    return {"refusals.md": "\n".join(_refusals()), "exit-codes.md": "\n".join(_exit_codes())}


def _refusals() -> Iterator[str]:
    w = wording("en")
    yield f"# {w.labels['refusals']}\n\n{w.page_refusals}\n\n{w.page_example}\n"
    for name, code in EXIT_CODES.items():
        help_of_restart = w.page_restart if restart_helps(code) else w.page_no_restart
        context = Context(_ENDPOINT, "" if name in _ANONYMOUS else "HF_TOKEN")
        yield f"## {name}\n"
        yield f"{w.labels['arises']}: {w.verdicts[name].arises}\n"
        yield f"{w.labels['exit-code']}: [{code}](exit-codes.md). {help_of_restart if code else w.page_no_exit}\n"
        yield f"```text\n{explain([_SAMPLES[name]], context)}\n```\n"


def _exit_codes() -> Iterator[str]:
    w = wording("en")
    precedence = w.list_separator.join(map(str, PRECEDENCE))
    yield f"# {w.labels['exit-codes']}\n"
    yield w.page_exit_codes.format(precedence=precedence) + "\n"
    columns = [w.labels[key] for key in ("code", "meaning", "restart", "verdicts")]
    yield f"| {' | '.join(columns)} |\n|---|---|---|---|"
    for code, meaning in w.exit_meanings.items():
        verdicts = " ".join(f"[{name}](refusals.md#{name})" for name, own in EXIT_CODES.items() if own == code)
        restart = (w.labels["yes"] if restart_helps(code) else w.labels["no"]) if code else "-"
        yield f"| {code} | {meaning} | {restart} | {verdicts or '-'} |"
    yield f"| 128+n | {w.exit_signal} | - | - |\n"
    yield w.page_exit_note + "\n"
