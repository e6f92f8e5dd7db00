"""The token's line, by what `whoami` said."""

from __future__ import annotations

from entrypoint.doctor import bearer
from entrypoint.doctor.en import ENGLISH
from entrypoint.doctor.findings import Finding
from entrypoint.doctor.zh import CHINESE
from entrypoint.hub.evidence import Refusal
from entrypoint.remedies import Context
from entrypoint.sentence import say
from entrypoint.settings import Token
from entrypoint.values import Evidence, Identity

TOKEN = Token("hf_" + "a" * 34, "HF_TOKEN")
CONTEXT = Context("https://huggingface.co", "HF_TOKEN")


def refused(status: int, message: str = "", trouble: str = "") -> Finding:
    evidence = Evidence(status=status, message=message, from_hub=bool(status), trouble=trouble)  # type: ignore[arg-type]
    return bearer.refused(TOKEN, Refusal(evidence), CONTEXT, "en", ENGLISH)


def test_a_known_token_is_told_with_source_account_name_and_role() -> None:
    finding = bearer.known(TOKEN, Identity("alice", "laptop", "read"), "en", ENGLISH)

    assert (finding.status, finding.text) == ("ok", 'HF_TOKEN: alice ("laptop", read)')


def test_a_fine_grained_token_without_the_gated_scope_is_a_warning() -> None:
    finding = bearer.known(TOKEN, Identity("alice", "ci", "fineGrained", reads_gated=False), "en", ENGLISH)

    assert finding.status == "warning"
    assert "may not read gated" in finding.text


def test_what_a_fine_grained_token_reads_is_named() -> None:
    identity = Identity("alice", "ci", "fineGrained", reads_gated=True, readable=("alice", "acme/tiny"))
    finding = bearer.known(TOKEN, identity, "en", ENGLISH)

    assert finding.status == "ok"
    assert "alice, acme/tiny" in finding.text
    assert finding.facts["readable"] == ["alice", "acme/tiny"]


def test_a_token_without_any_scope_is_said_to_read_only_what_is_public() -> None:
    identity = Identity("alice", "ci", "fineGrained", reads_gated=True, readable=())

    assert bearer.known(TOKEN, identity, "en", ENGLISH).text.endswith("It may read nothing beyond what is public")


def test_in_chinese_names_are_quoted_as_chinese_does() -> None:
    text = bearer.known(TOKEN, Identity("alice", "ci", "read"), "zh", CHINESE).text

    assert "alice（“ci”，read 类型）" in text


def test_an_unknown_token_is_bad_and_an_expired_one_is_called_expired() -> None:
    assert "token-invalid" in refused(401, "Invalid credentials in Authorization header").text
    assert "token-expired" in refused(401, 'User Access Token "laptop" is expired').text
    assert (refused(401).status, refused(401).exit_code) == ("bad", 77)
    assert refused(401).steps


def test_where_nobody_answers_the_token_is_not_to_blame() -> None:
    assert refused(0, trouble="timeout").status == "skipped"
    assert refused(404).status == "warning"
    assert refused(429).status == "warning"


def test_no_token_is_bad_only_where_a_model_was_refused_for_it() -> None:
    assert bearer.none(False, ENGLISH).status == "warning"
    assert (bearer.none(True, ENGLISH).status, bearer.none(True, ENGLISH).exit_code) == ("bad", 77)


def test_where_it_comes_from_is_told_in_the_persons_language() -> None:
    token = Token(TOKEN.value, say("huggingface.access_token in PrivateGPT's settings"))
    nobody = Refusal(Evidence(trouble="timeout"))
    findings = [
        bearer.known(token, Identity("alice"), "zh", CHINESE),
        bearer.refused(token, Refusal(Evidence(status=401, from_hub=True)), CONTEXT, "zh", CHINESE),
        bearer.refused(token, Refusal(Evidence(status=404, from_hub=True)), CONTEXT, "zh", CHINESE),
        bearer.refused(token, nobody, CONTEXT, "zh", CHINESE),
        bearer.offline(token, "zh", CHINESE),
    ]

    for finding in findings:
        assert "PrivateGPT 的配置项 huggingface.access_token" in finding.text


def test_the_token_itself_is_never_told() -> None:
    findings = [
        bearer.known(TOKEN, Identity("alice"), "en", ENGLISH),
        refused(401, "bad"),
        bearer.offline(TOKEN, "en", ENGLISH),
    ]

    assert TOKEN.value not in repr(findings)
