"""The words of failures and warnings, which `doctor` shares with a start, are in the language of its report."""

from __future__ import annotations

import re

import pytest

from tests.doctor.conftest import TOKEN, examine
from tests.process.harness import Program

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


@pytest.mark.parametrize(
    ("check", "words", "variables"),
    [
        ("settings", "ENTRYPOINT_STALL_SECONDS 的值“soon”不可用。允许的值：", {"ENTRYPOINT_STALL_SECONDS": "soon"}),
        ("settings", "HF_TOKEN 中是占位文字，不是令牌。可能是照抄了示例", {"HF_TOKEN": "your_token_here"}),
        ("settings", "ENTRYPOINT_MODEL 不是本版本的配置项；是不是", {"ENTRYPOINT_MODEL": "acme/tiny"}),
        ("command", "在 PATH 中找不到命令 no-such-server", {"PATH": "/usr/bin"}),
        ("needs", "“acme/tiny/more”不是模型的名称：其中的斜杠多于一个", {"ENTRYPOINT_MODELS": "acme/tiny/more"}),
        ("needs", "acme/none 写了替代模型，但这里不需要它", {"ENTRYPOINT_FALLBACKS": "acme/none=acme/tiny"}),
        ("model", "但缓存中缺少：acme/tiny@main", {"HF_HUB_OFFLINE": "1"}),
    ],
)
def test_what_a_start_would_say_is_said_in_chinese(
    program: Program, check: str, words: str, variables: dict[str, str]
) -> None:
    report = examine(program, "no-such-server", ENTRYPOINT_LANG="zh", **{"HF_TOKEN": TOKEN, **variables})

    texts = [(finding["text"], finding["steps"]) for finding in report.all(check) if words in finding["text"]]
    assert len(texts) == 1, report.all(check)
    ((text, steps),) = texts
    assert not ENGLISH.search(text)
    for step in steps:
        assert CHINESE.search(step)
        assert not ENGLISH.search(step.replace("model-entrypoint prefetch", ""))


def test_why_privategpts_settings_do_not_load_is_said_in_chinese(program: Program) -> None:
    (program.folder / "private_gpt/settings").mkdir(parents=True)
    (program.folder / "private_gpt/settings/settings.py").touch()

    report = examine(program, "echo", ENTRYPOINT_LANG="zh", ENTRYPOINT_MODELS="", PATH="/no/such")

    (text,) = [finding["text"] for finding in report.all("needs") if "无法加载" in finding["text"]]
    assert text.endswith("：没有找到可用来读取 PrivateGPT 配置的 Python 解释器")


def test_a_sentence_of_the_cache_without_a_receipt_is_said_in_chinese(program: Program) -> None:
    program("prefetch", HF_TOKEN=TOKEN)
    for receipt in program.cache.glob(".model-entrypoint/receipts/*"):
        receipt.unlink()

    report = examine(program, "echo", ENTRYPOINT_LANG="zh", HF_HUB_OFFLINE="1")

    assert "acme/tiny 在缓存中，但没有校验记录；离线时无法校验。" in [
        finding["text"] for finding in report.all("model")
    ]
