"""Who may import whom: five floors without a way down to up. Imports inside functions count; those for types do not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "entrypoint"
FLOORS = (
    {"__init__", "values", "failures", "text", "sentence", "redaction", "log", "streams", "signals", "deadline"},
    {"settings", "hub", "cache", "remedies"},
    {"needs", "plan", "selection", "transfer", "status", "handover", "voice"},
    {"gate", "start", "recourse", "waiting", "ending", "doctor"},
    {"cli", "__main__"},
)
# The healthcheck's own rule of what an address is, asked before the first healthcheck can fail by it.
ALLOWED = {("settings", "status")}
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(dotted: str) -> str:
    return dotted.split(".")[1] if "." in dotted else "__init__"


def imports(node: ast.AST) -> Iterator[str]:
    """The modules of the package that are imported at run time below `node`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").split(".")[0] == "entrypoint":
            if child.module == "entrypoint":
                yield from (f"entrypoint.{alias.name}" for alias in child.names if alias.name in FLOOR)
            else:
                yield str(child.module)
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name.startswith("entrypoint."))
        yield from imports(child)


def test_every_part_of_the_house_has_its_floor() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert parts == set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_from_its_own_floor_and_those_below(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    asked = {part_of(name) for name in imports(ast.parse(path.read_text(encoding="utf-8")))}
    above = {part for part in asked if FLOOR[part] > FLOOR[own] and (own, part) not in ALLOWED}
    assert above == set()
