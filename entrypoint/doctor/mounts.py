"""What lies under a folder: a volume, a network share, memory, or the container's own layer. From /proc/self/mountinfo
(proc_pid_mountinfo(5)); no file of the folder itself is touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
_LAYERS = ("overlay", "aufs", "fuse.fuse-overlayfs")
_MEMORY = ("tmpfs", "ramfs")
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs")


@dataclass(frozen=True, slots=True)
class Mount:
    """The mount that holds a folder. `kind` is the file system's type."""

    point: Path
    kind: str
    in_container: bool = False

    @property
    def is_own_layer(self) -> bool:
        """Whether what is written there goes when the container is removed."""
        return self.point == Path("/") and (self.in_container or self.kind in _LAYERS)

    @property
    def is_memory(self) -> bool:
        return self.kind in _MEMORY

    @property
    def is_network(self) -> bool:
        return self.kind in _NETWORK or self.kind.startswith("fuse")


def holding(folder: Path, lines: Iterable[str], *, in_container: bool) -> Mount | None:
    """The mount of an absolute folder without symlinks; None where the table cannot tell. A later line covers an
    earlier one with the same point."""
    best: Mount | None = None
    for line in lines:
        before, separator, after = line.partition(" - ")
        words, behind = before.split(), after.split()
        if not separator or len(words) < 5 or not behind:
            continue
        point = Path(_unescaped(words[4]))
        if folder.is_relative_to(point) and (best is None or len(point.parts) >= len(best.point.parts)):
            best = Mount(point, behind[0], in_container)
    return best


def read(folder: Path, environ: Mapping[str, str], root: Path = Path("/")) -> Mount | None:
    try:
        lines = MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None  # no /proc: then nothing is said about it
    marks = (root / ".dockerenv", root / "run/.containerenv")
    inside = "KUBERNETES_SERVICE_HOST" in environ or any(mark.exists() for mark in marks)
    return holding(folder, lines, in_container=inside)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
