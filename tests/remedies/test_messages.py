"""Whatever is told besides refusals is told in the person's language: no sentence of the code lacks its translation.

The code itself is read here, all of it: each template that is given to `say`, and each text of a failure or a warning.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

import pytest

import entrypoint
from entrypoint.failures import Failure
from entrypoint.remedies.messages import state_line, translated
from entrypoint.remedies.zh_messages import MESSAGES, SEPARATORS
from entrypoint.sentence import join, say
from entrypoint.settings.variables import VARIABLES

CODE = Path(entrypoint.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
FULL_WIDTH = re.compile("[\u3000-\u303f\uff00-\uffef]")
# Only punctuation is left of these when their facts are taken out.
FRAMES = {"{path} ({reason})", "{error}; {folder} belongs to {owner}.", "{asked} (for {source}): {faults}"}
# The defaults that are words: `forms` takes them from the table of variables, without its Markdown.
DEFAULTS = {VARIABLES[name].otherwise.replace("`", "") for name in ("ENTRYPOINT_STATE_DIR", "ENTRYPOINT_LOG")}
# Of each call, where the texts for a person stand.
TEXTS = {
    "Failure": (2, ("what", "why", "todo")),
    "Notice": (1, ("text",)),
    "warn": (1, ("text",)),
    "EntryError": (0, ("fault",)),
    "NotLearnedError": (0, ("why",)),
}


@dataclass
class Module:
    """What one file of the program says, and what in it cannot be translated."""

    path: Path
    said: set[str] = field(default_factory=set)
    constants: set[str] = field(default_factory=set)
    separators: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        ours = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "entrypoint.sentence"
            for alias in node.names
        }
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("say", "join") and isinstance(node.func, ast.Name) and name in ours:
                self._collect(node, self.said if name == "say" else self.separators)
            elif name == "warn" or (name in TEXTS and isinstance(node.func, ast.Name)):
                around = [f for f in functions if f.lineno <= node.lineno <= (f.end_lineno or 0)]
                scopes: list[ast.AST] = [tree, *around]
                first, keywords = TEXTS[name]
                for text in [*node.args[first:], *(k.value for k in node.keywords if k.arg in keywords)]:
                    self._check(text, scopes, frozenset())

    def _collect(self, call: ast.Call, into: set[str]) -> None:
        template = call.args[0]
        if isinstance(template, ast.Constant) and isinstance(template.value, str):
            into.add(template.value)
        elif not (self.path.name == "forms.py" and "otherwise" in ast.unparse(template)):
            self.faults.append(f"{self._where(call)}: the template is made while the program runs")

    def _check(self, node: ast.expr, scopes: list[ast.AST], seen: frozenset[str]) -> None:
        """Only what is translated, or comes from elsewhere, where it was checked."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.constants.add(node.value)
        elif isinstance(node, ast.Tuple):
            for part in node.elts:
                self._check(part, scopes, seen)
        elif isinstance(node, ast.Starred):
            self._check(node.value, scopes, seen)
        elif isinstance(node, ast.IfExp):
            self._check(node.body, scopes, seen)
            self._check(node.orelse, scopes, seen)
        elif isinstance(node, ast.BoolOp):
            for part in node.values:
                self._check(part, scopes, seen)
        elif isinstance(node, ast.Name):
            if node.id not in seen:
                for value in _assigned(node.id, scopes[-1]) or _assigned(node.id, scopes[0]):
                    self._check(value, scopes, seen | {node.id})
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "str":
                self.faults.append(f"{self._where(node)}: str() forgets what the sentence was made of")
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "format"):
                self.faults.append(f"{self._where(node)}: {ast.unparse(node)}")
        elif not isinstance(node, ast.Attribute):
            self.faults.append(f"{self._where(node)}: {ast.unparse(node)}")

    def _where(self, node: ast.expr) -> str:
        return f"{self.path.relative_to(CODE)}:{node.lineno}"


def _assigned(name: str, scope: ast.AST) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == name
    ]


MODULES = [Module(path) for path in sorted(CODE.rglob("*.py"))]
SAID: set[str] = DEFAULTS.union(*(module.said for module in MODULES))
CONSTANTS: set[str] = set().union(*(module.constants for module in MODULES)) - {""}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_every_text_of_a_failure_and_a_warning_can_be_translated() -> None:
    assert [fault for module in MODULES for fault in module.faults] == []


