"""What PrivateGPT 0.5, 0.6 and 1.x need, by their own settings.

Profiles, templates and defaults are merged by PrivateGPT itself: `privategpt_probe` runs in the image's own
interpreter and working directory, in a short child process. What follows from the answer is decided here:

| setting | when | the server looks in | without it |
|---|---|---|---|
| llamacpp.llm_hf_repo_id | llm.mode llamacpp | models/<file> | does not start |
| huggingface.embedding_hf_model_name | embedding.mode huggingface | models/cache | does not start |
| llm.tokenizer | 0.5: always; 0.6: unless mode mock | models/cache | 0.5 does not start (#1861), 0.6 warns |
| rag.rerank.model | rag.rerank.enabled | the default Hub cache | fails at the first question |
| models[].tokenizer | 1.x, by tokenizer_mode | models/cache | does not start, if it is the default model's |
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from entrypoint.failures import CONFIG, Failure
from entrypoint.needs import locate
from entrypoint.needs.names import pattern_fault, repo_fault
from entrypoint.sentence import Sentence, say
from entrypoint.text import shown
from entrypoint.values import Need, Place, Use

ASKER = "PrivateGPT"
LIMIT_SECONDS = 30.0

# What AutoTokenizer opens, and config.json, by which it finds the class.
TOKENIZER_PATTERNS = (
    "config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
)
# 1.x takes any snapshot with tokenizer.json and tokenizer_config.json, or tekken.json, for whole; these are
# the patterns it fetches by, with what they leave out: the code of custom tokenizers, merges, and templates
# in files of their own.
TOKENIZER_PATTERNS_1 = (
    "*.json",
    "*.model",
    "vocab.txt",
    "tokenizer*",
    "merges.txt",
    "*.tiktoken",
    "*.jinja",
    "*.py",
)
_MODES_THAT_FETCH = ("", "default", "huggingface", "chat", "mistral")
_MODES_THAT_INSIST = ("huggingface", "chat", "mistral")

# A plain string: compiled where it is used, which on a warm start it is not.
_SENSITIVE_NAME = r"(?i)TOKEN(?!IZER)|KEY|SECRET|PASSWORD|CREDENTIAL"
# SentenceTransformer puts its own organization before a bare name, except for the Hub's oldest models.
_OLDEST_MODELS = (
    r"(?i)(albert|bert|camembert|ctrl|distilbert|distilgpt2|distilroberta|gpt2|openai-gpt|roberta|t5|transfo-xl"
    r"|xlm-clm|xlm-mlm|xlm-roberta|xlnet)(?!.*-(nli|stsb|msmarco|paraphrase|wikipedia)\b)(-.*)?"
)
_DECIDE_MODULES_CACHE = ("HF_MODULES_CACHE", "HF_HOME", "XDG_CACHE_HOME")


@dataclass(frozen=True, slots=True)
class Answer:
    """What PrivateGPT's settings say.

    `present` is whether this image holds a PrivateGPT at all. `in_place` are needs whose file lies where the
    server looks: fetched earlier, if there is a receipt, else put there by hand. `trouble` is one line: why
    the settings did not load; the server must then be started, so that its own error shows. `version` is
    "0.5" (and older), "0.6", "1" or "". `environment` are variables that the server needs on top of its own.
    `notes` are sentences for the log. `token` is huggingface.access_token, which people also write into a
    settings file, where no variable shows it.
    """

    present: bool
    needs: tuple[Need, ...] = ()
    in_place: tuple[Need, ...] = ()
    trouble: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    token: str = field(default="", repr=False)


def ask(
    command: Sequence[str],
    environ: Mapping[str, str],
    cwd: Path,
    *,
    hub_cache: Path,
    limit: float = LIMIT_SECONDS,
) -> Answer:
    """The needs of the PrivateGPT that `command` starts (or that lies in `cwd`, or on PATH), within `limit`
    seconds.

    `environ` and `cwd` are the server's; `hub_cache` is the Hub cache that it uses by default. Starts no
    process where there is no PrivateGPT. Raises `Failure` bad-model-name (78) if the server must have a model
    that cannot be one.
    """
    cwd = Path(os.path.abspath(cwd))  # noqa: PTH100  (resolve() would follow links, and a venv's python is one)
    words = list(locate.words_of(command))
    if not locate.is_present(words, environ, cwd):
        return Answer(present=False)
    interpreter = locate.interpreter(words, environ, cwd)
    if interpreter is None:
        trouble = say("no Python interpreter was found to read PrivateGPT's settings with")
        return Answer(present=True, trouble=trouble)
    facts = _probe(interpreter, environ, cwd, limit)
    if "absent" in facts:  # the command only mentions the name
        return Answer(present=False)
    if "trouble" in facts:
        return Answer(present=True, trouble=facts["trouble"])
    return _answer(facts, environ, cwd, hub_cache)


# Asking it


def _probe(interpreter: Path, environ: Mapping[str, str], cwd: Path, limit: float) -> dict[str, Any]:
    """What PrivateGPT answered; or "absent", or "trouble", fit to be shown."""

    def safe(text: str, length: int = 300) -> str:
        return shown(_without_secrets(text, environ), length)

    import subprocess  # here, not above: on a warm start nobody is asked, and the import costs milliseconds

    source = Path(__file__).with_name("privategpt_probe.py").read_text(encoding="utf-8")
    try:
        process = subprocess.Popen(
            [str(interpreter), "-c", source],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return {"trouble": safe(f"{interpreter}: {error.strerror or error}")}
    with process:
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return {"trouble": say("PrivateGPT's settings did not load within {limit} seconds", limit=f"{limit:g}")}
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    for line in reversed(output.splitlines()):
        if line.startswith(b"{"):
            facts: dict[str, Any] = json.loads(line)
            return {**facts, "trouble": safe(str(facts["trouble"]))} if "trouble" in facts else facts
    said = errors.decode("utf-8", "replace").strip().splitlines()
    ending = (
        safe(said[-1], 200)
        if said
        else say("it said nothing, and ended with {exit_code}", exit_code=process.returncode)
    )
    python = safe(str(interpreter), 100)
    return {"trouble": say("{interpreter} gave no answer: {ending}", interpreter=python, ending=ending)}


def _without_secrets(text: str, environ: Mapping[str, str]) -> str:
    for name, value in environ.items():
        if re.search(_SENSITIVE_NAME, name) and len(value) >= 6:
            text = text.replace(value, "***")
    return text


# What follows from its settings


def _answer(facts: Mapping[str, Any], environ: Mapping[str, str], cwd: Path, hub_cache: Path) -> Answer:
    cache = Path(facts["cache_path"])
    if facts["has_llamacpp"]:
        version = "0.6" if facts["has_access_token"] else "0.5"
        wanted = _wanted_0(facts, version, hub_cache)
    elif facts["models"] is not None:
        version = "1"
        wanted = _wanted_1(facts)
    else:
        note = say("PrivateGPT's settings have a shape that is not known here: name its models in ENTRYPOINT_MODELS.")
        return Answer(present=True, notes=(note,))
    needs: list[Need] = []
    in_place: list[Need] = []
    notes: list[str] = []
    for need in wanted:
        if need.use == "weights":
            state = _weights_state(need)
            if state == "in place":
                in_place.append(need)
                continue
            if state:
                notes.append(state)
            for file in need.patterns:
                if fault := _file_fault(file):
                    raise _bad_value("llamacpp.llm_hf_model_file", file, fault)
        elif _is_local(need.repo, cwd):
            continue
        fault = repo_fault(need.repo)
        if not fault:
            needs.append(need)
        elif need.required:
            raise _bad_value(need.source, need.repo, fault)
        else:
            note = say(
                'PrivateGPT\'s {source} is "{repo}": it {fault}. It is left out.',
                source=need.source,
                repo=shown(need.repo),
                fault=fault,
            )
            notes.append(note)
    environment: dict[str, str] = {}
    if any(need.auto_map for need in needs) and not any(environ.get(name) for name in _DECIDE_MODULES_CACHE):
        # The code of such models is copied there before it is imported; by default to a home that may not
        # even exist.
        environment["HF_MODULES_CACHE"] = str(cache / "modules")
    return Answer(
        present=True,
        needs=_once(needs),
        in_place=tuple(in_place),
        version=version,
        environment=environment,
        notes=tuple(notes),
        token=str(facts["settings"]["huggingface.access_token"] or "").strip(),
    )


def _wanted_0(facts: Mapping[str, Any], version: str, hub_cache: Path) -> Iterator[Need]:
    """What 0.5 and 0.6 ask for, names unchecked."""
    settings: Mapping[str, Any] = facts["settings"]
    cache = Place("hub-cache", Path(facts["cache_path"]))

    def need(name: str, use: Use, place: Place, **more: Any) -> Need:
        return Need(str(settings[name] or ""), place, name, asker=ASKER, use=use, **more)

    if settings["llm.mode"] == "llamacpp":
        folder = Place("folder", Path(facts["models_path"]))
        files = _shards(str(settings["llamacpp.llm_hf_model_file"] or ""))
        yield need("llamacpp.llm_hf_repo_id", "weights", folder, patterns=files)
    if settings["embedding.mode"] == "huggingface":
        remote_code = settings["huggingface.trust_remote_code"] is True
        embedding = need("huggingface.embedding_hf_model_name", "embedding", cache, auto_map=remote_code)
        bare = "/" not in embedding.repo and not repo_fault(embedding.repo)
        if bare and version != "0.5" and not re.fullmatch(_OLDEST_MODELS, embedding.repo):
            embedding = replace(embedding, repo=f"sentence-transformers/{embedding.repo}")
        yield embedding
    if settings["llm.tokenizer"] and (version == "0.5" or settings["llm.mode"] != "mock"):
        required = version == "0.5"
        yield need("llm.tokenizer", "tokenizer", cache, patterns=TOKENIZER_PATTERNS, required=required)
    if settings["rag.rerank.enabled"] is True:
        yield need("rag.rerank.model", "reranker", Place("hub-cache", hub_cache), required=False)


def _wanted_1(facts: Mapping[str, Any]) -> Iterator[Need]:
    """What 1.x asks for: tokenizers alone, names unchecked. It runs their code, so `auto_map` counts."""
    default = facts["settings"]["llm.default_model"]
    for model in facts["models"]:
        mode = model["tokenizer_mode"] or ""
        asks = model["type"] == "llm" and model["enabled"] is True and model["mode"] != "mock"
        if asks and mode in _MODES_THAT_FETCH and (model["tokenizer"] or "").strip():
            yield Need(
                model["tokenizer"],
                Place("hub-cache", Path(facts["cache_path"])),
                f"models[{shown(model['name'], 40)}].tokenizer",
                patterns=TOKENIZER_PATTERNS_1,
                required=mode in _MODES_THAT_INSIST and model["name"] == default,
                asker=ASKER,
                use="tokenizer",
                auto_map=True,
            )


def _once(needs: Sequence[Need]) -> tuple[Need, ...]:
    """The same files asked for by two models are one need, required if one of the two requires it."""
    once: dict[tuple[str, Place, tuple[str, ...]], Need] = {}
    for need in needs:
        key = (need.repo, need.place, need.patterns)
        if key not in once or (need.required and not once[key].required):
            once[key] = need
    return tuple(once.values())


def _is_local(name: str, cwd: Path) -> bool:
    """Whether the server would read a folder of its own: transformers looks there before it asks the Hub."""
    return bool(name.strip()) and os.path.exists(cwd / name)  # noqa: PTH110  (false, too, for what cannot be a path)


def _weights_state(need: Need) -> str:
    """ "in place" if every file is; "" if one is not there, or what is wrong with what lies there instead."""
    states = [_file_state(need.place.path / name) for name in need.patterns]
    wrong = [state for state in states if state != "in place"]
    return next((state for state in wrong if state), "") if wrong else "in place"


def _file_state(path: Path) -> str:
    if path.is_dir():
        return say("{path} is a folder: Docker makes one where a file that is not there is mounted.", path=path)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return say("{path} cannot be read: {error}.", path=path, error=error.strerror)
    return "in place" if magic == b"GGUF" else say("{path} is no GGUF file, and will be replaced.", path=path)


def _file_fault(file: str) -> Sentence | Literal[""]:
    if not file.strip():
        return say("is blank")
    if any(c in file for c in "*?["):
        return say("is a pattern, where the server opens one file of that name")
    return say("cannot be the path of a file in a repo") if pattern_fault(file) else ""


def _shards(file: str) -> tuple[str, ...]:
    """`file`, or all files of the split model whose first one it is: llama.cpp opens the others by itself."""
    if match := re.fullmatch(r"(.*-)00001(-of-(\d{5})\.gguf)", file):
        return tuple(f"{match[1]}{number:05}{match[2]}" for number in range(1, int(match[3]) + 1))
    return (file,)


def _bad_value(setting: str, value: str, fault: Sentence) -> Failure:
    correct = say(
        "Correct {setting} in PrivateGPT's settings (settings.yaml, or a profile that PGPT_PROFILES names).",
        setting=setting,
    )
    do_without = say('Or do without it: set llm.tokenizer to "" in a settings profile.')
    what = say(
        'PrivateGPT\'s setting {setting} is "{value}", with which nothing can be fetched: it {fault}.',
        setting=setting,
        value=shown(value),
        fault=fault,
    )
    todo = (correct, do_without) if setting == "llm.tokenizer" else (correct,)
    return Failure("bad-model-name", CONFIG, what, todo=todo)
