"""`python -m localhub FOLDER`: serve a folder of repos, FOLDER/org/name/files..., until SIGTERM or SIGINT.

Who may read what comes from a JSON file (`--access`), every part of which may be left out:

    {
      "repos": {"org/name": {"gated": "auto", "private": false, "disabled": false, "xet": ["*.safetensors"],
                             "lfs": ["*.bin"], "renamed_from": ["org/old-name"]}},
      "tokens": [{"token": "hf_...", "user": "alice", "name": "laptop", "role": "read", "reads_gated": true,
                  "scoped": [], "state": "valid"}],
      "orgs": [{"user": "alice", "orgs": {"org": "read"}}],
      "policies": [{"name": "org", "words": "..."}],
      "access": [{"user": "alice", "repo": "org/name", "state": "accepted"}],
      "faults": [{"kind": "cut", "route": "cdn", "times": 1, "after": 1000}],
      "reach": [{"origin": "cdn", "reach": "refused"}],
      "wording": [{"words": "..."}],
      "auth-check": [{"answer": "html"}]
    }

A repo's settings mean what `LocalHub.add_repo` means by them; each list holds what the control route of that name
takes, by which it can be changed while the hub runs: see `localhub.control`. The first two lines of output are the
URL and the CA file.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localhub import control
from localhub.hub import LocalHub

_REPO_KEYS = {"gated", "private", "disabled", "xet", "lfs", "renamed_from"}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    try:
        given = json.loads(options.access.read_text(encoding="utf-8")) if options.access else {}
        hub = LocalHub(
            tls=not options.no_tls,
            host=options.host,
            port=options.port,
            cdn_port=options.cdn_port or (options.port and options.port + 1),
            cas_port=options.cas_port or (options.port and options.port + 2),
            name=options.name,
            names=options.also,
        )
    except (OSError, ValueError) as error:
        print(f"localhub: {error}", file=sys.stderr)
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with hub:
        try:
            publish(hub, options.folder, given)
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"localhub: {error}", file=sys.stderr)
            return 1
        print(hub.url)
        if not options.no_tls:
            print(shutil.copy(hub.ca_file, options.ca_out) if options.ca_out else hub.ca_file)
        sys.stdout.flush()
        ended.wait()
    return 0


def publish(hub: LocalHub, folder: Path, given: dict[str, Any]) -> None:
    """Add every repo of the folder, then change the rest as given."""
    unknown = set(given) - set(control.SETTERS)
    if unknown:
        raise ValueError(f"unknown in the access file: {', '.join(sorted(unknown))}")
    repos: dict[str, dict[str, Any]] = given.get("repos", {})
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob("*/*")) if path.is_dir()}
    if not found:
        raise ValueError(f"there is no repo in {folder}: looked for {folder}/ORG/NAME/")
    missing = set(repos) - set(found)
    if missing:
        raise ValueError(f"the access file names repos that are not in {folder}: {', '.join(sorted(missing))}")
    for name, path in found.items():
        settings = repos.get(name, {})
        if set(settings) - _REPO_KEYS:
            raise ValueError(f"unknown for {name}: {', '.join(sorted(set(settings) - _REPO_KEYS))}")
        hub.add_repo(name, path, **settings)
    for what, change in control.SETTERS.items():
        for entry in given.get(what, []) if what != "repos" else ():
            change(hub, entry)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localhub", description="A Hugging Face Hub on loopback.")
    parser.add_argument("folder", type=Path, help="folder of repos: FOLDER/ORG/NAME/files...")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="the hub's port (default: any free one)")
    parser.add_argument("--cdn-port", type=int, default=0, help="the content network's (default: PORT + 1)")
    parser.add_argument("--cas-port", type=int, default=0, help="the Xet storage's (default: PORT + 2)")
    parser.add_argument("--name", default="localhost", help="host name in the addresses given out")
    parser.add_argument("--also", action="append", default=[], help="a further name in the certificate")
    parser.add_argument("--access", type=Path, help="JSON file: gating, tokens, standings, faults")
    parser.add_argument("--ca-out", type=Path, help="write the CA's PEM here")
    parser.add_argument("--no-tls", action="store_true", help="plain HTTP")
    return parser


if __name__ == "__main__":
    sys.exit(main())