def test_every_sentence_is_in_the_catalogue_and_the_catalogue_has_no_others() -> None:
    assert len(SAID) > 150
    assert len(CONSTANTS) > 30
    assert sorted((SAID | CONSTANTS) - MESSAGES.keys()) == []
    assert sorted(MESSAGES.keys() - SAID - CONSTANTS) == []
    assert set().union(*(module.separators for module in MODULES)) == SEPARATORS.keys()


def test_a_text_that_stands_alone_has_no_facts() -> None:
    assert [text for text in CONSTANTS if placeholders(text)] == []


@pytest.mark.parametrize("template", MESSAGES)
def test_a_translation_has_the_same_facts_in_natural_chinese(template: str) -> None:
    chinese = MESSAGES[template]
    bare = re.sub(r"\{[^}]*\}", "", chinese)

    assert placeholders(chinese) == placeholders(template)
    assert template.count("\n") == chinese.count("\n")
    assert (FULL_WIDTH if template in FRAMES else CHINESE).search(bare)
    assert not re.search("[\u4e00-\u9fff][,;:!?.](?!\\w)", chinese), "punctuation of another script"
    assert not re.search("[,;:!?][\u4e00-\u9fff]", chinese), "punctuation of another script"
    assert not re.search("[\u4e00-\u9fff][A-Za-z0-9{]|[A-Za-z0-9][\u4e00-\u9fff]", _spaced(chinese)), "no blank"
    assert not re.search("  | $|^ |[\u3002\uff0c\uff1b\uff1a\u3001] ", chinese)
    assert chinese.count("\u201c") == chinese.count("\u201d")
    assert chinese.count("\uff08") == chinese.count("\uff09")
    if template[0].isupper() and not template.endswith("..."):
        assert template.endswith((".", "?")) == chinese.endswith(("\u3002", "\uff1f"))


def _spaced(chinese: str) -> str:
    """Without the facts that are Chinese themselves: these stand without blanks."""
    return re.sub(r"\{(fault|trouble|reason|what|side|missing|told|lines)\}", "", chinese)


def test_facts_that_are_sentences_are_translated_and_names_are_not() -> None:
    fault = say("has a part of more than {limit} characters", limit=96)
    said = say(
        '{variable} holds "{entry}", which names no model: it {fault}.', variable="V", entry="is blank", fault=fault
    )

    assert said == 'V holds "is blank", which names no model: it has a part of more than 96 characters.'
    assert translated(said, "zh") == "V 中的“is blank”不是模型的名称：其中有一部分超过 96 个字符。"


def test_parts_are_joined_as_the_language_does_it() -> None:
    removed = join(" and ", [say("quotes"), say('the word "Bearer"')])
    said = say("{source}: {what} around the token were removed.", source="HF_TOKEN", what=removed)

    assert translated(said, "zh") == "HF_TOKEN：令牌两端的引号和“Bearer”一词已去掉。"
    assert translated(join("; ", [say("quotes"), "b"]), "zh") == "引号；b"


def test_whole_texts_that_are_joined_are_each_translated() -> None:
    joined = join(
        " ", (say("{name} and {file_name} are both set.", name="A", file_name="B"), "Nothing was downloaded.")
    )

    assert translated(joined, "zh") == "同时设置了 A 和 B。未下载任何文件。"


def test_braces_in_a_fact_are_put_in_as_they_are() -> None:
    said = say("{name} names {path}, which does not exist.", name="SSL_CERT_FILE", path="/{uid}/{{x}}/%s")

    assert translated(said, "zh") == "SSL_CERT_FILE 指定的 /{uid}/{{x}}/%s 不存在。"


def test_what_is_in_no_catalogue_stays_as_it_is() -> None:
    foreign = say("{path} was never heard of", path="/a")

    assert translated(foreign, "zh") == "/a was never heard of"
    assert translated("ValidationError: llm.mode", "zh") == "ValidationError: llm.mode"
    for lang in ("en", "xx"):
        assert translated(say("is blank"), lang) == "is blank"
        assert translated("Nothing was downloaded.", lang) == "Nothing was downloaded."


def test_a_failure_has_one_line_for_the_state_file() -> None:
    failure = Failure(
        "command-not-found", 127, say("The command {command} was not found in {folder}.", command="a", folder="/b")
    )

    assert state_line(failure, "zh") == "command-not-found: 在 /b 中找不到命令 a 。"
    assert state_line(failure, "en") == "command-not-found: The command a was not found in /b."
