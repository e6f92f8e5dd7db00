"""What the Dockerfile makes of a base: what it adds, what it leaves alone, and what it does not need."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import GGUF, Runner, accept
from tests.container.engine import docker

MEGABYTE = 1_000_000


def details(image: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("image", "inspect", image).stdout)
    return found[0]


def test_it_adds_less_than_60_mb() -> None:
    base = images.debian()

    added = details(images.gated("entrypoint", base))["Size"] - details(base)["Size"]

    assert 20 * MEGABYTE < added < 60 * MEGABYTE


def test_nothing_is_left_to_compile_at_a_start() -> None:
    gated = images.gated("entrypoint", images.debian())
    command = "cp -r /opt/model-entrypoint /tmp/before; model-entrypoint plan; model-entrypoint healthcheck; "
    compare = "diff -r /tmp/before /opt/model-entrypoint && echo same"

    done = docker("run", "--rm", "--entrypoint", "sh", gated, "-c", command + compare)

    assert done.stdout.splitlines()[-1] == "same"


@pytest.mark.parametrize("suite", ["bookworm", "bullseye"])
def test_a_base_without_python_is_served_also_with_an_older_c_library(
    suite: str, run: Runner, hub: LocalHub, gguf: Path
) -> None:
    accept(hub)
    server = 'echo "PID $$ has $(sha256sum "$ENTRYPOINT_MODEL_PATH") and $#: $*"; exit 7'

    container = run(
        images.gated("entrypoint", images.debian(suite)),
        *("sh", "-c", server, "server", "an argument", "", "--help"),
        environ={"ENTRYPOINT_MODELS": GGUF + ":*.gguf"},
    )

    assert container.ends() == 7
    digest = hashlib.sha256(gguf.read_bytes()).hexdigest()
    assert f"PID 1 has {digest}" in container.logs
    assert "and 3: an argument  --help" in container.logs


def test_libraries_of_the_base_do_not_get_into_the_entrypoint(run: Runner, hub: LocalHub) -> None:
    accept(hub)
    poison = "mkdir /poison && for l in /opt/model-entrypoint/lib/lib*.so*; do : > /poison/${l##*/}; done"
    command = f"{poison} && LD_LIBRARY_PATH=/poison exec model-entrypoint prefetch"

    container = run(
        images.gated("entrypoint", images.debian()),
        *("-c", command),
        options=["--entrypoint", "sh"],
        environ={"ENTRYPOINT_MODELS": GGUF},
    )

    assert container.ends() == 0, container.logs


def test_a_base_without_certificates_still_trusts_the_public_authorities(run: Runner) -> None:
    ask = (
        "import ssl, sys; sys.path.append('/opt/model-entrypoint/site-packages');"
        "from entrypoint.hub import trust; import os;"
        "os.environ.update(trust.fallback(os.environ));"
        "print(len(ssl.create_default_context().get_ca_certs()), 'authorities')"
    )
    container = run(
        images.gated("entrypoint", images.debian()),
        *(
            "-c",
            f'rm -rf /etc/ssl /usr/lib/ssl; unset SSL_CERT_FILE; exec /opt/model-entrypoint/bin/python3 -ISc "{ask}"',
        ),
        options=["--entrypoint", "sh"],
    )

    assert container.ends() == 0, container.logs
    assert int(container.logs.split()[0]) > 50


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("entrypoint", None),
        ("llama-cpp", ["sh", "-c", 'exec /app/llama-server --model "$ENTRYPOINT_MODEL_PATH"']),
        ("private-gpt-1", ["private-gpt", "serve"]),
        ("private-gpt", [".venv/bin/python", "-m", "private_gpt"]),
    ],
)
def test_each_target_starts_the_server_of_its_base_behind_the_entrypoint(
    target: str, command: list[str] | None
) -> None:
    config = details(images.gated(target, images.debian()))["Config"]

    assert config["Entrypoint"] == ["model-entrypoint", "run", "--"]
    assert config["Cmd"] == command
    assert config["Healthcheck"]["Test"] == ["CMD", "model-entrypoint", "healthcheck"]
    assert config["Healthcheck"]["StartPeriod"] >= 3600 * 10**9


def test_what_the_base_set_stays_as_it_was() -> None:
    base = images.base("private-gpt")
    gated = images.gated("private-gpt", base)
    freeze = ("run", "--rm", "--entrypoint", ".venv/bin/pip")

    before, after = details(base)["Config"], details(gated)["Config"]

    for key in ("User", "WorkingDir", "Env", "ExposedPorts", "Volumes", "StopSignal"):
        assert before.get(key) == after.get(key), key
    assert docker(*freeze, base, "freeze").stdout == docker(*freeze, gated, "freeze").stdout
    assert "huggingface" in docker(*freeze, base, "freeze").stdout


def test_nothing_in_it_can_install_and_nothing_was_left_by_the_build() -> None:
    gated = images.gated("entrypoint", images.debian())
    tree = ("/opt/model-entrypoint", "/usr/local", "/root", "/tmp", "/build")

    found = docker("run", "--rm", "--entrypoint", "find", gated, *tree, "-type", "f", check=False).stdout.split()

    assert "/opt/model-entrypoint/bin/python3" in found
    names = {Path(path).name for path in found}
    folders = {part for path in found for part in Path(path).parts}
    assert not folders & {"pip", "setuptools", "ensurepip", ".cache", "tests"}
    assert not {name for name in names if name.endswith((".whl", ".tar.gz", ".a"))}


def test_a_package_other_than_the_locked_one_is_not_installed(tmp_path: Path) -> None:
    for name in ("docker", "entrypoint"):
        shutil.copytree(images.ROOT / name, tmp_path / name)
    for name in ("Dockerfile", "LICENSE"):
        shutil.copy(images.ROOT / name, tmp_path)
    lock = (images.ROOT / "requirements.lock").read_text()
    tampered = re.sub(r"(?m)^(    --hash=sha256:)[0-9a-f]{64}", rf"\g<1>{'0' * 64}", lock)
    (tmp_path / "requirements.lock").write_text(tampered)
    args = {"BASE_IMAGE": images.debian(), "PYTHON_IMAGE": images.base("python")}

    with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
        images.build(f"{images.PREFIX}/tampered", tmp_path, tmp_path / "Dockerfile", args, "--target", "entrypoint")
