"""From what the Hub lists to what is moved: which files a server reads, and which of them are not here yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from entrypoint.cache import layout, proof, receipts
from entrypoint.cache.receipts import Receipt
from entrypoint.failures import CONFIG, Failure
from entrypoint.text import clean, human_bytes
from entrypoint.values import Item, Need, Plan, Repo, RepoFile, Verdict

# The same weights in other frameworks' formats, best first. A folder's files of a later rank are left out when it has
# some of an earlier one. (A repo that has only a later one keeps it.)
_FORMATS: tuple[tuple[str, ...], ...] = (
    ("*.safetensors", "*.safetensors.index.json"),
    ("*.bin", "*.bin.index.json", "*.pt", "*.pth", "*.ckpt"),
    ("*.gguf",),
    ("*.h5", "*.h5.index.json", "*.msgpack", "*.msgpack.index.json", "*.ot"),
    ("*.onnx", "*.onnx_data", "*.onnx.data", "*.tflite", "*.mlmodel", "*.engine"),
)
# Whole folders that hold conversions of the weights above them.
_CONVERSIONS = frozenset({"onnx", "openvino", "coreml", "tf", "tflite", "flax", "original", "metal", "gguf"})
_UNREAD = (".gitattributes", ".gitignore", "*.md", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.mp4", "*.pdf")
_SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)")


def make(verdicts: Sequence[Verdict], on_bytes: Callable[[int], None] = lambda _count: None) -> Plan:
    """The plan for all granted needs. Files that lie in place are proved by hash (`on_bytes` hears of the reading)
    and then not moved again."""
    items = []
    taken: set[tuple[object, ...]] = set()
    for verdict in verdicts:
        if verdict.repo is None or not verdict.granted:
            continue
        need, commit = verdict.need, verdict.repo.commit
        files = choose(need, verdict.repo)
        missing = []
        for file in files:
            key = (layout.path_of(need, commit, file), file.etag)
            if key not in taken and not _in_place(need, commit, file, on_bytes):
                missing.append(file)
            taken.add(key)
        items.append(Item(need, commit, files, tuple(missing)))
    return Plan(tuple(items))


def check(verdict: Verdict) -> Verdict:
    """The verdict again, turned into `file-not-found` where what was asked for matches nothing in the repo."""
    if not verdict.granted or verdict.repo is None:
        return verdict
    unmatched = _unmatched(verdict.need, verdict.repo.files)
    if not unmatched and choose(verdict.need, verdict.repo):
        return verdict
    names = [clean(file.path, 80) for file in sorted(verdict.repo.files, key=lambda f: -f.size)[:5]]
    asked = ", ".join(clean(pattern, 80) for pattern in unmatched) or "any file that a server reads"
    detail = f"{asked} matches nothing; the repo has {', '.join(names) or 'no files'}"
    if len(verdict.repo.files) > len(names):
        detail += f" and {len(verdict.repo.files) - len(names)} more"
    return Verdict(verdict.need, "file-not-found", verdict.evidence, verdict.identity, verdict.repo, detail)


def choose(need: Need, repo: Repo) -> tuple[RepoFile, ...]:
    """The files of a need: what its patterns match, or else what a server reads, every weight in one format.

    Raises `Failure` 78 where no pattern was given and the repo offers several GGUF quantisations: one is wanted,
    and nobody but the user knows which.
    """
    if need.patterns:
        return tuple(f for f in repo.files if any(_match(f.path, pattern) for pattern in need.patterns))
    files = _without_conversions(repo.files)
    files = [file for file in files if not any(fnmatchcase(_name(file), pattern) for pattern in _UNREAD)]
    files = _one_format_a_folder(files)
    _require_one_quantisation(need, files)
    return tuple(files)


def lines(held: Iterable[Receipt], planned: Plan) -> Iterator[str]:
    """The plan for a person: what is in place, what would come, and the sum."""
    for receipt in held:
        yield f"{receipt.need.repo}@{receipt.commit[:12]}: in place and proved ({receipt.need.source})"
    for item in planned.items:
        count = f"{len(item.missing)} of {len(item.files)} files to fetch"
        yield f"{item.need.repo}@{item.commit[:12]}: {count} ({item.need.source})"
        for file in item.missing:
            yield f"  {human_bytes(file.size):>9}  {clean(file.path, 100)}"
    yield f"{human_bytes(planned.bytes_missing)} in {planned.files_missing} files to fetch"


def _unmatched(need: Need, files: Iterable[RepoFile]) -> tuple[str, ...]:
    """The patterns that a person gave and that match nothing. Of the patterns for a tokenizer's many possible files,
    it is enough that one matches."""
    paths = [file.path for file in files]
    unmatched = tuple(p for p in need.patterns if not any(_match(path, p) for path in paths))
    typed_by_hand = need.use in ("listed", "weights")
    return unmatched if typed_by_hand or len(unmatched) == len(need.patterns) else ()


def _match(path: str, pattern: str) -> bool:
    """As the client library's allow_patterns: fnmatch over the whole path; a folder stands for what is in it."""
    return fnmatchcase(path, pattern + "*" if pattern.endswith("/") else pattern)


def _without_conversions(files: Sequence[RepoFile]) -> list[RepoFile]:
    kept = [file for file in files if PurePosixPath(file.path).parts[0].lower() not in _CONVERSIONS]
    has_weights = any(_rank(file) is not None for file in kept)
    return kept if has_weights else list(files)


def _one_format_a_folder(files: Sequence[RepoFile]) -> list[RepoFile]:
    best: dict[str, int] = {}
    for file in files:
        rank = _rank(file)
        if rank is not None and not file.path.endswith(".json"):
            folder = _folder(file)
            best[folder] = min(rank, best.get(folder, rank))
    kept = [file for file in files if _rank(file) in (None, best.get(_folder(file)))]
    # Mistral's repos carry all weights twice, sharded and as one "consolidated" file.
    sharded = {_folder(f) for f in kept if _name(f).startswith("model") and f.path.endswith(".safetensors")}
    return [f for f in kept if not (_folder(f) in sharded and fnmatchcase(_name(f), "consolidated*.safetensors"))]


def _rank(file: RepoFile) -> int | None:
    for rank, patterns in enumerate(_FORMATS):
        if any(fnmatchcase(_name(file), pattern) for pattern in patterns):
            return rank
    return None


def _require_one_quantisation(need: Need, files: Sequence[RepoFile]) -> None:
    variants = sorted(
        {_SHARD.sub("", f.path) for f in files if f.path.endswith(".gguf") and "mmproj" not in _name(f).lower()}
    )
    if len(variants) < 2:
        return
    raise Failure(
        "gguf-choice-needed",
        CONFIG,
        f"{need.repo} offers {len(variants)} GGUF files and {need.source} does not say which one.",
        "They are: " + ", ".join(clean(v, 80) for v in variants[:12]) + (" ..." if len(variants) > 12 else ""),
        (f"name one, as in {need.source}={need.repo}:{clean(variants[0], 80)}",),
    )


def _in_place(need: Need, commit: str, file: RepoFile, on_bytes: Callable[[int], None]) -> bool:
    """Whether the file is where the server looks, and is what the Hub published."""
    receipt = receipts.read(need)
    if receipt is not None and receipt.commit == commit and receipt.vouches_for(file):
        return True
    path = layout.path_of(need, commit, file)
    try:
        return proof.matches(path, file, on_bytes)
    except OSError:
        return False  # not there, or not readable: it is fetched


def _name(file: RepoFile) -> str:
    return PurePosixPath(file.path).name


def _folder(file: RepoFile) -> str:
    return str(PurePosixPath(file.path).parent)
