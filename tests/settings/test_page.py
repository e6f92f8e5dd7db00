from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from entrypoint.settings.variables import TOKEN_VARIABLES, VARIABLES

REPOSITORY = Path(__file__).parents[2]


def test_the_page_on_disk_is_what_the_code_makes() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "entrypoint.settings"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    assert (REPOSITORY / "docs/settings.md").read_text() == made


def test_every_variable_has_one_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (REPOSITORY / "docs/settings.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(VARIABLES)
    assert set(TOKEN_VARIABLES) < set(rows)


def test_reading_settings_imports_nothing_heavy() -> None:
    code = (
        "import sys; from entrypoint import settings; settings.read({}, stderr_is_terminal=False);"
        "print(*sys.modules, sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "entrypoint.settings" in loaded
    assert not {"ssl", "json", "difflib", "structlog", "huggingface_hub", "logging", "socket"} & set(loaded)
