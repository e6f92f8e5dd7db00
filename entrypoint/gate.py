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

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from entrypoint import handover
from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, Failure
from entrypoint.needs import automap, deployment
from entrypoint.needs.deployment import Deployment
from entrypoint.start import Start
from entrypoint.values import Need, Plan, Verdict


class Refused(Exception):  # noqa: N818
    """A needed model may not be read, or cannot be: every need's verdict, to be told together."""

    def __init__(self, verdicts: Sequence[Verdict], *, nothing_downloaded: bool = True) -> None:
        super().__init__(", ".join(verdict.name for verdict in verdicts))
        self.verdicts = tuple(verdicts)
        self.nothing_downloaded = nothing_downloaded


def run(start: Start, command: Sequence[str]) -> NoReturn:
    """The whole line, then becomes `command`. Raises `Failure` and `Refused`."""
    program = handover.find(command, start.settings.environ)
    wanted = find_needs(start, command)
    met = bring(start, wanted.needs)
    _hand_over(start, program, command, wanted, met)


def prefetch(start: Start, command: Sequence[str]) -> None:
    """The line without the handover. `command` (may be empty) only tells whose settings to read."""
    bring(start, find_needs(start, command).needs)
    start.done("all models are in place")


def show_plan(start: Start, command: Sequence[str]) -> int:
    """Prints needs, verdicts, files and bytes; moves and writes nothing. Returns the code `prefetch` would end with."""
    from entrypoint import plan, remedies
    from entrypoint.cache import room

    met, unmet = _held(find_needs(start, command).needs)
    if unmet and start.settings.offline:
        _require_local(start, unmet)
        unmet = []
    verdicts = ask(start, unmet)
    planned = plan.make(verdicts)
    for line in plan.lines(met.values(), planned):
        print(line)
    refused = [verdict for verdict in verdicts if not verdict.granted]
    if refused:
        print(remedies.explain(verdicts, start.context, start.settings.lang))
    else:
        room.check_space((item.need.place, item.bytes_missing) for item in planned.items)
    return remedies.exit_code(verdicts)


def find_needs(start: Start, command: Sequence[str]) -> Deployment:
    """What this deployment needs; what is odd about it is said."""
    wanted = deployment.find(start.settings, command, Path.cwd())
    if wanted.trouble:
        start.warn("privategpt-settings-unreadable", f"PrivateGPT's settings do not load: {wanted.trouble}")
    for note in wanted.notes:
        start.warn("privategpt-settings", note)
    if wanted.token is not None and start.settings.token is None:
        start.use_token(wanted.token)
    return wanted


def bring(start: Start, needs: Sequence[Need]) -> dict[Need, Receipt]:
    """Everything needed, in place and proved: the receipts of the needs that are met. Optional ones may be missing."""
    met, unmet = _held(needs)
    if not unmet:
        return met
    if start.settings.offline:
        _require_local(start, unmet)
        return met
    verdicts = ask(start, unmet)
    if any(not verdict.granted and verdict.need.required for verdict in verdicts):
        raise Refused(verdicts)
    start.tell_optional(verdicts)
    return {**met, **fetch(start, verdicts)}


def ask(start: Start, needs: Sequence[Need]) -> tuple[Verdict, ...]:
    """A verdict for every need, those of the repos that hold a model's code included. Moves nothing."""
    from entrypoint import plan

    start.state.enter("checking", f"asking {start.settings.endpoint} for access to {len(needs)} models")
    verdicts = start.access.ask(needs)
    _, code = _held([need for verdict in verdicts for need in _code_repos(start, verdict)])
    verdicts += start.access.ask([need for need in code if need not in needs])
    return tuple(map(plan.check, verdicts))


