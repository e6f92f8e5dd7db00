"""The names of all sentences of the report. A language is one value of `Wording`: it fills every one.

Sentences are templates; what is put in is cleaned by `findings.say`. What a refusal means, and its steps, are not here
but in `remedies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    stop: str  # between two sentences
    comma: str  # between two parts of one
    colon: str  # after what the sentence is about
    quoted: str

    # settings, command, needs
    settings_ok: str
    settings_offline: str
    command_ok: str
    needs_ok: str
    needs_none: str
    needs_nothing: str
    needs_nothing_step: str
    needs_by_hand: str
    needs_trouble: str
    needs_trouble_step: str
    fallbacks: str
    waits: str
    directory_gone: str
    directory_gone_step: str

    # token
    token_ok: str
    token_no_gated: str
    token_readable: str
    token_public_only: str
    token_none: str
    token_missed: str
    token_offline: str
    token_unasked: str
    token_unknown: str

    # the way to the endpoint
    proxy_none: str
    proxy_passes: str
    proxy_refuses: str
    proxy_unknown: str
    proxy_unreachable: str
    proxy_beyond: str
    proxy_differ: str
    proxy_differ_step: str
    proxy_blank: str
    proxy_blank_step: str
    proxy_https_missing: str
    proxy_https_missing_step: str
    proxy_exempt: str
    proxy_exempt_step: str
    dns_ok: str
    dns_literal: str
    dns_proxy: str
    dns_bad: str
    dns_bad_proxy: str
    tls_ok: str
    tls_plain: str
    tls_unknown: str
    tls_untrusted: str
    tls_untrusted_unnamed: str
    clock_ok: str
    clock_unknown: str
    clock_ahead: str
    clock_behind: str
    clock_step: str
    clock_restart: str
    endpoint_ok: str
    endpoint_unknown: str

    # models and the hosts of their files
    model_in_place: str
    model_not_proved: str
    model_unproved: str
    model_only_new: str
    model_granted: str
    model_stand_in: str
    model_stand_in_here: str
    model_stand_in_held: str
    model_stand_in_refused: str
    model_optional: str
    hosts_ok: str
    hosts_xet_ok: str
    hosts_xet_bad: str
    hosts_none: str
    hosts_unknown: str

    # the folders
    cache_ok: str
    cache_network: str
    cache_needed: str
    cache_complete: str
    cache_own_layer: str
    cache_memory: str
    cache_volume: str
    cache_no_symlinks: str
    cache_no_symlinks_step: str
    cache_no_locks: str
    cache_no_locks_step: str
    cache_no_rename: str
    cache_no_rename_step: str
    cache_late_step: str
    state_ok: str
    state_none: str
    state_step: str

    # about checks
    offline: str
    late: str
    late_steps: Mapping[str, str]  # by the name of what did not end
    waits_for: str
    defect: str
    same_steps: str
    mere_warning: str

    # the last line
    passes: str
    passes_offline: str
    fails: str
    fails_waiting: str
