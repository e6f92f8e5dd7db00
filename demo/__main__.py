"""Four acts: refused without a token, refused before the terms are accepted, served, restarted warm."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import FrameType

from demo.stage import DemoError, Process, Stage, expect
from localhub import LocalHub
from tests.parts import tiny_gguf

REPO = "acme/tiny-llama-gguf"
FILE = "tiny-llama.gguf"
RUN = ["model-entrypoint", "run", "--"]
SERVER = ["python", "-m", "demo.llama_server"]
HEALTHCHECK = ["model-entrypoint", "healthcheck"]
QUESTION = "Who are you?"
BYTES_PER_SECOND = 10_000_000
PATIENCE = 30.0


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="model-entrypoint-demo-") as folder,
            LocalHub(tls=True) as hub,
        ):
            play(Path(folder), hub)
    except DemoError as failure:
        print(f"\nThe demo failed. This did not hold: {failure}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left behind.", file=sys.stderr)
        return 130
    return 0


def play(folder: Path, hub: LocalHub) -> None:
    model = folder / FILE
    tiny_gguf.write(model, feed_forward=8192)
    token = "hf_" + secrets.token_hex(17)
    hub.add_repo(REPO, files={FILE: model, "README.md": b"# Tiny llama\n"}, gated="auto")
    hub.add_token(token, user="alice", name="laptop", role="read")
    hub.set_access("alice", REPO, "none")
    hub.fault("slow", route="cdn", times=None, rate=BYTES_PER_SECOND)

    settings = {
        "ENTRYPOINT_MODELS": f"{REPO}:*.gguf",
        "ENTRYPOINT_SERVER_OFFLINE": "1",
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "volume"),
        "SSL_CERT_FILE": str(hub.ca_file),
        "ENTRYPOINT_STATE_DIR": str(folder / "state"),
        "ENTRYPOINT_LOG": "console",
        "PORT": str(_free_port()),
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with Stage({"PATH": path, **settings}, Path(__file__).parents[1]) as stage:
        introduce(stage, hub, settings, model.stat().st_size)
        without_a_token(stage, hub)
        stage.environment["HF_TOKEN"] = token
        before_the_terms_are_accepted(stage, hub)
        server = accepted_and_served(stage, hub, model)
        restarted_warm(stage, hub, server)
        expect(token not in stage.heard, "the token is in no line that any program printed")
        stage.close("The same in containers, with your own models: README.md")


def introduce(stage: Stage, hub: LocalHub, settings: dict[str, str], size: int) -> None:
    stage.title("model-entrypoint: from a refused model to a served one")
    stage.say(f"the Hub     {hub.url}, a stand-in on this machine that answers as huggingface.co does")
    stage.say(f"the model   {REPO}, {size / 1e6:.0f} MB, gated: its terms must be accepted first")
    stage.say("the server  llama.cpp, the real one")
    stage.say("What stands behind a bar was printed by the program itself. Its environment, besides PATH:\n")
    for name, value in settings.items():
        stage.say(f"  {name}={value}")


def without_a_token(stage: Stage, hub: LocalHub) -> None:
    stage.act(1, "No token")
    code = stage.run(RUN + SERVER, PATIENCE)
    expect(code == 77, f"the exit code without a token is 77 (it was {code})")
    expect("token-missing" in stage.heard, "the verdict without a token is token-missing")
    expect(_bytes_moved(hub) == 0, "not a byte of the model moves before access is granted")
    stage.point_out(
        "It says who asks for the model, what the Hub answered and what to do. Not a byte of the model has"
        " moved, and 77 tells the container engine that a restart alone won't help."
    )


def before_the_terms_are_accepted(stage: Stage, hub: LocalHub) -> None:
    stage.act(2, "A token, but the terms are not accepted")
    stage.say('HF_TOKEN is now the token that alice calls "laptop".')
    code = stage.run(RUN + SERVER, PATIENCE)
    expect(code == 77, f"the exit code before the terms are accepted is 77 (it was {code})")
    expect("terms-not-accepted" in stage.heard, "the verdict before the terms are accepted is terms-not-accepted")
    expect(_bytes_moved(hub) == 0, "not a byte of the model moves before access is granted")
    stage.point_out(
        "Another verdict, as another step is missing: whom the Hub sees, and where that account must click."
    )


def accepted_and_served(stage: Stage, hub: LocalHub, model: Path) -> Process:
    stage.act(3, "The terms are accepted")
    hub.set_access("alice", REPO, "accepted")
    hub.clear_requests()
    # `docker compose up -d` with another environment makes a new container, without the old one's state.
    shutil.rmtree(stage.environment["ENTRYPOINT_STATE_DIR"])
    stage.say(f'alice opens {hub.url}/{REPO} and presses "Agree and access repository".')
    server = stage.start(RUN + SERVER)
    stage.say(f"PID {server.pid}")
    _watch_until_healthy(stage, server)
    expect(server.argv() == SERVER, "the server has the PID of the entrypoint")
    stage.say(f"PID {server.pid} is now: {' '.join(server.argv())}")
    expect(_chat(stage) == tiny_gguf.ANSWER, "llama.cpp answers with the words that are in the weights")
    fetched = list(Path(stage.environment["HF_HOME"]).glob(f"hub/*/snapshots/*/{model.name}"))
    expect(
        [file.read_bytes() for file in fetched] == [model.read_bytes()],
        "in the volume lies byte for byte what the Hub publishes",
    )
    moved = _bytes_moved(hub)
    stage.point_out(
        f"{moved / 1e6:.1f} MB moved, and in the volume lies byte for byte what the Hub publishes. Then the"
        " entrypoint became llama.cpp by `exec`, under the same PID, and the healthcheck turned green only"
        " when the server answered."
    )
    return server


def restarted_warm(stage: Stage, hub: LocalHub, server: Process) -> None:
    stage.act(4, "A restart")
    stage.command(["kill", "-TERM", str(server.pid)])
    sent = time.monotonic()
    server.terminate()
    code = server.wait(PATIENCE)
    stage.say(f"exit code {code}, the server's own, after {time.monotonic() - sent:.2f} s")
    expect(code == 0, f"the server ends with its own exit code 0 (it was {code})")

    hub.clear_requests()
    server = stage.start(RUN + SERVER)
    seconds = server.wait_until_it_is(SERVER, PATIENCE)
    _watch_until_healthy(stage, server)
    expect(_chat(stage) == tiny_gguf.ANSWER, "llama.cpp answers after the restart as before")
    requests = len(hub.requests)
    expect(requests == 0, f"the Hub is asked for nothing at a warm start (it was asked {requests} times)")
    stage.point_out(
        f"From start to `exec` in {seconds * 1000:.0f} ms with {requests} requests at the Hub: the receipt"
        " in the cache says what was fetched and proved, so this start needs no network."
    )


def _watch_until_healthy(stage: Stage, server: Process) -> None:
    """Ask the healthcheck until it is green, telling each answer that differs from the one before."""
    before = None
    while before is None or before[0] != 0:
        expect(not server.ended(), "the server runs")
        expect(time.monotonic() - server.started < PATIENCE, f"the healthcheck is green within {PATIENCE:.0f} s")
        answer = stage.ask(HEALTHCHECK)
        if answer != before:
            stage.asked(HEALTHCHECK, *answer)
        before = answer
        time.sleep(0.4)


def _chat(stage: Stage) -> str:
    url = f"http://127.0.0.1:{stage.environment['PORT']}/v1/chat/completions"
    body = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": 64}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
        answer: str = json.load(response)["choices"][0]["message"]["content"]
    stage.say(f'POST {url} "{QUESTION}"')
    stage.quote(answer)
    return answer


def _bytes_moved(hub: LocalHub) -> int:
    """The bytes of file contents that the Hub's content networks have sent."""
    return sum(request.bytes_sent for request in hub.requests if request.origin in ("cdn", "cas"))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
