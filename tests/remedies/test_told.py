"""What really reaches a person in Chinese: nothing on the way from where it is raised makes a sentence plain text."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.cache import room
from entrypoint.failures import Failure
from entrypoint.needs import fallback_list, held, listed, privategpt
from entrypoint.needs.fallback_list import Fallback
from entrypoint.needs.names import repo_fault
from entrypoint.needs.privategpt_fallback import not_taken, unfit
from entrypoint.plan import check
from entrypoint.remedies.messages import translated
from entrypoint.settings import read
from entrypoint.values import Need, Place, Repo, RepoFile, Use, Verdict

# Two words of English side by side. What other programs say may stay, and so may commands.
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
FOREIGN = re.compile(
    "No such file or directory|Permission denied|Input/output error|Not a directory|Is a directory"
    "|model-entrypoint prefetch|mkdir -p [^\u4e00-\u9fff]*|chown -R [^\u4e00-\u9fff]*|HF_HUB_OFFLINE "
    "|openssl [a-z0-9 -]*|Set-Content -Encoding ascii|run --"
)
PLACE = Place("hub-cache", Path("/models"))
NEED = Need("acme/tiny", PLACE, "ENTRYPOINT_MODELS")


def assert_chinese(texts: Iterable[str]) -> None:
    for text in filter(None, texts):
        told = translated(text, "zh")
        assert re.search("[\u4e00-\u9fff]", told), told
        assert not ENGLISH.search(FOREIGN.sub("", told)), told


def failure_of(question: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as caught:
        question()
    return caught.value


@pytest.mark.parametrize(
    "entry",
    [
        *("a/b/c", "a/", "-a/b", "a/b.git", "a--b/c", "a/b c:", "a/b:", "a/b:../x", "a/b:x:y", "a/ä"),
        *("${MODEL}", "hf_" + "a" * 34, "a/" + "b" * 97, "a/b@", "a/b@x..y", "a/b@" + "v" * 300, "a/b:x,", ":x"),
        *("a/b:*.gguf,c/d", "https://huggingface.co/datasets/a/b", "https://huggingface.co"),
        *("https://example.org/a/b", "https://huggingface.co/a/b/blob/main", "https://[", "a/b:\x07"),
        *("https://huggingface.co/a/b/tree/main/x,y",),
    ],
)
def test_what_is_wrong_with_an_entry(entry: str) -> None:
    failure = failure_of(lambda: listed.parse(entry, variable="ENTRYPOINT_MODELS", place=PLACE, required=True))

    assert_chinese([failure.what, *failure.todo])


@pytest.mark.parametrize(
    "text",
    ["a/b", "a/b=", "=a/b", "a/b=c/d=e/f", "a/b@v1=c/d", "a/b=A/B", "a/b=c/d a/b=e/f", "a/b=c/d c/d=e/f", "a/b=c,d"],
)
def test_what_is_wrong_with_a_fallback(text: str) -> None:
    failure = failure_of(lambda: fallback_list.parse(text))

    assert_chinese([failure.what, *failure.todo])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENTRYPOINT_STALL_SECONDS", "0"),
        ("ENTRYPOINT_DEADLINE_SECONDS", "-1"),
        ("ENTRYPOINT_SERVER_TOKEN", "lose"),
        ("ENTRYPOINT_SERVER_OFFLINE", "maybe"),
        ("ENTRYPOINT_LOG", "loud"),
        ("ENTRYPOINT_STATE_DIR", "~/state"),
        ("ENTRYPOINT_HEALTH_URL", "https://127.0.0.1/health"),
        ("PORT", "tcp://10.0.0.1:80"),
        ("HF_HUB_ETAG_TIMEOUT", "2.5"),
        ("HF_ENDPOINT", "hf-mirror.com"),
        ("HF_ENDPOINT", "https://me:secret@hub.example"),
        ("HF_ENDPOINT", "https://hub.example/?x"),
        ("HTTPS_PROXY", "socks5://proxy"),
        ("SSL_CERT_FILE", "/no/such.pem"),
        ("SSL_CERT_FILE", "/etc/passwd"),
        ("SSL_CERT_FILE", "/etc"),
        ("SSL_CERT_DIR", "/no/such:/nor/such"),
        ("HF_TOKEN", "<token>"),
        ("HF_TOKEN", "hf_a b"),
        ("HF_TOKEN", "hf_" + "a" * 9000),
        ("HF_TOKEN", "hf_ä" + "a" * 30),
        ("HF_TOKEN", "export HF_TOKEN=hf_" + "a" * 34),
        ("HF_TOKEN", "hf_a\x00" + "a" * 30),
        ("HF_TOKEN", "hf_a§".replace("§", "&") + "a" * 30),
        ("HF_TOKEN_FILE", "hf_oken"),
        ("HF_TOKEN_FILE", "/no/such"),
        ("HF_TOKEN_FILE", "/etc"),
        ("HF_TOKEN_FILE", "/dev/zero"),
    ],
)
def test_what_is_wrong_with_a_setting(name: str, value: str, tmp_path: Path) -> None:
    given = {name: value, "PORT": value if name == "PORT" else "80"}

    failure = failure_of(lambda: read(given, stderr_is_terminal=False, home=tmp_path, root=tmp_path))

    assert_chinese([failure.what, failure.why, *failure.todo])


def test_what_is_odd_about_settings(tmp_path: Path) -> None:
    (tmp_path / "blank").touch()
    (tmp_path / "certs").mkdir()
    token = "hf_" + "a" * 34
    given = {
        "ENTRYPOINT_MODEL": "a/b",
        "ENTRYPOINT_QUITE_ANOTHER": "1",
        "ENTRYPOINT_LANG": " zh ",
        "HF_HUB_OFFLINE": "perhaps",
        "HF_HOME": "relative",
        "TRANSFORMERS_CACHE": "/old",
        "HF_ENDPOINT": "http://hub.example",
        "HF_TOKEN": f"'{token}' ",
        "HUGGINGFACE_TOKEN": "sk-other-" + "b" * 30,
        "HUGGINGFACE_HUB_TOKEN_FILE": str(tmp_path / "blank"),
        "SSL_CERT_DIR": str(tmp_path / "certs"),
    }
    found = read(given, stderr_is_terminal=False, home=tmp_path, root=tmp_path)
    lone = read({"TRANSFORMERS_CACHE": "/old", "HF_TOKEN": "sk-" + "c" * 30}, stderr_is_terminal=False, home=tmp_path)

    notices = (*found.notices, *lone.notices)
    assert len({notice.name for notice in notices}) >= 11
    assert_chinese(notice.text for notice in notices)


def test_a_token_in_a_directory_that_nobody_named(tmp_path: Path) -> None:
    (tmp_path / ".cache/huggingface/token").mkdir(parents=True)

    (notice,) = read({}, stderr_is_terminal=False, home=tmp_path, root=tmp_path).notices

    assert notice.text.endswith("Going on without it.")
    assert_chinese([notice.text])


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_cache_that_cannot_be_written(code: int, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "hub", tmp_path / "file" / "hub"):
        failure = room.not_writable(
            folder, OSError(code, {errno.EIO: "Input/output error"}.get(code, "Permission denied"))
        )

        assert_chinese([failure.what, failure.why, *failure.todo])


def test_what_misses_offline(tmp_path: Path) -> None:
    place = Place("hub-cache", tmp_path)
    many = Need("acme/tiny", place, "ENTRYPOINT_MODELS", patterns=tuple(f"file-{number}" for number in range(20)))
    optional = replace(many, repo="acme/extra", required=False)
    outside = replace(many, repo="acme/odd", revision="../../etc")

    failure = failure_of(lambda: held.settle_offline([many, outside, replace(many, patterns=())]))
    _, sentences = held.settle_offline([optional])

    assert "file-11 等（另有 8 个）；acme/odd" in translated(failure.what, "zh")
    assert_chinese([failure.what, failure.why, *failure.todo, *sentences])


def test_what_a_repo_does_not_have() -> None:
    files = tuple(RepoFile(f"file-{number}.bin", 1, "0" * 40) for number in range(7))
    quants = tuple(RepoFile(f"model.Q{number}.gguf", 1, "0" * 40) for number in range(20))

    for need, repo in (
        (replace(NEED, patterns=("*.gguf",)), files),
        (replace(NEED, patterns=("*.gguf",)), files[:2]),
        (NEED, ()),
        (replace(NEED, required=False), quants),
    ):
        assert_chinese([check(Verdict(need, "granted", repo=Repo("a" * 40, files=repo))).detail])
    failure = failure_of(lambda: check(Verdict(NEED, "granted", repo=Repo("a" * 40, files=quants))))
    assert_chinese([failure.what, failure.why, *failure.todo])


def test_a_setting_of_privategpt_that_cannot_be_meant() -> None:
    fault = repo_fault("a/b/c")
    assert fault

    failure = privategpt._bad_value("llm.tokenizer", "a/b/c", fault)

    assert_chinese([failure.what, *failure.todo])
    assert_chinese(filter(None, map(privategpt._file_fault, ("", "*.gguf", "../x"))))
    assert privategpt._file_fault("x.gguf") == ""


@pytest.mark.parametrize("use", ["weights", "code", "embedding"])
def test_a_fallback_that_privategpt_would_not_use(use: Use) -> None:
    need = replace(NEED, use=use, asker="PrivateGPT")
    fallback = Fallback("acme/tiny", "acme/open", revision="v1")
    fault = unfit(need, fallback)
    assert fault

    assert_chinese([not_taken(need, fallback, fault).text])
