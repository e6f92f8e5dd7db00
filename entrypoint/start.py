"""One start of the program: its settings, its state file, its voice, and the Hub, opened when first asked."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from entrypoint import handover
from entrypoint import settings as settings_module
from entrypoint.deadline import Deadline
from entrypoint.failures import Failure
from entrypoint.settings import Settings, Token
from entrypoint.settings.variables import VARIABLES
from entrypoint.status.state import State, folders
from entrypoint.values import Need, Plan, Verdict
from entrypoint.voice import Voice

if TYPE_CHECKING:
    from entrypoint.hub.access import Access
    from entrypoint.hub.hub import Hub
    from entrypoint.remedies import Context
    from entrypoint.transfer.supervise import Supervisor

ACCESS_ATTEMPTS = 5
IMPATIENT_ATTEMPTS = 2


class Start:
    """`environ` is the process's own environment. Raises `Failure` 78 when it cannot be meant."""

    def __init__(self, environ: Mapping[str, str], *, writes_state: bool = True) -> None:
        began = time.monotonic()
        self._given = dict(environ)
        self.granted: dict[Need, Verdict] = {}
        self.given_up: set[Need] = set()  # optional ones that were refused: it goes on without them
        self.patient = True  # not where the server can start without an answer
        self.state = State.open(folders(environ)) if writes_state else State(None)
        secrets = settings_module.secrets(environ)
        self.state.secrets = secrets
        self.state.enter("starting", "reading settings")
        try:
            self.settings: Settings = settings_module.read(environ, stderr_is_terminal=sys.stderr.isatty())
        except Failure as failure:
            from entrypoint.remedies.messages import state_line

            line = state_line(failure, settings_module.language(environ))
            self.state.enter("failed", line, exit_code=failure.exit_code)
            raise
        self.deadline = Deadline(self.settings.deadline_seconds, began)
        token = self.settings.token
        known = dict.fromkeys([*secrets, *([token.value] if token else [])])
        self.voice = Voice(self.state, self.settings.log, tuple(known), self.deadline, self.settings.lang)
        for notice in self.settings.notices:
            self.voice.warn(notice.name, notice.text)
        if writes_state and self.state.folder is None:
            self.voice.warn(
                "no-state-folder",
                "No folder for the state file can be written; the healthcheck sees only the server. "
                "Set ENTRYPOINT_STATE_DIR, or mount a tmpfs on /run/model-entrypoint.",
            )

    @cached_property
    def environ(self) -> dict[str, str]:
        """The environment for our own traffic, in this process and the worker's."""
        from entrypoint.hub import trust

        return {**self.settings.environ, **trust.fallback(self.settings.environ)}

    @cached_property
    def hub(self) -> Hub:
        return self._open(ACCESS_ATTEMPTS if self.patient else IMPATIENT_ATTEMPTS)

    def _open(self, attempts: int) -> Hub:
        # The library, and TLS below it, read the process's own environment: it becomes what the settings made of it.
        os.environ.clear()
        os.environ.update(self.environ)
        from entrypoint import log

        assert self.voice.log is not None  # set up before the library can say anything
        from entrypoint.hub.hub import Hub
        from entrypoint.hub.retry import patiently, stop_before

        token, moment = self.settings.token, self.deadline.moment
        hub = Hub(
            self.settings.endpoint,
            token.value if token else None,
            patiently(
                attempts,
                stop=stop_before(moment) if moment is not None else None,
                before_sleep=self.voice.pause,
            ),
            moment,
        )
        log.adopt("huggingface_hub")
        return hub

    @cached_property
    def access(self) -> Access:
        hub = self.hub  # before the import: it prepares what the library reads when it is imported
        from entrypoint.hub.access import Access

        return Access(hub, token_set=self.settings.token is not None)

    @cached_property
    def access_once(self) -> Access:
        """Puts each question once: for who asks again by himself, and has an eye on other things meanwhile."""
        hub = self._open(1)
        from entrypoint.hub.access import Access

        return Access(hub, token_set=self.settings.token is not None)

    def ask_patiently_for(self, needs: Sequence[Need]) -> None:
        """Before the Hub is asked. Where the server can start without an answer, it is not waited for as long."""
        self.patient = any(need.required for need in needs)
        self.voice.asking(self.settings.endpoint, needs)

    def take(self, token: Token) -> None:
        """Goes on with another token: one that was found late, or put in place of the old one while we waited."""
        self.voice.keep_secret(token.value)
        self.settings = replace(self.settings, token=token)
        self.granted.clear()
        for opened in ("hub", "access", "access_once"):
            self.__dict__.pop(opened, None)

    def token_now(self) -> Token | None:
        """The token as a start at this moment would find it: files and secrets are read again. Raises `Failure`."""
        public = VARIABLES["HF_ENDPOINT"].default
        return settings_module.token_now(self._given, any_form=self.settings.endpoint != public)

    def server_environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The environment that the server gets; `extra` fills in what is not set already."""
        settings = self.settings
        return handover.environment(
            settings.environ,
            settings.token.value if settings.token else None,
            keep_token=settings.server_token == "keep",  # noqa: S105
            offline=settings.server_offline,
            # named outright: a server that finds another home than we did would look elsewhere
            extra={"HF_HUB_CACHE": str(settings.hub_cache), **extra},
        )

    @property
    def context(self) -> Context:
        from entrypoint.redaction import known
        from entrypoint.remedies import Context
        from entrypoint.remedies.messages import translated
        from entrypoint.settings import proxies

        token = self.settings.token
        return Context(
            endpoint=self.settings.endpoint,
            token_source=translated(token.source, self.settings.lang) if token else "",
            proxies=proxies.variables(self.settings.environ),
            now=time.time(),
            has_fallbacks=bool(self.settings.fallbacks),
            take_out=known(self.voice.secrets),
        )

    def supervisor(self, plan: Plan) -> Supervisor:
        """What moves the files of a plan, telling log and state file how far it is."""
        from entrypoint.text import human_bytes
        from entrypoint.transfer.progress import Display, Snapshot
        from entrypoint.transfer.supervise import Limits, Listener, Supervisor

        def to_log(snapshot: Snapshot) -> None:
            self.voice.info(f"fetching: {snapshot}")

        self.state.enter("fetching", f"0 % (0 B of {human_bytes(plan.bytes_missing)})")
        token = self.settings.token
        return Supervisor(
            self.settings.endpoint,
            token.value if token else None,
            self.environ,
            Limits(self.settings.stall_seconds, self.deadline.moment),
            Listener(self.voice.info, self.voice.fetching, Display(to_log)),
        )
