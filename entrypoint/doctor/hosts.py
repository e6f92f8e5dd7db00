"""The hosts from which the files come: the endpoint grants, others deliver, and a firewall may know only the first.

One file of a granted model is asked for by HEAD; where that leads is tried with a request for a single byte, without
the token. xet's storage is another host still, which the endpoint names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

from entrypoint.doctor import probe, told
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.probe import Answer
from entrypoint.doctor.wording import Wording
from entrypoint.hub.verdicts import Bearer, judge
from entrypoint.remedies import Context
from entrypoint.settings import Token, proxies
from entrypoint.settings.forms import TRUE_WORDS
from entrypoint.text import mask_url
from entrypoint.values import EXIT_CODES, RepoFile, Verdict

MOST_REDIRECTS = 3
NOBODY = Bearer(token_set=False)  # who asks is told elsewhere: here only the way counts
_XET_AUTH = re.compile(r'<([^>]+)>\s*;\s*rel="?xet-auth"?')


@dataclass(frozen=True, slots=True)
class Host:
    """Where bytes would come from. `url` may be signed: it is never shown whole."""

    kind: Literal["files", "xet"]
    url: str

    @property
    def name(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]


class NotLed(Exception):  # noqa: N818 - what the endpoint said, or did not
    """The endpoint does not say where a file is that it granted."""

    def __init__(self, host: Host, answer: Answer) -> None:
        super().__init__(host.name)
        self.host = host
        self.answer = answer


def probe_file(verdict: Verdict) -> RepoFile | None:
    """The file to ask for: one in xet's storage if there is one, else the largest; small ones never leave the
    endpoint."""
    files = verdict.repo.files if verdict.repo else ()
    return max(files, key=lambda file: (bool(file.xet_hash), file.size), default=None)


def lead(endpoint: str, token: Token | None, verdict: Verdict, environ: Mapping[str, str], until: float) -> list[Host]:
    """The hosts to which the endpoint sends us for a file of a granted model; none where it delivers itself. Raises
    `NotLed`. The token goes to the endpoint's own origin only."""
    file = probe_file(verdict)
    if file is None or verdict.repo is None:
        return []
    bearer = {"Authorization": f"Bearer {token.value}"} if token else {}
    url = f"{endpoint}/{verdict.need.repo}/resolve/{verdict.repo.commit}/{quote(file.path)}"
    found: list[Host] = []
    for _ in range(MOST_REDIRECTS):
        answer = probe.ask(url, until, method="HEAD", headers={**bearer, "Accept-Encoding": "identity"})
        if not answer.came or answer.evidence.status >= 400:
            raise NotLed(Host("files", url), answer)
        if "x-xet-hash" in answer.headers and environ.get("HF_HUB_DISABLE_XET", "").lower() not in TRUE_WORDS:
            found += _xet(answer, url, endpoint, bearer, until)
        location = answer.headers.get("location", "")
        if not location:
            return found
        url = urljoin(url, location)
        if not _at_home(url, endpoint):
            return [Host("files", url), *found]
    return found


def _xet(answer: Answer, url: str, endpoint: str, bearer: Mapping[str, str], until: float) -> list[Host]:
    link = _XET_AUTH.search(answer.headers.get("link", ""))
    address = urljoin(url, link[1]) if link else ""
    if not address or not _at_home(address, endpoint):
        return []
    cas = probe.ask(address, until, headers=bearer).headers.get("x-xet-cas-url", "")
    return [Host("xet", cas)] if cas.startswith(("http://", "https://")) else []


def reach(host: Host, environ: Mapping[str, str], until: float) -> tuple[Host, Answer]:
    """What answers there, and who: a mirror may send us on to the Hub, and that to its content network."""
    headers = {"Range": "bytes=0-0"} if host.kind == "files" else {}
    for _ in range(MOST_REDIRECTS):
        proxied = bool(proxies.chosen(environ, host.url).host)
        answer = probe.ask(host.url, until, headers=headers, at_home=False, proxied=proxied)
        location = answer.headers.get("location", "")
        if not (300 <= answer.evidence.status < 400 and location):
            break
        host = Host(host.kind, urljoin(host.url, location))
    return host, answer


def finding(host: Host, answer: Answer, context: Context, lang: str, w: Wording) -> Finding:
    evidence = answer.evidence
    facts = {"host": host.name, "kind": host.kind, "status": evidence.status, "trouble": evidence.trouble}
    # xet's storage answers questions about nothing with a 404; that it answers is what counts
    delivers = evidence.status in (200, 206) or (host.kind == "xet" and answer.came)
    if delivers and evidence.from_hub:
        text = w.hosts_ok if host.kind == "files" else w.hosts_xet_ok
        return Finding("hosts", "ok", say(text, host=host.name), facts)
    # of the endpoint itself: a granted file that it does not give is no verdict about whoever asks
    odd = evidence.status in (401, 403, 404) and evidence.from_hub and not evidence.elsewhere
    verdict = "refused" if odd else judge(evidence, NOBODY)
    said = told.of_endpoint(evidence, verdict, context, lang)
    text = w.colon.join((say("{host}", host=host.name), verdict, say("{means}", means=said.means)))
    if host.kind == "xet":
        return Finding("hosts", "warning", text + w.stop + w.hosts_xet_bad, facts, said.steps)
    return Finding("hosts", "bad", text, facts | {"verdict": verdict}, said.steps, EXIT_CODES[verdict], True)


def findings(
    reached: list[tuple[Host, Answer]], context: Context, lang: str, w: Wording, endpoint: str
) -> Iterator[Finding]:
    for host, answer in reached:
        yield finding(host, answer, context, lang, w)
    if not reached:
        yield Finding("hosts", "ok", say(w.hosts_none, endpoint=mask_url(endpoint)))


def unknown(hosts: str, w: Wording) -> Finding:
    """No model is granted, so nobody says where its files are; which hosts a firewall must let pass is known."""
    return Finding("hosts", "skipped", say(w.hosts_unknown, hosts=hosts), {"to_open": hosts})


def _at_home(url: str, endpoint: str) -> bool:
    """Whether both have one origin."""

    def origin(address: str) -> tuple[str, str | None, int | None]:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)

    try:
        return origin(url) == origin(endpoint)
    except ValueError:  # a port that is no number
        return False
