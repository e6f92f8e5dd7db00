"""docs/settings.md, made from the table of variables: `python -m entrypoint.settings > docs/settings.md`."""

from __future__ import annotations

from entrypoint.settings.variables import TOKEN_NAMES, TOKEN_SECRET, VARIABLES, Group, Variable

_CHAPTERS: dict[Group, tuple[str, str]] = {
    "ours": (
        "model-entrypoint's own",
        "A variable that begins with `ENTRYPOINT_` and is not in this table is warned about, with the nearest name.",
    ),
    "token": (
        "The token",
        "The names are asked in the order of this table, each together with its `_FILE`; then "
        f"`HF_TOKEN_PATH`, `{TOKEN_SECRET}`, and the Hub's own token file `$HF_HOME/token`. The first "
        "token found is used, and messages name where it came from. A name and its `_FILE` together are"
        " an error (`token-set-twice`), and so is a file that cannot be read (`token-file-unreadable`)."
        " Quotes, blanks, line ends and the word `Bearer` around a token are removed with a warning. A "
        "placeholder (`token-placeholder`) or a token of impossible form (`token-malformed`) is an "
        "error, not a request to the Hub.",
    ),
    "hub": ("The Hub", "These mean what they mean to the Hub's own client."),
    "cache": (
        "The cache",
        "The first of these that is set decides, as in the Hub's own client. Paths may begin with `~` "
        "and contain `$NAME`.",
    ),
    "network": (
        "Certificates and proxies",
        "`SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE` are mirrored into each other, for the server, too, "
        "where only one is set. A file that is missing (`ca-file-missing`), unreadable "
        "(`ca-file-unreadable`) or without a certificate in it (`ca-file-without-certificate`) is an "
        "error. Paths may begin with `~` and contain `$NAME`. `HTTP_PROXY`, `HTTPS_PROXY`, "
        "`ALL_PROXY` and `NO_PROXY` work in either case of letters; "
        "an address that cannot be a proxy is an error (`setting-invalid`).",
    ),
    "server": ("The server", "Read for the server's health address."),
}

_HEAD = """\
# Settings

All settings are environment variables. A blank variable is one that is not set, for the server, too.
What cannot be meant ends the start with exit code 78 and a named error; what is odd is logged as a warning.

This page is made from the code (`python -m entrypoint.settings`); a test proves it.
"""


_GIVEN = """\
## What the server gets

The environment of the container, without blank variables of the kinds above, and with

- `HF_TOKEN` and `PGPT_HUGGINGFACE_TOKEN`: the token that was used, under both names; under none with
  `ENTRYPOINT_SERVER_TOKEN=drop`.
- `ENTRYPOINT_MODEL_PATH`: where the first model that is in place lies. The file, if it is one or a GGUF (of several
  parts the first), else the folder.
- `ENTRYPOINT_MODEL_REPO`: that model's name, which is a fallback's where one was taken.
- `ENTRYPOINT_FALLBACKS_TAKEN`, where fallbacks were taken: `gated/repo=open/repo`, with blanks between them. PrivateGPT
  learns of them by the variables that its settings read, such as `PGPT_HF_REPO_ID`, which are then set to the fallback.
- `HF_HUB_CACHE`: the Hub cache that was used.
- `HF_MODULES_CACHE` on the volume where a model of PrivateGPT brings code, and `HF_HUB_OFFLINE=1` with
  `ENTRYPOINT_SERVER_OFFLINE=1`.
"""


def page() -> str:
    """The reference page, in Markdown."""
    return "\n".join([_HEAD, *(_chapter(group, *texts) for group, texts in _CHAPTERS.items()), _GIVEN])


def _chapter(group: Group, title: str, text: str) -> str:
    rows = [_row(variable) for variable in _in_order(group)]
    table = "\n".join(["| variable | meaning | default | read by |", "|---|---|---|---|", *rows])
    return f"## {title}\n\n{text}\n\n{table}\n"


def _in_order(group: Group) -> list[Variable]:
    if group == "token":
        names = [*(name + suffix for name in TOKEN_NAMES for suffix in ("", "_FILE")), "HF_TOKEN_PATH"]
        return [VARIABLES[name] for name in names]
    return [variable for variable in VARIABLES.values() if variable.group == group]


def _row(variable: Variable) -> str:
    default = variable.otherwise or (f"`{variable.default}`" if variable.default else "none")
    return f"| `{variable.name}` | {variable.meaning} | {default} | {variable.reader} |"
