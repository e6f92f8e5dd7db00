"""From a plan to files in place: the staging areas are held while one supervisor moves what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from entrypoint.cache import layout, room, staging
from entrypoint.transfer.supervise import Supervisor
from entrypoint.transfer.wire import JobItem
from entrypoint.values import Plan


@contextmanager
def areas_held(plan: Plan, wait: Callable[[float], None]) -> Iterator[bool]:
    """Holds the staging areas of all items that miss files; what crashed runs left elsewhere is swept.

    `wait` is called while another process holds one (see `staging.held`). Gives whether that was so: then the plan is
    to be made again, for the other has probably brought the files.
    """
    waited = False

    def waiting(seconds: float) -> None:
        nonlocal waited
        waited = True
        wait(seconds)

    unfinished = [item for item in plan.items if item.missing]
    with ExitStack() as stack:
        # In one order everywhere: two containers that want the same two models must not wait for each other.
        for area, folder in sorted({staging.folder(item): item.need.place.path for item in unfinished}.items()):
            try:
                stack.enter_context(staging.held(area, waiting))
            except OSError as error:
                raise room.not_writable(folder, error) from error
        for place in {item.need.place for item in plan.items}:
            staging.sweep(place)
        yield waited


def move(plan: Plan, supervisor: Supervisor) -> None:
    """Returns when every file of the plan is in place. Raises `RefusedMidway` and `Failure`."""
    for item in plan.items:
        try:
            for file in item.linkable:
                layout.link_blob(item.need, item.commit, file, staging.folder(item))
        except OSError as error:
            raise room.not_writable(item.need.place.path, error) from error
    supervisor.move(
        [JobItem(item.need, item.commit, item.to_fetch, staging.folder(item)) for item in plan.items if item.to_fetch]
    )
