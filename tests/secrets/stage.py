"""A start in this process, whose every output and file can be looked at."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import structlog

from entrypoint.start import Start


@dataclass
class Stage:
    """`environ` is the start's; `folder` holds its state and all that is written to a temporary folder."""

    folder: Path
    environ: Mapping[str, str]
    streams: io.StringIO = field(default_factory=io.StringIO)

    def start(self) -> Start:
        return Start(self.environ)

    @property
    def output(self) -> str:
        return self.streams.getvalue()

    @property
    def files(self) -> str:
        """Names and contents of all files."""
        found = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return "\n".join(f"{path.relative_to(self.folder)}\n{path.read_text(encoding='utf-8')}" for path in found)

    def read(self, name: str) -> str:
        return (self.folder / "state" / name).read_text(encoding="utf-8")


@contextlib.contextmanager
def stage(**variables: str) -> Iterator[Stage]:
    """Nothing of it remains: streams, variables, loggers and temporary folder are afterwards what they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        environ = {"ENTRYPOINT_STATE_DIR": f"{folder}/state", "HOME": folder, "PATH": os.environ["PATH"], **variables}
        set_up = Stage(Path(folder), environ)
        try:
            with (
                mock.patch.dict(os.environ, environ, clear=True),
                mock.patch.object(tempfile, "tempdir", folder),
                mock.patch.object(sys, "stdout", set_up.streams),
                mock.patch.object(sys, "stderr", set_up.streams),
            ):
                yield set_up
        finally:
            structlog.reset_defaults()
            root.handlers[:] = handlers
            root.setLevel(level)
