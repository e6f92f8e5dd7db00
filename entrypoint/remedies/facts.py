"""All that the sentences may name, taken from a verdict and its context.

Here, and only here, text from outside is cleaned: what `gather` gives is short, on one line, free of control
characters and of secrets. Nothing that writes sentences touches a `Verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, urlsplit

from entrypoint.remedies.messages import translated
from entrypoint.settings import proxies
from entrypoint.text import mask_url, shown
from entrypoint.values import Evidence, Verdict

HUB = "https://huggingface.co"
DOCS = "docs/refusals.md"  # where every refusal is described, by the anchor of its name; may become an address
NAME_LIMIT = 100
MESSAGE_LIMIT = 200
PLACE_LIMIT = 120
FILES_NAMED = 5
NAMES_KEPT = 50  # of organisations, and of what a token may read

Fit = Callable[[str, int], str]
Clock = Literal["", "behind", "ahead", "expired"]


@dataclass(frozen=True, slots=True)
class Context:
    """What is the same for all needs of one start. Its `repr` shows no secret.

    `token_source` is "" when no token is set, else its name, as in "HF_TOKEN_FILE (/run/secrets/hf_token)".
    `command` is what a person types to start the deployment again. `proxies` are the proxy variables as they stand in
    the environment, from which each address has its own. `waits`: the container stays, asks again by itself,
    and goes on once access is granted. `has_fallbacks`: ENTRYPOINT_FALLBACKS is set. `now` is the Unix time by this
    machine's clock, where it may matter. `take_out` frees text of the secrets that are known (`redaction.known`):
    before anything is cut out of it.
    """

    endpoint: str
    token_source: str
    command: str = "docker compose up -d"
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    nothing_downloaded: bool = True
    waits: bool = False
    has_fallbacks: bool = False
    now: float | None = None
    take_out: Callable[[str], str] = field(default=str, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """One verdict in clean text. Blank means unknown, or that there is none.

    `token_file` is the file that holds the token, where one does. `clock` is what is most likely wrong about the time:
    this machine's clock is behind or ahead, or the certificate has expired. `file_host`: what failed is not the
    endpoint but a host to which the Hub sent us for the files. `proxy` is the one in force for `host`, without
    credentials, `proxy_variable` what names it, `proxy_status` its own answer; `proxy_is_here`: it is sought in this
    very container. `no_proxy_variable` is the one that lists exceptions, where there are any.
    """

    verdict: str
    repo: str
    revision: str
    page: str
    tree: str
    search: str
    organisation: str
    owner: str
    asker: str
    source: str
    use: str
    required: bool
    gated: str
    repo_known: bool
    patterns: str
    files: str
    files_left: int
    no_gguf: bool
    detail: str
    account: str
    token_name: str
    role: str
    orgs: tuple[str, ...]
    readable: tuple[str, ...] | None
    status: int
    code: str
    message: str
    trouble: str
    elsewhere: bool
    pause: int
    issuer: str
    valid: str
    valid_from: str
    valid_until: str
    now: str
    clock: Clock
    host: str
    file_host: bool
    endpoint: str
    endpoint_host: str
    token_source: str
    token_file: str
    command: str
    proxy: str
    proxy_variable: str
    proxy_is_here: bool
    no_proxy_variable: str
    proxy_status: int
    waits: bool
    has_fallbacks: bool
    link: str

    @property
    def open(self) -> bool:
        """Whether the repo is known to have no gate."""
        return self.repo_known and not self.gated

    @property
    def proxy_fault(self) -> str:
        """How a proxy is at fault that no answer came: its name, or the connection to it, is all that was tried
        (`dns`, `connect`); it or what is behind it was too slow (`timeout`); or it got no further (`beyond`)."""
        if not self.proxy:
            return ""
        if self.proxy_status:
            return "beyond" if self.trouble == "connect" else ""
        return self.trouble if self.trouble in ("dns", "connect", "timeout") else ""


def gather(verdict: Verdict, context: Context, lang: str = "en") -> Facts:
    """`lang` is that of `detail`, the only fact that is a sentence."""

    def fit(text: str, limit: int) -> str:
        return shown(text, limit, context.take_out)

    need, evidence, identity, repo = verdict.need, verdict.evidence, verdict.identity, verdict.repo
    name = fit(need.repo, NAME_LIMIT)
    endpoint = fit(mask_url(context.endpoint), PLACE_LIMIT).rstrip("/")
    endpoint_host = _host(endpoint, fit)
    host = _named_apart(context.take_out(evidence.url), endpoint, fit) or endpoint_host
    paths = [file.path for file in repo.files] if repo else []
    token_source = fit(context.token_source, PLACE_LIMIT)
    valid = fit(evidence.valid, NAME_LIMIT)
    valid_from, valid_until = _span(valid)
    now = _moment(context.now)
    proxy, no_proxy = _proxy(evidence.url or context.endpoint, context.proxies)
    return Facts(
        verdict=verdict.name,
        repo=name,
        revision=fit(need.revision, NAME_LIMIT),
        page=f"{endpoint}/{quote(name, safe='/')}",
        tree=f"{endpoint}/{quote(name, safe='/')}/tree/{quote(fit(need.revision, NAME_LIMIT), safe='/')}",
        search=f"{endpoint}/models?search={quote(name.rpartition('/')[2], safe='')}",
        organisation=name.partition("/")[0],
        owner=f"{endpoint}/{quote(name.partition('/')[0], safe='')}" if "/" in name else "",
        asker=fit(need.asker, NAME_LIMIT),
        source=fit(need.source, PLACE_LIMIT),
        use=need.use,
        required=need.required,
        gated=fit(repo.gated, 20) if repo else "",
        repo_known=repo is not None,
        patterns=fit(", ".join(need.patterns), MESSAGE_LIMIT),
        files=fit(", ".join(paths[:FILES_NAMED]), MESSAGE_LIMIT),
        files_left=max(0, len(paths) - FILES_NAMED),
        no_gguf=bool(paths) and _gguf(need.patterns) and not _gguf(paths),
        detail=fit(translated(verdict.detail, lang), MESSAGE_LIMIT),
        account=fit(identity.account, NAME_LIMIT) if identity else "",
        token_name=fit(identity.token_name, NAME_LIMIT) if identity else "",
        role=fit(identity.role, 40) if identity else "",
        orgs=_names(identity.orgs, fit) if identity else (),
        readable=_names(identity.readable, fit) if identity and identity.readable is not None else None,
        status=evidence.status,
        code=fit(evidence.code, 60),
        message=without_torn_address(fit(evidence.message, MESSAGE_LIMIT)),
        trouble=evidence.trouble,
        elsewhere=evidence.elsewhere,
        pause=max(0, round(evidence.retry_after)),
        issuer=fit(evidence.issuer, NAME_LIMIT),
        valid=valid,
        valid_from=valid_from,
        valid_until=valid_until,
        now=now,
        clock=_clock(now, valid_from, valid_until, endpoint),
        host=host,
        # A mirror may send us on to the Hub itself: that one holds more than files.
        file_host=evidence.elsewhere or (host != endpoint_host and host != _host(HUB, fit)),
        endpoint=endpoint,
        endpoint_host=endpoint_host,
        token_source=token_source,
        token_file=_file(token_source),
        command=fit(context.command, PLACE_LIMIT),
        proxy=fit(proxy.shown, PLACE_LIMIT),
        proxy_variable=proxy.variable,
        proxy_is_here=proxy.is_here,
        no_proxy_variable=no_proxy,
        proxy_status=proxy_status(evidence),
        waits=context.waits,
        has_fallbacks=context.has_fallbacks,
        link=f"{DOCS}#{verdict.name}",
    )


def fill(template: str, facts: Facts, **more: str | int) -> str:
    """The sentence with its facts. Values are put in once: braces that came from outside stay what they are."""
    return template.format_map(_Values(facts, more))


@dataclass(frozen=True, slots=True)
class _Values:
    facts: Facts
    more: Mapping[str, str | int]

    def __getitem__(self, name: str) -> object:
        return self.more[name] if name in self.more else getattr(self.facts, name)


def without_torn_address(text: str) -> str:
    """A text that was cut, without the address in which it was: half an address looks whole, and leads elsewhere."""
    return re.sub(r"\S*://\S*…$", "…", text)


def _gguf(names: Iterable[str]) -> bool:
    return any(name.lower().endswith(".gguf") for name in names)


def _names(names: tuple[str, ...], fit: Fit) -> tuple[str, ...]:
    return tuple(fit(name, NAME_LIMIT) for name in names[:NAMES_KEPT])


def _file(source: str) -> str:
    """The path in "HF_TOKEN_FILE (/run/secrets/hf_token)", or in a source that is a path itself."""
    if source.startswith("/"):
        return source
    inside = source.partition(" (")[2].removesuffix(")")
    return inside if inside.startswith("/") else ""


def _span(valid: str) -> tuple[str, str]:
    """The two dates in the description of a certificate's time; blanks where it is written otherwise."""
    dates = re.findall(r"\d{4}-\d{2}-\d{2}", valid)
    return (dates[0], dates[1]) if len(dates) == 2 else ("", "")


