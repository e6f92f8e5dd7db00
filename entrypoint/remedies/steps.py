"""The numbered steps for one cause: what exactly this person does next, with this account, token and endpoint.

One function a verdict, in a table. Each takes all needs that were refused for the same cause, so that a token or a
proxy is told once, and a click once per model. The last step says how it goes on (`again`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from entrypoint.remedies import again, network
from entrypoint.remedies.again import Group, by_compose
from entrypoint.remedies.facts import HUB, Facts, fill
from entrypoint.remedies.meaning import NOT_FOUND
from entrypoint.remedies.phrases import phrases, say, say_all
from entrypoint.remedies.wording import Wording

SECONDS_TOLD = 120  # a longer pause is told in minutes


def steps(group: Group, w: Wording) -> tuple[str, ...]:
    """The steps for needs with one verdict and one cause; a step that two needs share is told once."""
    return tuple(dict.fromkeys(_STEPS[group[0].verdict](group, w)))


def _hand_over_token(facts: Facts, w: Wording) -> list[str]:
    if by_compose(facts):
        return say_all(facts, w, w.token_to_env, w.token_to_compose)
    return say_all(facts, w, w.token_to_environment)


def _replace_token(facts: Facts, w: Wording) -> str:
    if facts.token_file.startswith("/run/secrets/"):
        return say(w.replace_token_in_secret, facts, w)
    if facts.token_file:
        return say(w.replace_token_in_file, facts, w)
    in_env = by_compose(facts) and facts.token_source.isidentifier()
    return say(w.replace_token_in_env if in_env else w.replace_token, facts, w)


def _ask_each(group: Group, w: Wording, *, same_account: bool) -> list[str]:
    asked = []
    for facts in group:
        if facts.gated == "manual":
            template = w.request_access_same_account if same_account else w.request_access
        else:
            template = w.accept_terms_same_account if same_account else w.accept_terms
        asked.append(say(template, facts, w))
    return asked


def _await_authors(group: Group, w: Wording) -> list[str]:
    """Where authors answer by hand, going on at once would be refused again."""
    return [say(w.wait_for_authors, facts, w) for facts in group if facts.gated == "manual"]


def _token_missing(group: Group, w: Wording) -> list[str]:
    first = group[0]
    return [
        say(w.create_token, first, w),
        *_hand_over_token(first, w),
        *_ask_each([facts for facts in group if not facts.open], w, same_account=True),
        *_await_authors(group, w),
        again.after_change(first, w),
    ]


def _token_anew(group: Group, w: Wording) -> list[str]:
    first = group[0]
    return [say(w.create_token_again, first, w), _replace_token(first, w), again.after_token(first, w)]


def _gated_scope(group: Group, w: Wording) -> list[str]:
    first = group[0]
    checks = [say(w.check_terms, facts, w) for facts in group]
    return [say(w.tick_gated, first, w), *checks, again.after_click_or_token(first, w)]


def _repo_scope(group: Group, w: Wording) -> list[str]:
    first = group[0]
    checks = [say(w.check_name, facts, w) for facts in group if facts.status == NOT_FOUND]
    repos = w.list_separator.join(dict.fromkeys(facts.repo for facts in group))
    add = fill(w.add_repos_or_read_token, first, **phrases(first, w), repos=repos)
    return [*checks, add, again.after_click_or_token(first, w)]


def _terms(group: Group, w: Wording) -> list[str]:
    told = _ask_each(group, w, same_account=False)
    # Only these words exclude that a request is pending, or was declined.
    if any("authorized list" not in facts.message for facts in group):
        told.append(say(w.check_request, group[0], w))
    return [*told, *_await_authors(group, w), again.after_click(group[0], w)]


def _pending(group: Group, w: Wording) -> list[str]:
    return [say(w.wait_for_authors, group[0], w), again.after_click(group[0], w)]


def _rejected(group: Group, w: Wording) -> list[str]:
    asks = [say(w.ask_authors_or_other_account, facts, w) for facts in group]
    return [*asks, again.after_click_or_token(group[0], w)]


def _reset(group: Group, w: Wording) -> list[str]:
    asks = [say(w.request_again, facts, w) for facts in group]
    return [*asks, *_await_authors(group, w), again.after_click(group[0], w)]


def _find_name(facts: Facts, w: Wording) -> str:
    """A search does not find what a typo was made of; the owner's page shows all."""
    return w.find_name_of_owner if facts.owner else w.find_name


