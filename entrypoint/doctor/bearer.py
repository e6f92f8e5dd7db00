"""The token: where it comes from, and whom the Hub takes its bearer for."""

from __future__ import annotations

from entrypoint.doctor import told
from entrypoint.doctor.findings import Finding, say
from entrypoint.doctor.wording import Wording
from entrypoint.failures import NO_PERMISSION
from entrypoint.hub.evidence import Refusal
from entrypoint.hub.verdicts import Bearer, judge
from entrypoint.remedies import Context
from entrypoint.remedies.languages import wording
from entrypoint.remedies.messages import translated
from entrypoint.settings import Token
from entrypoint.values import EXIT_CODES, Evidence, Identity

NAMES_SHOWN = 5


def none(missed: bool, w: Wording) -> Finding:
    """No token is set. `missed`: a needed model was refused for want of one, and its own line has the remedy."""
    if missed:
        return Finding("token", "bad", w.token_missed, {"source": ""}, (), NO_PERMISSION, True)
    return Finding("token", "warning", w.token_none, {"source": ""})


def offline(token: Token | None, lang: str, w: Wording) -> Finding:
    if token is None:
        return Finding("token", "skipped", w.token_none, {"source": ""})
    text = say(w.token_offline, source=translated(token.source, lang))
    return Finding("token", "skipped", text, {"source": token.source})


def known(token: Token, identity: Identity, lang: str, w: Wording) -> Finding:
    role = wording(lang).roles.get(identity.role, identity.role)
    named = say(w.quoted, text=identity.token_name) if identity.token_name else ""
    parts = w.comma.join(filter(None, (named, role)))
    facts: dict[str, object] = {
        "source": token.source,
        "account": identity.account,
        "token_name": identity.token_name,
        "role": identity.role,
        "reads_gated": identity.reads_gated,
        "orgs": list(identity.orgs),
        "readable": None if identity.readable is None else list(identity.readable),
    }
    text = say(w.token_ok, source=translated(token.source, lang), account=identity.account, parts=parts)
    if identity.reads_gated is False:
        return Finding("token", "warning", text + w.stop + w.token_no_gated, facts)
    if identity.readable is not None:
        names = w.comma.join(identity.readable[:NAMES_SHOWN])
        text += w.stop + (say(w.token_readable, names=names) if names else w.token_public_only)
    return Finding("token", "ok", text, facts)


def refused(token: Token, refusal: Refusal, context: Context, lang: str, w: Wording) -> Finding:
    """`whoami` refused. Only a 401 speaks of the token: mirrors lack the question, and it has a rate limit."""
    evidence, source = refusal.evidence, translated(token.source, lang)
    facts = {"source": token.source, "status": evidence.status, "message": evidence.message}
    if evidence.status == 401 and evidence.from_hub:
        verdict = judge(Evidence(status=401, from_hub=True), Bearer(token_set=True, said=evidence))
        said = told.of_endpoint(evidence, verdict, context, lang)
        text = w.colon.join((say("{source}", source=source), verdict, say("{means}", means=said.means)))
        return Finding("token", "bad", text, facts | {"verdict": verdict}, said.steps, EXIT_CODES[verdict], True)
    if not evidence.status:
        return Finding("token", "skipped", say(w.token_unasked, source=source), facts)
    return Finding("token", "warning", say(w.token_unknown, source=source, status=evidence.status), facts)
