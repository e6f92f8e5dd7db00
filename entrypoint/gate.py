"""The whole line: settings, needs, receipts, access, plan, transfer, receipt, handover. Read it from top to bottom.

    environment -> settings -> needs -> receipt holds? --yes-----------------------------> handover (exec)
                                            | no                                               ^
                                            v                                                  |
                                         access -> plan -> transfer (proves) -> receipt -------'
                                            | refused
                                            v
                                        explain, exit

The Hub client, tenacity and structlog are imported only where the line leaves the warm path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from entrypoint import handover
from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, Failure, Refused
from entrypoint.needs import automap, deployment, held
from entrypoint.needs.deployment import Deployment
from entrypoint.needs.held import Met
from entrypoint.start import Start
from entrypoint.values import Need, Plan, Verdict


def run(start: Start, command: Sequence[str]) -> NoReturn:
    """The whole line, then becomes `command`. Raises `Failure` and `Refused`."""
    program = handover.find(command, start.settings.environ)
    wanted = find_needs(start, command)
    met = bring(start, wanted.needs)
    environ = start.server_environment({**wanted.environment, **handover.model_path(wanted.needs, met)})
    start.done(f"handing over to {command[0]}")
    handover.execute(program, command, environ)


def prefetch(start: Start, command: Sequence[str]) -> None:
    """The line without the handover. `command` (may be empty) only tells whose settings to read."""
    bring(start, find_needs(start, command).needs)
    start.done("all models are in place")


def show_plan(start: Start, command: Sequence[str]) -> int:
    """Prints needs, verdicts, files and bytes; moves and writes nothing. Returns the code `prefetch` would end with."""
    from entrypoint import plan, remedies
    from entrypoint.cache import room

    met, unmet = held.split(find_needs(start, command).needs)
    if start.settings.offline:
        met |= held.settle_offline(unmet, start.tell_proving, write=False)[0]
        unmet = []
    verdicts = ask(start, unmet)
    planned = plan.make(verdicts, start.tell_proving)
    print("\n".join(plan.lines(met.values(), planned)))
    if not all(verdict.granted for verdict in verdicts):
        print(remedies.explain(verdicts, start.context, start.settings.lang))
    code = remedies.exit_code(verdicts)
    if code == 0:
        required = [item for item in planned.items if item.missing and item.need.required]
        for item in required:
            room.check_writable(item.need, dry=True)
        room.check_space((item.need.place, item.bytes_missing) for item in required)
    return code


def find_needs(start: Start, command: Sequence[str]) -> Deployment:
    """What this deployment needs; what is odd about it is said. A file of ours that lies there is a need again."""
    wanted = deployment.find(start.settings, command, _working_directory())
    ours = tuple(need for need in wanted.in_place if receipts.read(need) is not None)
    by_hand = tuple(need for need in wanted.in_place if need not in ours)
    start.tell_deployment(replace(wanted, in_place=by_hand))
    return replace(wanted, needs=ours + wanted.needs)


def bring(start: Start, needs: Sequence[Need]) -> Met:
    """Everything needed, in place and proved: the receipts of the needs that are met. Optional ones may be missing."""
    met, unmet = held.split(needs, prove=True, on_bytes=start.tell_proving)
    if not unmet:
        return met
    if start.settings.offline:
        found, sentences = held.settle_offline(unmet, start.tell_proving)
        for sentence in sentences:
            start.warn("offline", sentence)
        return met | found
    verdicts = ask(start, unmet)
    if any(not verdict.granted and verdict.need.required for verdict in verdicts):
        raise Refused(verdicts)
    if not all(verdict.granted for verdict in verdicts):
        from entrypoint import ending

        ending.tell_verdicts(verdicts, start, start.context)
    met |= fetch(start, [verdict for verdict in verdicts if verdict.need.required])
    try:
        met |= fetch(start, [verdict for verdict in verdicts if not verdict.need.required])
    except (Failure, Refused) as failure:
        start.warn("optional-models-missing", f"The server starts without the optional models: {failure}")
    return met


def ask(start: Start, needs: Sequence[Need]) -> tuple[Verdict, ...]:
    """A verdict for every need, those of the repos that hold a model's code included. Moves nothing."""
    if not needs:
        return ()
    from entrypoint import plan
    from entrypoint.hub.evidence import Refusal

    start.ask_patiently_for(needs)
    verdicts = list(start.access.ask(needs))
    if start.late and any(not verdict.granted for verdict in verdicts):
        raise start.deadline_passed("while the Hub was asked")
    code: list[Need] = []
    for position, verdict in enumerate(verdicts):
        if not (verdict.granted and verdict.need.auto_map and verdict.repo and verdict.repo.has("config.json")):
            continue
        try:
            config = start.hub.read(verdict.need.repo, verdict.repo.commit, "config.json")
        except Refusal as refusal:
            verdicts[position] = start.access.refused(verdict.need, refusal.evidence)
        else:
            code += [need for need in automap.code_repos(config, verdict.need) if need not in needs]
    _, unmet = held.split(code)
    return plan.check_all([*verdicts, *start.access.ask(unmet)])


def fetch(start: Start, verdicts: Sequence[Verdict]) -> Met:
    """Moves what is missing and proves it; writes the receipts last."""
    if not any(verdict.granted for verdict in verdicts):
        return {}
    from entrypoint import plan
    from entrypoint.cache import room
    from entrypoint.transfer.move import areas_held, move
    from entrypoint.transfer.supervise import RefusedMidway

    start.state.enter("verifying", "looking at what is there already")
    planned = plan.make(verdicts, start.tell_proving)
    start.tell_plan(planned)
    if planned.files_missing:
        for item in planned.items:
            if item.missing:
                room.check_writable(item.need)
        with areas_held(planned, start.wait_for_other) as waited:
            if waited:  # the other container has probably brought it
                planned = plan.make(verdicts, start.tell_proving)
            room.check_space((item.need.place, item.bytes_missing) for item in planned.items)
            try:
                move(planned, start.supervisor(planned))
            except RefusedMidway as refusal:
                again = start.access.refused(refusal.need, refusal.evidence)
                others = [verdict for verdict in verdicts if verdict.need != refusal.need]
                raise Refused([again, *others], nothing_downloaded=False) from refusal
        start.tell_fetched(planned)
    return _write_receipts(start, planned)


def _working_directory() -> Path:
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
            start.warn("receipt-not-written", f"{item.need.repo}: no receipt could be written: {error.strerror}")
            met[item.need] = Receipt(item.need, item.commit, item.files, ())
    return met
