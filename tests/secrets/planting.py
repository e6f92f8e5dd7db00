"""One text from outside, put into every place where such text may stand."""

from __future__ import annotations

from pathlib import Path

from entrypoint.failures import CONFIG, Failure
from entrypoint.remedies import Context
from entrypoint.values import EXIT_CODES, Evidence, Identity, Item, Need, Place, Plan, Repo, RepoFile, Verdict

COMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"
PLACE = Place("hub-cache", Path("/models"))
NAMES = tuple(EXIT_CODES)


def need(text: str, *, required: bool = True) -> Need:
    return Need(text, PLACE, text, text, (text, "*.gguf"), required, text, use="tokenizer")


def verdict(name: str, text: str, *, required: bool = True) -> Verdict:
    return Verdict(
        need(text, required=required),
        name,
        Evidence(text, 403, text, text, from_hub=True, issuer=text, valid=text),
        Identity(text, text, text, orgs=(text, *"abc" * 20), readable=(text, *"abc" * 20)),
        repo(text),
        text,
    )


def repo(text: str) -> Repo:
    return Repo(COMMIT, text, (RepoFile(text, 1, text), RepoFile(f"folder/{text}.gguf", 1, text)))


def plan(text: str) -> Plan:
    files = repo(text).files
    return Plan((Item(need(text), COMMIT, files, files),))


def context(text: str, *, waits: bool = False) -> Context:
    proxies = {"HTTPS_PROXY": f"http://bob:{text}@proxy.test:3128", "HTTP_PROXY": text, "NO_PROXY": text}
    return Context(f"https://hub.test/{text}", text, text, proxies, waits=waits)


def failure(text: str) -> Failure:
    return Failure(text, CONFIG, text, text, (text, f"sentence\n{text}"))
