"""llama.cpp's own HTTP server as a command: what the entrypoint hands over to.

It loads the file that `ENTRYPOINT_MODEL_PATH` names, listens on 127.0.0.1:`PORT`, and ends with 0 on SIGTERM.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import xllamacpp  # type: ignore[import-untyped]


def main() -> None:
    model = os.environ["ENTRYPOINT_MODEL_PATH"]
    offline = os.environ.get("HF_HUB_OFFLINE", "not set")
    print(f"llama_server: PID {os.getpid()}, HF_HUB_OFFLINE {offline}", flush=True)

    # Blocked before llama.cpp starts its threads, which inherit the mask: so the signal waits for `sigwait`.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = int(os.environ["PORT"])
    params.n_ctx = 512
    params.warmup = False
    params.verbosity = 1  # errors only
    server = xllamacpp.Server(params)
    print(f"llama_server: loaded .../{'/'.join(Path(model).parts[-3:])}", flush=True)
    print(f"llama_server: listening on {server.listening_address}", flush=True)
    received = signal.Signals(signal.sigwait(ends))
    print(f"llama_server: {received.name}, ending", flush=True)
    del server


if __name__ == "__main__":
    main()
