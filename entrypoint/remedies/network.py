"""The steps where no Hub was reached: a network, a proxy, a certificate or a clock stands in the way."""

from __future__ import annotations

from entrypoint.remedies import again
from entrypoint.remedies.again import Group, by_compose
from entrypoint.remedies.facts import HUB
from entrypoint.remedies.phrases import say_all
from entrypoint.remedies.wording import Wording

PROXY_AUTHENTICATION_REQUIRED = 407


def unreachable(group: Group, w: Wording) -> list[str]:
    first = group[0]
    told = [w.try_host]
    if first.trouble == "dns":
        told.append(w.set_dns if by_compose(first) else w.set_dns_elsewhere)
    if first.trouble != "dns" or first.file_host:
        told.append(w.open_hosts)
    told.append(w.check_proxy if first.proxy else w.set_proxy)
    if first.trouble in ("connect", "timeout", "reset") and first.endpoint == HUB and not first.file_host:
        told.append(w.use_mirror)
    return [*say_all(first, w, *told), again.after_click_or_change(first, w)]


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
        return [*say_all(first, w, w.proxy_password, w.proxy_bypass), again.after_change(first, w)]
    return [*say_all(first, w, w.proxy_allow, w.proxy_bypass), again.after_click_or_change(first, w)]


def not_a_hub(group: Group, w: Wording) -> list[str]:
    first = group[0]
    if first.file_host:
        return [*say_all(first, w, w.open_hosts), again.after_click(first, w)]
    if first.endpoint == HUB:
        return [*say_all(first, w, w.open_address), again.after_click(first, w)]
    return [*say_all(first, w, w.open_address, w.check_endpoint), again.after_click_or_change(first, w)]
