"""The names of all sentences that a person can meet. A language is one value of `Wording`: it fills every one.

Sentences are templates: `{repo}` and the like are the names of `facts.Facts` and of `phrases.phrases`. In a step, what
follows a line break is to be copied as it stands. A sentence that a language lacks fails at import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about one verdict.

    `arises` tells the reader of the docs on what evidence it is given, `means` the person what that means; `next` is
    the next step in few words, for the one-line form.
    """

    arises: str
    means: str
    next: str


@dataclass(frozen=True, slots=True)
class Wording:
    verdicts: Mapping[str, Said]
    troubles: Mapping[str, str]  # what `hub-unreachable` means, by `Evidence.trouble`
    proxy_faults: Mapping[str, str]  # the same where a proxy is in force, by `Facts.proxy_fault`
    uses: Mapping[str, str]  # by `Need.use`; blank where there is nothing to tell
    sentence_separator: str
    list_separator: str
    and_more: str  # a list that was cut

    # who asks, and what was answered
    asks: str
    asks_for_use: str
    asks_listed: str
    asks_listed_in_compose: str
    asks_listed_code: str
    optional: str
    knows_account: str
    knows_account_by: str
    saw_token: str
    saw_no_token: str
    by_token: str
    token_quoted: str
    from_source: str
    roles: Mapping[str, str]
    answered: str
    answered_quoting: str
    answered_password: str  # no password is involved
    answered_nothing: str
    somebody_answered: str
    somebody_answered_quoting: str
    network_said: str
    files_found: str
    files_more: str
    link: str

    # parts of sentences, where a fact may be unknown
    hub_public: str
    hub_elsewhere: str
    account_named: str
    account_unnamed: str
    token_named: str
    token_of_source: str
    token_unnamed: str
    proxy_unnamed: str
    usual_files: str
    place_of_asker: str
    valid_span: str

    # what a verdict means where more is known than its name
    hub_granted: str  # only the host of the files is in the way
    file_host_refused: str
    no_file_host: str
    never_asked: str
    token_wanted: str  # without the gate
    or_wrong_name: str
    may_read: str
    may_read_nothing: str
    files_lacking: str
    no_gguf: str
    untrusted_issuer: str
    clocks: Mapping[str, str]  # by `Facts.clock`
    proxy_wants_password: str
    next_request: str
    next_gguf: str
    next_issuer: str
    next_clock: str
    next_proxy_password: str
    next_proxy: Mapping[str, str]  # by `Facts.proxy_fault`
    next_token_file: str
    next_open_hosts: str

    # headings of the steps
    go_on: str
    go_on_as: str
    to_have_it_too: str

    # steps
    create_token: str
    create_token_again: str
    token_to_env: str
    token_to_compose: str
    token_to_environment: str
    replace_token: str
    replace_token_in_env: str
    replace_token_in_file: str
    replace_token_in_secret: str
    accept_terms: str
    accept_terms_same_account: str
    request_access: str
    request_access_same_account: str
    check_terms: str
    check_request: str
    tick_gated: str
    check_name: str
    add_repo: str
    add_repos_or_read_token: str
    add_private_repo: str
    wait_for_authors: str
    ask_authors_or_other_account: str
    request_again: str
    find_name: str
    find_name_of_owner: str
    correct_name: str
    owner_token: str
    private_needs_token: str
    see_revisions: str
    correct_revision: str
    see_files: str
    find_gguf: str
    name_gguf: str
    correct_patterns: str
    correct_weights_file: str
    see_page: str
    other_model: str
    sign_in_to_org: str
    ask_admin: str
    ask_own_admin: str
    wait_pause: str
    wait_pause_minutes: str
    wait_minutes: str
    token_raises_limit: str
    hub_status: str
    try_host: str
    set_dns: str
    set_dns_elsewhere: str
    open_hosts: str
    use_mirror: str
    set_proxy: str
    check_proxy: str
    correct_proxy: str
    move_proxy: str
    resolve_proxy: str
    get_ca: str
    get_ca_of: str
    mount_ca: str
    mount_ca_elsewhere: str
    see_clock: str
    set_clock: str
    renew_certificate: str
    proxy_password: str
    proxy_allow: str
    proxy_bypass: str
    proxy_bypass_too: str
    open_address: str
    check_endpoint: str
    check_page: str
    look_up_words: str
    ask_about_refusal: str
    start_again: str
    recreate: str
    nothing_more: str
    nothing_more_but: str

    # doing without it
    without: str
    without_named: str
    without_in_ways: str
    without_entry: str
    or_optional: str
    or_fallback: str
    without_optional_listed: str
    without_listed_code: str
    without_other: str
    without_public_token: str
    without_tokenizer_0x: str
    without_tokenizer_1x: str
    without_weights: str
    without_embedding: str
    without_reranker: str
    without_code: str

    # one-line forms
    asking_again: str
    going_on: str
    fallback_taken: str
    fallback_meanwhile: str
    fallback_offline: str

    # the last line
    nothing_downloaded: str
    nothing_downloaded_yet: str  # though some models are granted
    something_kept: str
    all_granted: str
    starts_without: str
    exit_code: str
    restarts: Mapping[int, str]  # whether a restart helps, by exit code
    restart_after_review: str
    restart_after_request: str
    restart_after_settings: str
    restart_after_steps: str
    restart_after_click: str
    restart_after_fault: str
    restart_after_files: str
    waiting_for_access: str
    waiting_for_hub: str
    waiting_for_files: str

    # the pages in docs/
    page_refusals: str
    page_example: str
    page_no_restart: str
    page_restart: str
    page_no_exit: str
    page_waits: str
    page_waits_not: str
    page_waits_for_file: str
    page_waits_for_clock: str
    page_exit_codes: str
    page_exit_note: str
    exit_meanings: Mapping[int, str]
    exit_signal: str
    labels: Mapping[str, str]
