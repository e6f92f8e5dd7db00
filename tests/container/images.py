"""The images that the tests run, from nothing: debootstrap's Debian, servers on it, the Dockerfile on those."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.container.engine import docker

ROOT = Path(__file__).parents[2]
RECIPES = Path(__file__).parent / "images"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-entrypoint"
# Whatever this machine trusts, the builds trust: it may sit behind a proxy that opens TLS.
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PREFIX = "model-entrypoint-test"
LABEL = f"{PREFIX}.image=1"
PYTHON = f"{PREFIX}/python"

_PACKAGES = "ca-certificates"
_REBUILT_BY_APT = ("./var/cache/apt/*.bin", "./var/cache/apt/archives/*.deb", "./var/lib/apt/lists/*")


@cache
def debian(suite: str = "bookworm") -> str:
    """A Debian without a Python, made on the spot; its archive is kept outside the tree."""
    tag = f"{PREFIX}/debian:{suite}-{_PACKAGES}"
    archive = CACHE / f"debootstrap-{suite}-{_PACKAGES}.tar"
    if not archive.exists():
        _debootstrap(suite, archive)
    if not docker("images", "-q", tag).stdout:
        docker("import", str(archive), tag)
    return tag


def _debootstrap(suite: str, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        tree, unfinished = Path(scratch) / "tree", Path(scratch) / "tar"
        _run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", suite, str(tree))
        excluded = [f"--exclude={pattern}" for pattern in _REBUILT_BY_APT]
        _run("tar", "-C", str(tree), *excluded, "-cf", str(unfinished), ".")
        unfinished.rename(archive)


def _run(*command: str) -> None:
    assert shutil.which(command[0]), f"{command[0]} is not installed"
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}"


@cache
def base(name: str) -> str:
    """An image by its recipe in images/NAME.Dockerfile: what model-entrypoint is put upon."""
    args = {"DEBIAN": debian(), "PYTHON": PYTHON}
    if name != "python":
        base("python")
    tag = f"{PREFIX}/{name}"
    return build(tag, RECIPES, RECIPES / f"{name}.Dockerfile", args)


@cache
def gated(target: str, base_image: str) -> str:
    """The Dockerfile's `target` on `base_image`."""
    tag = f"{PREFIX}/gated:{target}-{base_image.removeprefix(PREFIX + '/').replace(':', '-')}"
    args = {"BASE_IMAGE": base_image, "PYTHON_IMAGE": base("python")}
    return build(tag, ROOT, ROOT / "Dockerfile", args, "--target", target)


def build(tag: str, context: Path, recipe: Path, args: dict[str, str], *options: str) -> str:
    secret = ["--secret", f"id=ca,src={CERTIFICATES}"] if CERTIFICATES.exists() else []
    given = [part for name, value in args.items() for part in ("--build-arg", f"{name}={value}")]
    docker(
        *("buildx", "build", "--load", "--progress", "plain", "--label", LABEL, "--tag", tag),
        *("--file", str(recipe), *secret, *given, *options, str(context)),
        limit=600,
    )
    return tag


def prune() -> None:
    """Remove what newer builds took the names of. The newest of each stay, for the next run."""
    docker("image", "prune", "--force", "--filter", f"label={LABEL}")