def _moment(now: float | None) -> str:
    if now is None:
        return ""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _clock(now: str, valid_from: str, valid_until: str, endpoint: str) -> Clock:
    """The Hub renews its certificate long before the end; so there, it is the clock that is ahead."""
    if not (now and valid_from):
        return ""
    if now[:10] <= valid_from:
        return "behind"
    if now[:10] >= valid_until:
        return "ahead" if endpoint == HUB else "expired"
    return ""


def _proxy(url: str, variables: Mapping[str, str]) -> tuple[proxies.Proxy, str]:
    """The proxy for an address, and the variable that lists exceptions."""
    no_proxy, exceptions = proxies.in_force(variables, "no_proxy")
    try:
        return proxies.chosen(variables, url), no_proxy if exceptions else ""
    except ValueError:  # not an address at all
        return proxies.Proxy(), ""


def proxy_status(evidence: Evidence) -> int:
    """What a proxy answered by itself; 0 if nothing. A refused CONNECT is no HTTP answer to our request: the proxy's
    status line is the words of the fault."""
    if evidence.status:
        return evidence.status
    begin = re.match(r"([45]\d\d)\b", evidence.message)
    return int(begin[1]) if begin else 0


def _named_apart(url: str, endpoint: str, fit: Fit) -> str:
    """The host of an address; with its port where that is all in which it differs from the endpoint: a Hub of one's own
    may keep its files on another port."""
    host = _host(url, fit)
    try:
        port, own = urlsplit(url).port, urlsplit(endpoint).port
    except ValueError:
        return host
    return f"{host}:{port}" if port and port != own and host == _host(endpoint, fit) else host


def _host(url: str, fit: Fit) -> str:
    try:
        return fit(urlsplit(url).hostname or "", NAME_LIMIT)
    except ValueError:  # "http://[": not an address at all, then there is no host to name
        return ""
