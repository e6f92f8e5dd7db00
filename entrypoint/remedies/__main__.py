"""`python -m entrypoint.remedies [FOLDER]` writes the pages that are made from the code into docs/ (or FOLDER)."""

from __future__ import annotations

import sys
from pathlib import Path

from entrypoint.remedies.pages import pages

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
for name, text in pages().items():
    (folder / name).write_text(text, encoding="utf-8")
