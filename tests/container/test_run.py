"""One container in the situations that people run it in: other users, locked file systems, stopped half-way."""

from __future__ import annotations

import pytest

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import GGUF, Runner, accept
from tests.container.engine import docker, new_volume, until

WORKER = "100:65534"
SERVE = 'echo "serving as $(id -u):$(id -g) $(head -c 4 "$ENTRYPOINT_MODEL_PATH")"'


@pytest.fixture
def bare() -> str:
    return images.gated("entrypoint", images.debian())


@pytest.mark.parametrize("user", ["0:0", WORKER, "12345:12345"])
def test_any_user_fetches_onto_a_fresh_volume_of_the_model_folder(user: str, run: Runner, hub: LocalHub) -> None:
    accept(hub)
    image = images.gated("llama-cpp", images.debian())

    container = run(
        image,
        *("sh", "-c", SERVE),
        options=["--user", user, "--volume", f"{new_volume()}:/models"],
        environ={"ENTRYPOINT_MODELS": GGUF},
    )

    assert container.ends() == 0, container.logs
    assert f"serving as {user} GGUF" in container.logs


def test_the_folders_of_private_gpt_take_volumes_of_its_user(run: Runner) -> None:
    folders = ("models", "models/cache", "local_data", "tiktoken_cache")
    volumes = [f"--volume={new_volume()}:/home/worker/app/{folder}" for folder in folders]
    image = images.gated("private-gpt", images.base("private-gpt"))
    write = " && ".join(f"touch {folder}/written" for folder in folders)

    container = run(image, "-c", f"{write} && id -u && echo all written", options=[*volumes, "--entrypoint", "sh"])

    assert container.ends() == 0, container.logs
    assert container.logs.split() == ["100", "all", "written"]


def test_a_volume_of_root_is_told_with_the_command_that_gives_it_to_the_user(
    bare: str, run: Runner, hub: LocalHub
) -> None:
    accept(hub)

    container = run(
        bare,
        *("sh", "-c", SERVE),
        options=["--user", WORKER, "--volume", f"{new_volume()}:/cache"],
        environ={"ENTRYPOINT_MODELS": GGUF, "HF_HOME": "/cache"},
    )

    assert container.ends() == 73
    assert f"chown -R {WORKER} /cache" in container.logs
    assert not [record for record in hub.requests if record.origin == "cdn"]


@pytest.mark.parametrize("mounts", [[], ["--tmpfs", "/tmp", "--tmpfs", "/run/model-entrypoint"]])
def test_a_read_only_root_file_system_needs_no_more_than_the_volume(
    mounts: list[str], bare: str, run: Runner, hub: LocalHub
) -> None:
    accept(hub)

    container = run(
        bare,
        *("sh", "-c", f"{SERVE}; exec sleep 600"),
        options=["--read-only", "--user", WORKER, "--tmpfs", "/cache:mode=1777", *mounts],
        environ={"ENTRYPOINT_MODELS": GGUF, "HF_HOME": "/cache"},
    )

    container.says(f"serving as {WORKER} GGUF")
    assert container.exec("model-entrypoint", "healthcheck", check=False).returncode == 1  # sleep answers nothing


def test_sigterm_in_the_middle_of_a_download_ends_it_at_once(bare: str, run: Runner, hub: LocalHub) -> None:
    accept(hub)
    stalled = hub.fault("stall", "cdn", after=100_000, times=None)
    container = run(bare, "sh", "-c", SERVE, environ={"ENTRYPOINT_MODELS": GGUF})
    until(lambda: stalled.hits, "the download")
    health = container.exec("model-entrypoint", "healthcheck", check=False)
    assert (health.returncode, "fetching" in health.stdout) == (1, True)

    code, seconds = container.stop()

    assert code == 128 + 15, container.logs
    assert seconds < 2
    assert "serving" not in container.logs


def test_no_child_is_left_when_it_is_not_the_first_process_and_gets_sigterm(
    bare: str, run: Runner, hub: LocalHub
) -> None:
    accept(hub)
    stalled = hub.fault("stall", "cdn", after=100_000, times=None)
    container = run(bare, "600", options=["--entrypoint", "sleep"], environ={"ENTRYPOINT_MODELS": GGUF})
    docker("exec", "-d", container.id, "sh", "-c", "echo $$ >/tmp/pid; exec model-entrypoint run -- true")
    until(lambda: stalled.hits, "the download")
    assert len(container.processes) == 3, container.processes

    container.exec("sh", "-c", "kill -TERM $(cat /tmp/pid)")

    until(lambda: len(container.processes) == 1, "the end of both processes", limit=5)


def test_a_killed_first_process_leaves_a_cache_that_the_next_one_completes(
    bare: str, run: Runner, hub: LocalHub
) -> None:
    accept(hub)
    stalled = hub.fault("stall", "cdn", after=100_000, times=None)
    volume = ["--volume", f"{new_volume()}:/cache"]
    environ = {"ENTRYPOINT_MODELS": GGUF, "HF_HOME": "/cache"}
    container = run(bare, "sh", "-c", SERVE, options=volume, environ=environ)
    until(lambda: stalled.hits, "the download")
    docker("kill", container.id)
    stalled.cancel()

    again = run(bare, "sh", "-c", SERVE, options=volume, environ=environ)

    assert again.ends() == 0, again.logs
    assert "serving as 0:0 GGUF" in again.logs


def test_two_containers_on_one_volume_fetch_each_file_once(bare: str, run: Runner, hub: LocalHub) -> None:
    accept(hub)
    hub.fault("slow", "cdn", rate=4_000_000, times=None)
    volume = ["--volume", f"{new_volume()}:/cache"]
    environ = {"ENTRYPOINT_MODELS": GGUF, "HF_HOME": "/cache"}

    both = [run(bare, "sh", "-c", SERVE, options=volume, environ=environ) for _ in range(2)]

    assert [container.ends() for container in both] == [0, 0], [container.logs for container in both]
    sent = sum(record.bytes_sent for record in hub.requests if record.origin == "cdn")
    (size,) = {record.bytes_sent for record in hub.requests if record.origin == "cdn" and record.status == 200}
    assert sent == size


def test_a_command_that_is_not_there_is_told_before_anything_is_asked(bare: str, run: Runner, hub: LocalHub) -> None:
    container = run(bare, "no-such-server", environ={"ENTRYPOINT_MODELS": GGUF})

    assert container.ends() == 127
    assert "no-such-server" in container.logs
    assert hub.requests == []
