"""What the checks share: each an errand that is run once, whoever waits for it.

An errand bears the name of the check that tells about it, so that what hangs or breaks in it is told there. Moments, as
shares of the whole time: questions to the network end first, so that each check can still say by itself what did not
come; then checks stop to wait for what others bring (`waiting`, `last`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from entrypoint import log
from entrypoint.doctor import asking, probe, reading, road, wanted
from entrypoint.doctor.errands import Errand, Unmet
from entrypoint.doctor.models import Answers
from entrypoint.doctor.probe import Answer
from entrypoint.doctor.wanted import Held
from entrypoint.doctor.wording import Wording
from entrypoint.failures import CONFIG, Failure
from entrypoint.hub import certificate, trust
from entrypoint.hub.evidence import Refusal, is_untrusted_certificate
from entrypoint.needs import deployment
from entrypoint.needs.deployment import Deployment
from entrypoint.redaction import known
from entrypoint.remedies import Context
from entrypoint.remedies.messages import translated
from entrypoint.settings import Settings, Token, proxies, secrets
from entrypoint.values import Identity, Need

SECONDS = 7.5
READING_SHARE, NETWORK_SHARE, WAITING_SHARE, LAST_SHARE = 0.15, 0.75, 0.85, 0.95
PROBE_PATH = "/api/models?limit=1"  # public, cheap, and in the Hub's own form

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """What an examination is of, and in what time: `seconds` from `began` (of `time.monotonic`) on.

    `now` gives the Unix time, `root` stands in for `/`.
    """

    environ: Mapping[str, str]
    command: Sequence[str] = ()
    began: float = field(default_factory=time.monotonic)
    seconds: float = SECONDS
    now: Callable[[], float] = time.time
    root: Path = Path("/")


class Shared:
    """All are begun at once. `network`, `waiting`, `last` and `end` are moments of `time.monotonic`."""

    def __init__(self, given: Given, w: Wording) -> None:
        self._given, self._w = given, w
        self.began = given.began
        self.terminal = sys.stderr.isatty()
        self.network, self.waiting, self.last, self.end = (
            self.began + share * given.seconds for share in (NETWORK_SHARE, WAITING_SHARE, LAST_SHARE, 1.0)
        )
        self.half = (self.began + self.network) / 2
        self.reading = Errand(
            "settings", lambda: reading.read(given.environ, stderr_is_terminal=self.terminal, root=given.root)
        )
        self.settings = Errand("settings", self._read_settings)
        self.surroundings = Errand("settings", self._surround)
        self.way = Errand("settings", lambda: road.way(self.settings.wait()))
        self.needs = Errand("needs", self._find_needs)
        self.held = Errand("held", self._look_at_held)
        self.token = Errand("token", self._find_token)
        self.dns = Errand("dns", lambda: road.resolve(self._online(self.way.wait())))
        self.endpoint = Errand("endpoint", self._ask_endpoint)
        self.hub = Errand("model", self._open_hub)
        self.identity = Errand("token", self._ask_identity)
        self.verdicts = Errand("model", self._ask_access)

    def trouble_of(self, name: str) -> Exception | None:
        """What broke in an errand of that name, other than that it lacked something from another."""
        errands = [errand for errand in vars(self).values() if isinstance(errand, Errand) and errand.name == name]
        troubles = [errand.trouble for errand in errands if not isinstance(errand.trouble, Unmet)]
        return next(filter(None, troubles), None)

    def secrets(self) -> tuple[str, ...]:
        settings, needs = brought(self.settings), brought(self.needs)
        found = [token.value for token in (settings and settings.token, needs and needs.token) if token]
        return tuple(dict.fromkeys([*found, *secrets(self._given.environ)]))

    def _read_settings(self) -> Settings:
        try:
            found = self.reading.wait(self.began + READING_SHARE * self._given.seconds)
        except Unmet:
            if self.reading.ended:
                raise
            found = reading.read_elsewhere(self._given.environ, stderr_is_terminal=self.terminal)
        if found.settings is None:
            raise Unmet("settings")
        return found.settings

    def _surround(self) -> dict[str, str]:
        """The environment of all our requests; the process has it from then on."""
        settings = self.settings.wait()
        environ = {**settings.environ, **trust.fallback(settings.environ)}
        asking.surround(environ)
        log.configure(settings.log, [settings.token.value] if settings.token else [])
        return environ

    def _find_needs(self) -> Deployment:
        settings = self.settings.wait()
        try:
            here = Path.cwd()
        except FileNotFoundError as error:
            w = self._w
            raise Failure("working-directory-gone", CONFIG, w.directory_gone, "", (w.directory_gone_step,)) from error
        return deployment.find(settings, self._given.command, here)

    def _look_at_held(self) -> Held:
        settings, found = self.settings.wait(), self.needs.wait()
        return wanted.look(found, settings, self._given.command, Path.cwd(), self._time_is_up)

    def _find_token(self) -> Token | None:
        settings = self.settings.wait()
        if settings.token is not None or settings.models:
            return settings.token
        try:
            return self.needs.wait(self.half).token
        except Unmet:
            return None  # it can only be one that stands in settings which do not load

    def _online(self, way: road.Way) -> road.Way:
        if self.settings.wait().offline:
            raise Unmet("settings")
        return way

    def _named(self) -> None:
        """Waits until the name is known: a resolver that hangs is then blamed by name, and only once."""
        if self.dns.wait().trouble:
            raise Unmet("dns")

    def _ask_endpoint(self) -> tuple[Answer, Answer]:
        """The answer, and the one that came when the certificate was not looked at, where it is not trusted."""
        self.surroundings.wait()
        self._named()
        url = self.settings.wait().endpoint + PROBE_PATH
        proxied = bool(self.way.wait().proxy.host)
        answer = probe.ask(url, self.network, proxied=proxied)
        if not is_untrusted_certificate(answer.evidence):
            return answer, answer
        return self._described(answer), probe.ask(url, self.network, trusting=True, proxied=proxied)

    def _described(self, answer: Answer) -> Answer:
        """With who signed the certificate, if that can be seen in time."""
        endpoint = self.settings.wait().endpoint
        try:
            found = Errand("tls", lambda: certificate.look(endpoint)).wait(self.waiting)
        except Unmet:
            return answer
        if found is None:
            return answer
        return replace(answer, evidence=replace(answer.evidence, issuer=found.issuer, valid=found.valid))

    def _open_hub(self) -> asking.Asking:
        self.surroundings.wait()
        token = self.token.wait()
        opened = asking.Asking(self.settings.wait(), token, self.network)
        log.adopt("huggingface_hub")
        return opened

    def _ask_identity(self) -> Identity | Refusal:
        self._named()
        try:
            return self.hub.wait().hub.whoami()
        except Refusal as refusal:
            return refusal

    def _ask_access(self) -> Answers:
        found = self.needs.wait()
        if not found.needs or self.settings.wait().offline:
            return Answers()
        self._named()
        return self.hub.wait().ask(found, asking.Whereabouts(self._unmet, self._given.command, Path.cwd()))

    def _unmet(self, needs: Sequence[Need]) -> Sequence[Need]:
        """All of them, where a hung volume does not tell."""
        try:
            held = self.held.wait(self.half)
        except Unmet:
            return needs
        return held.lacking(needs, self._time_is_up)

    def _time_is_up(self) -> bool:
        return time.monotonic() > self.network

    @property
    def context(self) -> Context:
        settings, token = self.settings.wait(), brought(self.token)
        return Context(
            endpoint=settings.endpoint,
            token_source=translated(token.source, settings.lang) if token else "",
            proxies=proxies.variables(settings.environ),
            now=self._given.now(),
            take_out=known(self.secrets()),
        )


def brought(errand: Errand[T]) -> T | None:
    """What it has brought by now."""
    return errand.wait() if errand.ended and errand.trouble is None else None
