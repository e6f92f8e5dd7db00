"""Finds the token that this deployment was given, under any name that users have met, and proves its form.

A token never appears in what is raised or noticed here, nor does an exception that carries it, as the
`object` of a `UnicodeDecodeError` does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from entrypoint.failures import CONFIG, Failure
from entrypoint.sentence import Sentence, join, say
from entrypoint.settings.forms import QUOTES, Notice, path
from entrypoint.settings.variables import TOKEN_NAMES, TOKEN_SECRET
from entrypoint.text import clean

_MAX_FILE = 64 * 1024
_MAX_TOKEN = 8192  # OAuth and OIDC tokens are JSON Web Tokens of a few kilobytes
# Blanks, line ends, and what a copy from a web page or an editor brings: byte order and zero-width marks.
_SURROUNDINGS = " \t\r\n\v\f\u00a0\u3000\u2028\u2029\ufeff\u200b\u200c\u200d\u2060"
_HUB_PREFIXES = ("hf_", "api_")

# Words of which placeholders are made, longer ones before those that they contain.
_FILLERS = (
    *("placeholder", "undefined", "personal", "hugging", "example", "replace", "access", "change", "insert"),
    *("enter", "paste", "token", "value", "your", "user", "goes", "here", "with", "face", "none", "null"),
    *("todo", "read", "this", "api", "hub", "key", "put", "add", "tbd", "the", "my", "me", "hf"),
)
_B64TOKEN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")  # RFC 6750, section 2.1


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """The token and where it came from. Neither `repr` nor `str` shows its value.

    `in_file`: it was read from a file, whose content may change while this process runs; no variable does.
    """

    value: str
    source: str
    in_file: bool = field(default=False, compare=False)

    def __repr__(self) -> str:
        return f"Token(source={self.source!r})"


def find(
    environ: MutableMapping[str, str],
    notices: list[Notice],
    *,
    hf_home: Path,
    home: Path,
    root: Path,
    any_form: bool,
) -> Token | None:
    """The first token, in the order of the contract.

    Variables in `environ` that hold a token get its cleaned form.
    `any_form`: the endpoint is not the public Hub, so its tokens may look like anything.
    """
    named = list(_named(environ, notices, home))
    token = named[0] if named else _from_usual_places(environ, notices, hf_home, home, root)
    if token is None:
        return None
    _prove(token, notices, any_form=any_form)
    others = [other.source for other in named[1:] if other.value != token.value]
    if others:
        notices.append(
            Notice(
                "token-ambiguous",
                say(
                    "{source} and {others} hold different tokens; {source} is used.",
                    source=token.source,
                    others=join(", ", others),
                ),
            )
        )
    return token


def secret_in(value: str) -> str:
    """The token in a variable's value, proved or not; "" where there is none, or an example that is no secret."""
    tidied = _tidy(value, "", [])
    return "" if not tidied or _is_placeholder(tidied, any_form=False) else tidied


def from_elsewhere(value: str, source: str, *, any_form: bool) -> tuple[Token | None, list[Notice]]:
    """A token that no variable of the environment gave, tidied and proved as those are; a blank one is none.

    `source` names the place for messages. Raises `Failure` 78 for what cannot be a token.
    """
    notices: list[Notice] = []
    tidied = _tidy(value, source, notices)
    if not tidied:
        return None, notices
    token = Token(tidied, source)
    _prove(token, notices, any_form=any_form)
    return token, notices


def _named(environ: MutableMapping[str, str], notices: list[Notice], home: Path) -> Iterator[Token]:
    for name in TOKEN_NAMES:
        file_name = f"{name}_FILE"
        if name in environ and file_name in environ:
            raise Failure(
                "token-set-twice",
                CONFIG,
                say("{name} and {file_name} are both set.", name=name, file_name=file_name),
                "Which of the two is meant cannot be known.",
                (say("remove {name} or {file_name}", name=name, file_name=file_name),),
            )
        if name in environ:
            value = _tidy(environ[name], name, notices)
            if value:
                environ[name] = value
                yield Token(value, name)
            else:
                del environ[name]
        elif file_name in environ:
            file = _file(environ, file_name, home)
            source = f"{file_name} ({clean(str(file))})"
            value = _tidy(_content(file, file_name), source, notices, in_file=True)
            if value:
                yield Token(value, source, in_file=True)
            else:
                text = say("{source} holds no token; going on without it.", source=source)
                notices.append(Notice("token-file-blank", text))


