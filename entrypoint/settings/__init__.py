"""Environment -> `Settings`, once, at start: `Failure` (78) for what cannot be meant, a `Notice` for oddities.

Blank variables are unset ones: a compose file's `HF_TOKEN: ${HF_TOKEN:-}` gives a blank where nobody set
anything, and the Hub client takes a blank HF_HOME for the working directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from entrypoint.failures import CONFIG, Failure
from entrypoint.sentence import say
from entrypoint.settings import certificates, forms, paths, tokens
from entrypoint.settings.forms import Notice
from entrypoint.settings.tokens import Token
from entrypoint.settings.variables import PROXY_NAMES, TOKEN_NAMES, TOKEN_VARIABLES, VARIABLES
from entrypoint.text import clean, mask_url

__all__ = ["TOKEN_NAMES", "TOKEN_VARIABLES", "Notice", "Settings", "Token", "read", "secrets", "token_now"]

_BLANK_IS_UNSET = ("HF_", "HUGGING", "TRANSFORMERS_", "ENTRYPOINT_")
_OURS = "ENTRYPOINT_"
# What an outer start of ours gave to a command that is such a start, too.
_GIVEN = ("ENTRYPOINT_MODEL_PATH", "ENTRYPOINT_MODEL_REPO", "ENTRYPOINT_FALLBACKS_TAKEN")
# A block of YAML ends in a line break, which is no oddity in a list.
_LISTS = ("ENTRYPOINT_MODELS", "ENTRYPOINT_OPTIONAL_MODELS", "ENTRYPOINT_FALLBACKS")
# What a later version reads, with the value that asks for what this version does anyway.
_NEUTRAL = {("ENTRYPOINT_STATUS_PORT", "0")}


@dataclass(frozen=True, slots=True)
class Settings:
    """What this deployment was told, checked. Its `repr` shows no secret.

    `endpoint` has no trailing slash and no credentials.
    `environ` is the environment for child processes and the base of the server's: without blanks, cleaned,
    certificate variables mirrored, the cache named for every reader. It still holds the token.
    """

    token: Token | None
    endpoint: str
    hub_cache: Path
    models: str
    optional_models: str
    fallbacks: str
    on_refusal: Literal["exit", "wait"]
    offline: bool
    stall_seconds: float
    deadline_seconds: float
    server_offline: bool
    server_token: Literal["keep", "drop"]
    lang: Literal["en", "zh"]
    log: Literal["console", "json"]
    notices: tuple[Notice, ...]
    environ: Mapping[str, str] = field(repr=False)


def secrets(environ: Mapping[str, str]) -> list[str]:
    """What is secret in an environment, whether or not it will be used: tokens, and the passwords of proxies, each as
    it is written and as it is meant. Known before the settings are, for what they may say of a wrong one."""
    found = [tokens.secret_in(environ.get(name, "")) for name in TOKEN_NAMES]
    for name in (*PROXY_NAMES, *map(str.upper, PROXY_NAMES), "HF_ENDPOINT"):
        credentials = environ.get(name, "").rpartition("@")[0]
        password = (credentials.partition("://")[2] or credentials).partition(":")[2]
        found += [password, unquote(password)]
    return [value for value in dict.fromkeys(found) if value]


def token_now(
    environ: Mapping[str, str], *, any_form: bool, home: Path | None = None, root: Path = Path("/")
) -> Token | None:
    """The token as a start would find it at this moment, whatever else has gone wrong since. Raises `Failure` 78."""
    notices: list[Notice] = []
    env = _cleaned(environ, notices)
    home = home or paths.user_home(env)
    hf_home = paths.hub_home(env, notices, home)
    return tokens.find(env, notices, hf_home=hf_home, home=home, root=root, any_form=any_form)


def read(
    environ: Mapping[str, str], *, stderr_is_terminal: bool, home: Path | None = None, root: Path = Path("/")
) -> Settings:
    """The environment, checked. `home` stands in for the user's home folder, `root` for `/`."""
    notices: list[Notice] = []
    env = _cleaned(environ, notices)
    home = home or paths.user_home(env)
    _tell_unknown(env, notices)
    for name in ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT"):
        forms.whole_seconds(env, name)
    endpoint = _endpoint(env)
    _check_health_url(env)
    _check_state_dir(env)
    certificates.settle(env, notices, home)
    _check_proxies(env)
    hf_home = paths.hub_home(env, notices, home)
    hub_cache = paths.hub_cache(env, notices, home, hf_home)
    token = tokens.find(
        env,
        notices,
        hf_home=hf_home,
        home=home,
        root=root,
        any_form=endpoint != VARIABLES["HF_ENDPOINT"].default,
    )
    if token and not _is_private(endpoint):
        notices.append(
            Notice(
                "endpoint-not-encrypted",
                say("HF_ENDPOINT is {endpoint}: the token goes there without encryption.", endpoint=endpoint),
            )
        )
    return Settings(
        token=token,
        endpoint=endpoint,
        hub_cache=hub_cache,
        models=forms.text(env, "ENTRYPOINT_MODELS"),
        optional_models=forms.text(env, "ENTRYPOINT_OPTIONAL_MODELS"),
        fallbacks=forms.text(env, "ENTRYPOINT_FALLBACKS"),
        on_refusal=cast(Literal["exit", "wait"], forms.word(env, "ENTRYPOINT_ON_REFUSAL")),
        offline=_offline(env, notices),
        stall_seconds=forms.seconds(env, "ENTRYPOINT_STALL_SECONDS", zero_allowed=False),
        deadline_seconds=forms.seconds(env, "ENTRYPOINT_DEADLINE_SECONDS", zero_allowed=True),
        server_offline=forms.switch(env, "ENTRYPOINT_SERVER_OFFLINE"),
        server_token=cast(Literal["keep", "drop"], forms.word(env, "ENTRYPOINT_SERVER_TOKEN")),
        lang=_language(env, notices),
        log=cast(
            Literal["console", "json"],
            forms.word(env, "ENTRYPOINT_LOG") or ("console" if stderr_is_terminal else "json"),
        ),
        notices=tuple(notices),
        environ=env,
    )


