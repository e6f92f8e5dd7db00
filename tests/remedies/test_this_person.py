"""The steps are those of exactly this person: this token, from this place, behind this network, waiting or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from entrypoint.remedies import Context, explain, headline
from entrypoint.values import Evidence, Repo, Verdict
from tests.remedies.people import (
    ALICE,
    HUB,
    LISTED,
    NARROW,
    NOT_AUTHORIZED,
    REPO,
    RESTRICTED,
    TOKENIZER,
    WAITING,
    WITH_SECRET,
    WITH_TOKEN,
    WITHOUT_TOKEN,
    flat,
    packed,
    steps_of,
)

COMMAND = "docker compose up -d"
BY_ITSELF = "nothing more: this container asks again by itself, and goes on"
FILES = "https://cas-server.xethub.hf.co/v1"
HEALED_BY_A_CLICK = ("terms-not-accepted", "review-pending", "access-reset", "org-policy", "rate-limited", "hub-error")
NEEDS_ANOTHER_ENVIRONMENT = ("token-missing", "token-invalid", "token-expired", "repo-missing-or-private")


def told(name: str, context: Context, evidence: Evidence = NOT_AUTHORIZED, lang: str = "en") -> str:
    return explain([Verdict(LISTED, name, evidence, ALICE)], context, lang)


# Waiting


@pytest.mark.parametrize("name", HEALED_BY_A_CLICK)
def test_who_waits_has_nothing_to_do_after_the_click(name: str) -> None:
    text = told(name, WAITING)
    assert steps_of(text)[-1] == BY_ITSELF
    assert COMMAND not in text
    assert "Exit code" not in text
    assert told(name, WITH_TOKEN).count(COMMAND) == 1


@pytest.mark.parametrize("name", NEEDS_ANOTHER_ENVIRONMENT)
def test_who_waits_must_start_again_where_the_environment_changes(name: str) -> None:
    text = told(name, replace(WAITING, token_source="HF_TOKEN"))
    assert steps_of(text)[-1].endswith(COMMAND)
    assert BY_ITSELF not in text


@pytest.mark.parametrize("name", ["token-lacks-gated-scope", "token-lacks-repo-scope", "hub-unreachable"])
def test_who_waits_starts_again_only_after_a_change_of_the_environment(name: str) -> None:
    last = steps_of(told(name, WAITING))[-1]
    assert last == f"{BY_ITSELF}. Only if you changed its environment (.env, compose file): {COMMAND}"


def test_the_last_line_of_who_waits_says_that_it_waits() -> None:
    assert told("terms-not-accepted", WAITING).endswith(
        "\n\nNothing was downloaded. Waiting for access; asking again by itself."
    )
    assert told("hub-error", replace(WAITING, nothing_downloaded=False)).endswith(
        "\n\nWhat had been downloaded is kept. Waiting until the Hub answers; asking again by itself."
    )
    assert told("terms-not-accepted", WAITING, lang="zh").endswith(
        "\n\n未下载任何文件。正在等待访问权限，会自动重新询问。"
    )


# Where the token came from


@pytest.mark.parametrize("name", ["token-invalid", "token-expired"])
def test_a_secret_is_replaced_in_its_file_and_the_container_is_not_created_anew(name: str) -> None:
    text = flat(told(name, WITH_SECRET))
    assert "/run/secrets/hf_token" in text
    assert "replace the content of the file that the compose file names under `secrets:`" in text
    assert ".env" not in text
    assert "does not see a changed .env" not in text
    assert steps_of(told(name, WITH_SECRET))[-1] == COMMAND
    assert steps_of(told(name, replace(WITH_SECRET, waits=True)))[-1] == BY_ITSELF


@pytest.mark.parametrize("source", ["/root/.cache/huggingface/token", "HF_TOKEN_PATH (/root/.cache/huggingface/token)"])
def test_a_token_file_is_named_by_its_path(source: str) -> None:
    text = flat(told("token-invalid", Context(HUB, source)))
    assert "replace the content of the file /root/.cache/huggingface/token (a path in the container)" in text
    assert ".env" not in text


def test_a_variable_is_replaced_in_env() -> None:
    text = flat(told("token-invalid", WITH_TOKEN))
    assert "put it in place of the old one: HF_TOKEN, usually in the file .env" in text
    assert "a value exported in your shell wins over .env" in text
    assert 'a mere "restart" does not see a changed .env or compose file' in text


# What the token and the account may do


def test_a_narrow_token_is_told_what_it_may_read_and_which_model_to_add() -> None:
    text = explain([Verdict(LISTED, "token-lacks-repo-scope", Evidence(HUB, 403), NARROW)], WITH_TOKEN)
    assert "Beyond what is public it may read: alice, acme/one (an owner's name stands" in flat(text)
    assert 'edit the token "laptop" and add org/listed to the repositories that it may read' in steps_of(text)[0]
    nothing = replace(NARROW, readable=())
    text = explain([Verdict(LISTED, "token-lacks-repo-scope", Evidence(HUB, 403), nothing)], WITH_TOKEN)
    assert "It may read nothing beyond what is public." in flat(text)


def test_a_long_list_of_what_a_token_may_read_is_cut() -> None:
    many = replace(NARROW, readable=tuple(f"org/m{number}" for number in range(20)))
    text = flat(explain([Verdict(LISTED, "token-lacks-repo-scope", Evidence(HUB, 403), many)], WITH_TOKEN))
    assert "org/m0, org/m1, org/m2, org/m3, org/m4, org/m5 and 14 more (" in text


def test_the_prefilled_link_is_at_the_endpoint_in_force() -> None:
    context = Context("https://hub.acme.example", "HF_TOKEN")
    text = explain([Verdict(LISTED, "token-lacks-gated-scope", NOT_AUTHORIZED, NARROW)], context)
    assert "https://hub.acme.example/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained" in text
    assert "https://huggingface.co" not in text


@pytest.mark.parametrize("message", ["", "You shall not pass."])
def test_unknown_words_leave_room_for_a_request_that_is_pending_or_was_rejected(message: str) -> None:
    text = flat(told("terms-not-accepted", WITH_TOKEN, replace(NOT_AUTHORIZED, message=message)))
    assert "alice is not among them" in text
    assert f"{HUB}/settings/gated-repos shows whether a request of alice awaits the authors' answer" in text
    assert "gated-repos" not in told("terms-not-accepted", WITH_TOKEN)


def test_a_token_that_is_not_accepted_may_also_have_expired() -> None:
    assert "it has expired, was deleted or replaced, or was not copied whole" in flat(told("token-invalid", WITH_TOKEN))


def test_the_administrator_is_that_of_the_organisation_or_of_ones_own() -> None:
    text = flat(explain([Verdict(LISTED, "org-policy", Evidence(HUB, 403), ALICE)], WITH_TOKEN))
    assert f"ask an administrator of {HUB}/org to let alice in" in text
    assert "your own organisation (acme)" in text
    member = replace(ALICE, orgs=("org",))
    text = flat(explain([Verdict(LISTED, "org-policy", Evidence(HUB, 403), member)], WITH_TOKEN))
    assert "your own organisation" not in text


def test_a_model_without_a_gate_asks_for_a_token_alone() -> None:
    verdict = Verdict(LISTED, "token-missing", RESTRICTED, None, Repo("0" * 40))
    text = flat(explain([verdict], WITHOUT_TOKEN))
    assert "gives this model only to those who sign in" in text
    assert "Gated" not in text
    assert "Agree and access repository" not in text
    assert "HF_TOKEN=hf_..." in text
    gated = Verdict(TOKENIZER, "token-missing", RESTRICTED, None, Repo("0" * 40, "auto"))
    both = flat(explain([verdict, gated], WITHOUT_TOKEN))
    assert "gives this model only to those who sign in" in both
    assert "Gated: the files go only" in both


# Certificates and clocks


def test_the_issuer_that_is_not_trusted_is_named_and_so_is_the_variable() -> None:
    evidence = Evidence(HUB, trouble="tls", issuer="Acme Firewall CA")
    for lang in ("en", "zh"):
        text = told("tls-untrusted", WITH_TOKEN, evidence, lang)
        assert text.count("Acme Firewall CA") == 2
        assert "SSL_CERT_FILE: /etc/ssl/company-ca.pem" in text


def clock(now: str, endpoint: str = HUB, lang: str = "en") -> str:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    evidence = Evidence(endpoint, trouble="clock", issuer="Amazon", valid="2026-04-01 to 2027-04-30")
    context = Context(endpoint, "HF_TOKEN", now=moment)
    return explain([Verdict(LISTED, "tls-untrusted", evidence)], context, lang)


@pytest.mark.parametrize(
    ("now", "endpoint", "blamed"),
    [
        ("1970-01-01T00:03", HUB, "Most likely the clock is behind."),
        ("2026-04-01T00:03", HUB, "Most likely the clock is behind."),
        ("2031-01-01T00:03", HUB, "Most likely the clock is ahead."),
        ("2027-04-30T23:59", HUB, "Most likely the clock is ahead."),
        ("2031-01-01T00:03", "https://hub.acme.example", "Either the clock is ahead, or the certificate has expired."),
    ],
)
def test_a_wrong_clock_is_set_right_and_no_authority_is_brought_in(now: str, endpoint: str, blamed: str) -> None:
    text = clock(now, endpoint)
    assert "is valid from 2026-04-01 to 2027-04-30" in flat(text)
    assert f"clock says {now.replace('T', ' ')} UTC" in flat(text)
    assert blamed in flat(text)
    assert "SSL_CERT_FILE" not in text
    assert "date -u" in text
    assert ("renew the certificate of hub.acme.example" in text) is ("acme" in endpoint)


def test_the_clock_is_told_in_chinese_with_all_three_times() -> None:
    text = packed(clock("1970-01-01T00:03", lang="zh"))
    assert "证书有效期为2026-04-01至2027-04-30，而本机时钟显示1970-01-0100:03UTC。最可能是时钟慢了。" in text


def test_a_certificate_out_of_its_time_is_told_even_where_the_times_are_unknown() -> None:
    text = flat(told("tls-untrusted", WITH_TOKEN, Evidence(HUB, trouble="clock")))
    assert "The certificate of huggingface.co is not valid at the time that this machine's clock shows." in text


# Proxies and the hosts of the files


def test_a_proxy_that_wants_a_password_and_one_that_forbids_are_told_apart() -> None:
    context = Context(HUB, "", proxies={"https_proxy": "http://bob:pa55@proxy.test:3128"})
    wants = flat(told("proxy-refused", context, Evidence(HUB, 407)))
    assert "asks for a name and a password (407)" in wants
    assert "https_proxy=http://name:password@proxy:port" in wants
    forbids = flat(told("proxy-refused", context, Evidence(HUB, message="403 Forbidden", trouble="proxy")))
    assert "refused to let this container through to huggingface.co. The Hub was never asked." in forbids
    assert "name:password" not in forbids
    assert "ask the network's administrators" in forbids
    for text in (wants, forbids):
        assert "http://***@proxy.test:3128" in text
        assert "pa55" not in text
    asked_by_connect = Evidence(HUB, message="407 Proxy Authentication Required", trouble="proxy")
    assert "asks for a name and a password (407)" in flat(told("proxy-refused", context, asked_by_connect))


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("hub-unreachable", Evidence(FILES, trouble="timeout")),
        ("hub-unreachable", Evidence(FILES, trouble="dns")),
        ("tls-untrusted", Evidence(FILES, trouble="tls")),
        ("proxy-refused", Evidence(FILES, message="403 Forbidden", trouble="proxy")),
        ("not-a-hub", Evidence(FILES, 200, message="Blocked", elsewhere=True)),
        ("hub-error", Evidence(FILES, 403, elsewhere=True)),
    ],
)
def test_where_only_the_host_of_the_files_is_blocked_the_hub_is_not_blamed(name: str, evidence: Evidence) -> None:
    text = flat(told(name, WITH_TOKEN, evidence))
    assert "The Hugging Face Hub itself answered and granted access; only cas-server.xethub.hf.co" in text
    assert "was never asked" not in text
    assert "fault of its own just now. Nothing is wrong" not in text
    if name != "tls-untrusted":
        assert "huggingface.co, *.huggingface.co, *.hf.co, *.cdn.hf.co, *.xethub.hf.co" in text
    assert "授予了访问权限" in packed(told(name, WITH_TOKEN, evidence, "zh"))


def test_the_hub_itself_is_no_host_of_files_and_a_mirror_that_sends_on_to_it_neither() -> None:
    for endpoint in (HUB, "https://mirror.test"):
        text = told("hub-unreachable", Context(endpoint, ""), Evidence(f"{HUB}/api", trouble="connect"))
        assert "granted" not in text
        assert "No connection to huggingface.co could be made" in text
        assert "*.xethub.hf.co" in text


def test_an_endpoint_of_ones_own_names_its_own_hosts() -> None:
    evidence = Evidence("https://files.acme.example/x", trouble="connect")
    text = flat(told("hub-unreachable", Context("https://hub.acme.example", ""), evidence))
    assert "port 443 to hub.acme.example, files.acme.example" in text
    assert "hf.co" not in text


def test_who_goes_past_a_proxy_does_so_for_the_hosts_of_the_files_too() -> None:
    text = told("proxy-refused", WITH_TOKEN, Evidence(HUB, message="403 Forbidden", trouble="proxy"))
    assert "NO_PROXY=huggingface.co,.huggingface.co,.hf.co" in text
    context = Context("https://hub.acme.example", "HF_TOKEN")
    text = told("proxy-refused", context, Evidence("https://files.acme.example/x", 407))
    assert "NO_PROXY=hub.acme.example,files.acme.example" in text


def test_a_page_in_place_of_the_files_is_no_reason_to_open_the_hub_in_a_browser() -> None:
    text = flat(told("not-a-hub", WITH_TOKEN, Evidence(FILES, 200, message="Blocked", elsewhere=True)))
    assert "What answered there is no host of the Hub's files" in text
    assert "Something answered at" not in text
    assert "browser" not in text


@pytest.mark.parametrize(
    ("trouble", "helps"), [("connect", True), ("timeout", True), ("reset", True), ("dns", False), ("other", False)]
)
def test_a_mirror_is_named_where_the_hub_is_blocked_with_the_warning_that_it_gets_the_token(
    trouble: Any, helps: bool
) -> None:
    for lang, warning in (("en", "(the token then goes to it)"), ("zh", "（令牌随后会发送给该镜像）")):
        text = told("hub-unreachable", WITH_TOKEN, Evidence(HUB, trouble=trouble), lang)
        assert (packed(warning) in packed(text)) is helps
    mirror = Context("https://mirror.test", "")
    assert "mirror.example" not in told("hub-unreachable", mirror, Evidence("https://mirror.test/x", trouble=trouble))


# Several models


def test_models_refused_for_one_cause_are_told_once() -> None:
    other = replace(LISTED, repo="org/other")
    for name, evidence in (
        ("token-missing", RESTRICTED),
        ("token-invalid", Evidence(HUB, 401, message="Invalid credentials", from_hub=True)),
        ("hub-unreachable", Evidence(f"{HUB}/a", trouble="dns", message="no name")),
        ("tls-untrusted", Evidence(f"{HUB}/b", trouble="tls", issuer="Acme CA")),
    ):
        text = explain([Verdict(need, name, evidence) for need in (LISTED, other)], WITHOUT_TOKEN)
        assert text.count(COMMAND) == text.count(f"docs/refusals.md#{name}") == 1
        assert "✗ org/listed   " in text and "✗ org/other   " in text


def test_a_sentence_that_the_hub_said_of_both_is_quoted_once() -> None:
    evidence = Evidence(HUB, 401, message="Invalid credentials", from_hub=True)
    text = explain([Verdict(need, "token-invalid", evidence) for need in (LISTED, TOKENIZER)], WITH_TOKEN)
    assert text.count('"Invalid credentials"') == 1


def test_different_causes_are_told_apart() -> None:
    verdicts = [
        Verdict(LISTED, "hub-unreachable", Evidence(HUB, trouble="dns")),
        Verdict(TOKENIZER, "hub-unreachable", Evidence(FILES, trouble="dns")),
        Verdict(replace(LISTED, repo="org/cdn"), "hub-unreachable", Evidence("https://cdn.hf.co/x", trouble="dns")),
    ]
    assert explain(verdicts, WITH_TOKEN).count(COMMAND) == 3


def test_a_public_model_behind_a_bad_token_needs_none() -> None:
    verdict = Verdict(TOKENIZER, "token-invalid", RESTRICTED, None, Repo("0" * 40))
    assert "this model is public. Remove the token (HF_TOKEN)" in flat(explain([verdict], WITH_TOKEN))
    assert REPO in explain([verdict], WITH_TOKEN)


def test_a_host_of_files_on_another_port_of_the_same_machine_is_told_apart() -> None:
    context = Context("http://hub.test:8000", "")
    evidence = Evidence("http://hub.test:9000/files/x", message="Connection refused", trouble="connect")
    text = flat(explain([Verdict(LISTED, "hub-unreachable", evidence)], context))
    assert "The Hub at hub.test itself answered and granted access; only hub.test:9000" in text
    assert "curl -I http://hub.test:9000" in text
    own = replace(evidence, url="http://hub.test:8000/api/models/x")
    assert "granted access" not in explain([Verdict(LISTED, "hub-unreachable", own)], context)


@pytest.mark.parametrize(
    "evidence",
    [Evidence(FILES, trouble="connect"), Evidence(FILES, trouble="timeout"), Evidence(FILES, trouble="reset")],
)
def test_the_one_line_form_says_that_only_the_files_are_blocked(evidence: Evidence) -> None:
    line = headline(Verdict(LISTED, "hub-unreachable", evidence), WITH_TOKEN)
    assert line.endswith("let the firewall pass cas-server.xethub.hf.co, port 443: only the files are blocked")
    own = replace(evidence, url=HUB)
    assert "only the files" not in headline(Verdict(LISTED, "hub-unreachable", own), WITH_TOKEN)


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("hub-unreachable", Evidence(FILES, trouble="timeout")),
        ("hub-error", Evidence(FILES, 403, elsewhere=True)),
        ("not-a-hub", Evidence(FILES, 200, message="Blocked", elsewhere=True)),
    ],
)
def test_what_is_waited_for_is_the_host_of_the_files_and_not_the_hub(name: str, evidence: Evidence) -> None:
    assert told(name, WAITING, evidence).endswith(" Waiting until the files can be fetched; trying again by itself.")
    assert told(name, WAITING, evidence, "zh").endswith("正在等待文件可以下载，会自动重试。")
    ended = told(name, WITH_TOKEN, evidence)
    assert ("a restart helps, as soon as the files can be fetched" in flat(ended)) is (name != "not-a-hub")
    assert "as soon as the Hub" not in flat(ended)
