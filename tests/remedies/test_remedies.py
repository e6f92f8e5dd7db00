"""What a person reads when a model is refused."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.failures import CANT_CREATE, Failure
from entrypoint.remedies import Context, exit_code, explain, failure, headline
from entrypoint.values import Evidence, Identity, Need, Repo, RepoFile, Verdict
from tests.remedies.people import (
    ALICE,
    HUB,
    LISTED,
    NOT_AUTHORIZED,
    PLACE,
    REFUSALS,
    REPO,
    RESTRICTED,
    TOKENIZER,
    WITH_TOKEN,
    WITHOUT_TOKEN,
    flat,
)


def test_a_person_without_a_token_learns_where_to_get_it_and_where_to_put_it() -> None:
    text = explain([Verdict(TOKENIZER, "token-missing", RESTRICTED)], WITHOUT_TOKEN)
    assert "PrivateGPT asks for it: llm.tokenizer (to count tokens; no text of yours is sent anywhere)." in text
    steps = (f"{HUB}/settings/tokens", "HF_TOKEN=hf_...", "HF_TOKEN: ${HF_TOKEN:-}", f"{HUB}/{REPO}")
    places = [text.index(step) for step in (*steps, "\n         docker compose up -d")]
    assert places == sorted(places)
    assert '"Agree and access repository"' in text
    assert 'The Hugging Face Hub saw no token and answered 401: "Access is restricted. Please log in."' in flat(text)
    assert '`llm: {tokenizer: ""}`' in text
    assert text.endswith(
        "\n\nNothing was downloaded. Exit code 77: a restart alone won't help; take the steps above first."
    )


def test_alice_learns_that_her_account_has_not_accepted_the_terms() -> None:
    text = explain([Verdict(TOKENIZER, "terms-not-accepted", NOT_AUTHORIZED, ALICE)], WITH_TOKEN)
    assert (
        'The Hugging Face Hub knows you as "alice" (token "laptop", read, from HF_TOKEN) and answered 403:'
        ' "you are not in the authorized list."'
    ) in flat(text)
    assert "To go on, as alice:" in text
    assert f'1. open {HUB}/{REPO} and press "Agree and access repository"' in flat(text)
    assert "    2. docker compose up -d\n" in text
    assert ".env" not in text


def test_where_the_authors_review_by_hand_the_step_is_a_request() -> None:
    verdict = Verdict(TOKENIZER, "terms-not-accepted", NOT_AUTHORIZED, ALICE, Repo("0" * 40, "manual"))
    text = flat(explain([verdict], WITH_TOKEN))
    assert "send the request for access" in text
    assert "Agree and access repository" not in text


def test_two_models_without_a_token_are_one_cause_with_one_click_each() -> None:
    verdicts = [
        Verdict(TOKENIZER, "token-missing", RESTRICTED),
        Verdict(LISTED, "token-missing", RESTRICTED),
        Verdict(replace(LISTED, repo="org/open"), "granted"),
    ]
    text = explain(verdicts, WITHOUT_TOKEN)
    assert text.count("HF_TOKEN=hf_...") == 1
    assert f"open {HUB}/{REPO} and" in flat(text)
    assert f"open {HUB}/org/listed and" in flat(text)
    assert "✓ org/open   granted" in text
    assert text.count("Exit code") == 1
    assert "remove org/listed from ENTRYPOINT_MODELS" in text


def test_an_account_is_not_named_when_the_hub_did_not_say_it() -> None:
    text = explain([Verdict(TOKENIZER, "token-invalid", RESTRICTED)], WITH_TOKEN)
    assert "knows you" not in text
    assert "To go on:" in text
    assert "The Hugging Face Hub saw the token from HF_TOKEN and answered 401" in flat(text)


def test_a_fine_grained_token_gets_the_checkbox_and_the_prefilled_link() -> None:
    identity = Identity("alice", "laptop", "fineGrained", reads_gated=False)
    text = explain([Verdict(TOKENIZER, "token-lacks-gated-scope", NOT_AUTHORIZED, identity)], WITH_TOKEN)
    assert '"Read access to contents of all public gated repos you can access"' in text
    assert f"{HUB}/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained" in text
    assert 'edit the token "laptop"' in flat(text)


def test_a_pending_review_says_that_waiting_helps_and_restarting_does_not() -> None:
    text = flat(explain([Verdict(TOKENIZER, "review-pending", NOT_AUTHORIZED, ALICE)], WITH_TOKEN))
    assert "waiting helps, restarting does not" in text
    assert "a restart helps only once the authors have accepted" in text


def test_a_pattern_that_matches_nothing_is_named_with_files_that_are_there() -> None:
    files = tuple(RepoFile(f"part-{number}.bin", 1, "") for number in range(7))
    need = replace(LISTED, patterns=("*.safetensors",))
    text = flat(explain([Verdict(need, "file-not-found", repo=Repo("0" * 40, files=files))], WITH_TOKEN))
    assert "no file in it matches *.safetensors" in text
    assert "It has: part-0.bin, part-1.bin, part-2.bin, part-3.bin, part-4.bin and 2 more." in text


def test_a_revision_is_named_where_it_can_be_corrected() -> None:
    verdict = Verdict(replace(LISTED, revision="v9"), "revision-not-found", NOT_AUTHORIZED)
    text = explain([verdict], WITH_TOKEN)
    assert 'no branch, tag or commit "v9"' in text
    assert "name one of them in ENTRYPOINT_MODELS" in text


@pytest.mark.parametrize(
    ("trouble", "told"), [("dns", "name server"), ("connect", "*.xethub.hf.co"), ("timeout", "in time")]
)
def test_an_unreachable_hub_is_told_by_the_fault_that_was_seen(trouble: str, told: str) -> None:
    evidence = Evidence(url=f"{HUB}/api", trouble=trouble)  # type: ignore[arg-type]
    text = explain([Verdict(TOKENIZER, "hub-unreachable", evidence)], WITH_TOKEN)
    assert told in text
    assert "huggingface.co" in text
    assert "Or do without" not in text


@pytest.mark.parametrize("proxy", ["http://bob:pa55@proxy.example:3128", "bob:pa55@proxy.example:3128"])
def test_a_proxys_refusal_names_the_proxy_but_not_its_password(proxy: str) -> None:
    context = Context(HUB, "", proxies={"HTTPS_PROXY": proxy})
    text = explain([Verdict(TOKENIZER, "proxy-refused", Evidence(status=407))], context)
    assert "proxy.example:3128" in text
    assert "pa55" not in text
    assert "Hub saw" not in text


def test_what_the_host_of_the_files_said_is_not_told_as_the_hubs_word() -> None:
    evidence = Evidence("https://cdn.test/x", 403, message="from cdn.test: AccessDenied", elsewhere=True)
    text = flat(explain([Verdict(LISTED, "hub-error", evidence, ALICE)], WITH_TOKEN))
    assert "from cdn.test: AccessDenied" in text
    assert "knows you" not in text
    assert "Hub saw" not in text


def test_a_pause_that_the_hub_asks_for_is_told_in_seconds() -> None:
    evidence = Evidence(status=429, retry_after=55.0, from_hub=True)
    assert "wait 55 seconds" in explain([Verdict(TOKENIZER, "rate-limited", evidence)], WITH_TOKEN)


def test_a_need_of_privategpt_1x_is_told_its_own_setting() -> None:
    verdict = Verdict(replace(TOKENIZER, source="models[m1].tokenizer"), "token-missing", RESTRICTED)
    text = explain([verdict], WITHOUT_TOKEN)
    assert 'tokenizer_mode of that model to "default"' in text
    assert "settings-open.yaml" not in text


def test_a_deployment_without_compose_gets_no_compose_lines() -> None:
    text = explain([Verdict(TOKENIZER, "token-missing", RESTRICTED)], Context(HUB, "", "systemctl restart gpt"))
    assert "compose" not in text
    assert "systemctl restart gpt" in text


def test_another_endpoint_is_named_and_linked() -> None:
    context = Context("https://hub.example.org", "HF_TOKEN")
    text = explain([Verdict(TOKENIZER, "terms-not-accepted", NOT_AUTHORIZED, ALICE)], context)
    assert "The Hub at hub.example.org knows you" in text
    assert f"https://hub.example.org/{REPO}" in text


def test_what_was_downloaded_before_is_said_to_be_kept() -> None:
    context = replace(WITH_TOKEN, nothing_downloaded=False)
    text = explain([Verdict(TOKENIZER, "hub-error", Evidence(status=503))], context)
    assert "What had been downloaded is kept. Exit code 69: a restart helps" in text


def test_the_exit_code_is_the_one_that_a_restart_cannot_heal_and_optional_needs_do_not_count() -> None:
    limited, missing = Verdict(TOKENIZER, "rate-limited"), Verdict(LISTED, "token-missing")
    optional = Verdict(replace(LISTED, required=False), "token-missing")
    assert exit_code([limited, missing]) == 77
    assert exit_code([limited, optional]) == 75
    assert exit_code([optional]) == 0
    assert "The server starts without what is optional." in explain([optional], WITH_TOKEN)


def test_colour_adds_nothing_but_colour() -> None:
    verdicts = [Verdict(TOKENIZER, "token-missing", RESTRICTED)]
    coloured = explain(verdicts, WITHOUT_TOKEN, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == explain(verdicts, WITHOUT_TOKEN)


def test_any_failure_has_the_same_look() -> None:
    text = failure(Failure("cache-not-writable", CANT_CREATE, "It cannot be written.", "uid 100.", ("chown it", "go")))
    assert text == (
        "✗ cache-not-writable\n  It cannot be written.\n  uid 100.\n  To go on:\n    1. chown it\n    2. go\n"
        "Exit code 73: a restart alone won't help."
    )


def test_a_failure_has_its_frame_in_the_language_asked_for() -> None:
    text = failure(Failure("cache-not-writable", CANT_CREATE, "It cannot be written.", "", ("go",)), "zh")
    assert text.endswith("\n  解决办法：\n    1. go\n退出码 73：只重启容器无法解决。")


HOSTILE = st.text(max_size=400) | st.sampled_from(["\x1b[31m", "a\nb\r\nc", "\u202e", "{repo}", "hf_" + "a" * 34])


@given(HOSTILE, HOSTILE, st.sampled_from(REFUSALS), st.sampled_from(["en", "zh"]))
def test_text_from_outside_stays_on_its_line_and_short(text: str, other: str, name: str, lang: str) -> None:
    def verdict(first: str, second: str) -> Verdict:
        need = Need(first, PLACE, second, first, (second,), asker=second, use="tokenizer")
        evidence = Evidence(first, 403, second, first, from_hub=True, issuer=second, valid=first)
        repo = Repo(first, second, (RepoFile(second, 1, first),))
        return Verdict(
            need, name, evidence, Identity(first, second, second, orgs=(first,), readable=(second,)), repo, second
        )

    context = Context(HUB, other, text or "up", {"HTTPS_PROXY": text, "NO_PROXY": other})
    told = explain([verdict(text, other)], context, lang)
    assert len(told.splitlines()) < 90
    assert all(line.isprintable() for line in told.splitlines())
    assert "hf_" + "a" * 34 not in told
    line = headline(verdict(text, other), context, lang)
    assert len(line) <= 160 and line.isprintable() and line.startswith(f"{name}: ")
