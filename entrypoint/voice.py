"""What a start tells while it works, into the log and the state file alike; the flow stays free of how things are said.

A warm start logs one line, and does without structlog's import.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from entrypoint.failures import TEMP_FAIL, Failure
from entrypoint.sentence import join, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenacity import RetryCallState

    from entrypoint.deadline import Deadline
    from entrypoint.needs.deployment import Deployment
    from entrypoint.status.state import State
    from entrypoint.transfer.progress import Snapshot
    from entrypoint.values import Need, Plan

STAGE = "model-entrypoint"
PROVING_LINE_SECONDS = 5.0
WAITING_LINE_SECONDS = 15.0


class Voice:
    """`secrets` never appear in what is said. What takes long ends when `deadline` has passed (`Failure` 75).

    Warnings and failures are told in `lang`.
    """

    def __init__(
        self,
        state: State,
        style: Literal["console", "json"],
        secrets: Sequence[str],
        deadline: Deadline,
        lang: str = "en",
    ) -> None:
        self.state = state
        self.style = style
        self.lang = lang
        self.secrets = list(secrets)
        state.secrets = self.secrets
        self.began = time.monotonic()
        self._deadline = deadline
        self._proved = 0
        self._told = self._waiting_since = self.began

    @cached_property
    def log(self) -> Any:
        """structlog's logger; importing it is what a warm start saves."""
        from entrypoint import log

        log.configure(self.style, self.secrets)
        return log.get(STAGE)

    def keep_secret(self, value: str) -> None:
        """One more secret; those known before stay secrets."""
        if value not in self.secrets:
            self.secrets.append(value)
            self.__dict__.pop("log", None)  # its redaction must know it

    def info(self, text: str, **fields: Any) -> None:
        self.log.info(text, **fields)

    def warn(self, name: str, text: str, **fields: Any) -> None:
        if self.lang != "en":
            from entrypoint.remedies.messages import translated  # with all of `remedies`, which English does without

            text = translated(text, self.lang)
        self.log.warning(text, notice=name, **fields)

    def failed(self, failure: Failure) -> None:
        from entrypoint.remedies.messages import state_line

        self.state.enter("failed", state_line(failure, self.lang), exit_code=failure.exit_code)

    def deployment(self, wanted: Deployment) -> None:
        """What is odd about the needs."""
        if wanted.trouble:
            text = say("PrivateGPT's settings do not load: {trouble}", trouble=wanted.trouble)
            self.warn("privategpt-settings-unreadable", text)
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
            text = say(
                "{files} lies in {folder} without a receipt: it is used as it is.",
                files=join(", ", need.patterns),
                folder=need.place.path,
            )
            self.warn("put-by-hand", text)

    def asking(self, endpoint: str, needs: Sequence[Need]) -> None:
        """Before the Hub is asked."""
        count = len({need.repo for need in needs})
        self.state.enter("checking", f"asking {endpoint} for access to {count} {'models' if count > 1 else 'model'}")

    def pause(self, retry: RetryCallState) -> None:
        """Before a question is put again: a rate limit's window can take minutes, and nothing waits silently."""
        from entrypoint.hub.evidence import Refusal

        error = retry.outcome.exception() if retry.outcome else None
        if isinstance(error, Refusal) and retry.next_action is not None:
            said = error.evidence
            reason = f"{said.trouble} {said.message}".strip()
            answer = f"the Hub answered {said.status}" if said.status else "no answer from the Hub yet"
            self.log.info(
                f"{answer}; asking again {_in(retry.next_action.sleep)}",
                **({"reason": reason} if reason else {}),
            )

    def proving(self, count: int) -> None:
        """`count` more bytes of what lies in the cache were read and hashed: a sign of life in what takes minutes."""
        from entrypoint.text import human_bytes

        if self._deadline.passed:
            raise self._deadline.failure(say("while the files in the cache were proved"))
        self._proved += count
        text = f"{human_bytes(self._proved)} read to prove what is there already"
        self.state.update(text)
        if time.monotonic() - self._told >= PROVING_LINE_SECONDS:
            self._told = time.monotonic()
            self.log.info(text)

    def plan(self, plan: Plan) -> None:
        from entrypoint.text import human_bytes

        for item in plan.items:
            self.log.info(
                f"{item.need.repo}: {len(item.to_fetch)} of {len(item.files)} files to fetch"
                if item.to_fetch
                else f"{item.need.repo}: all {len(item.files)} files are in place and proved",
                commit=item.commit[:12],
                bytes=human_bytes(item.bytes_missing),
            )

    def fetching(self, snapshot: Snapshot) -> None:
        """How far the transfer is, for the state file; the log has lines of its own, at its own intervals."""
        self.state.update(
            str(snapshot),
            percent=snapshot.percent,
            bytes_done=snapshot.done,
            bytes_total=snapshot.total,
            bytes_per_second=round(snapshot.rate),
            seconds_left=None if snapshot.left is None else round(snapshot.left),
        )

    def fetched(self, plan: Plan) -> None:
        for item in plan.items:
            if item.to_fetch:
                self.log.info(f"{item.need.repo}: fetched and proved by its published hashes", commit=item.commit[:12])

    def waiting_for_other(self, seconds: float) -> None:
        """Another container on this volume is fetching the same: say so, sleep, and end at the deadline."""
        from entrypoint.text import human_duration

        if self._deadline.passed:
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

    def done(self, text: str, note: str = "") -> None:
        """The last line of a start. `note` is what the healthcheck adds to the server's answer from then on."""
        self.state.enter("serving", text, note=note)
        seconds = round(time.monotonic() - self.began, 3)
        if "log" in self.__dict__:
            self.log.info(text, seconds=seconds)
            return
        from entrypoint import log

        log.plain(self.style, self.secrets, text, stage=STAGE, seconds=seconds)


def _in(seconds: float) -> str:
    from entrypoint.text import human_duration

    return f"in {human_duration(seconds)}" if seconds >= 0.1 else "at once"
