"""A Docker engine, driven through its command line as a person drives it.

Everything made here carries the label of the test run, by which all of it is removed at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUN = uuid.uuid4().hex[:8]
LABEL = f"model-entrypoint.test={RUN}"


def docker(
    *arguments: str, check: bool = True, limit: float = 120, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`docker ARGUMENTS`; standard error goes into the failure when there is one."""
    done = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
        env={**os.environ, **(environ or {})},
    )
    if check and done.returncode:
        command = " ".join(arguments)
        raise AssertionError(f"docker {command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def trouble() -> str:
    """Why no container can be run here; blank if one can."""
    for arguments in (("info",), ("compose", "version"), ("buildx", "version")):
        try:
            done = docker(*arguments, check=False)
        except FileNotFoundError:
            return "there is no docker command"
        if done.returncode:
            return f"docker {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1]}"
    return ""


def until(met: Callable[[], object], what: str, limit: float = 60, details: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + limit
    while not met():
        assert time.monotonic() < end, f"not within {limit:.0f} s: {what}\n{details()}"
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Container:
    id: str

    def inspect(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(docker("inspect", self.id).stdout)
        return found[0]

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.inspect()["State"]
        return state

    @property
    def logs(self) -> str:
        done = docker("logs", self.id)
        return done.stdout + done.stderr

    @property
    def health(self) -> str:
        return str(self.state["Health"]["Status"])

    @property
    def address(self) -> str:
        (network,) = self.inspect()["NetworkSettings"]["Networks"].values()
        return str(network["IPAddress"])

    @property
    def processes(self) -> list[str]:
        """The command lines of all processes in it."""
        return docker("top", self.id, "-eo", "pid,args").stdout.splitlines()[1:]

    def exec(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return docker("exec", self.id, *command, check=check)

    def says(self, text: str, limit: float = 60) -> None:
        """Wait until its log contains `text`."""

        def met() -> bool:
            assert text in self.logs or self.state["Status"] != "exited", (
                f"ended with {self.state['ExitCode']} without {text!r}:\n{self.logs}"
            )
            return text in self.logs

        until(met, f"{text!r} in the log", limit, lambda: self.logs)

    def is_healthy(self, limit: float = 60) -> None:
        def met() -> bool:
            assert self.state["Status"] != "exited", f"ended, not healthy:\n{self.logs}"
            return self.health == "healthy"

        until(met, "healthy", limit, lambda: self.logs)

    def ends(self, limit: float = 60) -> int:
        """Wait until it ended for good (the engine may start it again a few times); its exit code."""
        until(lambda: self.state["Status"] == "exited", "its end", limit, lambda: self.logs)
        return int(self.state["ExitCode"])

    def stop(self) -> tuple[int, float]:
        """`docker stop`; exit code, and how many seconds it took."""
        start = time.monotonic()
        docker("stop", self.id)
        return int(self.state["ExitCode"]), time.monotonic() - start


def new_volume() -> str:
    return docker("volume", "create", "--label", LABEL).stdout.strip()


@contextmanager
def network() -> Iterator[tuple[str, str]]:
    """A network of the run's own: its name, and the host's address in it."""
    name = f"model-entrypoint-test-{RUN}"
    docker("network", "create", "--label", LABEL, name)
    try:
        details = json.loads(docker("network", "inspect", name).stdout)
        yield name, details[0]["IPAM"]["Config"][0]["Gateway"].partition("/")[0]
    finally:
        prune()
        docker("network", "rm", name)


def prune() -> None:
    """Remove the run's containers and volumes."""
    by_label = f"label={LABEL}"
    for container in docker("ps", "-aq", "--filter", by_label).stdout.split():
        docker("rm", "-fv", container)
    for volume in docker("volume", "ls", "-q", "--filter", by_label).stdout.split():
        docker("volume", "rm", "-f", volume)


@dataclass(frozen=True, slots=True)
class Project:
    """One compose project, in the order of its files; its containers and volumes end with `down`."""

    files: Sequence[Path]
    environ: Mapping[str, str]
    name: str = field(default_factory=lambda: f"test-{RUN}-{uuid.uuid4().hex[:6]}")

    def compose(self, *arguments: str, check: bool = True, limit: float = 300) -> subprocess.CompletedProcess[str]:
        files = [part for file in self.files for part in ("--file", str(file))]
        options = ["--project-name", self.name, "--env-file", os.devnull]
        return docker("compose", *options, *files, *arguments, check=check, limit=limit, environ=self.environ)

    def up(self, *services: str) -> Container:
        """`docker compose up -d`; the container of the first of `services`."""
        self.compose("up", "--detach", "--no-build", *services)
        return self.container(services[0])

    def container(self, service: str) -> Container:
        return Container(self.compose("ps", "--all", "--quiet", service).stdout.strip())

    def down(self, *options: str) -> None:
        self.compose("down", "--remove-orphans", "--timeout", "2", *options)
