"""The steps lead on: none that must fail comes before what it waits for, and none sends a person the wrong way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from entrypoint.remedies import Context, explain, fields, headline
from entrypoint.values import Evidence, Identity, Repo, RepoFile, Verdict
from tests.remedies.people import (
    ALICE,
    HUB,
    LISTED,
    NARROW,
    NEEDS,
    NOT_AUTHORIZED,
    RESTRICTED,
    WAITING,
    WITH_TOKEN,
    WITHOUT_TOKEN,
    flat,
    packed,
    steps_of,
)

MANUAL = Repo("0" * 40, "manual")
AUTO = Repo("0" * 40, "auto")
AWAIT = f"wait until {HUB}/settings/gated-repos shows it as accepted (can take days)"
NOT_FOUND = Evidence(HUB, 404, "RepoNotFound", "Repository not found", from_hub=True)
ELSEWHERE = "https://hub.acme.example"


def steps(
    name: str, context: Context = WITH_TOKEN, repo: Repo | None = None, evidence: Evidence = RESTRICTED
) -> list[str]:
    return steps_of(explain([Verdict(LISTED, name, evidence, ALICE, repo)], context))


def of_files(pattern: str, *paths: str, detail: str = "") -> Verdict:
    files = tuple(RepoFile(path, 1, "") for path in paths)
    return Verdict(
        replace(LISTED, patterns=(pattern,)), "file-not-found", repo=replace(AUTO, files=files), detail=detail
    )


@pytest.mark.parametrize("name", ["terms-not-accepted", "access-reset", "token-missing"])
def test_where_authors_answer_by_hand_their_answer_is_waited_for_before_the_start(name: str) -> None:
    assert steps(name, repo=MANUAL)[-2] == AWAIT
    assert AWAIT not in steps(name, repo=AUTO)
    assert "等到 https://huggingface.co/settings/gated-repos 显示申请已获批准" in explain(
        [Verdict(LISTED, name, RESTRICTED, ALICE, MANUAL)], WITH_TOKEN, "zh"
    )


def test_a_container_that_waits_goes_on_by_itself_once_the_authors_have_answered() -> None:
    told = steps("terms-not-accepted", WAITING, MANUAL, NOT_AUTHORIZED)
    assert [told[1], told[2]] == [AWAIT, "nothing more: this container asks again by itself, and goes on"]


def test_of_two_models_without_a_token_the_answers_are_waited_for_once() -> None:
    needs = [replace(LISTED, repo=name) for name in ("org/a", "org/b", "org/c")]
    verdicts = [
        Verdict(need, "token-missing", RESTRICTED, None, repo)
        for need, repo in zip(needs, (MANUAL, MANUAL, AUTO), strict=True)
    ]
    told = steps_of(explain(verdicts, WITHOUT_TOKEN))
    assert told.count(AWAIT) == 1
    assert told[-2] == AWAIT
    assert len(told) == 8


@pytest.mark.parametrize(
    ("name", "either", "instead"),
    [
        ("token-lacks-gated-scope", "either open", "or create a new token that has this permission"),
        ("token-lacks-repo-scope", "either open", 'or create a token of type "Read"'),
        ("review-rejected", "either ask the authors", "or put the token of an account that has access"),
    ],
)
def test_what_is_done_one_way_or_another_is_one_step(name: str, either: str, instead: str) -> None:
    (both,) = [step for step in steps(name) if step.startswith(either)]
    assert instead in both
    assert not [step for step in steps(name) if step.startswith("or ")]


def test_models_that_a_token_does_not_cover_are_added_in_one_step() -> None:
    verdicts = [
        Verdict(replace(LISTED, repo=name), "token-lacks-repo-scope", Evidence(HUB, 403), NARROW)
        for name in ("acme/a", "acme/b")
    ]
    assert len(told := steps_of(explain(verdicts, WITH_TOKEN))) == 2
    assert "add acme/a, acme/b to the repositories" in told[0]


def test_a_repo_that_the_hub_did_not_find_may_also_be_misspelt() -> None:
    hidden = explain([Verdict(LISTED, "token-lacks-repo-scope", NOT_FOUND, NARROW)], WITH_TOKEN)
    assert "Or the name is wrong" in hidden
    first = f"see at {HUB}/org (signed in) that org/listed is the right name"
    assert steps_of(hidden)[0] == f"{first}; if it is not, correct it in ENTRYPOINT_MODELS"
    refused = explain([Verdict(LISTED, "token-lacks-repo-scope", Evidence(HUB, 403), NARROW)], WITH_TOKEN)
    assert "name is wrong" not in refused
    assert "right name" not in refused


@pytest.mark.parametrize("name", ["repo-not-found", "repo-missing-or-private"])
def test_a_name_is_looked_up_at_its_owner_before_it_is_searched(name: str) -> None:
    assert steps(name)[0] == f"look the name up at {HUB}/org or {HUB}/models?search=listed"
    old = Verdict(replace(LISTED, repo="gpt3"), name, NOT_FOUND)
    assert steps_of(explain([old], WITH_TOKEN))[0] == f"look the name up: {HUB}/models?search=gpt3"


@pytest.mark.parametrize(
    ("count", "command", "numbers"),
    [
        (1, "docker compose up -d", "3 to 5"),
        (2, "docker compose up -d", "4 to 6"),
        (1, "systemctl restart x", "3 to 4"),
    ],
)
def test_the_steps_that_only_a_private_model_needs_are_numbered(count: int, command: str, numbers: str) -> None:
    verdicts = [
        Verdict(replace(LISTED, repo=f"org/m{number}"), "repo-missing-or-private", NOT_FOUND) for number in range(count)
    ]
    told = steps_of(explain(verdicts, replace(WITHOUT_TOKEN, command=command)))
    first, last = (int(number) for number in numbers.split(" to "))
    assert told[first - 1].startswith(
        f"steps {numbers} only if the name is right and the model private: create a token"
    )
    assert "HF_TOKEN" in told[last - 1]
    assert command in told[last]


def test_a_revision_is_shown_as_it_is_written() -> None:
    verdict = Verdict(replace(LISTED, revision="v9"), "revision-not-found", NOT_FOUND)
    assert "name one of them in ENTRYPOINT_MODELS, as in org/listed@main" in steps_of(explain([verdict], WITH_TOKEN))


def test_who_asks_for_gguf_where_there_is_none_is_sent_to_another_model_not_to_other_files() -> None:
    verdict = of_files("*.GGUF", "model.safetensors", detail="*.GGUF matches nothing; the repo has model.safetensors")
    text = explain([verdict], WITH_TOKEN)
    assert "it has no .gguf file at all" in flat(text)
    assert "It has: model.safetensors." in text
    assert "matches nothing" not in text
    assert steps_of(text)[:2] == [
        f"find a GGUF version of it: {HUB}/models?search=listed&library=gguf",
        "put its name into ENTRYPOINT_MODELS, in place of org/listed",
    ]
    assert "name a GGUF version of it in ENTRYPOINT_MODELS" in headline(verdict, WITH_TOKEN)
    weights = replace(verdict, need=replace(NEEDS[2], patterns=("x.gguf",)))
    assert "correct llamacpp.llm_hf_model_file in PrivateGPT's settings" in steps_of(explain([weights], WITH_TOKEN))


def test_where_there_are_other_gguf_files_their_names_are_corrected() -> None:
    detail = "x.gguf matches nothing; the repo has y.GGUF"
    text = flat(explain([of_files("x.gguf", "y.GGUF", detail=detail)], WITH_TOKEN))
    assert "it lacks files that are asked for. x.gguf matches nothing; the repo has y.GGUF" in text
    assert "correct the file names in ENTRYPOINT_MODELS" in text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "wait a few minutes"), (120, "wait 120 seconds"), (121, "wait 3 minutes"), (900, "wait 15 minutes")],
)
def test_a_long_pause_is_told_in_minutes(seconds: int, told: str) -> None:
    assert steps("rate-limited", evidence=Evidence(HUB, 429, from_hub=True, retry_after=seconds))[0] == told


@pytest.mark.parametrize("trouble", ["dns", "connect", "timeout"])
def test_an_address_of_ones_own_is_doubted_first(trouble: str) -> None:
    own = Context(ELSEWHERE, "")
    evidence = Evidence(f"{ELSEWHERE}/api", trouble=trouble)  # type: ignore[arg-type]
    doubt = f"{ELSEWHERE} comes from HF_ENDPOINT: correct it, or remove it to ask the public Hub"
    assert steps("hub-unreachable", own, evidence=evidence)[0] == doubt
    files = replace(evidence, url="https://files.acme.example/x")
    assert doubt not in steps("hub-unreachable", own, evidence=files)
    assert "comes from" not in "".join(steps("hub-unreachable", evidence=replace(evidence, url=HUB)))


def test_words_that_nobody_knows_are_looked_up_and_no_words_are_not() -> None:
    page = f"{HUB}/org/listed/discussions"
    assert f"else search the web for the words above, or ask at {page}" in steps("refused")
    assert f"else ask at {page}" in steps("refused", evidence=replace(RESTRICTED, message=""))


def test_the_ways_to_do_without_a_model_are_told_apart_and_can_be_copied() -> None:
    verdict = Verdict(LISTED, "terms-not-accepted", NOT_AUTHORIZED, ALICE)
    assert (
        "  Or do without:\n"
        "    remove org/listed from ENTRYPOINT_MODELS;\n"
        "    or move to ENTRYPOINT_OPTIONAL_MODELS what the server can start without;\n"
        "    or set ENTRYPOINT_FALLBACKS=org/listed=OWNER/OPEN-MODEL to serve an open model instead.\n"
    ) in explain([verdict], WITH_TOKEN)
    assert fields(verdict, WITH_TOKEN)["without"].startswith("remove org/listed from ENTRYPOINT_MODELS; or move to")
    other = replace(verdict, need=replace(LISTED, repo="org/other"))
    both = explain([verdict, other], WITH_TOKEN)
    assert "remove org/listed, org/other from ENTRYPOINT_MODELS" in both
    assert "ENTRYPOINT_FALLBACKS=org/listed=OWNER/OPEN-MODEL,org/other=OWNER/OPEN-MODEL to" in both
    assert both.count("Or do without") == 1


def test_a_listed_model_says_where_its_list_is_usually_written() -> None:
    verdict = Verdict(LISTED, "token-missing", RESTRICTED)
    compose = explain([verdict], WITHOUT_TOKEN)
    assert "Requested by ENTRYPOINT_MODELS (usually under `environment:` in the compose file)." in compose
    assert "Requested by ENTRYPOINT_MODELS.\n" in explain(
        [verdict], replace(WITHOUT_TOKEN, command="systemctl restart x")
    )


def test_the_token_is_told_in_the_order_of_each_language() -> None:
    verdict = Verdict(LISTED, "terms-not-accepted", NOT_AUTHORIZED, ALICE)
    chinese = packed(explain([verdict], WITH_TOKEN, "zh"))
    assert "HuggingFaceHub识别到的账号是“alice”（使用来自HF_TOKEN的read类型令牌“laptop”），返回403" in chinese
    unnamed = replace(verdict, identity=Identity("alice", "", "read"))
    assert 'knows you as "alice" (read, from HF_TOKEN) and' in flat(explain([unnamed], WITH_TOKEN))
