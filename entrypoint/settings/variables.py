"""The one table of environment variables: `read` takes defaults from it, docs/settings.md is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["ours", "token", "hub", "cache", "network", "server"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `default` stands in where it is not set; `otherwise` says the default in words."""

    name: str
    group: Group
    meaning: str
    reader: str
    default: str = ""
    otherwise: str = ""
    choices: tuple[str, ...] = ()


# In the order in which they are asked (contract): the first that holds a token is used.
TOKEN_NAMES = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "HUGGINGFACE_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "PGPT_HUGGINGFACE_TOKEN",
)
# Every variable by which a token can enter, for whoever must keep it out of an environment.
TOKEN_VARIABLES = tuple(name + suffix for name in TOKEN_NAMES for suffix in ("", "_FILE"))
TOKEN_SECRET = "/run/secrets/hf_token"  # noqa: S105 - where Docker and Podman mount a secret of that name

_TOKEN_READERS = {
    "HF_TOKEN": "the Hub client, PrivateGPT",
    "HUGGING_FACE_HUB_TOKEN": "the Hub client (old name)",
    "HUGGINGFACE_HUB_TOKEN": "guides and articles; the Hub client ignores it",
    "HUGGINGFACE_TOKEN": "older PrivateGPT images; the Hub client ignores it",
    "HUGGINGFACEHUB_API_TOKEN": "LangChain; the Hub client ignores it",
    "PGPT_HUGGINGFACE_TOKEN": "PrivateGPT 1.x",
}

_SWITCH = ("1", "on", "yes", "true", "0", "off", "no", "false")

