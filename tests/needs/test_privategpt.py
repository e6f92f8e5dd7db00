"""What PrivateGPT's own settings ask for, read as in its images: in a child process, by its interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import pytest

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs.privategpt import TOKENIZER_PATTERNS, TOKENIZER_PATTERNS_1, Answer, ask
from entrypoint.values import Need, Place
from tests.needs.fake_privategpt import MODEL_1, FakePrivateGPT, settings_of

MODULE = ("python", "-m", "private_gpt")
SERVE = ("private-gpt", "serve")
Version = Literal["0.5", "0.6", "1"]


@pytest.fixture
def gpt(tmp_path: Path) -> FakePrivateGPT:
    return FakePrivateGPT(tmp_path / "app")


def answer(
    gpt: FakePrivateGPT,
    command: Sequence[str] = MODULE,
    limit: float = 30.0,
    environ: Mapping[str, str] | None = None,
) -> Answer:
    return ask(command, gpt.environ | dict(environ or {}), gpt.root, hub_cache=Path("/hub"), limit=limit)


def asked(gpt: FakePrivateGPT, version: Version, **changes: Any) -> Answer:
    gpt.holds(settings_of(version, **changes))
    return answer(gpt)


def repos(answered: Answer) -> list[str]:
    assert answered.trouble == ""
    return [need.repo for need in answered.needs]


# Presence, and the interpreter


@pytest.mark.parametrize(
    "command",
    [
        MODULE,
        (".venv/bin/python", "-u", "-m", "private_gpt"),
        ("sh", "-c", ".venv/bin/python -m private_gpt"),
        ("/bin/sh", "-c", "python -m private_gpt"),
        ("sh", "-c", ".venv/bin/python scripts/setup && .venv/bin/python -m private_gpt"),
        ("sh", "-c", "python -m private_gpt; echo 'an open quote"),
        ("tini", "--", "poetry", "run", "python", "-m", "private_gpt"),
        ("make", "run"),
        (),
    ],
)
def test_privategpt_is_found_however_it_is_started(gpt: FakePrivateGPT, command: tuple[str, ...]) -> None:
    gpt.holds(settings_of("0.6", embedding={"mode": "huggingface"}))
    answered = answer(gpt, command)
    assert answered.present
    assert repos(answered) == ["org/embed"]


@pytest.mark.parametrize(
    "script",
    [
        "#!{python}\nimport private_gpt\n",
        "#! /usr/bin/env python3.11\n",
        "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\n",
    ],
)
@pytest.mark.parametrize("command", [SERVE, ("/usr/bin/tini", "private-gpt", "serve"), ()])
def test_the_console_script_leads_to_its_interpreter(
    gpt: FakePrivateGPT, tmp_path: Path, script: str, command: tuple[str, ...]
) -> None:
    gpt.holds(settings_of("1", models=[MODEL_1 | {"tokenizer": "org/tok"}]))
    python = tmp_path / "elsewhere" / "python3.11"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    gpt.environ["PATH"] = f".venv/bin:{python.parent}"
    gpt.without_interpreter()
    gpt.script(script.format(python=python))
    assert repos(answer(gpt, command)) == ["org/tok"]


@pytest.mark.parametrize("script", ["\x7fELF", "#!/bin/sh\n.venv/bin/python -m private_gpt\n", "#!/nowhere/python\n"])
def test_a_console_script_that_leads_nowhere_leaves_the_folders_interpreter(gpt: FakePrivateGPT, script: str) -> None:
    gpt.holds(settings_of("1", models=[MODEL_1 | {"tokenizer": "org/tok"}]))
    gpt.script(script)
    assert repos(answer(gpt, SERVE)) == ["org/tok"]


def test_what_cannot_be_executed_is_passed_over_on_path(gpt: FakePrivateGPT, tmp_path: Path) -> None:
    gpt.holds(settings_of("0.6", embedding={"mode": "huggingface"}))
    (tmp_path / "a" / "python").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "python").write_text("not executable")
    gpt.environ["PATH"] = f"{tmp_path}/a:{tmp_path}/b:" + gpt.environ["PATH"]
    assert repos(answer(gpt)) == ["org/embed"]


def test_the_console_script_is_found_from_another_folder(gpt: FakePrivateGPT, tmp_path: Path) -> None:
    gpt.holds(settings_of("1", models=[MODEL_1 | {"tokenizer": "org/tok"}]))
    gpt.script(f"#!{sys.executable}\n")
    environ = {"PATH": str(gpt.root / ".venv" / "bin"), "PYTHONPATH": str(gpt.root)}
    assert repos(ask(SERVE, environ, tmp_path, hub_cache=Path("/hub"))) == ["org/tok"]


@pytest.mark.parametrize(
    "command",
    [
        ("llama-server", "-m", "/models/x.gguf"),
        ("vllm", "serve", "/models/private-gpt"),
        ("sh", "-c", "sleep 9"),
        (),
    ],
)
def test_another_server_costs_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    (tmp_path / "private-gpt").mkdir()
    environ = {"PATH": "/usr/bin:/bin"}
    assert ask(command, environ, tmp_path, hub_cache=Path("/hub")) == Answer(present=False)


def test_a_command_that_only_mentions_the_name_is_no_privategpt(gpt: FakePrivateGPT) -> None:
    assert answer(gpt, ("server", "--name", "private_gpt")) == Answer(present=False)


def test_without_an_interpreter_the_trouble_is_told(tmp_path: Path) -> None:
    answered = ask(MODULE, {"PATH": str(tmp_path)}, tmp_path, hub_cache=Path("/hub"))
    assert answered.present
    assert "interpreter" in answered.trouble


# 0.5 and 0.6


def test_a_gguf_goes_to_the_models_folder_under_its_own_name(gpt: FakePrivateGPT) -> None:
    answered = asked(gpt, "0.6", llm={"mode": "llamacpp"})
    assert answered.needs == (
        Need(
            "org/model-GGUF",
            Place("folder", gpt.root / "models"),
            "llamacpp.llm_hf_repo_id",
            patterns=("model.Q4_K_M.gguf",),
            asker="PrivateGPT",
            use="weights",
        ),
    )
    assert answered.version == "0.6"


def test_all_files_of_a_split_gguf_are_needed(gpt: FakePrivateGPT) -> None:
    file = {"llm_hf_model_file": "q8/m-00001-of-00003.gguf"}
    (need,) = asked(gpt, "0.6", llm={"mode": "llamacpp"}, llamacpp=file).needs
    assert need.patterns == (
        "q8/m-00001-of-00003.gguf",
        "q8/m-00002-of-00003.gguf",
        "q8/m-00003-of-00003.gguf",
    )


@pytest.mark.parametrize("where", ["model.gguf", "{outside}"])
def test_a_gguf_that_lies_in_place_is_no_need(gpt: FakePrivateGPT, tmp_path: Path, where: str) -> None:
    file = where.format(outside=tmp_path / "outside.gguf")
    path = gpt.root / "models" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF\3\0\0\0")
    llamacpp = {"llm_hf_repo_id": "org/x", "llm_hf_model_file": file}
    answered = asked(gpt, "0.6", llm={"mode": "llamacpp"}, llamacpp=llamacpp)
    assert repos(answered) == []
    assert [need.patterns for need in answered.in_place] == [(file,)]


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1", b"<html>"])
def test_a_file_that_is_no_gguf_is_needed_and_said(gpt: FakePrivateGPT, content: bytes) -> None:
    path = gpt.root / "models" / "model.Q4_K_M.gguf"
    path.parent.mkdir()
    path.write_bytes(content)
    answered = asked(gpt, "0.6", llm={"mode": "llamacpp"})
    assert repos(answered) == ["org/model-GGUF"]
    assert answered.in_place == ()
    assert any(str(path) in note and "no GGUF" in note for note in answered.notes)


def test_one_file_of_a_split_gguf_does_not_stand_for_all(gpt: FakePrivateGPT) -> None:
    first = gpt.root / "models" / "m-00001-of-00002.gguf"
    first.parent.mkdir()
    first.write_bytes(b"GGUF")
    answered = asked(gpt, "0.6", llm={"mode": "llamacpp"}, llamacpp={"llm_hf_model_file": first.name})
    assert repos(answered) == ["org/model-GGUF"]
    assert answered.notes == ()


def test_a_folder_where_the_gguf_should_be_is_explained(gpt: FakePrivateGPT) -> None:
    (gpt.root / "models" / "model.Q4_K_M.gguf").mkdir(parents=True)
    answered = asked(gpt, "0.6", llm={"mode": "llamacpp"})
    assert "is a folder" in answered.notes[0]


def test_the_embedding_model_goes_to_the_cache_with_its_code_only_if_that_is_trusted(
    gpt: FakePrivateGPT,
) -> None:
    embedding = Need(
        "org/embed",
        Place("hub-cache", gpt.root / "models" / "cache"),
        "huggingface.embedding_hf_model_name",
        asker="PrivateGPT",
        use="embedding",
        auto_map=True,
    )
    trusted = asked(gpt, "0.6", embedding={"mode": "huggingface"})
    assert trusted.needs == (embedding,)
    assert trusted.environment == {"HF_MODULES_CACHE": str(gpt.root / "models" / "cache" / "modules")}
    plain = asked(gpt, "0.6", embedding={"mode": "huggingface"}, huggingface={"trust_remote_code": False})
    assert [need.auto_map for need in plain.needs] == [False]
    assert plain.environment == {}


@pytest.mark.parametrize("name", ["HF_MODULES_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_a_modules_cache_that_the_user_chose_stays(gpt: FakePrivateGPT, name: str) -> None:
    gpt.holds(settings_of("0.6", embedding={"mode": "huggingface"}))
    assert answer(gpt, environ={name: "/chosen"}).environment == {}
    assert "HF_MODULES_CACHE" in answer(gpt, environ={name: ""}).environment


@pytest.mark.parametrize(
    ("version", "name", "repo"),
    [
        ("0.6", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
        ("0.6", "bert-base-nli-mean-tokens", "sentence-transformers/bert-base-nli-mean-tokens"),
        ("0.6", "bert-base-uncased", "bert-base-uncased"),
        ("0.6", "xlm-mlm-tlm-xnli15-1024", "xlm-mlm-tlm-xnli15-1024"),
        ("0.5", "all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
    ],
)
def test_a_bare_embedding_name_means_what_it_means_to_sentence_transformers(
    gpt: FakePrivateGPT, version: Version, name: str, repo: str
) -> None:
    embedding = {"embedding_hf_model_name": name}
    assert repos(asked(gpt, version, embedding={"mode": "huggingface"}, huggingface=embedding)) == [repo]


@pytest.mark.parametrize("mode", ["mock", "ollama", "openai"])
def test_0_5_does_not_start_without_its_tokenizer_in_any_mode(gpt: FakePrivateGPT, mode: str) -> None:
    answered = asked(gpt, "0.5", llm={"mode": mode, "tokenizer": "org/gated"})
    assert answered.version == "0.5"
    assert answered.needs == (
        Need(
            "org/gated",
            Place("hub-cache", gpt.root / "models" / "cache"),
            "llm.tokenizer",
            patterns=TOKENIZER_PATTERNS,
            required=True,
            asker="PrivateGPT",
            use="tokenizer",
        ),
    )


@pytest.mark.parametrize(("mode", "required"), [("mock", []), ("ollama", [False]), ("openailike", [False])])
def test_0_6_starts_without_its_tokenizer_and_in_mock_mode_does_not_ask(
    gpt: FakePrivateGPT, mode: str, required: list[bool]
) -> None:
    answered = asked(gpt, "0.6", llm={"mode": mode, "tokenizer": "org/gated"})
    assert [need.required for need in answered.needs] == required


@pytest.mark.parametrize("version", ["0.5", "0.6"])
@pytest.mark.parametrize("tokenizer", ["", None])
def test_no_tokenizer_is_no_need(gpt: FakePrivateGPT, version: Version, tokenizer: str | None) -> None:
    assert repos(asked(gpt, version, llm={"mode": "ollama", "tokenizer": tokenizer})) == []


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_a_tokenizer_in_a_folder_of_ones_own_is_no_need(gpt: FakePrivateGPT, version: Version) -> None:
    (gpt.root / "models" / "tok").mkdir(parents=True)
    assert repos(asked(gpt, version, llm={"mode": "ollama", "tokenizer": "models/tok"})) == []


def test_the_reranker_lies_in_the_default_cache_and_is_optional(gpt: FakePrivateGPT) -> None:
    (need,) = asked(gpt, "0.6", rag={"rerank": {"enabled": True, "model": "org/rerank"}}).needs
    assert need == Need(
        "org/rerank",
        Place("hub-cache", Path("/hub")),
        "rag.rerank.model",
        required=False,
        asker="PrivateGPT",
        use="reranker",
    )


def test_settings_without_a_rerank_section_are_no_trouble(gpt: FakePrivateGPT) -> None:
    assert asked(gpt, "0.5", rag={"rerank": None}) == Answer(present=True, version="0.5")


def test_the_token_in_the_settings_is_handed_on_but_never_shown(gpt: FakePrivateGPT) -> None:
    answered = asked(gpt, "0.6", huggingface={"access_token": " hf_secret "})
    assert answered.token == "hf_secret"
    assert "hf_secret" not in repr(answered)


# 1.x


@pytest.mark.parametrize(
    ("mode", "default", "required"),
    [
        (None, "m1", False),
        ("default", "m1", False),
        ("huggingface", "m1", True),
        ("chat", "m1", True),
        ("mistral", "m1", True),
        ("huggingface", "another", False),
        ("huggingface", "", False),
    ],
)
def test_1_x_needs_a_named_tokenizer_and_insists_on_it_by_mode_for_the_default_model(
    gpt: FakePrivateGPT, mode: str | None, default: str, required: bool
) -> None:
    model = MODEL_1 | {"tokenizer": "org/tok", "tokenizer_mode": mode}
    answered = asked(gpt, "1", models=[model], llm={"default_model": default})
    assert answered.version == "1"
    assert answered.needs == (
        Need(
            "org/tok",
            Place("hub-cache", gpt.root / "models" / "cache"),
            "models[m1].tokenizer",
            patterns=TOKENIZER_PATTERNS_1,
            required=required,
            asker="PrivateGPT",
            use="tokenizer",
            auto_map=True,
        ),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"tokenizer": None},
        {"tokenizer": " "},
        {"enabled": False},
        {"mode": "mock"},
        {"type": "embedding"},
        {"tokenizer_mode": "tiktoken"},
        {"tokenizer_mode": "estimator"},
        {"tokenizer_mode": "remote"},
    ],
)
def test_1_x_models_that_load_no_tokenizer_from_the_hub_need_none(gpt: FakePrivateGPT, change: dict[str, Any]) -> None:
    model = MODEL_1 | {"tokenizer": "org/tok", "tokenizer_mode": "huggingface"} | change
    assert repos(asked(gpt, "1", models=[model], llm={"default_model": "m1"})) == []


def test_1_x_with_its_default_settings_needs_nothing(gpt: FakePrivateGPT) -> None:
    assert asked(gpt, "1") == Answer(present=True, version="1")


def test_1_x_fields_that_a_model_lacks_are_no_trouble(gpt: FakePrivateGPT) -> None:
    embedding = {"type": "embedding", "name": "e", "mode": "openai", "enabled": True}
    assert repos(asked(gpt, "1", models=[embedding])) == []


def test_1_x_looks_under_its_home(gpt: FakePrivateGPT) -> None:
    gpt.holds(settings_of("1", models=[MODEL_1 | {"tokenizer": "org/tok"}]))
    (need,) = answer(gpt, environ={"PGPT_HOME": "/data/home"}).needs
    assert need.place == Place("hub-cache", Path("/data/home/models/cache"))


@pytest.mark.parametrize("order", [("small", "big"), ("big", "small")])
def test_two_models_with_one_tokenizer_are_one_need_in_the_name_of_the_one_that_insists(
    gpt: FakePrivateGPT, order: tuple[str, str]
) -> None:
    modes = {"small": None, "big": "chat"}
    models = [MODEL_1 | {"name": name, "tokenizer": "org/tok", "tokenizer_mode": modes[name]} for name in order]
    (need,) = asked(gpt, "1", models=models, llm={"default_model": "big"}).needs
    assert (need.source, need.required) == ("models[big].tokenizer", True)


@pytest.mark.parametrize("patterns", [TOKENIZER_PATTERNS, TOKENIZER_PATTERNS_1])
def test_the_patterns_take_what_a_tokenizer_is_and_leave_the_weights(patterns: tuple[str, ...]) -> None:
    def taken(file: str) -> bool:
        return any(fnmatchcase(file, pattern) for pattern in patterns)

    wanted = "config.json tokenizer.json tokenizer_config.json special_tokens_map.json tokenizer.model.v3 vocab.txt"
    assert [file for file in wanted.split() if not taken(file)] == []
    assert [file for file in ("merges.txt", "chat_template.jinja", "qwen.tiktoken") if not taken(file)] == []
    weights = "model.safetensors pytorch_model.bin consolidated.00.pth onnx/model.onnx x.gguf"
    assert [file for file in weights.split() if taken(file)] == []


# Names that cannot be one


@pytest.mark.parametrize(
    ("version", "changes", "setting", "value"),
    [
        ("0.5", {"llm": {"mode": "ollama", "tokenizer": "None"}}, "llm.tokenizer", "None"),
        (
            "0.6",
            {"llm": {"mode": "llamacpp"}, "llamacpp": {"llm_hf_repo_id": ""}},
            "llamacpp.llm_hf_repo_id",
            '""',
        ),
        (
            "0.6",
            {"llm": {"mode": "llamacpp"}, "llamacpp": {"llm_hf_model_file": "../x.gguf"}},
            "llamacpp.llm_hf_model_file",
            "../x.gguf",
        ),
        (
            "0.6",
            {"llm": {"mode": "llamacpp"}, "llamacpp": {"llm_hf_model_file": "*.gguf"}},
            "llamacpp.llm_hf_model_file",
            "*.gguf",
        ),
        (
            "0.6",
            {"llm": {"mode": "llamacpp"}, "llamacpp": {"llm_hf_model_file": ""}},
            "llamacpp.llm_hf_model_file",
            "blank",
        ),
        (
            "0.6",
            {"embedding": {"mode": "huggingface"}, "huggingface": {"embedding_hf_model_name": "a/b/c"}},
            "huggingface.embedding_hf_model_name",
            "a/b/c",
        ),
    ],
)
def test_a_required_model_that_cannot_be_one_is_a_fault_of_that_setting(
    gpt: FakePrivateGPT, version: Version, changes: dict[str, Any], setting: str, value: str
) -> None:
    with pytest.raises(Failure) as caught:
        asked(gpt, version, **changes)
    failure = caught.value
    assert (failure.name, failure.exit_code) == ("bad-model-name", CONFIG)
    assert setting in failure.what
    assert value in failure.what
    assert any(setting in step for step in failure.todo)


def test_a_tokenizer_that_cannot_be_one_can_be_done_without(gpt: FakePrivateGPT) -> None:
    with pytest.raises(Failure) as caught:
        asked(gpt, "0.5", llm={"mode": "ollama", "tokenizer": "None"})
    assert any('set llm.tokenizer to ""' in step for step in caught.value.todo)


def test_an_optional_model_that_cannot_be_one_is_left_out_and_said(gpt: FakePrivateGPT) -> None:
    answered = asked(gpt, "0.6", llm={"mode": "ollama", "tokenizer": "None"})
    assert repos(answered) == []
    assert "llm.tokenizer" in answered.notes[0]


# Settings that do not load


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("raise FileNotFoundError(2, 'No such file', '/app/settings-nope.yaml')", "settings-nope.yaml"),
        ("raise ValueError('first line\\n  the last line\\n\\n')", "ValueError: the last line"),
        ("raise SystemExit('no licence')", "SystemExit: no licence"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import a_package_that_is_missing", "a_package_that_is_missing"),
        (
            "import os, sys; sys.stderr.write('Killed by me\\n'); sys.stderr.flush(); os._exit(3)",
            "Killed by me",
        ),
        ("import os; os._exit(3)", "ended with 3"),
        ("import os; os.kill(os.getpid(), 11)", "ended with -11"),
        ("raise ValueError('\\x1b[31mred\\u202e')", "ValueError: red"),
        ("raise ValueError('password is ' + __import__('os').environ['DB_PASSWORD'])", "password is ***"),
    ],
)
def test_settings_that_do_not_load_are_trouble_in_one_line(gpt: FakePrivateGPT, before: str, says: str) -> None:
    gpt.holds(settings_of("0.6"), before)
    answered = answer(gpt, environ={"DB_PASSWORD": "correct horse"})
    assert answered.present
    assert answered.needs == ()
    assert says in answered.trouble
    assert answered.trouble.isprintable()


def test_the_name_of_a_tokenizer_is_no_secret(gpt: FakePrivateGPT) -> None:
    gpt.holds(settings_of("0.6"), "raise ValueError('org/tok is not known')")
    environ = {"PGPT_MODELS_M1_TOKENIZER": "org/tok"}
    assert answer(gpt, environ=environ).trouble == "ValueError: org/tok is not known"


def test_a_validation_error_names_the_setting_and_not_its_value(gpt: FakePrivateGPT) -> None:
    error = """
