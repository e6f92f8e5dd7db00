"""ENTRYPOINT_LANG=zh: what is told besides refusals is Chinese, and names, codes and what is quoted stay the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from localhub import LocalHub
from tests.cache.conftest import mounted, needs_mounts
from tests.process.harness import Program

CHINESE = re.compile("[\u4e00-\u9fff]")
# Two words of English side by side: only commands, and what another program said, have that.
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
QUOTED = ("model-entrypoint prefetch", "HF_HUB_OFFLINE ")


@dataclass(frozen=True)
class Case:
    """A start that fails, and words of the Chinese that it is told in."""

    name: str
    code: int
    words: str
    variables: dict[str, str]
    command: tuple[str, ...] = ("echo", "served")


CASES = [
    Case("setting-invalid", 78, "大于 0", {"ENTRYPOINT_STALL_SECONDS": "soon"}),
    Case("setting-invalid", 78, "exit 或 wait", {"ENTRYPOINT_ON_REFUSAL": "stay"}),
    Case("setting-invalid", 78, "默认值：在终端上为 console", {"ENTRYPOINT_LOG": "loud"}),
    Case("setting-invalid", 78, "代理的地址", {"HTTPS_PROXY": "socks5://proxy:1080"}),
    Case("token-placeholder", 78, "占位文字", {"HF_TOKEN": "your_token_here"}),
    Case("token-malformed", 78, "以“HF_TOKEN=”开头", {"HF_TOKEN": "HF_TOKEN=hf_" + "a" * 34}),
    Case("token-file-unreadable", 78, "HF_TOKEN_FILE 指定的令牌文件 /no/such", {"HF_TOKEN_FILE": "/no/such"}),
    Case("ca-file-missing", 78, "/no/such.pem 不存在", {"SSL_CERT_FILE": "/no/such.pem"}),
    Case("bad-model-name", 78, "斜杠多于一个", {"ENTRYPOINT_MODELS": "acme/tiny/more"}),
    Case("bad-fallback", 78, "“=”之后没有内容", {"ENTRYPOINT_FALLBACKS": "acme/tiny="}),
    Case("command-not-found", 127, "找不到命令 no-such-server", {}, ("no-such-server",)),
    Case("command-missing", 64, "没有给出", {}, ()),
    Case("offline-incomplete", 78, "缓存中缺少", {"HF_HUB_OFFLINE": "1"}),
    Case("gguf-choice-needed", 78, "2 个 GGUF 文件", {"ENTRYPOINT_MODELS": "acme/quants"}),
    Case("deadline-passed", 75, "超过了 1 秒的期限", {"ENTRYPOINT_DEADLINE_SECONDS": "1"}),
]


def named(case: Case) -> str:
    return " ".join([case.name, *case.variables])


def flat(text: str) -> str:
    """Without blanks, of which the width of a console turns some into line breaks."""
    return "".join(text.split())


def english(text: str) -> list[str]:
    for quoted in QUOTED:
        text = text.replace(quoted, "")
    return ENGLISH.findall(text)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_failure_is_told_in_chinese_with_the_same_name_and_code(program: Program, hub: LocalHub, case: Case) -> None:
    hub.add_repo("acme/quants", {"a.Q4.gguf": b"x", "a.Q8.gguf": b"y"})
    if case.name == "deadline-passed":
        hub.fault("stall", "hub", times=None)

    in_english = program("run", "--", *case.command, **case.variables)
    done = program("run", "--", *case.command, ENTRYPOINT_LANG="zh", **case.variables)

    assert (done.returncode, done.stdout) == (in_english.returncode, "") == (case.code, "")
    told = done.stderr[done.stderr.index("✗") :]
    first, *lines = told.splitlines()
    assert first.split()[-1] == case.name == in_english.stderr[in_english.stderr.index("✗") :].split()[1]
    assert flat(case.words) in flat(told)
    assert english(told) == []
    assert all(CHINESE.search(line) for line in lines if re.match(r"    \d+\. ", line)), told
    assert program.state["text"].startswith(f"{case.name}: ")
    assert CHINESE.search(program.state["text"])
    assert CHINESE.search(program("healthcheck").stdout)
    assert english(program.state["text"]) == []


@needs_mounts
def test_a_read_only_cache_is_told_in_chinese(program: Program) -> None:
    program.cache.mkdir(parents=True)
    program.under = mounted("-o ro", program.cache)

    done = program("run", "--", "echo", "served", ENTRYPOINT_LANG="zh", ENTRYPOINT_LOG="console")

    assert done.returncode == 73
    told = flat(done.stderr[done.stderr.index("✗") :])
    assert "cache-read-only" in told
    assert f"缓存目录{program.cache}位于只读文件系统上。" in told
    assert f"“volumes:-models:{program.cache}”" in told
    assert english(done.stderr[done.stderr.index("✗") :]) == []


@pytest.mark.parametrize(
    "variables", [{"ENTRYPOINT_STALL_SECONDS": "soon"}, {"HF_HUB_OFFLINE": "1"}], ids=["settings", "later"]
)
def test_a_program_that_reads_the_log_gets_chinese_and_the_same_keys(
    program: Program, variables: dict[str, str]
) -> None:
    def told(lang: str) -> dict[str, object]:
        done = program("run", "--", "echo", "served", ENTRYPOINT_LANG=lang, ENTRYPOINT_LOG="json", **variables)
        record: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
        return record

    chinese, in_english = told("zh"), told("en")

    assert chinese.keys() == in_english.keys()
    assert (chinese["failure"], chinese["exit_code"]) == (in_english["failure"], in_english["exit_code"])
    steps = chinese["steps"]
    assert isinstance(steps, list)
    for text in (chinese["event"], chinese["why"], *steps):
        assert CHINESE.search(text)
        assert english(text) == []


@pytest.mark.parametrize("variable", ["ENTRYPOINT_LANG", "LC_ALL", "LANG"])
def test_the_language_is_known_before_the_settings_are(program: Program, variable: str) -> None:
    value = "'zh'" if variable == "ENTRYPOINT_LANG" else "zh_CN.UTF-8"
    done = program("run", "--", "echo", "served", ENTRYPOINT_STALL_SECONDS="soon", **{variable: value})

    assert done.returncode == 78
    assert "ENTRYPOINT_STALL_SECONDS 的值“soon”不可用。" in done.stderr


def test_warnings_are_told_in_chinese(program: Program) -> None:
    done = program(
        *("run", "--", "echo", "served"),
        ENTRYPOINT_LANG="zh",
        ENTRYPOINT_LOG="json",
        ENTRYPOINT_MODEL="acme/other",
        HF_HUB_OFFLINE="perhaps",
        HF_TOKEN='"Bearer hf_' + "a" * 34 + '"',
    )

    records = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    warnings = {record["notice"]: record["event"] for record in records if record["level"] == "warning"}
    assert warnings == {
        "setting-unknown": "ENTRYPOINT_MODEL 不是本版本的配置项；是不是想写 ENTRYPOINT_MODELS？",
        "setting-unclear": "HF_HUB_OFFLINE 的值是“perhaps”，Hub 客户端会当作“否”；请设为 1 或 0。",
        "token-tidied": "HF_TOKEN：令牌两端的引号和“Bearer”一词已去掉。",
    }


def test_a_defect_is_told_in_chinese(program: Program) -> None:
    (program.folder / "trick").mkdir()
    (program.folder / "trick/sitecustomize.py").write_text(
        "import entrypoint.plan\ndef make(*a, **k): raise ZeroDivisionError('over')\nentrypoint.plan.make = make\n"
    )
    path = f"{program.environ()['PYTHONPATH']}:{program.folder}/trick"

    done = program("run", "--", "echo", "served", PYTHONPATH=path, TMPDIR=str(program.folder), ENTRYPOINT_LANG="zh")

    assert done.returncode == 70
    told = flat(done.stderr)
    assert "这是model-entrypoint自身的缺陷：ZeroDivisionError:over。" in told
    assert re.search(r"详细信息在\S+defect-\w+\.txt中", told)


def test_a_token_is_not_told_in_chinese_either(program: Program) -> None:
    token = "hf_" + "Q" * 34

    done = program("run", "--", "echo", ENTRYPOINT_LANG="zh", ENTRYPOINT_MODELS=f"acme/{token}", HF_TOKEN=token)

    assert done.returncode == 78
    assert CHINESE.search(done.stderr)
    assert token not in done.stderr + json.dumps(program.state)


def test_what_a_repo_does_not_have_is_told_in_chinese(program: Program) -> None:
    done = program("run", "--", "echo", "served", ENTRYPOINT_LANG="zh", ENTRYPOINT_MODELS="acme/tiny:*.onnx")

    assert done.returncode == 78
    told = done.stderr[done.stderr.index("✗") :]
    assert flat("*.onnx：仓库中没有匹配的文件，只有 config.json、model.safetensors") in flat(told)
    assert "matches" not in told + json.dumps(program.state)
