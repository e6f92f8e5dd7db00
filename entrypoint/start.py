"""One start of the program: its settings, its state file, its log, and the Hub, opened when first asked.

The flow (`gate`) stays free of how things are said: what is worth telling goes through here, into the log and the state
file alike.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from entrypoint import handover
from entrypoint import settings as settings_module
from entrypoint.failures import TEMP_FAIL, Failure
from entrypoint.settings import Settings
from entrypoint.status.state import State, folders
from entrypoint.values import Need, Plan

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from entrypoint.hub.access import Access
    from entrypoint.hub.hub import Hub
    from entrypoint.needs.deployment import Deployment
    from entrypoint.remedies import Context
    from entrypoint.transfer.supervise import Supervisor

ACCESS_ATTEMPTS = 5
IMPATIENT_ATTEMPTS = 2
STAGE = "model-entrypoint"
PROVING_LINE_SECONDS = 5.0
WAITING_LINE_SECONDS = 15.0


class Start:
    """`environ` is the process's own environment. Raises `Failure` 78 when it cannot be meant."""

    def __init__(self, environ: Mapping[str, str], *, writes_state: bool = True) -> None:
        self.began = time.monotonic()
        self.patient = True  # not where the server can start without an answer
        self._proved = 0
        self._told = self._waiting_since = self.began
        self.state = State.open(folders(environ)) if writes_state else State(None)
        self.state.enter("starting", "reading settings")
        try:
            self.settings: Settings = settings_module.read(environ, stderr_is_terminal=sys.stderr.isatty())
        except Failure as failure:
            self.tell_state_of(failure)
            raise
        for notice in self.settings.notices:
            self.warn(notice.name, notice.text)
        if writes_state and self.state.folder is None:
            self.warn(
                "no-state-folder",
                "No folder for the state file can be written; the healthcheck sees only the server. "
                "Set ENTRYPOINT_STATE_DIR, or mount a tmpfs on /run/model-entrypoint.",
            )

    @cached_property
    def log(self) -> Any:
        """structlog's logger; importing it is what a warm start saves."""
        from entrypoint import log

        log.configure(self.settings.log, self.secrets)
        return log.get(STAGE)

    @property
    def secrets(self) -> list[str]:
        return [self.settings.token.value] if self.settings.token else []

    @cached_property
    def environ(self) -> dict[str, str]:
        """The environment for our own traffic, in this process and the worker's."""
        from entrypoint.hub import trust

        return {**self.settings.environ, **trust.fallback(self.settings.environ)}

    @cached_property
    def hub(self) -> Hub:
        # The library, and TLS below it, read the process's own environment: it becomes what the settings made of it.
        os.environ.clear()
        os.environ.update(self.environ)
        from entrypoint import log

        assert self.log is not None  # set up before the library can say anything
        from entrypoint.hub.hub import Hub
        from entrypoint.hub.retry import patiently, stop_before

        token = self.settings.token
        hub = Hub(
            self.settings.endpoint,
            token.value if token else None,
            patiently(
                ACCESS_ATTEMPTS if self.patient else IMPATIENT_ATTEMPTS,
                stop=stop_before(self.deadline) if self.deadline is not None else None,
                before_sleep=self._tell_pause,
            ),
            self.deadline,
        )
        log.adopt("huggingface_hub")
        return hub

    @cached_property
    def access(self) -> Access:
        hub = self.hub  # before the import: it prepares what the library reads when it is imported
        from entrypoint.hub.access import Access

        return Access(hub, token_set=self.settings.token is not None)

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
    def deadline(self) -> float | None:
        """The moment (time.monotonic) after which patience ends; None for never."""
        seconds = self.settings.deadline_seconds
        return self.began + seconds if seconds else None

    @property
    def late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def deadline_passed(self, what: str) -> Failure:
        return Failure(
            "deadline-passed",
            TEMP_FAIL,
            f"The deadline of {self.settings.deadline_seconds:g} s passed {what}.",
            "",
            ("start again: what has arrived whole is kept", "or raise ENTRYPOINT_DEADLINE_SECONDS"),
        )

    @property
    def context(self) -> Context:
        from entrypoint.remedies import Context

        token = self.settings.token
        return Context(
            endpoint=self.settings.endpoint,
            token_source=token.source if token else "",
            proxy=next((url for name, url in self.settings.proxies.items() if name.upper() != "NO_PROXY"), ""),
        )

    def supervisor(self, plan: Plan) -> Supervisor:
        """What moves the files of a plan, telling log and state file how far it is."""
        from entrypoint.text import human_bytes
        from entrypoint.transfer.progress import Display, Snapshot
        from entrypoint.transfer.supervise import Limits, Listener, Supervisor

        def to_log(snapshot: Snapshot) -> None:
            self.log.info(f"fetching: {snapshot}")

        def to_state(snapshot: Snapshot) -> None:
            self.state.update(
                str(snapshot),
                percent=snapshot.percent,
                bytes_done=snapshot.done,
                bytes_total=snapshot.total,
                bytes_per_second=round(snapshot.rate),
                seconds_left=None if snapshot.left is None else round(snapshot.left),
            )

        self.state.enter("fetching", f"0 % (0 B of {human_bytes(plan.bytes_missing)})")
        token = self.settings.token
        return Supervisor(
            self.settings.endpoint,
            token.value if token else None,
            self.environ,
            Limits(self.settings.stall_seconds, self.deadline),
            Listener(self.log.info, to_state, Display(to_log)),
        )

    def wait_for_other(self, seconds: float) -> None:
        """Another container on this volume is fetching the same: say so, sleep, and end at the deadline."""
        from entrypoint.text import human_duration

        if self.late:
            raise Failure(
                "lock-not-freed",
                TEMP_FAIL,
                "Another container on this volume was still fetching the same model when the deadline passed.",
                "",
                ("start again later", "or raise ENTRYPOINT_DEADLINE_SECONDS"),
            )
        text = "another container on this volume is fetching the same model"
        if self.state.phase != "waiting":
            self.state.enter("waiting", text)
            self.log.info(text)
            self._waiting_since = self._told = time.monotonic()
        waited = human_duration(time.monotonic() - self._waiting_since)
        self.state.update(f"{text}; waiting for {waited}")
        if time.monotonic() - self._told >= WAITING_LINE_SECONDS:
            self._told = time.monotonic()
            self.log.info(text, waiting=waited)
        time.sleep(seconds)

    def _tell_pause(self, retry: RetryCallState) -> None:
        """Before a question is put again: a rate limit's window can take minutes, and nothing waits silently."""
        from entrypoint.hub.evidence import Refusal
        from entrypoint.text import human_duration

        error = retry.outcome.exception() if retry.outcome else None
        if isinstance(error, Refusal) and retry.next_action is not None:
            said = error.evidence
            self.log.info(
                f"no answer from the Hub yet; asking again in {human_duration(retry.next_action.sleep)}",
                reason=f"{said.status or said.trouble} {said.message}".strip(),
            )

    def warn(self, name: str, text: str) -> None:
        self.log.warning(text, notice=name)

    def tell_state_of(self, failure: Failure) -> None:
        self.state.enter("failed", f"{failure.name}: {failure.what}", exit_code=failure.exit_code)

    def ask_patiently_for(self, needs: Sequence[Need]) -> None:
        """Before the Hub is asked. Where the server can start without an answer, it is not waited for as long."""
        self.patient = any(need.required for need in needs)
        count = len({need.repo for need in needs})
        self.state.enter(
            "checking", f"asking {self.settings.endpoint} for access to {count} {'models' if count > 1 else 'model'}"
        )

    def tell_deployment(self, wanted: Deployment) -> None:
        """What is odd about the needs; and a token that stands in PrivateGPT's settings is taken where none is set."""
        if wanted.trouble:
            self.warn("privategpt-settings-unreadable", f"PrivateGPT's settings do not load: {wanted.trouble}")
        for notice in wanted.notices:
            self.warn(notice.name, notice.text)
        for note in wanted.notes:
            self.warn("privategpt-settings", note)
        if wanted.nothing_asked:
            self.warn(
                "nothing-to-fetch",
                "ENTRYPOINT_MODELS is not set, and no PrivateGPT was found to ask for its models.",
            )
        for need in wanted.in_place:
            files = ", ".join(need.patterns)
            self.warn("put-by-hand", f"{files} lies in {need.place.path} without a receipt: it is used as it is.")
        if wanted.token is not None and self.settings.token is None:
            self.settings = replace(self.settings, token=wanted.token)
            self.__dict__.pop("log", None)  # its redaction must know the new secret

    def tell_plan(self, plan: Plan) -> None:
        from entrypoint.text import human_bytes

        for item in plan.items:
            self.log.info(
                f"{item.need.repo}: {len(item.to_fetch)} of {len(item.files)} files to fetch"
                if item.to_fetch
                else f"{item.need.repo}: all {len(item.files)} files are in place and proved",
                commit=item.commit[:12],
                bytes=human_bytes(item.bytes_missing),
            )

    def tell_proving(self, count: int) -> None:
        """`count` more bytes of what lies in the cache were read and hashed: a sign of life in what takes minutes."""
        from entrypoint.text import human_bytes

        if self.late:
            raise self.deadline_passed("while the files in the cache were proved")
        self._proved += count
        text = f"{human_bytes(self._proved)} read to prove what is there already"
        self.state.update(text)
        if time.monotonic() - self._told >= PROVING_LINE_SECONDS:
            self._told = time.monotonic()
            self.log.info(text)

    def tell_fetched(self, plan: Plan) -> None:
        for item in plan.items:
            if item.to_fetch:
                self.log.info(f"{item.need.repo}: fetched and proved by its published hashes", commit=item.commit[:12])

    def done(self, text: str) -> None:
        """The last line of a start. A warm one has logged nothing before, and does without structlog's import."""
        self.state.enter("serving", text)
        seconds = round(time.monotonic() - self.began, 3)
        if "log" in self.__dict__:
            self.log.info(text, seconds=seconds)
            return
        from entrypoint import log

        log.plain(self.settings.log, self.secrets, text, stage=STAGE, seconds=seconds)
