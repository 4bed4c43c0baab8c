"""Modules that import a name when it is first used: what they offer is there, and of any other name they say so."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import lnpatch

ROOT = Path(lnpatch.__file__).parent


def lazy_modules() -> dict[str, ast.Module]:
    """Return every module of lnpatch with a ``__getattr__`` of its own."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(file.read_bytes())
        if any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
            parts = file.relative_to(ROOT.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = tree
    return found


MODULES = lazy_modules()


def test_they_are_found() -> None:
    assert {"lnpatch", "lnpatch.cli.lazy_commands", "lnpatch.cli.lazy_rich"} <= MODULES.keys()


@pytest.mark.parametrize("name", MODULES)
def test_what_is_imported_for_types_is_there(name: str) -> None:
    blocks = [
        node for node in MODULES[name].body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    assert names
    module = importlib.import_module(name)
    assert [each for each in sorted(names) if not hasattr(module, each)] == []


# pickle, torch.compile and inspect ask every module that is loaded for names such as these
@pytest.mark.parametrize("asked", ["numpy", "function", "Nowhere", "os.path", "__wrapped__", "_private", ""])
@pytest.mark.parametrize("name", MODULES)
def test_another_name_is_no_attribute(name: str, asked: str) -> None:
    assert not hasattr(importlib.import_module(name), asked)