def _from_usual_places(
    environ: Mapping[str, str], notices: list[Notice], hf_home: Path, home: Path, root: Path
) -> Token | None:
    """HF_TOKEN_PATH, the secret, the Hub's own file: places where a token may lie, or may not."""
    moved = _file(environ, "HF_TOKEN_PATH", home) if "HF_TOKEN_PATH" in environ else None
    if moved:
        source = f"HF_TOKEN_PATH ({clean(str(moved))})"
        if _absent(moved):
            text = say("{source} does not exist; looking elsewhere for a token.", source=source)
            notices.append(Notice("token-file-absent", text))
        elif value := _tidy(_content(moved, "HF_TOKEN_PATH"), source, notices, in_file=True):
            return Token(value, source, in_file=True)
    secret = root / TOKEN_SECRET.lstrip("/")
    if os.path.lexists(secret) and (value := _tidy(_content(secret, ""), TOKEN_SECRET, notices, in_file=True)):
        return Token(value, TOKEN_SECRET, in_file=True)
    own = hf_home / "token"
    if moved or not os.path.lexists(own):
        return None
    source = clean(str(own))
    try:
        value = _tidy(_content(own, ""), source, notices, in_file=True)
    except Failure as failure:
        # Nobody gave it to this container: it may belong to another user of a shared cache.
        notices.append(Notice(failure.name, say("{trouble} Going on without it.", trouble=failure.what)))
        return None
    return Token(value, source, in_file=True) if value else None


def _file(environ: Mapping[str, str], name: str, home: Path) -> Path:
    """The file that the variable names. People put the token itself there: what is no path is not shown."""
    file = path(environ[name], environ, home)
    if "/" not in environ[name] and _absent(file):
        raise Failure(
            "token-file-unreadable",
            CONFIG,
            say("{name} names no file: there is no / in its value.", name=name),
            "It takes the path of a file that holds the token. If it is the token itself, HF_TOKEN takes that.",
            (
                say("set {name} to the file's whole path", name=name),
                say("or remove {name} and set HF_TOKEN", name=name),
            ),
        )
    return file


def _absent(file: Path) -> bool:
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # reading it will tell why
    return False


def _content(file: Path, variable: str) -> str:
    """The text of a token file. Never blocks: a FIFO without a writer is refused, not waited for."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(file, variable, *_open_trouble(file, error)) from None
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise _unreadable(
                file,
                variable,
                say("is a directory"),
                say(
                    "remove the directory {path} on the host, put the token into a file of that name, create the "
                    "container anew: where a file is missing, Docker makes a directory",
                    path=clean(str(file)),
                ),
            )
        if not (stat.S_ISREG(kind) or stat.S_ISCHR(kind)):
            trouble, todo = say("is not a regular file"), say("put the token into a regular file")
            raise _unreadable(file, variable, trouble, todo)
        data = os.read(descriptor, _MAX_FILE + 1)
    except OSError as error:
        raise _unreadable(file, variable, *_open_trouble(file, error)) from None
    finally:
        os.close(descriptor)
    if len(data) > _MAX_FILE:
        raise _unreadable(
            file,
            variable,
            say("is larger than {limit} KiB", limit=_MAX_FILE // 1024),
            say("put the token, and nothing else, into the file"),
        )
    text = _decoded(data)
    if text is None:
        raise _unreadable(
            file,
            variable,
            say("is not UTF-8 text"),
            say("write the file anew as UTF-8 (Windows PowerShell: Set-Content -Encoding ascii)"),
        )
    return text


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _open_trouble(file: Path, error: OSError) -> tuple[Sentence, Sentence]:
    shown = clean(str(file))
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return say("does not exist"), say("mount the file at {path}, or correct the path", path=shown)
    if isinstance(error, PermissionError):
        uid, gid = os.geteuid(), os.getegid()
        return (
            _forbidden(file, uid, gid),
            say(
                "on the host, for the file that is mounted at {path}: chown {uid}:{gid}, or chmod 0444",
                path=shown,
                uid=uid,
                gid=gid,
            ),
        )
    return (
        say("cannot be read ({error})", error=error.strerror),
        say("check what is mounted at {path}", path=shown),
    )


def _forbidden(file: Path, uid: int, gid: int) -> Sentence:
    try:
        found = file.stat()
    except OSError:
        return say("may not be read by this container's user (uid {uid}, gid {gid})", uid=uid, gid=gid)
    return say(
        "may not be read by this container's user (uid {uid}, gid {gid}; the file belongs to {owner}, mode {mode})",
        uid=uid,
        gid=gid,
        owner=f"{found.st_uid}:{found.st_gid}",
        mode=f"{stat.S_IMODE(found.st_mode):04o}",
    )


def _unreadable(file: Path, variable: str, trouble: Sentence, todo: Sentence) -> Failure:
    """`trouble` completes "The token file ... "."""
    shown = clean(str(file))
    what = (
        say("The token file {path}, which {name} names, {trouble}.", path=shown, name=variable, trouble=trouble)
        if variable
        else say("The token file {path} {trouble}.", path=shown, trouble=trouble)
    )
    name = variable.removesuffix("_FILE")
    instead = (say("or put the token itself into {name}", name=name),) if name != variable else ()
    return Failure("token-file-unreadable", CONFIG, what, "", (todo, *instead))


def _tidy(raw: str, source: str, notices: list[Notice], *, in_file: bool = False) -> str:
    """The token without what surrounds it. The line end of a file's last line is no cause for a notice."""
    value = raw.removesuffix("\n").removesuffix("\r") if in_file else raw
    removed: list[str] = []
    before = None
    while value != before:
        before = value
        value = value.strip(_SURROUNDINGS)
        if value != before:
            removed.append(say("blanks or invisible characters"))
        if len(value) > 1 and value[0] in QUOTES and value[-1] in QUOTES:
            value = value[1:-1]
            removed.append(say("quotes"))
        if value[:7].lower() == "bearer ":
            value = value[7:]
            removed.append(say('the word "Bearer"'))
    if value and removed:
        what = join(" and ", dict.fromkeys(removed))
        text = say("{source}: {what} around the token were removed.", source=source, what=what)
        notices.append(Notice("token-tidied", text))
    return value


