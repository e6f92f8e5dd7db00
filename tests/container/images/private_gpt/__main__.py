"""What PrivateGPT 0.6.2 does at start: loads the tokenizer from models/cache, wants models/<file>, then serves."""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from types import FrameType

from private_gpt.paths import models_cache_path, models_path  # type: ignore[import-not-found]
from private_gpt.settings.settings import settings  # type: ignore[import-not-found]


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b'{"status":"ok"}')


def end(signum: int, frame: FrameType | None) -> None:
    sys.exit(128 + signum)


signal.signal(signal.SIGTERM, end)
loaded = settings()
transformers = import_module("transformers")  # not an import statement: mypy would read all of it
tokenizer = transformers.AutoTokenizer.from_pretrained(loaded.llm.tokenizer, cache_dir=str(models_cache_path))
tokens = tokenizer.tokenize("hello llama")
model = models_path / loaded.llamacpp.llm_hf_model_file
if not model.exists():
    raise ValueError("Provided model path does not exist. Please check the path or provide a model_url to download.")
print(f"private-gpt: HF_HUB_OFFLINE={os.environ.get('HF_HUB_OFFLINE')}, {loaded.llm.tokenizer} says {tokens}")
print(f"private-gpt: {model} begins with {model.open('rb').read(4)!r}, PID {os.getpid()}, uid {os.getuid()}")
ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Health).serve_forever()