def _cleaned(environ: Mapping[str, str], notices: list[Notice]) -> dict[str, str]:
    """A copy without blank variables of ours and the Hub's, known ones without blanks and quotes around.

    A blank proxy variable stays: in lower case it takes the other one out of force.
    """
    kept = {}
    for name, value in environ.items():
        is_proxy = name.lower() in PROXY_NAMES
        known = is_proxy or name in VARIABLES
        if not is_proxy and (known or name.startswith(_BLANK_IS_UNSET)) and not value.strip():
            continue
        if known and name not in TOKEN_NAMES:  # tokens have their own notice
            bare = forms.unquoted(value)
            if not bare and not is_proxy:
                continue
            if bare != value and name not in _LISTS:
                text = say("{name}: blanks or quotes around its value were removed.", name=name)
                notices.append(Notice("setting-tidied", text))
            value = bare
        kept[name] = value
    return kept


def _tell_unknown(env: Mapping[str, str], notices: list[Notice]) -> None:
    unknown = [
        name
        for name, value in env.items()
        if name.startswith(_OURS) and name not in (*VARIABLES, *_GIVEN) and (name, value) not in _NEUTRAL
    ]
    if not unknown:
        return
    import difflib  # costs milliseconds that a start without misspellings does not spend

    ours = {name.removeprefix(_OURS): name for name in VARIABLES if name.startswith(_OURS)}
    for name in unknown:
        near = difflib.get_close_matches(name.removeprefix(_OURS), ours, n=1, cutoff=0.7)
        text = (
            say(
                "{name} is not a setting of this version; was {near} meant?",
                name=clean(name),
                near=ours[near[0]],
            )
            if near
            else say("{name} is not a setting of this version.", name=clean(name))
        )
        notices.append(Notice("setting-unknown", text))