def _prove(token: Token, notices: list[Notice], *, any_form: bool) -> None:
    if _is_placeholder(token.value, any_form=any_form):
        raise Failure(
            "token-placeholder",
            CONFIG,
            say("{source} holds a placeholder, not a token.", source=token.source),
            "An example was copied, or a reference to a variable was not expanded.",
            (
                "create a token with read access: https://huggingface.co/settings/tokens",
                say("put it into {source}, or leave that blank if no model needs a token", source=token.source),
            ),
        )
    trouble = _malformation(token.value, any_form=any_form)
    if trouble:
        raise Failure(
            "token-malformed",
            CONFIG,
            say(
                "{source} holds something that cannot be a token: {trouble}.",
                source=token.source,
                trouble=trouble,
            ),
            "Nothing was sent to the Hub.",
            (
                say(
                    "put the token alone into {source}, as https://huggingface.co/settings/tokens shows it",
                    source=token.source,
                ),
            ),
        )
    if not any_form and not token.value.startswith(_HUB_PREFIXES):
        notices.append(
            Notice(
                "token-form-unusual",
                say(
                    "{source}: the token does not begin with hf_; is it one of another service?",
                    source=token.source,
                ),
            )
        )


def _is_placeholder(value: str, *, any_form: bool) -> bool:
    for start, end in (("<", ">"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("%", "%")):
        if value.startswith(start) and value.endswith(end) and len(value) > 1:
            return True
    if value.startswith("$") and value[1:].isidentifier() and value.isupper():
        return True
    rest = value.lower()
    if any_form and not ("your" in rest or "change" in rest):
        return False  # a private mirror may well take "token" for one
    for filler in _FILLERS:
        rest = rest.replace(filler, "")
    return not rest.strip("x_-.…*()[] !")


def _malformation(value: str, *, any_form: bool) -> Sentence | Literal[""]:
    if len(value) > _MAX_TOKEN:
        return say("it is {length} characters long", length=len(value))
    assigned = value.removeprefix("export ").partition("=")[0].strip()
    if assigned in TOKEN_NAMES and "=" in value:
        return say('it begins with "{name}="', name=assigned)
    if any(character.isspace() for character in value):
        return say("there are blanks or line breaks inside")
    if not value.isascii():
        return say("there are characters in it that are not ASCII")
    if not value.isprintable():
        return say("there are control characters in it")
    if not any_form and not _B64TOKEN.issuperset(value):
        return say("there are characters in it that no token of the Hub has")
    return ""
