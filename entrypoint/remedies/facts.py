"""All that the sentences may name, taken from a verdict and its context.

Here, and only here, text from outside is cleaned: what `gather` gives is short, on one line, free of control
characters and of secrets. Nothing that writes sentences touches a `Verdict`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import quote, urlsplit

from entrypoint.text import mask_url, shown
from entrypoint.values import Verdict

NAME_LIMIT = 100
MESSAGE_LIMIT = 200
PLACE_LIMIT = 120
FILES_NAMED = 5


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for all needs of one start. Holds no secret; `proxy` is masked, "" for none.

    `token_source` is "" when no token is set, else its name, as in "HF_TOKEN_FILE (/run/secrets/hf_token)".
    `command` is what a person types to start the deployment again. `waits`: the container stays, asks again by itself,
    and goes on once access is granted.
    """

    endpoint: str
    token_source: str
    command: str = "docker compose up -d"
    proxy: str = ""
    nothing_downloaded: bool = True
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """One verdict in clean text. Blank means unknown, or that there is none."""

    verdict: str
    repo: str
    revision: str
    page: str
    tree: str
    search: str
    organisation: str
    asker: str
    source: str
    use: str
    required: bool
    gated: str
    repo_known: bool
    patterns: str
    files: str
    files_left: int
    detail: str
    account: str
    token_name: str
    role: str
    status: int
    code: str
    message: str
    trouble: str
    elsewhere: bool
    pause: int
    host: str
    endpoint: str
    endpoint_host: str
    token_source: str
    command: str
    proxy: str


def gather(verdict: Verdict, context: Context) -> Facts:
    need, evidence, identity, repo = verdict.need, verdict.evidence, verdict.identity, verdict.repo
    name = shown(need.repo, NAME_LIMIT)
    endpoint = shown(mask_url(context.endpoint), PLACE_LIMIT).rstrip("/")
    endpoint_host = _host(endpoint)
    paths = [file.path for file in repo.files] if repo else []
    return Facts(
        verdict=verdict.name,
        repo=name,
        revision=shown(need.revision, NAME_LIMIT),
        page=f"{endpoint}/{quote(name, safe='/')}",
        tree=f"{endpoint}/{quote(name, safe='/')}/tree/{quote(shown(need.revision, NAME_LIMIT), safe='/')}",
        search=f"{endpoint}/models?search={quote(name.rpartition('/')[2], safe='')}",
        organisation=name.partition("/")[0],
        asker=shown(need.asker, NAME_LIMIT),
        source=shown(need.source, PLACE_LIMIT),
        use=need.use,
        required=need.required,
        gated=shown(repo.gated, 20) if repo else "",
        repo_known=repo is not None,
        patterns=shown(", ".join(need.patterns), MESSAGE_LIMIT),
        files=shown(", ".join(paths[:FILES_NAMED]), MESSAGE_LIMIT),
        files_left=max(0, len(paths) - FILES_NAMED),
        detail=shown(verdict.detail, MESSAGE_LIMIT),
        account=shown(identity.account, NAME_LIMIT) if identity else "",
        token_name=shown(identity.token_name, NAME_LIMIT) if identity else "",
        role=shown(identity.role, 40) if identity else "",
        status=evidence.status,
        code=shown(evidence.code, 60),
        message=shown(evidence.message, MESSAGE_LIMIT),
        trouble=evidence.trouble,
        elsewhere=evidence.elsewhere,
        pause=max(0, round(evidence.retry_after)),
        host=_host(evidence.url) or endpoint_host,
        endpoint=endpoint,
        endpoint_host=endpoint_host,
        token_source=shown(context.token_source, PLACE_LIMIT),
        command=shown(context.command, PLACE_LIMIT),
        proxy=shown(mask_url(context.proxy), PLACE_LIMIT),
    )


def fill(template: str, facts: Facts, **more: str | int) -> str:
    """The sentence with its facts. Values are put in once: braces that came from outside stay what they are."""
    return template.format_map(asdict(facts) | more)


def _host(url: str) -> str:
    try:
        return shown(urlsplit(url).hostname or "", NAME_LIMIT)
    except ValueError:  # "http://[": not an address at all, then there is no host to name
        return ""
