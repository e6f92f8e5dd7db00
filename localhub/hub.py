"""`LocalHub`: the three origins put together, and everything that a test may say to them."""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localhub import cas, cdn, control, mirror, routes
from localhub.access import Access, BadTokenAnswer, OrgPolicy, Standing
from localhub.clock import Clock
from localhub.content import Content
from localhub.faults import ORIGINS, Fault, Faults, verbatim
from localhub.limits import Bucket, Policy, RateLimits
from localhub.messages import Request, Response
from localhub.mirror import AuthCheck
from localhub.reach import Nowhere, Reach
from localhub.record import Record, RequestLog
from localhub.refusals import Wording
from localhub.repos import Disabled, Files, Gated, Repo, contents, make_commit, make_file
from localhub.server import Answered, Origin
from localhub.signing import Signer
from localhub.state import State
from localhub.tokens import OrgRole, Role, Scopes, Token, TokenState, scopes
from localhub.xet import XetStore


class LocalHub:
    """A Hub with its content network (`cdn`) and Xet storage (`cas`), each on a port of its own.

    `host` is the address to listen on; `name` the host name in the addresses that the hub gives out; the
    certificate is good for `name`, `names`, `localhost` and `127.0.0.1`. `bad_token` is how an unknown token
    is answered: reports from the live Hub disagree, and a client must understand each. `page_size` is the
    most entries of one page of a tree. `url_seconds` and `xet_token_seconds` are the lives of signed
    addresses and CAS tokens. `wording` is what `set_wording` takes.

    A defect of the hub itself (an exception in a handler) is printed, answered with 500, and raised by
    `close`.
    """

    def __init__(
        self,
        tls: bool = True,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        cdn_port: int = 0,
        cas_port: int = 0,
        name: str = "localhost",
        names: Collection[str] = (),
        page_size: int = 1000,
        bad_token: BadTokenAnswer = "invalid-credentials",  # noqa: S107 - a policy, no password
        url_seconds: int = 3600,
        xet_token_seconds: int = 3600,
        wording: Wording = None,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="localhub-"))
        self._clock = Clock()
        self._log = RequestLog()
        self._faults = Faults()
        self._defects: list[str] = []
        self._defects_lock = threading.Lock()
        context = None
        self._ca_file: Path | None = None
        if tls:
            from localhub.tls import make_context  # trustme is a test dependency: plain HTTP does without it

            every_name = tuple(dict.fromkeys((name, *names, "localhost", "127.0.0.1")))
            context, self._ca_file = make_context(self._folder, every_name)
        self._state = State(
            clock=self._clock,
            access=Access(bad_token),
            limits=RateLimits(self._clock),
            signer=Signer(self._clock),
            xet=XetStore(self._folder / "cas"),
            page_size=page_size,
            url_seconds=url_seconds,
            xet_token_seconds=xet_token_seconds,
            wording=wording,
        )
        self._nowhere = Nowhere(host)
        handlers = {"hub": self._answer_hub, "cdn": self._answer_cdn, "cas": self._answer_cas}
        ports = {"hub": port, "cdn": cdn_port, "cas": cas_port}
        self._origins = {
            origin: Origin(
                origin,
                host,
                ports[origin],
                handlers[origin],
                context,
                self._log,
                self._faults,
                self._on_defect,
            )
            for origin in ORIGINS
        }
        scheme = "https" if tls else "http"
        self._true_urls = {origin: f"{scheme}://{name}:{self._origins[origin].port}" for origin in ORIGINS}
        self._state.urls = dict(self._true_urls)

    def start(self) -> Self:
        for origin in self._origins.values():
            origin.start()
        return self

    def close(self) -> None:
        """End every connection, free the ports, delete the folder; raises if the hub itself was at fault."""
        for origin in self._origins.values():
            origin.close()
        self._nowhere.close()
        shutil.rmtree(self._folder)
        with self._defects_lock:
            if self._defects:
                raise RuntimeError("localhub itself failed:\n" + "\n".join(self._defects))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        return self._state.urls["hub"]

    @property
    def cdn_url(self) -> str:
        return self._state.urls["cdn"]

    @property
    def cas_url(self) -> str:
        return self._state.urls["cas"]

    @property
    def ca_file(self) -> Path:
        """The PEM file of the CA that signed the certificate."""
        if self._ca_file is None:
            raise ValueError("this hub speaks plain HTTP: it has no CA")
        return self._ca_file

    def environment(self, home: Path) -> dict[str, str]:
        """The variables that point a process's Hub client here, with `home` as its HF_HOME."""
        variables = {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
        return variables | ({"SSL_CERT_FILE": str(self._ca_file)} if self._ca_file else {})

    def add_repo(
        self,
        repo_id: str,
        files: Files,
        *,
        gated: Gated = "",
        private: bool = False,
        disabled: Disabled = False,
        lfs: Collection[str] | None = None,
        xet: Collection[str] = (),
        branches: Mapping[str, Files | None] | None = None,
        renamed_from: Collection[str] = (),
    ) -> str:
        """Publish a repo; returns the commit of `main`.

        `files` is a mapping of path to bytes, text or file, or a folder. `lfs` and `xet` are paths or globs;
        without `lfs`, weights by their suffix and anything over 1 MB are LFS. `branches` are further
        branches, each with files of its own, or None to point at `main`'s commit.
        """
        repo = Repo(repo_id, gated, private, disabled, lfs, xet)
        main = self._commit(repo, "main", contents(files))
        for branch, own in (branches or {}).items():
            if own is not None:
                self._commit(repo, branch, contents(own))
            else:
                repo.branches[branch] = main
        with self._state.lock:
            self._state.repos[repo_id] = repo
            self._state.renamed.update(dict.fromkeys(renamed_from, repo_id))
        return main

    def update_repo(self, repo_id: str, files: Files, *, delete: Collection[str] = ()) -> str:
        """A new commit on `main`: `files` added or replaced, `delete` removed. Older commits stay."""
        repo = self._repo(repo_id)
        old = repo.commits[repo.branches["main"]].files
        kept = {path: file.content for path, file in old.items() if path not in delete}
        return self._commit(repo, "main", kept | contents(files))

    def set_repo(
        self,
        repo_id: str,
        *,
        gated: Gated | None = None,
        private: bool | None = None,
        disabled: Disabled | None = None,
    ) -> None:
        """Change what is given, as its owners would in the settings."""
        repo = self._repo(repo_id)
        if gated is not None:
            repo.gated = gated
        if private is not None:
            repo.private = private
        if disabled is not None:
            repo.disabled = disabled

    def add_token(
        self,
        token: str,
        *,
        user: str,
        name: str = "token",
        role: Role = "read",
        reads_gated: bool = True,
        scoped: Scopes = (),
        state: TokenState = "valid",
    ) -> None:
        """Issue a token, or replace one. An account owns, and so may read, the repos under its own name.

        `scoped` is what a fine-grained one may read: repos, or all of an account's or organisation's; a mapping gives
        each name's permissions.
        """
        self._state.access.add_token(Token(token, user, name, role, reads_gated, scopes(scoped), state))

    def set_orgs(self, user: str, orgs: Mapping[str, OrgRole]) -> None:
        """An account's organisations. A member sees their private repos; their gates it has to pass like others."""
        self._state.access.set_orgs(user, orgs)

    def set_policy(self, name: str, words: str | None, *, metadata: bool = False) -> None:
        """A policy of an organisation, or of one repo: 403 with these words and no code, to everybody; None ends it.

        It closes the contents, and with `metadata` the listing, too.
        """
        self._state.access.set_policy(name, None if words is None else OrgPolicy(words, metadata))

    def set_access(self, user: str, repo_id: str, standing: Standing) -> None:
        """An account's standing with a gated repo; for a private one, `accepted` is membership."""
        self._repo(repo_id)
        self._state.access.set_standing(user, repo_id, standing)

    def fault(self, kind: str, route: str, *, times: int | None = 1, skip: int = 0, **params: Any) -> Fault:
        """Arm a fault (see `localhub.faults`); the returned one tells its `hits` and can be `cancel`led.

        `route` is an origin's name, or a pattern searched in "METHOD path" (with and without the query)
        everywhere.
        """
        return self._faults.arm(kind, route, times, skip, params)

    def answer(
        self,
        route: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes | str,
        times: int | None = None,
    ) -> Fault:
        """Give this answer, word for word, on a route."""
        return self._faults.arm("answer", route, times, 0, {"response": verbatim(status, headers, body)})

    def clear_faults(self) -> None:
        """Disarm all faults and verbatim answers."""
        self._faults.clear()

    def set_wording(self, wording: Wording) -> None:
        """Word all refusals differently, in `X-Error-Message` and body alike; statuses and codes stay. None: as ever,
        a text: that one sentence for all, a function: what it makes of each.
        """
        self._state.wording = wording

    def set_auth_check(self, auth_check: AuthCheck) -> None:
        """Whether `auth-check` is there, or how a mirror answers that does not know it (see `localhub.mirror`)."""
        self._state.auth_check = mirror.checked(auth_check)

    def set_reach(self, origin: str, reach: Reach) -> None:
        """Whether clients get to `cdn` or `cas`, whose address changes if not (see `localhub.reach`)."""
        self._state.urls[origin] = self._nowhere.url(origin, reach, self._true_urls[origin])

    def rate_limit(
        self, bucket: Bucket = "api", *, quota: int | None, window: int = 300, retry_after: int | str | None = None
    ) -> None:
        """Replace a bucket's policy, for all callers, and begin a new window. Seconds; `retry_after` adds its
        header. A quota of None is the documented policy again.
        """
        self._state.limits.set(bucket, None if quota is None else Policy(quota, window, retry_after))

    def advance(self, seconds: float) -> None:
        """Move the hub's clock on: windows end, signed addresses and CAS tokens expire."""
        self._clock.advance(seconds)

    @property
    def requests(self) -> list[Record]:
        """Copies of the records of all requests so far, in the order in which they came in."""
        return self._log.copy()

    @property
    def leaks(self) -> list[Record]:
        """The requests that carried a Hub token to an origin where it must never go."""
        return [record for record in self.requests if record.leaked]

    @property
    def tls_failures(self) -> list[str]:
        """Why TLS handshakes failed: what a client that does not trust the CA leaves behind."""
        with self._log.lock:
            return list(self._log.tls_failures)

    def clear_requests(self) -> None:
        self._log.clear()

    def _repo(self, repo_id: str) -> Repo:
        with self._state.lock:
            if repo_id not in self._state.repos:
                raise KeyError(f"no such repo: {repo_id}")
            return self._state.repos[repo_id]

    def _commit(self, repo: Repo, branch: str, files: dict[str, Content]) -> str:
        hashes = self._packed({path: c for path, c in files.items() if repo.is_xet(path) and c.size})
        made = {path: make_file(repo, path, content, hashes.get(path, "")) for path, content in files.items()}
        commit = make_commit(repo, made, repo.branches.get(branch, ""))
        with self._state.lock:
            self._state.blobs.update({file.sha256: file.content for file in made.values() if file.lfs})
            repo.commits[commit.sha] = commit
            repo.branches[branch] = commit.sha
        return commit.sha

    def _packed(self, files: dict[str, Content]) -> dict[str, str]:
        """The Xet hashes of files, packed into the store."""
        if not files:
            return {}
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            paths = []
            for number, content in enumerate(files.values()):
                path = content.path
                if path is None:
                    path = Path(scratch) / str(number)
                    path.write_bytes(content.read())
                paths.append(path)
            return dict(zip(files, self._state.xet.pack(paths), strict=True))

    def _on_defect(self, trace: str) -> None:
        print(trace, file=sys.stderr)
        with self._defects_lock:
            self._defects.append(trace)

    def _answer_hub(self, request: Request) -> Answered:
        if request.path.startswith(control.PREFIX):
            return Answered(control.answer(self, request))
        return self._answered(request, routes.answer, leaked=False)

    def _answer_cdn(self, request: Request) -> Answered:
        return self._answered(request, cdn.answer, leaked="authorization" in request.headers)

    def _answer_cas(self, request: Request) -> Answered:
        secret = request.headers.get("authorization", "").partition(" ")[2]
        leaked = bool(secret) and (not secret.startswith("xet_") or request.path.startswith("/xorbs/"))
        return self._answered(request, cas.answer, leaked)

    def _answered(self, request: Request, produce: Callable[[State, Request], Response], leaked: bool) -> Answered:
        record = self._log.open(request, leaked)
        instead = self._faults.instead(request)
        response = instead.response() if instead is not None else None
        if instead is not None and response is not None:
            record.fault = instead.kind
        elif self._faults.ignores_range(request):
            record.fault = "no-range"
            response = produce(self._state, request.without("range", "if-range"))
        else:
            response = produce(self._state, request)
        flip = self._faults.corruption(request, response)
        if flip is not None:
            record.fault = "corrupt"
        return Answered(response, record, self._faults.on_wire(request), flip)
