"""mitmproxy as a company runs one: reading all traffic under a CA of its own, or only passing it on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60
ADDON = Path(__file__).with_name("addon.py")


def mitmdump() -> str | None:
    """mitmproxy's program: in an environment of its own inside the tests' (its pins contradict the Hub client's, so
    `make venv` puts it there), else wherever PATH has it."""
    return shutil.which("mitmdump", path=f"{sys.prefix}/mitmproxy/bin") or shutil.which("mitmdump")


@dataclass(frozen=True)
class Proxy:
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def with_credentials(self, user: str, password: str) -> str:
        return f"http://{user}:{password}@127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate that a company would hand to its machines."""
        return self.folder / "ca" / "mitmproxy-ca-cert.pem"

    def decide(self, **rules: str) -> None:
        """Replaces the rules of `addon`, for what connects from now on."""
        new = self.folder / "rules.new"
        new.write_text(json.dumps(rules))
        new.replace(self.folder / "rules")

    def seen(self, kind: str) -> list[dict[str, Any]]:
        """What it saw since `forget`: `connect`, `request` or `untrusted`."""
        return [event for event in _events(self.folder / "seen") if event["kind"] == kind]

    def forget(self) -> None:
        self.decide()
        (self.folder / "seen").write_text("")


@contextmanager
def running(program: str, folder: Path, *options: str, trust: Path, hosts: tuple[str, ...] = ()) -> Iterator[Proxy]:
    """mitmdump on a free port of loopback. It trusts servers by the CA file `trust`; `hosts` lead to loopback."""
    folder.mkdir()
    for name in ("rules", "seen"):
        (folder / name).write_text("{}" if name == "rules" else "")
    settings = {
        "confdir": folder / "ca",
        "listen_host": "127.0.0.1",
        "listen_port": 0,
        "ssl_verify_upstream_trusted_ca": trust,
        "network_rules": folder / "rules",
        "network_seen": folder / "seen",
        "network_hosts": ",".join(hosts),
    }
    command = [program, "--quiet", "--scripts", str(ADDON), *options]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={"PATH": os.environ["PATH"]}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Proxy(folder, _port(folder, process))
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(folder: Path, process: subprocess.Popen[bytes]) -> int:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        for event in _events(folder / "seen"):
            if event["kind"] == "listening":
                return int(event["port"])
        time.sleep(0.05)
    raise RuntimeError(f"mitmdump does not listen:\n{(folder / 'output').read_text()}")


def _events(file: Path) -> list[dict[str, Any]]:
    """Whole lines only: the last one may still be on its way."""
    lines = file.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
