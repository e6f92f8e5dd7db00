"""What ought to come out, written down from what is known of the Hub and not from the code: read from top to bottom.

The Hub asks, in this order: is the token one; may its account know of the repo (one that it may not know of looks like
one that is not there); is the repo disabled; may the account pass the gate; is the revision there, and the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from tests.states.conftest import Told
from tests.states.world import ACCOUNT, EXPIRED, MISSING_FILE, MISSING_REVISION, NONE, ORGS, TOKEN_NAME, Repo, Token

# Unlike any sentence that the Hub has given, and about nothing.
OTHER_WORDS = "Computer says no"

Rule = Callable[[Token, Repo], str]

# As in docs/exit-codes.md.
EXIT_CODES = {
    "granted": 0,
    "token-missing": 77,
    "token-invalid": 77,
    "token-expired": 77,
    "token-lacks-gated-scope": 77,
    "token-lacks-repo-scope": 77,
    "terms-not-accepted": 77,
    "review-pending": 77,
    "review-rejected": 77,
    "access-reset": 77,
    "repo-not-found": 78,
    "repo-missing-or-private": 77,
    "revision-not-found": 78,
    "file-not-found": 78,
    "repo-disabled": 77,
    "org-policy": 77,
    "rate-limited": 75,
    "hub-error": 69,
    "hub-unreachable": 69,
    "tls-untrusted": 76,
    "proxy-refused": 76,
    "not-a-hub": 76,
    "refused": 77,
}
_GATE = {
    "none": "terms-not-accepted",
    "pending": "review-pending",
    "rejected": "review-rejected",
    "reset": "access-reset",
}


def visible(token: Token, repo: Repo) -> bool:
    """Whether the Hub lets on that the repo is there."""
    if repo.state == "missing":
        return False
    if repo.state != "private":
        return True
    return token.good and repo.namespace in (ACCOUNT, *ORGS) and token.covers(repo)


def expected(token: Token, repo: Repo, *, unknown_tokens_ignored: bool = False) -> str:
    """The verdict for this token and this repo, where nothing stands between the Hub and us.

    One report has repo routes take an unknown token for none at all: then it shows only where something is closed.
    """
    bad = token != NONE and not token.good
    ignored = bad and token != EXPIRED and unknown_tokens_ignored
    if bad and not ignored:
        return "token-expired" if token == EXPIRED else "token-invalid"
    if not visible(token, repo):
        if token == NONE:
            return "repo-missing-or-private"
        if bad:
            return "token-invalid"
        # Where nothing of alice's own is concerned, a scope would not help: she has no access herself.
        ours = repo.namespace in (ACCOUNT, *ORGS)
        return "token-lacks-repo-scope" if ours and not token.covers(repo) else "repo-not-found"
    if repo.state.startswith("disabled"):
        return "repo-disabled"
    if repo.gated:
        if token == NONE:
            return "token-missing"
        if bad:
            return "token-invalid"
        if not token.opens_gate_of(repo):
            return "token-lacks-gated-scope"
        if repo.standing != "accepted":
            return _GATE[repo.standing]
    return {"no such revision": "revision-not-found", "no such file": "file-not-found"}.get(repo.state, "granted")


def expected_in_other_words(token: Token, repo: Repo) -> str:
    """The same, where every sentence of the Hub reads differently: status, code and whoami carry all but these."""
    verdict = expected(token, repo)
    if verdict in ("review-pending", "review-rejected", "access-reset"):
        return "terms-not-accepted"  # one code for all of them
    if verdict == "token-expired":
        return "token-invalid"  # no code at all
    return verdict


def expected_of_mirror(token: Token, repo: Repo) -> str:
    """The same, where `auth-check` is not known: listing and files decide, and the listing comes first."""
    if repo.state == "no such revision" and (token == NONE or token.good):
        return "revision-not-found"
    return expected(token, repo)


def expected_without_whoami(token: Token, repo: Repo) -> str:
    """The same, where `whoami` gives no answer: then a token's reach is unknown."""
    verdict = expected(token, repo)
    return "repo-not-found" if verdict == "token-lacks-repo-scope" else verdict


def expected_from_status_and_code(token: Token, repo: Repo) -> str:
    """Other words and no `whoami`: then nothing tells of a token's permissions, and what was said is all there is."""
    verdict = expected_in_other_words(token, repo)
    lost = {"token-lacks-repo-scope": "repo-not-found", "token-lacks-gated-scope": "refused"}
    return lost.get(verdict, verdict)


