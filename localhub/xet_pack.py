"""Pack files into a Xet store on disk: run as a program of its own, so that hf_xet's threads and logs stay
outside.

Arguments: the store's folder, then the files. Prints a JSON list of their Xet hashes, in order.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import hf_xet  # type: ignore[import-untyped]


def pack(store: str, files: list[str]) -> list[str]:
    session: Any = hf_xet.XetSession()
    with session.new_upload_commit(endpoint=f"local://{store}") as commit:
        uploads = [commit.start_upload_file(file) for file in files]
    return [upload.result().xet_info.hash for upload in uploads]


if __name__ == "__main__":
    print(json.dumps(pack(sys.argv[1], sys.argv[2:])))
