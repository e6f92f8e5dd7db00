"""The repos that hold a model's code, when it isn't in the model's own repo.

A config.json may say `"auto_map": {"AutoConfig":
"nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig"}`: the part before `--` is another
repo, and without it the model does not load offline (sentence-transformers#3043).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from entrypoint.needs.names import repo_fault, revision_fault
from entrypoint.values import Need, Verdict

if TYPE_CHECKING:
    from entrypoint.hub.access import Access
    from entrypoint.hub.hub import Hub

CODE_PATTERNS = ("*.py", "*.json")


def followed(verdicts: Sequence[Verdict], hub: Hub, access: Access) -> tuple[list[Verdict], list[Need]]:
    """The verdicts, and the further needs that the config.json of each granted model asks for. A model whose
    config.json is refused after all is refused."""
    from entrypoint.hub.evidence import Refusal

    judged = list(verdicts)
    code: list[Need] = []
    for position, verdict in enumerate(verdicts):
        need, repo = verdict.need, verdict.repo
        if not (verdict.granted and need.auto_map and repo and repo.has("config.json")):
            continue
        try:
            code += code_repos(hub.read(need.repo, repo.commit, "config.json"), need)
        except Refusal as refusal:
            judged[position] = access.refused(need, refusal.evidence)
    asked = {verdict.need for verdict in verdicts}
    return judged, [need for need in dict.fromkeys(code) if need not in asked]


def code_repos(config_json: bytes, need: Need) -> tuple[Need, ...]:
    """The further needs that `config_json`, a file of `need`'s repo, asks for; none if it isn't what it
    should be.

    The file comes from outside. What names no repo is left out: the server then says itself what it misses.
    """
    try:
        config = json.loads(config_json)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(config, dict):
        return ()
    revision = config.get("code_revision")
    if not isinstance(revision, str) or revision_fault(revision):
        revision = "main"
    repos = {
        repo.casefold(): repo
        for repo in _repos(config.get("auto_map"))
        if not repo_fault(repo) and repo.casefold() != need.repo.casefold()
    }
    return tuple(
        Need(
            repo,
            need.place,
            need.source,
            revision,
            CODE_PATTERNS,
            need.required,
            need.asker,
            use="code",
        )
        for repo in repos.values()
    )


def _repos(auto_map: object) -> Iterator[str]:
    """`auto_map` maps a class to "repo--module.Class", or to a list of such (slow and fast) and null."""
    values = auto_map.values() if isinstance(auto_map, dict) else [auto_map]
    for value in values:
        for reference in value if isinstance(value, list) else [value]:
            if isinstance(reference, str) and "--" in reference:
                yield reference.split("--", 1)[0]
