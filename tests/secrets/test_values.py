"""No token leaves by anything that is said or written, whatever form it came in, and wherever it stood."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from entrypoint import ending, log, plan, remedies
from entrypoint.failures import Refused
from entrypoint.redaction import redactor
from entrypoint.remedies.languages import LANGUAGES
from entrypoint.settings.tokens import secret_in
from entrypoint.status import show
from entrypoint.text import clean, shown
from entrypoint.transfer.supervise import RefusedMidway
from entrypoint.values import Evidence
from tests.secrets import planting
from tests.secrets.forms import FORMS, HUB_TOKENS, KNOWN_BY_FORM, MIRROR_TOKENS, TOKENS, seen
from tests.secrets.stage import stage

REFUSALS = [name for name in planting.NAMES if name != "granted"]
# Where a text is cut is where half a token stays; so it is moved about.
PADDING = st.one_of(st.just(0), st.integers(0, 400)).map("pad ".__mul__)
MIRROR = "https://mirror.test"
FEW = settings(
    deadline=None, max_examples=5, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)


def told(name: str, text: str, lang: str) -> Iterator[str]:
    """All that `remedies` and `plan` make of one text."""
    verdict, granted = planting.verdict(name, text), planting.verdict("granted", text)
    for context in (planting.context(text), planting.context(text, waits=True)):
        yield remedies.explain([verdict, granted, planting.verdict(name, text, required=False)], context, lang)
        yield remedies.headline(verdict, context, lang)
        yield remedies.waiting_line(verdict, context, lang, 5.0)
        yield remedies.granted_line([granted], context, lang)
        yield remedies.fallback_taken(verdict, text, context, lang)
        yield json.dumps(remedies.fields(verdict, context, lang), ensure_ascii=False)
    yield remedies.failure(planting.failure(text), lang)
    yield "\n".join(plan.lines([], planting.plan(text)))


def test_the_eye_of_these_tests_finds_every_form() -> None:
    token = "hf_Abc1.2+/x-Y~'\"\\%{}Zw9876543210"
    for name, form in FORMS.items():
        assert seen(token, form(token)), name


@given(token=HUB_TOKENS, form=st.sampled_from(KNOWN_BY_FORM), before=PADDING, name=st.sampled_from(REFUSALS))
@FEW
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_hub_token_that_nobody_knows_is_masked_by_its_form(
    lang: str, token: str, form: str, before: str, name: str
) -> None:
    text = before + FORMS[form](token)
    for sentence in told(name, text, lang):
        assert not seen(token, sentence)


@given(token=TOKENS, form=st.sampled_from(sorted(FORMS)), before=PADDING, after=st.text(max_size=8))
@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(token="QXZ://ab:QXZJ@QXZJ/xx", form="user in an address", before="", after="")
@example(token="QXZJ?token=QXZJ&key=XX", form="plain", before="", after="")
@example(token="QX%51%58QXZJKV\\u0041", form="json in json", before="", after="")
@example(token="Xy7!hf_abcdefgh#QXZJKV", form="plain", before="", after="")
def test_a_known_secret_is_taken_out_in_every_form(token: str, form: str, before: str, after: str) -> None:
    text = before + FORMS[form](token) + " " + after
    assert not seen(token, redactor([token])(text))


@given(token=TOKENS, form=st.sampled_from(sorted(FORMS)), cut=st.integers(6, 200))
@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_what_a_cut_leaves_of_a_known_secret_is_taken_out_too(token: str, form: str, cut: int) -> None:
    text = FORMS[form](token)
    for short in (clean(text, cut), shown(text, cut)):
        assert not seen(token, redactor([token])(short))


@given(
    token=MIRROR_TOKENS,
    password=MIRROR_TOKENS,
    form=st.sampled_from(sorted(FORMS)),
    before=PADDING,
    name=st.sampled_from(REFUSALS),
)
@FEW
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("style", ["console", "json"])
def test_no_start_tells_its_token_or_its_proxys_password(
    style: str, lang: str, token: str, password: str, form: str, before: str, name: str
) -> None:
    assume(secret_in(token))
    variables = {"HF_TOKEN": token, "HF_ENDPOINT": MIRROR, "ENTRYPOINT_LANG": lang}
    variables["HTTPS_PROXY"] = f"http://bob:{quote(password, safe='')}@127.0.0.1:9"
    if style == "json":
        variables["ENTRYPOINT_LOG"] = "json"
    for secret in (token, password):
        text = before + FORMS[form](secret)
        with stage(**variables) as set_up:
            start = set_up.start()
            refused = planting.verdict(name, text)
            ending.tell(Refused([refused, planting.verdict("granted", text)], nothing_downloaded=False), start)
            files = [set_up.files]
            ending.tell(planting.failure(text), start)
            files.append(set_up.files)
            ending.tell(RuntimeError(text), start)
            midway = RefusedMidway(planting.need(text), Evidence(message=text))
            midway.__cause__ = KeyError(text)
            ending.tell(midway, start)
            start.voice.log.error(text, exc_info=midway, error=midway, named=text)
            files.append(set_up.files)
            start.voice.warn("notice", text)
            start.voice.plan(planting.plan(text))
            start.voice.asking(text, [planting.need(text)])
            start.state.enter("serving", text, note=text)
            files.append(set_up.files)
            start.state.enter("refused", text, verdicts=[{"message": text, "copy": [text]}])
            show.main(set_up.environ, as_json=True)
            show.main(set_up.environ, as_json=False)
            assert "refused" in set_up.output
            assert not seen(secret, set_up.output)
            for written in (*files, set_up.files):
                assert not seen(secret, written)


@given(token=HUB_TOKENS, form=st.sampled_from(KNOWN_BY_FORM))
@settings(max_examples=50, deadline=None)
@pytest.mark.parametrize("style", ["console", "json"])
def test_no_log_line_has_a_hub_token_that_nobody_knows(style: log.Style, token: str, form: str) -> None:
    stream = io.StringIO()
    text = FORMS[form](token)
    log.plain(style, [], text, stream=stream, value={text: [text, text.encode()]})
    assert not seen(token, stream.getvalue())
