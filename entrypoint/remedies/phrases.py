"""The parts of sentences that read differently where something is not known, and the sentence made with them."""

from __future__ import annotations

from collections.abc import Sequence

from entrypoint.remedies.facts import HUB, Facts, fill
from entrypoint.remedies.wording import Wording
from entrypoint.settings.proxies import variable_for

# Metadata, files over HTTP and files over xet come from different hosts (huggingface/hub-docs#2628, #2727).
HUB_HOSTS = "huggingface.co, *.huggingface.co, *.hf.co, *.cdn.hf.co, *.xethub.hf.co"
HUB_DOMAINS = "huggingface.co,.huggingface.co,.hf.co"  # the same, as NO_PROXY takes them
NAMES_TOLD = 6


def say(template: str, facts: Facts, w: Wording) -> str:
    return fill(template, facts, **phrases(facts, w))


def say_all(facts: Facts, w: Wording, *templates: str) -> list[str]:
    return [say(template, facts, w) for template in templates]


def phrases(facts: Facts, w: Wording) -> dict[str, str]:
    if facts.token_name:
        token = fill(w.token_named, facts)
    elif facts.token_source:
        token = fill(w.token_of_source, facts)
    else:
        token = w.token_unnamed
    return {
        "hub": w.hub_public if facts.endpoint == HUB else fill(w.hub_elsewhere, facts),
        "who": fill(w.account_named, facts) if facts.account else w.account_unnamed,
        "token": token,
        "old": facts.token_source or "HF_TOKEN",
        "where": fill(w.place_of_asker, facts) if facts.asker else facts.source,
        "hosts": HUB_HOSTS if _is_hubs(facts) else w.list_separator.join(_own_hosts(facts)),
        "no_proxy": HUB_DOMAINS if _is_hubs(facts) else ",".join(_own_hosts(facts)),
        "address": f"{facts.endpoint.partition('://')[0]}://{facts.host}" if facts.file_host else facts.endpoint,
        "proxy_named": facts.proxy or w.proxy_unnamed,
        "proxy_variable": facts.proxy_variable or variable_for(facts.endpoint),
        "wanted": facts.patterns or w.usual_files,
        "readable_names": _named(facts.readable or (), w),
        "minutes": str(-(-facts.pause // 60)),
        "org_names": _named(facts.orgs, w),
        "valid_span": fill(w.valid_span, facts) if facts.valid_from else facts.valid,
    }


def _is_hubs(facts: Facts) -> bool:
    return facts.endpoint == HUB or facts.host == "huggingface.co" or facts.host.endswith(".hf.co")


def _own_hosts(facts: Facts) -> tuple[str, ...]:
    return tuple(dict.fromkeys((facts.endpoint_host, facts.host)))


def _named(names: Sequence[str], w: Wording) -> str:
    told = w.list_separator.join(names[:NAMES_TOLD])
    left = len(names) - NAMES_TOLD
    return w.and_more.format(names=told, left=left) if left > 0 else told
