"""Which files of a repo a server reads: what was asked for by pattern, or else every weight in one format.

Repos publish the same weights several times over: for other frameworks, in other precisions, in one file and in shards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from entrypoint.failures import CONFIG, Failure
from entrypoint.sentence import join, say
from entrypoint.text import clean
from entrypoint.values import Need, Repo, RepoFile

# Formats of weights, those that more servers read first; the first pattern that fits a name decides.
_SAFETENSORS, _TORCH, _CKPT, _GGUF, _ONNX, _OPENVINO, _TF, _FLAX, _RUST, _MOBILE = range(10)
_FORMATS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (_OPENVINO, ("openvino*.bin", "openvino*.xml")),
    (_GGUF, ("*.gguf", "ggml-*.bin", "*.llamafile")),
    (_SAFETENSORS, ("*.safetensors", "*.safetensors.index*.json")),
    (_TORCH, ("*.bin", "*.bin.index*.json", "*.pt", "*.pth")),
    (_CKPT, ("*.ckpt",)),
    (_ONNX, ("*.onnx", "*.onnx_data*", "*.onnx.data")),
    (_TF, ("*.h5", "*.h5.index*.json", "*.ckpt.*")),
    (_FLAX, ("*.msgpack", "*.msgpack.index*.json")),
    (_RUST, ("*.ot",)),
    (_MOBILE, ("*.tflite", "*.mlmodel")),
)
_READ_BY_TORCH = (_SAFETENSORS, _TORCH, _CKPT)
# Whole folders that hold conversions of the weights above them, or what their training left.
_CONVERSIONS = ("onnx", "openvino", "coreml", "tf", "tflite", "flax", "original", "metal", "gguf", "checkpoint-*")
_UNREAD = (
    *(".gitattributes", ".gitignore", "*.md", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.mp4", "*.pdf"),
    # what a trainer saved to go on from; the optimizer alone is twice as large as the model
    *("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state*.pth", "training_args.bin"),
    *("trainer_state.json", "events.out.tfevents.*"),
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_SUFFIXES = re.compile(r"(\.index(\.\w+)?\.json|\.(safetensors|bin|pth?|ckpt|h5|msgpack|onnx([._]data\w*)?))+$")
# "model.fp16.safetensors" beside "model.safetensors": read only by who asks for that variant.
_VARIANT = re.compile(r"((?:diffusion_)?(?:pytorch_)?model)\.\w+$")
_VARIANT_INDEX = re.compile(r"\.index\.\w+\.json$")


def choose(need: Need, repo: Repo) -> tuple[RepoFile, ...]:
    """The files of a need: what its patterns match, or else what a server reads, every weight in one format.

    Raises `Failure` 78 where no pattern was given and the repo offers several GGUF quantisations: one is wanted,
    and nobody but the user knows which.
    """
    if need.patterns:
        return tuple(f for f in repo.files if any(matches(f.path, pattern) for pattern in need.patterns))
    files = [file for file in repo.files if not any(fnmatchcase(_name(file).lower(), p) for p in _UNREAD)]
    files = _without_conversions(files)
    files = _without_whole_pipelines(files)
    files = _without_variants(files)
    files = _one_format_a_folder(files)
    _require_one_quantisation(need, files)
    return tuple(files)


def matches(path: str, pattern: str) -> bool:
    """As the client library's allow_patterns: fnmatch over the whole path; a folder stands for what is in it."""
    return fnmatchcase(path, pattern + "*" if pattern.endswith("/") else pattern)


def _without_conversions(files: Sequence[RepoFile]) -> list[RepoFile]:
    kept = [file for file in files if not _in_conversion(file)]
    has_weights = any(_format(file) == _SAFETENSORS or _holds_model(file) for file in kept)
    return kept if has_weights else list(files)


def _in_conversion(file: RepoFile) -> bool:
    folders = [part.lower() for part in PurePosixPath(file.path).parts[:-1]]
    return bool(folders) and (
        any(fnmatchcase(folders[0], pattern) for pattern in _CONVERSIONS)
        or any(folder.endswith((".mlpackage", ".mlmodelc")) for folder in folders)
    )


def _without_whole_pipelines(files: list[RepoFile]) -> list[RepoFile]:
    """A diffusers repo (model_index.json) has a folder for each part. Weights at its top are all parts in one file,
    and folders that hold nothing but ONNX are conversions of other folders."""
    parts = [file for file in files if _format(file) in _READ_BY_TORCH and _folder(file) != "."]
    if not parts or not any(file.path == "model_index.json" for file in files):
        return files
    return [file for file in files if _format(file) is None or file in parts]


