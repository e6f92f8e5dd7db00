"""Which needs are met already: those that a receipt answers for. Asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.cache import layout, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, Failure
from entrypoint.needs import automap
from entrypoint.values import Need

Met = dict[Need, Receipt]


def split(needs: Sequence[Need]) -> tuple[Met, list[Need]]:
    """The needs that are met, each with its receipt; and the others. A met model's code repos are needs, too."""
    met: Met = {}
    unmet: list[Need] = []
    queue = list(dict.fromkeys(needs))
    while queue:
        need = queue.pop(0)
        receipt = receipts.read(need)
        if receipt is None or not receipt.holds():
            unmet.append(need)
            continue
        met[need] = receipt
        if need.auto_map:
            config = layout.root_of(need, receipt.commit) / "config.json"
            code = automap.code_repos(config.read_bytes(), need) if config.is_file() else ()
            queue += [other for other in code if other not in met and other not in queue and other not in unmet]
    return met, unmet


def unproved_offline(needs: Sequence[Need]) -> list[Need]:
    """Of unmet needs, those whose files lie in the cache without a receipt: offline they can be used, not proved.

    Raises `Failure` 78, naming exactly what is missing, when a required need is not there at all.
    """
    unproved, missing = [], []
    for need in needs:
        root = layout.root_of(need, layout.read_ref(need) or need.revision)
        if need.place.kind == "hub-cache" and root.is_dir():
            unproved.append(need)
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
    return unproved