def fetch(start: Start, verdicts: Sequence[Verdict]) -> dict[Need, Receipt]:
    """Moves what is missing and proves it; writes the receipts last."""
    from entrypoint import plan
    from entrypoint.cache import room
    from entrypoint.transfer.move import areas_held, move
    from entrypoint.transfer.supervise import RefusedMidway

    start.state.enter("verifying", "looking at what is there already")
    planned = plan.make(verdicts)
    start.tell_plan(planned)
    for item in planned.items:
        if item.missing:
            room.check_writable(item.need)
    room.check_space((item.need.place, item.bytes_missing) for item in planned.items)
    if planned.files_missing:
        with areas_held(planned, start.wait_for_other) as waited:
            if waited:  # the other container has probably brought it
                planned = plan.make(verdicts)
            try:
                move(planned, start.supervisor(planned))
            except RefusedMidway as refusal:
                again = start.access.refused(refusal.need, refusal.evidence)
                others = [verdict for verdict in verdicts if verdict.need != refusal.need]
                raise Refused([again, *others], nothing_downloaded=False) from refusal
    return _write_receipts(start, planned)


def _held(needs: Sequence[Need]) -> tuple[dict[Need, Receipt], list[Need]]:
    """The needs that a receipt answers for, the code repos of those models included; and the others."""
    met: dict[Need, Receipt] = {}
    unmet: list[Need] = []
    queue = list(needs)
    while queue:
        need = queue.pop(0)
        receipt = receipts.read(need)
        if receipt is None or not receipt.holds():
            unmet.append(need)
            continue
        met[need] = receipt
        if need.auto_map:
            config = layout.root_of(need, receipt.commit) / "config.json"
            if config.is_file():
                queue += [code for code in automap.code_repos(config.read_bytes(), need) if code not in met]
    return met, unmet


def _code_repos(start: Start, verdict: Verdict) -> tuple[Need, ...]:
    repo = verdict.repo
    if not (verdict.granted and verdict.need.auto_map and repo is not None):
        return ()
    if not any(file.path == "config.json" for file in repo.files):
        return ()
    return automap.code_repos(start.hub.read(verdict.need.repo, repo.commit, "config.json"), verdict.need)


def _require_local(start: Start, needs: Sequence[Need]) -> None:
    """Offline: what lies in the cache without a receipt is taken as it is; what is not there is named."""
    missing = []
    for need in needs:
        commit = layout.read_ref(need) or need.revision
        if need.place.kind == "hub-cache" and layout.root_of(need, commit).is_dir():
            start.warn("unproved", f"{need.repo} lies in the cache without a receipt; offline it cannot be proved.")
        elif need.required:
            missing.append(need)
    if missing:
        names = ", ".join(f"{need.repo}@{need.revision} (for {need.source})" for need in missing)
        raise Failure(
            "offline-incomplete",
            CONFIG,
            f"HF_HUB_OFFLINE is set, but the cache lacks: {names}.",
            f"Looked for in {missing[0].place.path}.",
            ("start once without HF_HUB_OFFLINE, or fill the volume elsewhere with: model-entrypoint prefetch",),
        )


def _write_receipts(start: Start, planned: Plan) -> dict[Need, Receipt]:
    written = {}
    for item in planned.items:
        try:
            layout.write_ref(item.need, item.commit)
            written[item.need] = receipts.write(item)
        except OSError as error:
            # A read-only volume that is complete still serves; only the next start has to prove it again.
            start.warn("receipt-not-written", f"{item.need.repo}: no receipt could be written: {error.strerror}")
            written[item.need] = Receipt(item.need, item.commit, item.files, ())
    return written


def _hand_over(
    start: Start, program: str, command: Sequence[str], wanted: Deployment, met: Mapping[Need, Receipt]
) -> NoReturn:
    settings = start.settings
    environ = handover.environment(
        settings.environ,
        settings.token.value if settings.token else None,
        keep_token=settings.server_token == "keep",  # noqa: S105
        offline=settings.server_offline,
        extra={**wanted.environment, **handover.model_path(wanted.needs, met)},
    )
    start.done(f"handing over to {command[0]}")
    handover.execute(program, command, environ)