def _without_variants(files: Sequence[RepoFile]) -> list[RepoFile]:
    plain = {(_folder(file), _format(file), _stem(file)) for file in files if not _variant_of(file)}
    return [f for f in files if not _variant_of(f) or (_folder(f), _format(f), _variant_of(f)) not in plain]


def _variant_of(file: RepoFile) -> str:
    """The stem of which the file is a variant; "" for a file that is none."""
    if _format(file) not in (_SAFETENSORS, _TORCH):
        return ""
    if _VARIANT_INDEX.search(_name(file)):
        return _stem(file)
    found = _VARIANT.match(_stem(file))
    return found[1] if found else ""


def _one_format_a_folder(files: Sequence[RepoFile]) -> list[RepoFile]:
    if any(_format(file) in _READ_BY_TORCH and _folder(file) == "." and _holds_model(file) for file in files):
        # also quantisations in a folder of their own, below the weights of which they were made
        files = [file for file in files if _format(file) != _GGUF]
    folders: dict[str, list[RepoFile]] = {}
    for file in files:
        folders.setdefault(_folder(file), []).append(file)
    return [file for file in files if not any(_repeats(file, better) for better in folders[_folder(file)])]


def _repeats(file: RepoFile, better: RepoFile) -> bool:
    """Whether `file` holds the weights that `better`, beside it, holds in a better format.

    By their names, for the weights themselves aren't here yet. What is no copy stays: BAAI/bge-m3 has a
    colbert_linear.pt beside its model, CosyVoice a speech_tokenizer_v1.onnx beside its llm.pt.
    """
    one, other = _format(file), _format(better)
    if one is None or other is None or better.path.endswith(".json"):
        return False
    stem, better_stem = _stem(file), _stem(better)
    if one == other and stem.startswith("consolidated"):
        # Mistral's repos carry all weights twice: in shards, and "consolidated" for its own inference code.
        return better_stem in ("model", "pytorch_model")
    if one <= other:
        return False
    if stem == better_stem:
        return True
    if not _holds_model(better) or ("adapter" in stem) != ("adapter" in better_stem):
        return False
    # Torch and ONNX files are parts of many a model; the other formats hold whole models, whatever their names are.
    return one not in (_TORCH, _ONNX) or _holds_model(file)


def _holds_model(file: RepoFile) -> bool:
    kind, stem = _format(file), _stem(file)
    if kind is None:
        return False
    return kind == _GGUF or "model" in stem or "consolidated" in stem or file.path.endswith(".ckpt")


def _require_one_quantisation(need: Need, files: Sequence[RepoFile]) -> None:
    offered = [file for file in files if _format(file) == _GGUF]
    variants = sorted({_SHARD.sub("", f.path) for f in offered if "mmproj" not in _name(f).lower()})
    if len(variants) < 2:
        return
    named = join(", ", (clean(v, 80) for v in variants[:12]))
    raise Failure(
        "gguf-choice-needed",
        CONFIG,
        say(
            "{repo} offers {count} GGUF files and {source} does not say which one.",
            repo=need.repo,
            count=len(variants),
            source=need.source,
        ),
        say("They are: {files} ...", files=named) if len(variants) > 12 else say("They are: {files}", files=named),
        (
            say(
                "name one, as in {source}={repo}:{pattern}",
                source=need.source,
                repo=need.repo,
                pattern=clean(_pattern_for(variants[0], offered), 120),
            ),
        ),
    )


def _pattern_for(variant: str, offered: Sequence[RepoFile]) -> str:
    """What to write for a variant: its path, or, where it is in several parts, a pattern that matches them all."""
    whole = any(file.path == variant for file in offered)
    return variant if whole else variant.removesuffix(".gguf") + "-*.gguf"


def _format(file: RepoFile) -> int | None:
    """Which of the formats of weights the file has; None for what is no weight."""
    name = _name(file).lower()
    for kind, patterns in _FORMATS:
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            return kind
    return None


def _stem(file: RepoFile) -> str:
    """The name without what tells format and shard: `model` for `model-00001-of-00002.safetensors`."""
    return _SHARD.sub("", _SUFFIXES.sub("", _name(file).lower()))


def _name(file: RepoFile) -> str:
    return PurePosixPath(file.path).name


def _folder(file: RepoFile) -> str:
    return str(PurePosixPath(file.path).parent)