def _repo_not_found(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        private = w.add_private_repo if facts.role == "fineGrained" else w.owner_token
        told += say_all(facts, w, _find_name(facts, w), w.correct_name, private)
    return [*told, again.after_change(group[0], w)]


def _missing_or_private(group: Group, w: Wording) -> list[str]:
    told: dict[str, None] = {}
    for facts in group:
        told |= dict.fromkeys(say_all(facts, w, _find_name(facts, w), w.correct_name))
    first = group[0]
    handing = _hand_over_token(first, w)
    numbers = {"first_step": len(told) + 1, "last_step": len(told) + 1 + len(handing)}
    token = fill(w.private_needs_token, first, **phrases(first, w), **numbers)
    return [*told, token, *handing, again.after_change(first, w)]


def _revision(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        # A revision can be named only in a list given by hand; elsewhere it is always the main branch.
        correct = w.other_model if facts.asker else w.correct_revision
        told += say_all(facts, w, w.see_revisions, correct)
    return [*told, again.after_change(group[0], w)]


def _file(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        if facts.no_gguf:
            told += say_all(facts, w, w.find_gguf, w.name_gguf)
            told += say_all(facts, w, w.correct_weights_file) if _is_weights_setting(facts) else []
        else:
            told += say_all(facts, w, w.see_files, _correct_files(facts, w))
    return [*told, again.after_change(group[0], w)]


def _correct_files(facts: Facts, w: Wording) -> str:
    """Only a list given by hand and PrivateGPT's weights name files; elsewhere it is the wrong model."""
    if not facts.asker:
        return w.correct_patterns
    return w.correct_weights_file if _is_weights_setting(facts) else w.other_model


def _is_weights_setting(facts: Facts) -> bool:
    return facts.source.startswith("llamacpp.")


def _disabled(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told += say_all(facts, w, w.see_page, w.other_model)
    return [*told, again.after_change(group[0], w)]


def _policy(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        other_orgs = bool(facts.orgs) and facts.organisation not in facts.orgs
        told += say_all(facts, w, w.sign_in_to_org, w.ask_admin, *([w.ask_own_admin] if other_orgs else []))
    return [*told, again.after_click(group[0], w)]


def _rate_limited(group: Group, w: Wording) -> list[str]:
    longest = max(group, key=lambda facts: facts.pause)
    known = w.wait_pause_minutes if longest.pause > SECONDS_TOLD else w.wait_pause
    pause = known if longest.pause else w.wait_minutes
    more = [] if longest.token_source else [w.token_raises_limit]
    return [*say_all(longest, w, pause, *more), again.after_click(longest, w)]


def _hub_error(group: Group, w: Wording) -> list[str]:
    first = group[0]
    where = [w.hub_status] if first.endpoint == HUB else []
    # A block page of a firewall looks like a host of files that refuses.
    hosts = [w.open_hosts] if first.file_host else []
    return [*say_all(first, w, w.wait_minutes, *where, *hosts), again.after_click(first, w)]


def _refused(group: Group, w: Wording) -> list[str]:
    told = []
    for facts in group:
        told.append(say(w.check_page, facts, w))
        if facts.role == "fineGrained":
            told.append(say(w.add_repo, facts, w))
        told.append(say(w.look_up_words if facts.message else w.ask_about_refusal, facts, w))
    return [*told, again.after_click(group[0], w)]


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
    "hub-unreachable": network.unreachable,
    "tls-untrusted": network.untrusted,
    "proxy-refused": network.proxy,
    "not-a-hub": network.not_a_hub,
    "refused": _refused,
}
