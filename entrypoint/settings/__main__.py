"""`python -m entrypoint.settings` writes the reference page to standard output."""

from __future__ import annotations

import sys

from entrypoint.settings.page import page

sys.stdout.write(page())
