"""All checks at once, each in an errand of its own, and one deadline for the whole.

What has not ended then is named as hanging; what only waited for it says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from entrypoint import remedies
from entrypoint.doctor import bearer, hosts, journal, models, outcome, program, reading, road, volumes, wanted
from entrypoint.doctor.errands import Errand, Unmet
from entrypoint.doctor.findings import Finding, say, told_in
from entrypoint.doctor.models import Answers
from entrypoint.doctor.probe import Answer
from entrypoint.doctor.shared import Given, Shared, brought
from entrypoint.doctor.trials import Trial
from entrypoint.doctor.wording import Wording
from entrypoint.failures import CANT_CREATE, SOFTWARE, TEMP_FAIL, UNAVAILABLE, Failure
from entrypoint.remedies.facts import HUB
from entrypoint.remedies.phrases import HUB_HOSTS
from entrypoint.text import clean
from entrypoint.values import Evidence, Identity, Need, Place, Verdict

_OF_HUB = ("token", "proxy", "dns", "tls", "clock", "endpoint", "model", "hosts")
_LATE_CODES = {**dict.fromkeys(_OF_HUB, UNAVAILABLE), "cache": CANT_CREATE, "held": CANT_CREATE}

Check = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Result:
    """`offline`: the network was not asked. `waits`: a start that is refused would stay and ask again."""

    findings: tuple[Finding, ...]
    exit_code: int
    seconds: float
    offline: bool = False
    waits: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Examination:
    """Begins at once. `result` waits for it, never beyond its seconds. `begun` hears of each trial in a folder: whoever
    ends the process must end them."""

    def __init__(self, given: Given, lang: str, w: Wording, begun: Callable[[Trial], None]) -> None:
        self._given, self._lang, self._w = given, lang, w
        self._shared = Shared(given, w)
        self._begun = begun
        checks: dict[str, Check] = {
            "settings": lambda: reading.findings(self._shared.reading.wait(), w),
            "command": lambda: program.findings(given.command, given.environ, w) if given.command else (),
            "needs": self._check_needs,
            "token": self._check_token,
            "proxy": self._check_proxy,
            "dns": self._check_dns,
            "tls": self._check_tls,
            "clock": self._check_clock,
            "endpoint": self._check_endpoint,
            "model": self._check_models,
            "hosts": self._check_hosts,
            "cache": self._check_cache,
            "state": lambda: [journal.finding(given.environ, w)],
        }
        self._names = frozenset(checks)  # before any check asks who has a line of his own
        self._checks = {name: Errand(name, _listed(check)) for name, check in checks.items()}

    def result(self) -> Result:
        for check in self._checks.values():
            check.give_time(self._shared.end)
        findings = [
            told_in(self._lang, finding) for name, check in self._checks.items() for finding in self._of(name, check)
        ]
        held, answers = brought(self._shared.held), brought(self._shared.verdicts)
        hub_needed = held is None or held.hub_needed(answers.verdicts if answers else ())
        weighed = outcome.weigh(findings, hub_needed=hub_needed, w=self._w)
        stopping = models.stopping(held, answers) if held and answers else []
        settings = brought(self._shared.settings)
        seconds = time.monotonic() - self._shared.began
        code = outcome.exit_code(weighed, remedies.exit_code(stopping))
        token = brought(self._shared.token)
        waits = bool(settings and settings.on_refusal == "wait" and code == remedies.exit_code(stopping))
        waits = waits and answers is not None and not models.hopeless(stopping, answers, token)
        return Result(weighed, code, seconds, bool(settings and settings.offline), waits, self._shared.secrets())

    def _of(self, name: str, check: Errand[list[Finding]]) -> list[Finding]:
        """What the check found, or why it found nothing."""
        if not check.ended:
            return [self._late(name, check.to_blame().name)]
        if check.trouble is None:
            return check.wait()
        if isinstance(check.trouble, Unmet):
            return [self._late(name, check.trouble.errand)]
        if isinstance(check.trouble, Failure):
            return [reading.of_failure(name, check.trouble)]
        return [defect(name, check.trouble, self._w)]

    def _late(self, name: str, blamed: str, subject: str = "") -> Finding:
        """A check that did not end, or that lacked what another was to bring: that one's line has the remedy."""
        own = blamed == name or blamed not in self._names
        trouble = self._shared.trouble_of(blamed)
        if own and trouble is not None:
            return reading.of_failure(name, trouble) if isinstance(trouble, Failure) else defect(name, trouble, self._w)
        lead = f"{subject}{self._w.colon}" if subject else ""
        facts = {"late": blamed}
        if not own:
            return Finding(name, "skipped", lead + say(self._w.waits_for, errand=blamed), facts)
        settings = brought(self._shared.settings)
        step = self._w.late_steps[blamed].format(endpoint=settings.endpoint if settings else "HF_ENDPOINT")
        code = _LATE_CODES.get(blamed, TEMP_FAIL)
        return Finding(name, "bad", lead + self._w.late, facts, (step,), code, name in _OF_HUB)

    # The checks

    def _check_needs(self) -> Iterable[Finding]:
        return wanted.findings(self._shared.needs.wait(), self._shared.settings.wait(), self._lang, self._w)

    def _check_token(self) -> Iterable[Finding]:
        settings, token = self._shared.settings.wait(), self._shared.token.wait()
        if settings.offline:
            return [bearer.offline(token, self._lang, self._w)]
        if token is None:
            return [bearer.none(self._token_missed(), self._w)]
        found = self._shared.identity.wait()
        if isinstance(found, Identity):
            return [bearer.known(token, found, self._lang, self._w)]
        return [bearer.refused(token, found, self._shared.context, self._lang, self._w)]

    def _token_missed(self) -> bool:
        try:
            held, answers = (
                self._shared.held.wait(self._shared.waiting),
                self._shared.verdicts.wait(self._shared.waiting),
            )
        except Unmet:
            return False
        return any(verdict.name == "token-missing" for verdict in models.stopping(held, answers))

    def _check_proxy(self) -> Iterable[Finding]:
        settings = self._shared.settings.wait()
        yield from road.proxy_variables(settings, self._w)
        if settings.offline:
            return
        way = self._shared.way.wait()
        answer = self._shared.endpoint.wait()[0] if way.proxy.host else Answer(Evidence())
        yield road.proxy_passes(way, answer, self._shared.context, self._lang, self._w)

    def _check_dns(self) -> Iterable[Finding]:
        if self._shared.settings.wait().offline:
            return []
        return [road.dns(self._shared.way.wait(), self._shared.dns.wait(), self._shared.context, self._lang, self._w)]

    def _check_tls(self) -> Iterable[Finding]:
        if self._shared.settings.wait().offline:
            return []
        environ, way = self._shared.surroundings.wait(), self._shared.way.wait()
        return [road.tls(way, self._shared.endpoint.wait()[0], self._shared.context, self._lang, self._w, environ)]

    def _check_clock(self) -> Iterable[Finding]:
        if self._shared.settings.wait().offline:
            return []
        return [road.clock(self._shared.endpoint.wait()[1].headers.get("date", ""), self._given.now(), self._w)]

    def _check_endpoint(self) -> Iterable[Finding]:
        if self._shared.settings.wait().offline:
            return [Finding("endpoint", "skipped", self._w.offline)]
        return [
            road.endpoint(
                self._shared.way.wait(), self._shared.endpoint.wait()[0], self._shared.context, self._lang, self._w
            )
        ]

    def _check_models(self) -> Iterable[Finding]:
        needs, held = self._shared.needs.wait().needs, self._shared.held.wait()
        try:
            answers = self._shared.verdicts.wait(self._shared.last)
        except Unmet as unmet:
            yield from models.findings(needs, held, Answers(), self._shared.context, self._lang, self._w)
            for need in needs:
                if not held.has(need) and held.stand_in(need, None) is None:
                    late = self._late("model", unmet.errand, need.repo)
                    optional = late.status == "bad" and not need.required
                    yield replace(late, status="warning", exit_code=0) if optional else late
        else:
            yield from models.findings(needs, held, answers, self._shared.context, self._lang, self._w)

    def _check_hosts(self) -> Iterable[Finding]:
        settings = self._shared.settings.wait()
        if settings.offline or not self._shared.needs.wait().needs:
            return
        granted = [verdict for verdict in self._shared.verdicts.wait().verdicts if verdict.granted]
        if not granted:
            yield hosts.unknown(
                HUB_HOSTS if settings.endpoint == HUB else self._shared.way.wait().endpoint_host, self._w
            )
            return
        verdict = max(granted, key=lambda verdict: bool((file := hosts.probe_file(verdict)) and file.xet_hash))
        environ, token = self._shared.surroundings.wait(), self._shared.token.wait()
        try:
            led = hosts.lead(settings.endpoint, token, verdict, environ, self._shared.waiting)
        except hosts.NotLed as lost:
            yield hosts.finding(lost.host, lost.answer, self._shared.context, self._lang, self._w)
            return
        reached = [Errand("hosts", _reaching(host, environ, self._shared.waiting)) for host in led]
        found = [errand.wait(self._shared.last) for errand in reached]
        yield from hosts.findings(found, self._shared.context, self._lang, self._w, settings.endpoint)

    def _check_cache(self) -> Iterable[Finding]:
        settings = self._shared.settings.wait()
        try:
            needs: tuple[Need, ...] | None = self._shared.needs.wait(self._shared.waiting).needs
        except Unmet:
            needs = None
        looks = {
            place: Errand("cache", _looking(place, settings.environ, self._begun))
            for place in volumes.places(needs or (), settings.hub_cache)
        }
        coming, granted = self._expected(needs)
        sizes: list[tuple[Place, int]] = []
        for place, errand in looks.items():
            try:
                look = errand.wait(self._shared.last)
            except Unmet as hung:
                yield self._hung(place, hung, errand)
                continue
            here = None if coming is None else tuple(need for need in coming if need.place == place)
            size = sum(volumes.missing_bytes(verdict) for verdict in granted if verdict.need.place == place)
            yield from volumes.findings(look, volumes.Wanted(here, size if granted else None), self._w)
            if look.tried.fault is None:
                sizes.append((place, size))
        yield from volumes.space(sizes)

    def _expected(self, needs: tuple[Need, ...] | None) -> tuple[tuple[Need, ...] | None, list[Verdict]]:
        """The needs that are to come, None if nobody knows; and the verdicts that tell how many bytes that takes."""
        try:
            held = self._shared.held.wait(self._shared.waiting)
        except Unmet:
            return needs, []
        try:
            decisive = self._shared.verdicts.wait(self._shared.waiting).decisive
        except Unmet:
            decisive = None
        if decisive is None:
            return held.unmet, []
        coming = [verdict for verdict in decisive if not held.has(verdict.need)]
        granted = [verdict for verdict in coming if verdict.granted and verdict.need.required]
        return tuple(verdict.need for verdict in coming), granted

    def _hung(self, place: Place, hung: Unmet, errand: Errand[volumes.Look]) -> Finding:
        if errand.trouble is not None:
            return defect("cache", errand.trouble, self._w)
        step = say(self._w.cache_late_step, folder=place.path)
        facts = {"late": hung.errand, "folder": str(place.path)}
        return Finding("cache", "bad", f"{place.path}{self._w.colon}{self._w.late}", facts, (step,), CANT_CREATE, True)


def defect(name: str, error: BaseException, w: Wording) -> Finding:
    kind = clean(": ".join(filter(None, (type(error).__name__, str(error)))), 200)
    return Finding(name, "bad", say(w.defect, kind=kind), {"defect": kind}, (), SOFTWARE)


def _listed(check: Check) -> Callable[[], list[Finding]]:
    return lambda: list(check())


def _reaching(host: hosts.Host, environ: Mapping[str, str], until: float) -> Callable[[], tuple[hosts.Host, Answer]]:
    return lambda: hosts.reach(host, environ, until)


def _looking(place: Place, environ: Mapping[str, str], begun: Callable[[Trial], None]) -> Callable[[], volumes.Look]:
    return lambda: volumes.look(place, environ, begun)
