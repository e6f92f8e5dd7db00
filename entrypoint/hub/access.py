"""Access before bytes: every need is asked about, in parallel, before any is fetched.

Per need, `auth-check` and the repo's listing. `auth-check` is no preflight everywhere (olah answers 404 RepoNotFound
to it even for an owner with access): where it says 401 or 404 without naming the gate, but the repo is listed, a HEAD
of one of its files decides.

`whoami` has a strict rate limit: it is asked at most once, and only where a refusal can mean different things for
different askers. A verdict never waits for it long.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from threading import Lock

from entrypoint.hub.evidence import Refusal
from entrypoint.hub.hub import Hub
from entrypoint.hub.verdicts import Bearer, depends_on_bearer, judge
from entrypoint.values import Evidence, Need, Repo, Verdict

PARALLEL = 8
_ABOUT_THE_GATE = frozenset(
    {"token-missing", "token-lacks-gated-scope", "terms-not-accepted", "review-pending", "access-reset"}
)
# Served to everybody even where the repo is gated, so they prove nothing about access.
_PUBLIC_NAMES = frozenset({".gitattributes", "README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


class Access:
    """Asks one Hub about needs. `token_set`: the Hub was opened with a token."""

    def __init__(self, hub: Hub, *, token_set: bool) -> None:
        self._hub = hub
        self._token_set = token_set
        self._lock = Lock()

    def ask(self, needs: Sequence[Need]) -> tuple[Verdict, ...]:
        """One verdict per need, in the order of the needs."""
        if not needs:
            return ()
        with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="access") as pool:
            return tuple(pool.map(self._verdict, needs))

    def refused(self, need: Need, evidence: Evidence) -> Verdict:
        """The verdict for a refusal that came later, in the middle of a transfer."""
        bearer = self._bearer() if depends_on_bearer(evidence) else Bearer(self._token_set)
        return Verdict(need, judge(evidence, bearer), evidence, bearer.identity)

    def _verdict(self, need: Need) -> Verdict:
        repo: Repo | None = None
        try:
            told = self._auth_check(need)
            repo = self._hub.repo(need.repo, need.revision, hashes=True)
            if not told:
                self._head_any(need, repo)
        except Refusal as refusal:
            return self._with_gating(self.refused(need, refusal.evidence), repo)
        return Verdict(need, "granted", repo=repo)

    def _auth_check(self, need: Need) -> bool:
        """Whether the endpoint said that the repo may be read; False where it may just not know the question."""
        try:
            self._hub.may_read(need.repo)
        except Refusal as refusal:
            if refusal.evidence.code == "GatedRepo" or refusal.evidence.status not in (401, 404):
                raise
            return False
        return True

    def _head_any(self, need: Need, repo: Repo) -> None:
        probes = [file for file in repo.files if file.path not in _PUBLIC_NAMES]
        if probes:
            self._hub.head_file(need.repo, repo.commit, max(probes, key=lambda file: file.size).path)

    def _with_gating(self, verdict: Verdict, repo: Repo | None) -> Verdict:
        """Adds whether acceptance is automatic or reviewed: it tells whether waiting helps. Public information."""
        if verdict.name not in _ABOUT_THE_GATE:
            return verdict
        if repo is None:
            try:
                repo = self._hub.repo(verdict.need.repo, verdict.need.revision, brief=True)
            except Refusal:
                return verdict  # an ornament of the message; its own refusal says nothing new
        # A token without the scope for gated repos is not to blame for what an open repo refuses.
        blameless = verdict.name == "token-lacks-gated-scope" and not repo.gated
        return replace(verdict, name="refused" if blameless else verdict.name, repo=repo)

    def _bearer(self) -> Bearer:
        with self._lock:  # since Python 3.12 a cached_property has no lock of its own
            return self._known_bearer

    @cached_property
    def _known_bearer(self) -> Bearer:
        if not self._token_set:
            return Bearer(token_set=False)
        try:
            return Bearer(token_set=True, identity=self._hub.whoami())
        except Refusal as refusal:
            return Bearer(token_set=True, said=refusal.evidence)
