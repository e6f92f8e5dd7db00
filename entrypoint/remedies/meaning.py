"""What a verdict means here, and the next step in few words: the general sentence, or the one for what is known."""

from __future__ import annotations

from entrypoint.remedies.facts import Facts
from entrypoint.remedies.network import PROXY_AUTHENTICATION_REQUIRED
from entrypoint.remedies.phrases import say
from entrypoint.remedies.wording import Wording

NOT_FOUND = 404
INTERNAL_SERVER_ERROR = 500
# Where nobody, or somebody else than the Hub, answered: a host of the files may be meant, too.
NOT_THE_HUB = frozenset({"hub-unreachable", "tls-untrusted", "proxy-refused", "not-a-hub"})


def means(facts: Facts, w: Wording) -> str:
    told = [_means(facts, w)]
    if facts.verdict in NOT_THE_HUB | {"hub-error"} and facts.file_host:
        # First of all: access is in order. Who reads "blocked" alone looks for the mistake at the Hub.
        told.insert(0, w.hub_granted)
    elif facts.verdict == "proxy-refused":
        told.append(w.never_asked)
    elif facts.verdict == "token-lacks-repo-scope":
        told += [w.or_wrong_name] if facts.status == NOT_FOUND else []
        if facts.readable is not None:
            told.append(w.may_read if facts.readable else w.may_read_nothing)
    return w.sentence_separator.join(say(sentence, facts, w) for sentence in told)


def _means(facts: Facts, w: Wording) -> str:
    said = w.verdicts[facts.verdict].means
    match facts.verdict:
        case "token-missing" if facts.open:
            return w.token_wanted
        case "file-not-found" if facts.no_gguf:
            return w.no_gguf
        case "file-not-found" if facts.detail:
            return w.files_lacking  # which ones, the detail says
        case "hub-unreachable" if facts.proxy_fault:
            return w.proxy_faults[facts.proxy_fault]
        case "hub-unreachable":
            return w.troubles[facts.trouble]
        case "tls-untrusted" if facts.trouble == "clock":
            return w.clocks[facts.clock if facts.now and facts.valid else ""]
        case "tls-untrusted" if facts.issuer:
            return w.untrusted_issuer
        case "proxy-refused" if facts.proxy_status == PROXY_AUTHENTICATION_REQUIRED:
            return w.proxy_wants_password
        case "not-a-hub" if facts.file_host:
            return w.no_file_host
        case "hub-error" if facts.file_host:
            return w.file_host_refused
    return said


def next_step(facts: Facts, w: Wording) -> str:
    said = w.verdicts[facts.verdict].next
    match facts.verdict:
        case "terms-not-accepted" if facts.gated == "manual":
            said = w.next_request
        case "file-not-found" if facts.no_gguf:
            said = w.next_gguf
        case "hub-unreachable" if facts.proxy_fault:
            said = w.next_proxy[facts.proxy_fault]
        case "hub-unreachable" if facts.file_host and facts.trouble in ("connect", "timeout", "reset"):
            said = w.next_open_hosts
        case "tls-untrusted" if facts.trouble == "clock":
            said = w.next_clock
        case "tls-untrusted" if facts.issuer:
            said = w.next_issuer
        case "proxy-refused" if facts.proxy_status == PROXY_AUTHENTICATION_REQUIRED:
            said = w.next_proxy_password
        case "token-invalid" | "token-expired" if facts.token_file:
            said = w.next_token_file
        case "not-a-hub" | "hub-error" if facts.file_host and facts.status < INTERNAL_SERVER_ERROR:
            said = w.next_open_hosts
    return say(said, facts, w)
