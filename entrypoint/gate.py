"""The whole line: settings, needs, receipts, access, plan, transfer, receipt, handover. Read it from top to bottom.

    environment -> settings -> needs -> receipt holds? --yes-----------------------------> handover (exec)
                                            | no                                               ^
                                            v                                                  |
                                         access -> plan -> transfer (proves) -> receipt -------'
                                            | refused
                                            v
                                        explain: exit, take a fallback, or wait and go round again (`recourse`)

The Hub client, tenacity and structlog are imported only where the line leaves the warm path.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from entrypoint import handover
from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, Failure, Refused
from entrypoint.needs import automap, deployment, held
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.held import Met
from entrypoint.sentence import say
from entrypoint.start import Start
from entrypoint.values import PASSING, Need, Plan, Verdict

if TYPE_CHECKING:
    from entrypoint.recourse import Recourse


def run(start: Start, command: Sequence[str]) -> NoReturn:
    """The whole line, then becomes `command`. Raises `Failure` and `Refused`."""
    program = handover.find(command, start.settings.environ)
    wanted, met = settle(start, command)
    note = ", ".join(f"{taken.repo} in place of {refused.repo}" for refused, taken in wanted.replaced)
    environ = start.server_environment({**wanted.environment, **handover.model_path(wanted.needs, met)})
    environ |= wanted.overrides
    start.voice.done(f"handing over to {command[0]}" + (f", with {note}" if note else ""), note=note)
    handover.execute(program, command, environ)


def prefetch(start: Start, command: Sequence[str]) -> None:
    """The line without the handover. `command` (may be empty) only tells whose settings to read."""
    settle(start, command)
    start.voice.done("all models are in place")


def settle(start: Start, command: Sequence[str]) -> tuple[Deployment, Met]:
    """What this deployment needs, in place and proved; where asked for, with a fallback or after waiting."""
    wanted = find_needs(start, command)
    recourse: Recourse | None = None
    while True:
        try:
            return wanted, bring(start, wanted.needs)
        except (Refused, Failure) as trouble:
            if recourse is None:
                from entrypoint.recourse import Recourse

                recourse = Recourse(start, command, working_directory())
            wanted = recourse.after(trouble, wanted)


def show_plan(start: Start, command: Sequence[str]) -> int:
    """Prints needs, verdicts, files and bytes; moves and writes nothing. Returns the code `prefetch` would end with."""
    from entrypoint import plan, remedies
    from entrypoint.cache import room
    from entrypoint.log import redactor

    wanted = find_needs(start, command)
    try:
        met, verdicts = foresee(start, wanted.needs)
        trouble: Refused | Failure = Refused(verdicts)
    except Failure as failure:
        met, verdicts, trouble = {}, (), failure
    if isinstance(trouble, Failure) or not all(verdict.granted for verdict in verdicts):
        from entrypoint.recourse import Recourse

        recourse = Recourse(start, command, working_directory(), write=False)
        changed = recourse.without_waiting(trouble, wanted)
        if changed is not wanted:
            met, verdicts = foresee(start, changed.needs)
            verdicts = recourse.with_originals(verdicts, changed)
    planned = plan.make(verdicts, start.voice.proving)
    told = list(plan.lines(met.values(), planned))
    if not all(verdict.granted for verdict in verdicts):
        told.append(remedies.explain(verdicts, start.context, start.settings.lang))
    print(redactor(start.voice.secrets)("\n".join(told)))
    code = remedies.exit_code(verdicts)
    if code == 0:
        required = [item for item in planned.items if item.missing and item.need.required]
        for item in required:
            room.check_writable(item.need, dry=True)
        room.check_space((item.need.place, item.bytes_missing) for item in required)
    return code


def foresee(start: Start, needs: Sequence[Need]) -> tuple[Met, tuple[Verdict, ...]]:
    """The needs that are met, and the Hub's verdicts on the others. Raises `Failure` where there is no Hub to ask."""
    met, unmet = held.split(needs)
    if start.settings.offline:
        return met | held.settle_offline(unmet, start.voice.proving, write=False)[0], ()
    return met, ask(start, unmet)


def find_needs(start: Start, command: Sequence[str]) -> Deployment:
    """What this deployment needs; what is odd about it is said."""
    wanted = deployment.find(start.settings, command, working_directory())
    if wanted.token is not None and start.settings.token is None:
        start.take(wanted.token)  # before anything is said: then it is known as a secret
    start.voice.deployment(wanted)
    return wanted


