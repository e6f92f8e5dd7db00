"""The steps where no Hub was reached: a network, a proxy, a certificate or a clock stands in the way."""

from __future__ import annotations

from entrypoint.remedies import again
from entrypoint.remedies.again import Group, by_compose
from entrypoint.remedies.facts import HUB, Facts
from entrypoint.remedies.phrases import say_all
from entrypoint.remedies.wording import Wording

PROXY_AUTHENTICATION_REQUIRED = 407


def unreachable(group: Group, w: Wording) -> list[str]:
    first = group[0]
    if first.proxy_fault:
        return [*say_all(first, w, *_mend_proxy(first, w)), again.after_click_or_change(first, w)]
    own = first.endpoint != HUB and first.host == first.endpoint_host
    told = [*([w.check_endpoint] if own else []), w.try_host]
    if first.trouble == "dns":
        told.append(w.set_dns if by_compose(first) else w.set_dns_elsewhere)
    if first.trouble != "dns" or first.file_host:
        told.append(w.open_hosts)
    told.append(w.check_proxy if first.proxy else w.set_proxy)
    if first.trouble in ("connect", "timeout", "reset") and first.endpoint == HUB and not first.file_host:
        told.append(w.use_mirror)
    return [*say_all(first, w, *told), again.after_click_or_change(first, w)]


def _mend_proxy(facts: Facts, w: Wording) -> list[str]:
    """For a proxy that cannot be reached, or that gets no further."""
    told = []
    if facts.proxy_fault != "beyond":
        told.append(w.correct_proxy)
        if facts.proxy_is_here and by_compose(facts):
            told.append(w.move_proxy)
    if facts.proxy_fault == "dns":
        told.append(w.resolve_proxy)
    if facts.proxy_fault in ("timeout", "beyond"):
        told.append(w.proxy_allow)
    return [*told, _bypass(facts, w)]


def _bypass(facts: Facts, w: Wording) -> str:
    return w.proxy_bypass_too if facts.no_proxy_variable else w.proxy_bypass


def untrusted(group: Group, w: Wording) -> list[str]:
    first = group[0]
    if first.trouble == "clock":
        told = [w.renew_certificate] if first.clock == "expired" else []
        return [*say_all(first, w, w.see_clock, w.set_clock, *told), again.after_click(first, w)]
    mount = w.mount_ca if by_compose(first) else w.mount_ca_elsewhere
    get = w.get_ca_of if first.issuer else w.get_ca
    return [*say_all(first, w, get, mount), again.after_change(first, w)]


def proxy(group: Group, w: Wording) -> list[str]:
    first = group[0]
    if first.proxy_status == PROXY_AUTHENTICATION_REQUIRED:
        return [*say_all(first, w, w.proxy_password, _bypass(first, w)), again.after_change(first, w)]
    return [*say_all(first, w, w.proxy_allow, _bypass(first, w)), again.after_click_or_change(first, w)]


def not_a_hub(group: Group, w: Wording) -> list[str]:
    first = group[0]
    if first.file_host:
        return [*say_all(first, w, w.open_hosts), again.after_click(first, w)]
    proxy = [w.check_proxy] if first.proxy else []
    if first.endpoint == HUB and not proxy:
        return [*say_all(first, w, w.open_address), again.after_click(first, w)]
    endpoint = [] if first.endpoint == HUB else [w.check_endpoint]
    return [*say_all(first, w, w.open_address, *proxy, *endpoint), again.after_click_or_change(first, w)]
