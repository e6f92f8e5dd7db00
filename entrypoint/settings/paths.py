"""Where the Hub client keeps its files: its own answer, and one more name that older servers read."""

from __future__ import annotations

import os
import pwd
from collections.abc import MutableMapping
from pathlib import Path

from entrypoint.sentence import say
from entrypoint.settings.forms import Notice, path
from entrypoint.text import clean


def user_home(environ: MutableMapping[str, str]) -> Path:
    """$HOME, else the user database's word, else `/`: a container's user may have no entry there."""
    if environ.get("HOME"):
        return Path(environ["HOME"]).absolute()
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path("/")


def hub_home(environ: MutableMapping[str, str], notices: list[Notice], home: Path) -> Path:
    """The folder of HF_HOME."""
    if "HF_HOME" in environ:
        return named(environ, "HF_HOME", notices, home)
    if "XDG_CACHE_HOME" in environ:
        return named(environ, "XDG_CACHE_HOME", notices, home) / "huggingface"
    return home / ".cache" / "huggingface"


def hub_cache(environ: MutableMapping[str, str], notices: list[Notice], home: Path, hf_home: Path) -> Path:
    """The Hub cache folder. Where TRANSFORMERS_CACHE alone names it, HF_HUB_CACHE is added to `environ`.

    transformers 4 looks there, transformers 5 and the Hub client do not (they ignore the variable).
    """
    names = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")
    chosen = next((name for name in names if name in environ), None)
    cache = named(environ, chosen, notices, home) if chosen else hf_home / "hub"
    if "TRANSFORMERS_CACHE" not in environ:
        return cache
    old = named(environ, "TRANSFORMERS_CACHE", notices, home)
    if chosen or "HF_HOME" in environ:
        if old != cache:
            notices.append(
                Notice(
                    "transformers-cache-ignored",
                    say(
                        "TRANSFORMERS_CACHE names {old}, but models go to {cache} (see {variable}); a server with "
                        "transformers 4 looks in the former: unset it.",
                        old=clean(str(old)),
                        cache=clean(str(cache)),
                        variable=chosen or "HF_HOME",
                    ),
                )
            )
        return cache
    environ["HF_HUB_CACHE"] = str(old)
    notices.append(
        Notice(
            "transformers-cache-used",
            say(
                "TRANSFORMERS_CACHE is an old name: {folder} is used as the Hub cache, and the server gets it as "
                "HF_HUB_CACHE; set HF_HUB_CACHE instead.",
                folder=clean(str(old)),
            ),
        )
    )
    return old


def named(environ: MutableMapping[str, str], name: str, notices: list[Notice], home: Path) -> Path:
    found = path(environ[name], environ, home)
    if not environ[name].startswith(("/", "~", "$")):
        notices.append(
            Notice(
                "path-relative",
                say(
                    "{name} is not absolute; taken from the working directory it is {path}.",
                    name=name,
                    path=clean(str(found)),
                ),
            )
        )
    return found