_TABLE: tuple[Variable, ...] = (
    Variable(
        "ENTRYPOINT_MODELS",
        "ours",
        "the models that the server must have: `org/name[@revision][:glob[,glob...]]`, "
        "separated by blanks or line breaks",
        "model-entrypoint",
        otherwise="what PrivateGPT's settings name",
    ),
    Variable(
        "ENTRYPOINT_OPTIONAL_MODELS",
        "ours",
        "the same, but the server starts without them",
        "model-entrypoint",
        otherwise="none",
    ),
    Variable(
        "ENTRYPOINT_FALLBACKS",
        "ours",
        "`gated/repo=open/repo[@revision][:glob[,glob...]]`, separated by blanks or line breaks: the second is taken, "
        "and said, where the first is refused",
        "model-entrypoint",
        otherwise="none",
    ),
    Variable(
        "ENTRYPOINT_ON_REFUSAL",
        "ours",
        "`exit`, or `wait`: the container stays, keeps asking, and goes on by itself once access is granted",
        "model-entrypoint",
        default="exit",
        choices=("exit", "wait"),
    ),
    Variable(
        "ENTRYPOINT_STALL_SECONDS",
        "ours",
        "no byte for so many seconds = the transfer is stalled; more than 0",
        "model-entrypoint",
        default="60",
    ),
    Variable(
        "ENTRYPOINT_DEADLINE_SECONDS",
        "ours",
        "give up (exit code 75) after so many seconds; `0` = never",
        "model-entrypoint",
        default="0",
    ),
    Variable(
        "ENTRYPOINT_SERVER_OFFLINE",
        "ours",
        "start the server with `HF_HUB_OFFLINE=1`",
        "model-entrypoint",
        default="0",
        choices=_SWITCH,
    ),
    Variable(
        "ENTRYPOINT_SERVER_TOKEN",
        "ours",
        "`keep` or `drop` the token in the server's environment",
        "model-entrypoint",
        default="keep",
        choices=("keep", "drop"),
    ),
    Variable(
        "ENTRYPOINT_HEALTH_URL",
        "ours",
        "what `healthcheck` asks once the server runs; an http address",
        "model-entrypoint",
        default="http://127.0.0.1:$PORT/health",
    ),
    Variable(
        "ENTRYPOINT_STATE_DIR",
        "ours",
        "the folder of the state file; an absolute path",
        "model-entrypoint",
        otherwise="`/run/model-entrypoint`, else a folder under `/tmp`, else one under `/dev/shm`",
    ),
    Variable(
        "ENTRYPOINT_LANG",
        "ours",
        "the language of messages: `en` or `zh`",
        "model-entrypoint",
        otherwise="by `LC_ALL`, `LC_MESSAGES`, `LANG`; else `en`",
    ),
    Variable(
        "ENTRYPOINT_LOG",
        "ours",
        "how log lines look: `console` or `json`",
        "model-entrypoint",
        otherwise="`console` on a terminal, else `json`",
        choices=("console", "json"),
    ),
    *(Variable(name, "token", "the token itself", _TOKEN_READERS[name], otherwise="none") for name in TOKEN_NAMES),
    *(
        Variable(
            f"{name}_FILE",
            "token",
            f"a file that holds the token; not together with `{name}`",
            "model-entrypoint",
        )
        for name in TOKEN_NAMES
    ),
    Variable(
        "HF_TOKEN_PATH",
        "token",
        "the Hub client's own token file",
        "the Hub client",
        otherwise="`$HF_HOME/token`",
    ),
    Variable(
        "HF_ENDPOINT",
        "hub",
        "the Hub or a mirror of it: an http or https address without user name and password",
        "the Hub client",
        default="https://huggingface.co",
    ),
    Variable("HF_HUB_OFFLINE", "hub", "`1`, `on`, `yes` or `true`: no network", "the Hub client", default="0"),
    Variable(
        "TRANSFORMERS_OFFLINE",
        "hub",
        "the same, where `HF_HUB_OFFLINE` is not set",
        "the Hub client",
        default="0",
    ),
    Variable(
        "HF_HUB_DOWNLOAD_TIMEOUT",
        "hub",
        "seconds to wait for an answer to a download; a whole number",
        "the Hub client",
        default="10",
    ),
    Variable(
        "HF_HUB_ETAG_TIMEOUT",
        "hub",
        "seconds to wait for a file's metadata; a whole number",
        "the Hub client",
        default="10",
    ),
    Variable("HF_HUB_DISABLE_XET", "hub", "fetch over HTTP alone", "the Hub client", default="0"),
    Variable("HF_HUB_CACHE", "cache", "the Hub cache folder", "the Hub client", otherwise="`$HF_HOME/hub`"),
    Variable(
        "HUGGINGFACE_HUB_CACHE",
        "cache",
        "the same (old name), where `HF_HUB_CACHE` is not set",
        "the Hub client",
    ),
    Variable(
        "HF_HOME",
        "cache",
        "the home of all that the Hub client keeps",
        "the Hub client",
        otherwise="`$XDG_CACHE_HOME/huggingface`",
    ),
    Variable(
        "TRANSFORMERS_CACHE",
        "cache",
        "the Hub cache folder where none of the three above is set; the server then gets `HF_HUB_CACHE`",
        "transformers before 5; the Hub client ignores it",
    ),
    Variable("XDG_CACHE_HOME", "cache", "the user's cache folder", "the Hub client", otherwise="`~/.cache`"),
    Variable(
        "SSL_CERT_FILE",
        "network",
        "a PEM file with the certificate authorities to trust",
        "OpenSSL, httpx, xet",
        otherwise="`REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, else the system's",
    ),
    Variable(
        "REQUESTS_CA_BUNDLE",
        "network",
        "the same, for requests",
        "requests",
        otherwise="`CURL_CA_BUNDLE`, else `SSL_CERT_FILE`",
    ),
    Variable("CURL_CA_BUNDLE", "network", "the same, for curl and requests", "curl, requests"),
    Variable(
        "SSL_CERT_DIR",
        "network",
        "a folder of certificate authorities, hashed as by `openssl rehash`",
        "OpenSSL",
    ),
    Variable("PORT", "server", "the port on which the server listens", "PrivateGPT, many servers", default="8080"),
)

VARIABLES: dict[str, Variable] = {variable.name: variable for variable in _TABLE}

PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
