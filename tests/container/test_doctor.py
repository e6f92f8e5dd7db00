"""`doctor` in a real container: its volume, its layer, its user; and what compose runs."""

from __future__ import annotations

import json

from localhub import LocalHub
from tests.container import images
from tests.container.conftest import GGUF, TOKEN, Runner, accept, with_token
from tests.container.engine import Project, new_volume

DOCTOR = ("--entrypoint", "model-entrypoint")


def test_beside_the_compose_example_it_tells_what_up_would_end_with(example: Project, hub: LocalHub) -> None:
    example.compose("build", "llm")
    project = with_token(example)

    refused = project.compose("run", "--rm", "-T", *DOCTOR, "llm", "doctor", check=False)
    accept(hub)
    well = project.compose("run", "--rm", "-T", *DOCTOR, "llm", "doctor", check=False)

    assert refused.returncode == 77, refused.stdout + refused.stderr
    assert "terms-not-accepted" in refused.stdout
    assert well.returncode == 0, well.stdout + well.stderr
    assert "alice" in well.stdout
    assert TOKEN not in refused.stdout + refused.stderr + well.stdout + well.stderr
    assert not [
        record for record in hub.requests if record.origin == "cdn" and record.method != "HEAD" and not record.range
    ]


def test_a_cache_in_the_containers_own_layer_is_told_and_a_volume_is_not(run: Runner, hub: LocalHub) -> None:
    accept(hub)
    image = images.gated("llama-cpp", images.debian())
    environ = {"ENTRYPOINT_MODELS": GGUF}

    layer = run(image, "doctor", "--json", options=DOCTOR, environ=environ)
    volume = run(image, "doctor", "--json", options=[*DOCTOR, "--volume", f"{new_volume()}:/models"], environ=environ)

    assert (layer.ends(), volume.ends()) == (0, 0), layer.logs + volume.logs
    found = {
        name: [check["status"] for check in json.loads(container.logs)["checks"] if check["name"] == "cache"]
        for name, container in (("layer", layer), ("volume", volume))
    }
    assert "warning" in found["layer"]
    assert set(found["volume"]) == {"ok"}
