"""The plan of the house: every arrow between its rooms goes one way, and no module is in a circle.

python -m tests.test_imports        draws it: each room, and the rooms that it imports
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = {"lnpatch": ROOT / "lnpatch", "theano": ROOT / "templates" / "pytensor" / "theano"}

#: What a room may import: those after it.
ORDER = (
    "cli",
    "commands",
    "configuration",
    "study",
    "report",
    "curves",
    "pretrained",
    "training",
    "trackers",
    "runtimes",
    "port",
    "patch",
    "checkout",
    "downloads",
    "recipes",
    "edits",
    "conventions",
    "syntax",
    "source",
    "torch",
    "pickles",
    "cache",
    "files",
    "schema",
    "suggest",
    "folders",
    "errors",
)


def module_names(package: str) -> dict[str, Path]:
    """The modules of a package, by name."""
    folder = TREES[package]
    names = {}
    for path in sorted(folder.rglob("*.py")):
        parts = [package, *path.relative_to(folder).with_suffix("").parts]
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported_names(node: ast.AST, types: bool) -> Iterator[str]:
    """What is imported at the top of a module or in its functions; for types too, if *types* is true."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif types or not is_type_checking(child):
            yield from imported_names(child, types)


def module_imports(package: str, types: bool) -> dict[str, set[str]]:
    """The modules of a package, and the modules of it that each imports."""
    modules = module_names(package)
    arrows: dict[str, set[str]] = {}
    for name, path in modules.items():
        arrows[name] = set()
        for imported in imported_names(ast.parse(path.read_text(encoding="utf-8")), types):
            while imported and imported not in modules:
                imported = imported.rpartition(".")[0]
            if imported and imported != name and imported != package:
                arrows[name].add(imported)
    return arrows


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def room_imports() -> dict[str, set[str]]:
    """The rooms of lnpatch, and the rooms that each imports, for types too."""
    arrows: dict[str, set[str]] = {}
    for module, imports in module_imports("lnpatch", types=True).items():
        if room(module):
            arrows.setdefault(room(module), set()).update(room(other) for other in imports)
    return {name: others - {name, ""} for name, others in arrows.items()}


def test_every_arrow_goes_one_way() -> None:
    arrows = room_imports()
    arrows.pop("__main__")
    assert arrows.keys() == set(ORDER)
    back = [f"{name} -> {other}" for name in arrows for other in arrows[name] if ORDER.index(other) < ORDER.index(name)]
    assert back == []


def test_no_module_is_in_a_circle() -> None:
    for package in TREES:
        TopologicalSorter(module_imports(package, types=False)).prepare()  # raises CycleError


def test_at_most_three_loose_modules() -> None:
    loose = [path.stem for path in TREES["lnpatch"].glob("*.py") if not path.stem.startswith("__")]
    assert sorted(loose) == ["folders", "schema", "suggest"]


def test_a_command_is_two_files_of_one_name() -> None:
    from lnpatch.cli import COMMANDS

    for entry in COMMANDS.values():
        for folder in ("cli", "commands"):
            assert (TREES["lnpatch"] / folder / f"{entry.module}.py").is_file()


if __name__ == "__main__":
    drawing = room_imports()
    for name in ORDER:
        print(f"{name:<10} -> {', '.join(sorted(drawing[name], key=ORDER.index)) or '-'}")  # noqa: T201