def bring(start: Start, needs: Sequence[Need]) -> Met:
    """Everything needed, in place and proved: the receipts of the needs that are met.

    Raises `Refused` where a model is refused; an optional one, too, as long as it was not given up.
    """
    met, unmet = held.split(needs, prove=True, on_bytes=start.voice.proving)
    if not unmet:
        return met
    if start.settings.offline:
        found, sentences = held.settle_offline(unmet, start.voice.proving)
        for sentence in sentences:
            start.voice.warn("offline", sentence)
        return met | found
    verdicts = ask(start, [need for need in unmet if need not in start.given_up])
    if any(not verdict.granted and verdict.need not in start.given_up for verdict in verdicts):
        raise Refused(verdicts)
    met |= fetch(start, [verdict for verdict in verdicts if verdict.need.required])
    try:
        met |= fetch(start, [verdict for verdict in verdicts if not verdict.need.required])
    except Refused as refused:
        text = say("The server starts without the optional models: {verdicts}", verdicts=str(refused))
        start.voice.warn("optional-models-missing", text)
    except Failure as failure:
        text = say(
            "The server starts without the optional models: {name}: {what}", name=failure.name, what=failure.what
        )
        start.voice.warn("optional-models-missing", text)
    return met


def ask(start: Start, needs: Sequence[Need]) -> tuple[Verdict, ...]:
    """A verdict for every need, those of the repos that hold a model's code included. Moves nothing.

    What was granted once in this start is not asked again, and stays at the commit that was listed then.
    """
    if not needs:
        return ()
    from entrypoint import plan

    unknown = [need for need in needs if need not in start.granted]
    if unknown:
        start.ask_patiently_for(unknown)
    answers = {verdict.need: verdict for verdict in (start.access.ask(unknown) if unknown else ())}
    verdicts = [answers.get(need) or start.granted[need] for need in needs]
    refused = [verdict for verdict in verdicts if not verdict.granted]
    if start.deadline.passed and any(verdict.name in PASSING for verdict in refused):
        from entrypoint import remedies

        why = remedies.headline(refused[0], start.context, start.settings.lang)
        raise start.deadline.failure(say("while the Hub was asked"), why)
    verdicts, code = automap.followed(verdicts, start.hub, start.access)
    _, unmet = held.split(code)
    checked = plan.check_all([*verdicts, *start.access.ask(unmet)])
    start.granted.update({verdict.need: verdict for verdict in checked if verdict.granted})
    return checked


def fetch(start: Start, verdicts: Sequence[Verdict]) -> Met:
    """Moves what is missing and proves it; writes the receipts last."""
    if not any(verdict.granted for verdict in verdicts):
        return {}
    from entrypoint import plan
    from entrypoint.cache import room
    from entrypoint.transfer.move import areas_held, move
    from entrypoint.transfer.supervise import RefusedMidway

    start.state.enter("verifying", "looking at what is there already")
    planned = plan.make(verdicts, start.voice.proving)
    start.voice.plan(planned)
    if planned.files_missing:
        for item in planned.items:
            if item.missing:
                room.check_writable(item.need)
        with areas_held(planned, start.voice.waiting_for_other) as waited:
            if waited:  # the other container has probably brought it
                planned = plan.make(verdicts, start.voice.proving)
            room.check_space((item.need.place, item.bytes_missing) for item in planned.items)
            try:
                move(planned, start.supervisor(planned))
            except RefusedMidway as refusal:
                again = start.access.refused(refusal.need, refusal.evidence)
                start.granted.pop(refusal.need, None)
                others = [verdict for verdict in verdicts if verdict.need != refusal.need]
                raise Refused([again, *others], nothing_downloaded=False) from refusal
        start.voice.fetched(planned)
    return _write_receipts(start, planned)


def working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise Failure(
            "working-directory-gone",
            CONFIG,
            "The working directory of this container does not exist any more.",
            "A folder that was mounted there has been removed.",
            ("create the container again: docker compose up -d --force-recreate",),
        ) from error


def _write_receipts(start: Start, planned: Plan) -> Met:
    met: Met = {}
    for item in planned.items:
        try:
            layout.write_ref(item.need, item.commit)
            met[item.need] = receipts.write(item)
        except OSError as error:
            # A read-only volume that is complete still serves; only the next start has to prove it again.
            text = say("{repo}: no receipt could be written: {error}", repo=item.need.repo, error=error.strerror)
            start.voice.warn("receipt-not-written", text)
            met[item.need] = Receipt(item.need, item.commit, item.files, ())
    return met