def _endpoint(env: dict[str, str]) -> str:
    parts = forms.address("HF_ENDPOINT", forms.text(env, "HF_ENDPOINT"))
    if parts.username is not None or parts.password is not None:
        # The address is part of messages and logs; and httpx sends such a password instead of the token.
        raise Failure(
            "endpoint-with-credentials",
            CONFIG,
            say("HF_ENDPOINT holds a user name or password: {address}", address=mask_url(parts.geturl())),
            "An address is shown in logs; and the Hub client sends a password in it instead of the token.",
            ("remove them from HF_ENDPOINT, and give the mirror's token in HF_TOKEN",),
        )
    if parts.query or parts.fragment:
        raise forms.invalid("HF_ENDPOINT", env["HF_ENDPOINT"], say("an address without ? and #"))
    endpoint = parts.geturl().rstrip("/")
    if "HF_ENDPOINT" in env:
        env["HF_ENDPOINT"] = endpoint
    return endpoint


def _is_private(endpoint: str) -> bool:
    """Whether what is sent there cannot be read on the way."""
    host = urlsplit(endpoint).hostname or ""
    return endpoint.startswith("https://") or host in ("localhost", "::1") or host.startswith("127.")


def _offline(env: Mapping[str, str], notices: list[Notice]) -> bool:
    """The Hub client's own rule: the first of the two that is not blank decides; only four words mean yes."""
    name = "HF_HUB_OFFLINE" if "HF_HUB_OFFLINE" in env else "TRANSFORMERS_OFFLINE"
    value = forms.text(env, name).lower()
    if value not in forms.TRUE_WORDS | forms.FALSE_WORDS:
        notices.append(
            Notice(
                "setting-unclear",
                say(
                    "{name} is {value!r}, which the Hub client takes for no; set it to 1 or 0.",
                    name=name,
                    value=forms.shown(value),
                ),
            )
        )
    return value in forms.TRUE_WORDS


def _check_health_url(env: Mapping[str, str]) -> None:
    """By the healthcheck's own rule: an address that it cannot ask keeps the container unhealthy for ever."""
    name = "ENTRYPOINT_HEALTH_URL"
    given = forms.text(env, name)
    if "$PORT" in given or "${PORT}" in given:
        forms.port(env, "PORT")
    if name not in env:
        return
    from entrypoint.status import healthcheck  # its import costs what only a start with an address of its own spends

    if not healthcheck.split(healthcheck.health_url(env))[0]:
        raise forms.invalid(
            name,
            given,
            say(
                "an http address such as http://127.0.0.1:8080/health (only http works: a server behind TLS is asked "
                "on its plain health port)"
            ),
        )


def _check_state_dir(env: Mapping[str, str]) -> None:
    """The healthcheck, too, must find that folder, and it expands nothing."""
    name = "ENTRYPOINT_STATE_DIR"
    if name in env and not env[name].startswith("/"):
        allowed = say("an absolute path, without ~ and $NAME, such as /run/model-entrypoint")
        raise forms.invalid(name, env[name], allowed)


def language(environ: Mapping[str, str]) -> Literal["en", "zh"]:
    """`ENTRYPOINT_LANG`; else the locale's (POSIX: LC_ALL, LC_MESSAGES, LANG), where there are texts for it.

    As `secrets`, known before the settings are, for what they may say of a wrong one.
    """
    return "zh" if _first_language(environ) == "zh" else "en"


def _first_language(environ: Mapping[str, str]) -> str:
    given = (forms.unquoted(environ.get(name, "")) for name in ("ENTRYPOINT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, given), "").lower().replace("-", "_").split("_")[0].split(".")[0]


def _language(env: Mapping[str, str], notices: list[Notice]) -> Literal["en", "zh"]:
    asked = env.get("ENTRYPOINT_LANG", "")
    if asked and _first_language(env) not in ("en", "zh"):
        text = say("ENTRYPOINT_LANG is {value!r}; messages are in English.", value=forms.shown(asked))
        notices.append(Notice("language-unknown", text))
    return language(env)


def _check_proxies(env: Mapping[str, str]) -> None:
    """Those in force: of each pair, curl, httpx and xet take the lower-case one first."""
    for lower in PROXY_NAMES:
        name = lower if lower in env else lower.upper()
        value = env.get(name, "").strip()
        if value and lower != "no_proxy":
            forms.proxy(name, value)