class ValidationError(ValueError):
    def errors(self):
        return [{"loc": ("huggingface", "access_token"), "msg": "Input should be a valid string", "input": 1}]
raise ValidationError("1 validation error: input_value='hf_secret'\\n  For further information visit ...")
"""
    gpt.holds(settings_of("0.6"), error)
    assert answer(gpt).trouble == "ValidationError: huggingface.access_token: Input should be a valid string"


def test_settings_of_an_unknown_shape_are_said_and_nothing_is_guessed(gpt: FakePrivateGPT) -> None:
    gpt.holds({"engine": {"mode": "new"}})
    answered = answer(gpt)
    assert (answered.present, answered.needs, answered.trouble) == (True, (), "")
    assert "ENTRYPOINT_MODELS" in answered.notes[0]


def test_an_interpreter_that_cannot_run_is_trouble(gpt: FakePrivateGPT) -> None:
    gpt.holds(settings_of("0.6"))
    gpt.without_interpreter()
    python = gpt.script("no machine code", "python")
    assert str(python) in answer(gpt).trouble


def test_settings_that_hang_are_ended_with_their_children(gpt: FakePrivateGPT, tmp_path: Path) -> None:
    fifo = tmp_path / "held-open-by-the-living"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    hang = f"""
import os, subprocess, time
fd = os.open({str(fifo)!r}, os.O_WRONLY)
subprocess.Popen(["sleep", "600"], pass_fds=[fd])
os.write(fd, b"both run")
time.sleep(600)
"""
    gpt.holds(settings_of("0.6"), hang)
    assert "within 2 seconds" in answer(gpt, limit=2).trouble
    os.set_blocking(reading, True)
    with open(reading, "rb") as held:  # noqa: PTH123  (a descriptor)
        assert held.read() == b"both run"  # to the end, which comes when nobody is left


def test_an_interpreter_that_only_talks_is_trouble(gpt: FakePrivateGPT) -> None:
    gpt.holds(settings_of("0.6"))
    gpt.without_interpreter()
    gpt.script("#!/bin/sh\necho Welcome\n", "python")
    assert "gave no answer" in answer(gpt).trouble


def test_what_the_interpreter_prints_as_it_starts_is_not_taken_for_the_answer(
    gpt: FakePrivateGPT, tmp_path: Path
) -> None:
    gpt.holds(settings_of("0.6", embedding={"mode": "huggingface"}))
    noise = "import os; os.write(1, b'{\"trouble\": 1}\\n{')"
    (tmp_path / "sitecustomize.py").write_text(noise)
    assert repos(answer(gpt, environ={"PYTHONPATH": str(tmp_path)})) == ["org/embed"]


def test_what_a_process_of_the_settings_prints_later_is_not_taken_for_the_answer(gpt: FakePrivateGPT) -> None:
    before = """
import os
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        pass
    os.write(1, b'{"trouble": 1}\\n')
    os._exit(0)
"""
    gpt.holds(settings_of("0.6", embedding={"mode": "huggingface"}), before)
    assert repos(answer(gpt)) == ["org/embed"]


def test_what_the_settings_print_reaches_nobody(gpt: FakePrivateGPT, capfd: pytest.CaptureFixture[str]) -> None:
    gpt.holds(settings_of("0.6"), "import os, sys; os.write(1, b'{\"models\": 1}'); sys.stderr.write('{}')")
    assert answer(gpt).version == "0.6"
    assert capfd.readouterr() == ("", "")


def test_the_import_loads_nothing_but_a_little_of_the_standard_library() -> None:
    modules = ("listed", "automap", "privategpt")
    code = f"import sys, {', '.join(f'entrypoint.needs.{module}' for module in modules)}; print(*sys.modules)"
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-S", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert "entrypoint" in loaded
    heavy = {"subprocess", "asyncio", "huggingface_hub", "structlog", "tenacity", "http", "ssl"}
    assert loaded & heavy == set()
