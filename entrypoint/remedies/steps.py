"""The numbered steps for one cause: what exactly this person does next, with this account, token and endpoint.

One function a verdict, in a table. Each takes all needs that were refused for the same cause, so that a token or a
proxy is told once, and a click once per model. The last step is always the command that starts it all again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from entrypoint.remedies.facts import Facts, fill
from entrypoint.remedies.wording import Wording

HUB = "https://huggingface.co"
# Metadata, files over HTTP and files over xet come from different hosts (huggingface/hub-docs#2628, #2727).
HUB_HOSTS = "huggingface.co, *.huggingface.co, *.hf.co, *.cdn.hf.co, *.xethub.hf.co"

Group = Sequence[Facts]


def steps(group: Group, w: Wording) -> tuple[str, ...]:
    """The steps for needs with one verdict and one cause; a step that two needs share is told once."""
    return tuple(dict.fromkeys(_STEPS[group[0].verdict](group, w)))


def phrases(facts: Facts, w: Wording) -> dict[str, str]:
    """The parts of sentences that read differently where something is not known."""
    if facts.token_name:
        token = fill(w.token_named, facts)
    elif facts.token_source:
        token = fill(w.token_of_source, facts)
    else:
        token = w.token_unnamed
    return {
        "at": "" if facts.endpoint == HUB else fill(w.at_host, facts),
        "who": facts.account or w.account_unnamed,
        "token": token,
        "old": facts.token_source or "HF_TOKEN",
        "where": fill(w.place_of_asker, facts) if facts.asker else facts.source,
        "hosts": HUB_HOSTS if facts.endpoint == HUB else facts.endpoint_host,
        "proxy_named": facts.proxy or w.proxy_unnamed,
        "wanted": facts.patterns or w.usual_files,
    }


def say(template: str, facts: Facts, w: Wording) -> str:
    return fill(template, facts, **phrases(facts, w))


def _say_all(facts: Facts, w: Wording, *templates: str) -> list[str]:
    return [say(template, facts, w) for template in templates]


def _by_compose(facts: Facts) -> bool:
    return facts.command.startswith(("docker compose ", "docker-compose "))


def _recreate(facts: Facts, w: Wording) -> str:
    """After a change of the environment: `docker compose restart` would keep the old one."""
    return say(w.recreate if _by_compose(facts) else w.start_again, facts, w)


def _hand_over_token(facts: Facts, w: Wording) -> list[str]:
    if _by_compose(facts):
        return _say_all(facts, w, w.token_to_env, w.token_to_compose)
    return _say_all(facts, w, w.token_to_environment)


def _ask_each(group: Group, w: Wording, *, same_account: bool) -> list[str]:
    asked = []
    for facts in group:
        if facts.gated == "manual":
            template = w.request_access_same_account if same_account else w.request_access
        else:
            template = w.accept_terms_same_account if same_account else w.accept_terms
        asked.append(say(template, facts, w))
    return asked


def _token_missing(group: Group, w: Wording) -> list[str]:
    first = group[0]
    return [
        *_say_all(first, w, w.create_token),
        *_hand_over_token(first, w),
        *_ask_each(group, w, same_account=True),
        _recreate(first, w),
    ]


def _token_anew(group: Group, w: Wording) -> list[str]:
    first = group[0]
    in_env = _by_compose(first) and first.token_source.isidentifier()
    replace = w.replace_token_in_env if in_env else w.replace_token
    return [*_say_all(first, w, w.create_token_again, replace), _recreate(first, w)]


def _gated_scope(group: Group, w: Wording) -> list[str]:
    first = group[0]
    checks = [say(w.check_terms, facts, w) for facts in group]
    return [*_say_all(first, w, w.tick_gated), *checks, _recreate(first, w)]


def _repo_scope(group: Group, w: Wording) -> list[str]:
    return [*(say(w.add_repo, facts, w) for facts in group), say(w.start_again, group[0], w)]


def _terms(group: Group, w: Wording) -> list[str]:
    return [*_ask_each(group, w, same_account=False), say(w.start_again, group[0], w)]


def _pending(group: Group, w: Wording) -> list[str]:
    return _say_all(group[0], w, w.wait_for_authors, w.start_again)


def _rejected(group: Group, w: Wording) -> list[str]:
    asks = [say(w.ask_authors, facts, w) for facts in group]
    return [*asks, say(w.other_account, group[0], w), _recreate(group[0], w)]


def _reset(group: Group, w: Wording) -> list[str]:
    return [*(say(w.request_again, facts, w) for facts in group), say(w.start_again, group[0], w)]


def _repo_not_found(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        private = w.add_private_repo if facts.role == "fineGrained" else w.owner_token
        told += _say_all(facts, w, w.find_name, w.correct_name, private)
    return [*told, _recreate(group[0], w)]


def _missing_or_private(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told += _say_all(facts, w, w.find_name, w.correct_name)
    first = group[0]
    return [*told, say(w.private_needs_token, first, w), *_hand_over_token(first, w), _recreate(first, w)]


def _revision(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        # A revision can be named only in a list given by hand; elsewhere it is always the main branch.
        correct = w.other_model if facts.asker else w.correct_revision
        told += _say_all(facts, w, w.see_revisions, correct)
    return [*told, _recreate(group[0], w)]


def _file(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told += _say_all(facts, w, w.see_files, _correct_files(facts, w))
    return [*told, _recreate(group[0], w)]


def _correct_files(facts: Facts, w: Wording) -> str:
    """Only a list given by hand and PrivateGPT's weights name files; elsewhere it is the wrong model."""
    if not facts.asker:
        return w.correct_patterns
    return w.correct_weights_file if facts.source.startswith("llamacpp.") else w.other_model