def check(told: Sequence[Told], token: Token, rule: Rule, *, known: bool = True) -> None:
    """Every row has the rule's verdict, its exit code, and its facts in the text. `known`: whoami could be asked."""
    wrong = []
    for row in told:
        verdict = rule(token, row.repo)
        if (row.verdict.name, row.exit_code) != (verdict, EXIT_CODES[verdict]):
            wrong.append(f"{row.repo.row}: {row.verdict.name} ({row.exit_code}) in place of {verdict}")
        elif verdict != "granted":
            lacking = row.lacks(facts(verdict, token, row.repo, row.endpoint, known=known), row.text)
            lacking += row.lacks(names(verdict, token, row.repo, row.endpoint, known=known), row.chinese)
            wrong += [f"{row.repo.row}: {fact!r} is not in: {row.text} {row.chinese}" for fact in lacking]
    assert not wrong, "\n".join(wrong)


def facts(verdict: str, token: Token, repo: Repo, endpoint: str, *, known: bool = True) -> list[str]:
    """What the text for this person must name: the model, who asks, whom the Hub saw, the one next step, the code."""
    agree = "request for access" if repo.gated == "manual" else '"Agree and access repository"'
    step = {
        "token-missing": [agree],
        "token-invalid": ["in place of the old one"],
        "token-expired": ["in place of the old one"],
        "token-lacks-gated-scope": ["all public gated repos"],
        "token-lacks-repo-scope": ["may read", "either", f"add {repo.id} to"],
        "terms-not-accepted": [agree],
        "review-pending": ["wait"],
        "review-rejected": ["either ask the authors"],
        "access-reset": ["send a new request"],
        "repo-not-found": ["correct it"],
        "repo-missing-or-private": ["correct it"],
        "revision-not-found": ["name one of them", f"{repo.id}@main"],
        "file-not-found": ["correct the file names"],
        "repo-disabled": ["name another model"],
        "refused": [OTHER_WORDS, "signed in"],
    }[verdict]
    return [*names(verdict, token, repo, endpoint, known=known), *step, f"Exit code {EXIT_CODES[verdict]}:"]


def names(verdict: str, token: Token, repo: Repo, endpoint: str, *, known: bool = True) -> list[str]:
    """Those of the facts that read the same in every language."""
    page = f"{endpoint}/{repo.id}"
    tokens = f"{endpoint}/settings/tokens"
    owner = f"{endpoint}/{repo.namespace} "
    search = f"{endpoint}/models?search={quote(repo.id.partition('/')[2])}"
    # Who asks authors for access must wait for their answer before starting again.
    answer = [f"{endpoint}/settings/gated-repos"] if repo.gated == "manual" else []
    named = [repo.id, verdict, "ENTRYPOINT_MODELS", str(EXIT_CODES[verdict])]
    if verdict in _ABOUT_THE_CALLER and token != NONE:
        named += ["HF_TOKEN", *((ACCOUNT, TOKEN_NAME) if token.good and known else ())]
    return (
        named
        + {
            "token-missing": [tokens, "HF_TOKEN=hf_", page, *answer],
            "token-invalid": [tokens],
            "token-expired": [tokens],
            "token-lacks-gated-scope": [tokens, f"{tokens}/new?canReadGatedRepos=true&tokenType=fineGrained"],
            "token-lacks-repo-scope": [tokens],
            "terms-not-accepted": [page, *answer],
            "review-pending": [f"{endpoint}/settings/gated-repos"],
            "review-rejected": [f"{page}/discussions"],
            "access-reset": [page, *answer],
            "repo-not-found": [owner, search],
            "repo-missing-or-private": [owner, search, "HF_TOKEN=hf_"],
            "revision-not-found": [MISSING_REVISION, f"{page}/tree/main"],
            "file-not-found": [MISSING_FILE, "model.safetensors", f"{page}/tree/main"],
            "repo-disabled": [page],
            "refused": [page],
        }[verdict]
    )


_ABOUT_THE_CALLER = frozenset(
    {
        "token-invalid",
        "token-expired",
        "token-lacks-gated-scope",
        "token-lacks-repo-scope",
        "terms-not-accepted",
        "review-pending",
        "review-rejected",
        "access-reset",
        "repo-not-found",
    }
)
