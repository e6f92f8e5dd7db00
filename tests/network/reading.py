"""What a person or a reader of files gets to see of a start."""

from __future__ import annotations

import subprocess

from tests.process.harness import Program


def said(done: subprocess.CompletedProcess[str]) -> str:
    """All output on one line: where it is wrapped depends on the length of names."""
    return " ".join((done.stdout + done.stderr).split())


def tells(secret: str, *done: subprocess.CompletedProcess[str]) -> bool:
    """Whether `secret` can be read in any output, be it broken across lines."""
    return any(secret in "".join((one.stdout + one.stderr).split()) for one in done)


def fetched(program: Program, repo: str = "acme/tiny") -> dict[str, bytes]:
    paths = program.cache.glob(f"models--{repo.replace('/', '--')}/snapshots/*/*")
    return {path.name: path.read_bytes() for path in paths}


def holding(program: Program, secret: str) -> list[str]:
    """The files under the program's folder in which `secret` can be read."""
    files = [path for path in program.folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if secret.encode() in path.read_bytes()]