def _disabled(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told += _say_all(facts, w, w.see_page, w.other_model)
    return [*told, _recreate(group[0], w)]


def _policy(group: Group, w: Wording) -> list[str]:
    return [*(say(w.ask_admin, facts, w) for facts in group), say(w.start_again, group[0], w)]


def _rate_limited(group: Group, w: Wording) -> list[str]:
    longest = max(group, key=lambda facts: facts.pause)
    pause = w.wait_pause if longest.pause else w.wait_minutes
    more = [] if longest.token_source else [w.token_raises_limit]
    return _say_all(longest, w, pause, *more, w.start_again)


def _hub_error(group: Group, w: Wording) -> list[str]:
    first = group[0]
    where = [w.hub_status] if first.endpoint == HUB else []
    return _say_all(first, w, w.wait_minutes, *where, w.start_again)


def _unreachable(group: Group, w: Wording) -> list[str]:
    first = group[0]
    proxy = w.check_proxy if first.proxy else w.set_proxy
    if first.trouble == "dns":
        name_server = w.set_dns if _by_compose(first) else w.set_dns_elsewhere
        return [*_say_all(first, w, w.try_host, name_server, proxy), _recreate(first, w)]
    return [*_say_all(first, w, w.try_host, w.open_hosts, proxy), _recreate(first, w)]


def _tls(group: Group, w: Wording) -> list[str]:
    first = group[0]
    mount = w.mount_ca if _by_compose(first) else w.mount_ca_elsewhere
    return [*_say_all(first, w, w.get_ca, mount), _recreate(first, w)]


def _proxy(group: Group, w: Wording) -> list[str]:
    first = group[0]
    told = [w.proxy_password] if first.status == 407 else [w.proxy_allow]
    return [*_say_all(first, w, *told, w.proxy_bypass), _recreate(first, w)]


def _not_a_hub(group: Group, w: Wording) -> list[str]:
    first = group[0]
    endpoint = [] if first.endpoint == HUB else [w.check_endpoint]
    return [*_say_all(first, w, w.open_endpoint, *endpoint), _recreate(first, w)]


def _refused(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told.append(say(w.check_page, facts, w))
        if facts.role == "fineGrained":
            told.append(say(w.add_repo, facts, w))
    return [*told, say(w.start_again, group[0], w)]


_STEPS: Mapping[str, Callable[[Group, Wording], list[str]]] = {
    "granted": lambda _group, _wording: [],
    "token-missing": _token_missing,
    "token-invalid": _token_anew,
    "token-expired": _token_anew,
    "token-lacks-gated-scope": _gated_scope,
    "token-lacks-repo-scope": _repo_scope,
    "terms-not-accepted": _terms,
    "review-pending": _pending,
    "review-rejected": _rejected,
    "access-reset": _reset,
    "repo-not-found": _repo_not_found,
    "repo-missing-or-private": _missing_or_private,
    "revision-not-found": _revision,
    "file-not-found": _file,
    "repo-disabled": _disabled,
    "org-policy": _policy,
    "rate-limited": _rate_limited,
    "hub-error": _hub_error,
    "hub-unreachable": _unreachable,
    "tls-untrusted": _tls,
    "proxy-refused": _proxy,
    "not-a-hub": _not_a_hub,
    "refused": _refused,
}
