"""Repos as git holds them: commits that never change, branches that point at them, files and their hashes."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from localhub.content import Content

Gated = Literal["", "auto", "manual"]
Disabled = bool | Literal["content"]
Files = Mapping[str, bytes | str | Path] | Path

LFS_SUFFIXES = (".safetensors", ".bin", ".gguf", ".onnx", ".pt", ".h5", ".msgpack")
LFS_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of one commit. `oid` is git's name of the blob: for LFS files, of the pointer in its place."""

    path: str
    content: Content
    oid: str
    sha256: str = ""
    pointer_size: int = 0
    xet_hash: str = ""

    @property
    def size(self) -> int:
        return self.content.size

    @property
    def lfs(self) -> bool:
        return bool(self.sha256)


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    files: Mapping[str, HubFile]

    def tree(self, folder: str, recursive: bool) -> Iterator[tuple[str, HubFile | None]]:
        """Paths under `folder` in git's order; folders come with None."""
        prefix = f"{folder}/" if folder else ""
        seen: set[str] = set()
        entries: list[tuple[str, HubFile | None]] = []
        for path, file in self.files.items():
            if not path.startswith(prefix):
                continue
            parts = path[len(prefix) :].split("/")
            for depth in range(1, len(parts)):
                name = prefix + "/".join(parts[:depth])
                if (recursive or depth == 1) and name not in seen:
                    seen.add(name)
                    entries.append((name, None))
            if recursive or len(parts) == 1:
                entries.append((path, file))
        yield from sorted(entries, key=lambda entry: entry[0])

    def has_folder(self, folder: str) -> bool:
        return not folder or any(path.startswith(f"{folder}/") for path in self.files)


@dataclass(slots=True)
class Repo:
    """`disabled="content"` leaves the metadata readable (with `disabled: true`), as the Hub does for some."""

    id: str
    gated: Gated = ""
    private: bool = False
    disabled: Disabled = False
    lfs: Collection[str] | None = None
    xet: Collection[str] = ()
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.id.partition("/")[0] if "/" in self.id else ""

    def is_xet(self, path: str) -> bool:
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.xet)

    def is_lfs(self, path: str, size: int) -> bool:
        if self.is_xet(path):
            return True
        if self.lfs is not None:
            return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.lfs)
        return path.endswith(LFS_SUFFIXES) or size > LFS_SIZE

    def commit_at(self, revision: str) -> Commit | None:
        """The commit that a branch name, `refs/heads/...` or full commit id stands for."""
        branch = revision.removeprefix("refs/heads/")
        return self.commits.get(self.branches.get(branch, revision))


def contents(files: Files) -> dict[str, Content]:
    """Path to content, for a mapping or for everything in a folder (dot folders left out, as git does with
    `.git`).
    """
    if isinstance(files, Path):
        if not files.is_dir():
            raise NotADirectoryError(str(files))
        found = (path for path in sorted(files.rglob("*")) if path.is_file())
        relative = {path.relative_to(files).as_posix(): path for path in found}
        return {name: Content.of(path) for name, path in relative.items() if not _hidden_folder(name)}
    for name in files:
        if not re.fullmatch(r"[^/\0]+(/[^/\0]+)*", name) or {".", ".."} & set(name.split("/")):
            raise ValueError(f"no path inside a repo: {name!r}")
    return {name: Content.of(source) for name, source in files.items()}


def _hidden_folder(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/")[:-1])


def make_file(repo: Repo, path: str, content: Content, xet_hash: str) -> HubFile:
    if not repo.is_lfs(path, content.size):
        return HubFile(path, content, content.git_oid())
    sha256 = content.sha256()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {content.size}\n"
    return HubFile(path, content, Content.of(pointer).git_oid(), sha256, len(pointer), xet_hash)


def make_commit(repo: Repo, files: dict[str, HubFile], parent: str) -> Commit:
    """A commit whose id depends on the repo, its files and its parent, and on nothing else."""
    lines = [repo.id, parent, *(f"{path} {file.oid}" for path, file in sorted(files.items()))]
    sha = hashlib.sha1("\n".join(lines).encode(), usedforsecurity=False).hexdigest()
    return Commit(sha, dict(sorted(files.items())))
