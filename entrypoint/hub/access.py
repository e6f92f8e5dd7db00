"""Access before bytes: every need is asked about, in parallel, before any is fetched.

Per need, `auth-check` and the repo's listing. `auth-check` is no preflight everywhere (olah answers 404 RepoNotFound
to it even for an owner with access, and other mirrors have no such route): where it does not say that the repo may be
read, nor names the gate, but the repo is listed, a HEAD of one of its files decides.

`whoami` has a strict rate limit, and a repo's public face costs a request, too: each is asked only where a refusal can
mean different things, and its answer is kept for a while. A verdict never waits for them long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

from entrypoint.hub import certificate
from entrypoint.hub.certificate import Certificate
from entrypoint.hub.evidence import Refusal, is_untrusted_certificate
from entrypoint.hub.hub import Hub
from entrypoint.hub.remembered import Remembered
from entrypoint.hub.verdicts import Bearer, Target, depends_on_bearer, depends_on_face, judge
from entrypoint.values import Evidence, Need, Repo, Verdict

PARALLEL = 8
# Who waits for access asks again and again, and the token may be changed, or revoked, meanwhile.
BEARER_SECONDS = 60.0
FACE_SECONDS = 60.0
# What an endpoint answers that does not know the question; with 200, that is its own web page for every address.
_NO_AUTH_CHECK = frozenset({200, 401, 404, 405, 501})
# Served to everybody even where the repo is gated, so they prove nothing about access.
_PUBLIC_NAMES = frozenset({".gitattributes", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


class Access:
    """Asks one Hub about needs. `token_set`: the Hub was opened with a token. `clock` gives seconds; `look` is how a
    certificate that is not trusted is described, once per host."""

    def __init__(
        self,
        hub: Hub,
        *,
        token_set: bool,
        clock: Callable[[], float] = time.monotonic,
        look: Callable[[str], Certificate | None] = certificate.look,
    ) -> None:
        self._hub = hub
        self._token_set = token_set
        self._bearer = Remembered[None, Bearer](lambda _: self._whoami(), BEARER_SECONDS, clock)
        self._face = Remembered(self._public_face, FACE_SECONDS, clock)
        self._certificate = Remembered(look, float("inf"), clock)

    def ask(self, needs: Sequence[Need]) -> tuple[Verdict, ...]:
        """One verdict per need, in the order of the needs."""
        if not needs:
            return ()
        with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="access") as pool:
            return tuple(pool.map(self._verdict, needs))

    def refused(self, need: Need, evidence: Evidence) -> Verdict:
        """The verdict for a refusal that came later, in the middle of a transfer."""
        return self._refused(need, evidence, self._face(need.repo) if depends_on_face(evidence) else None)

    def _verdict(self, need: Need) -> Verdict:
        try:
            told = self._auth_check(need)
        except Refusal as refusal:
            return self.refused(need, refusal.evidence)
        try:
            repo = self._hub.repo(need.repo, need.revision, hashes=True)
        except Refusal as refusal:
            if "/resolve/" in refusal.evidence.url:  # a file's; the listing's own would be the public face's, too
                return self.refused(need, refusal.evidence)
            return self._refused(need, refusal.evidence, None)
        try:
            if not told:
                self._head_any(need, repo)
        except Refusal as refusal:
            return self._refused(need, refusal.evidence, repo)
        return Verdict(need, "granted", repo=repo)

    def _refused(self, need: Need, evidence: Evidence, face: Repo | None) -> Verdict:
        if is_untrusted_certificate(evidence):
            evidence = self._described(evidence)
        bearer = self._bearer(None) if depends_on_bearer(evidence) else Bearer(self._token_set)
        name = judge(evidence, bearer, Target(need.repo, face))
        if name == "refused" and bearer.barred and bearer.said:
            # what keeps the account from asking who it is says more than what it met at this repo
            name, evidence = judge(bearer.said, bearer), bearer.said
        return Verdict(need, name, evidence, bearer.identity, face)

    def _auth_check(self, need: Need) -> bool:
        """Whether the endpoint said that the repo may be read; False where it may just not know the question."""
        try:
            self._hub.may_read(need.repo)
        except Refusal as refusal:
            if refusal.evidence.code == "GatedRepo" or refusal.evidence.status not in _NO_AUTH_CHECK:
                raise
            return False
        return True

    def _head_any(self, need: Need, repo: Repo) -> None:
        probes = [file for file in repo.files if file.path not in _PUBLIC_NAMES]
        if probes:
            self._hub.head_file(need.repo, repo.commit, max(probes, key=lambda file: file.size).path)

    def _public_face(self, name: str) -> Repo | None:
        try:
            return self._hub.public_face(name)
        except Refusal:
            return None  # it only helps to explain another refusal; its own says nothing new

    def _whoami(self) -> Bearer:
        if not self._token_set:
            return Bearer(token_set=False)
        try:
            return Bearer(token_set=True, identity=self._hub.whoami())
        except Refusal as refusal:
            return Bearer(token_set=True, said=refusal.evidence)

    def _described(self, evidence: Evidence) -> Evidence:
        """With the issuer of the certificate that was not trusted, if it lets itself be seen."""
        parts = urlsplit(evidence.url)
        found = self._certificate(f"{parts.scheme}://{parts.netloc}/")
        if found is None:
            return evidence
        message = f"the proxy {found.proxy}: {evidence.message}" if found.proxy else evidence.message
        return replace(evidence, message=message, issuer=found.issuer, valid=found.valid)
