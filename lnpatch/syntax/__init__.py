"""Find, compare, insert and replace code in libcst trees; all that the edit kinds do to a tree.

The names below are imported when they are first used. So an edit kind imports this package at the top of its module, and
a command that only reads recipes, and with them the edit kinds, does not spend 200 ms on libcst.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.syntax.adapt import AdaptedFunction, adapt_templates
    from lnpatch.syntax.branches import find_assignment
    from lnpatch.syntax.compare import CodeComparison, without_docstring
    from lnpatch.syntax.insert import insert_functions
    from lnpatch.syntax.literals import is_literal_of, make_literal, shorten_code
    from lnpatch.syntax.names import ModuleNames, NameResolver, global_names
    from lnpatch.syntax.substitute import Substitution, find_similar_code, substitute_code
    from lnpatch.syntax.table_entries import add_entry, has_strings, string_items
    from lnpatch.syntax.tables import DictTable, find_table
    from lnpatch.syntax.tree import (
        NoUniqueMatch,
        find_function,
        functions_by_name,
        has_comment,
        line_of,
        parameter_defaults,
        replace_nodes,
        string_value,
        walk,
    )

__all__ = [
    "AdaptedFunction",
    "CodeComparison",
    "DictTable",
    "ModuleNames",
    "NameResolver",
    "NoUniqueMatch",
    "Substitution",
    "adapt_templates",
    "add_entry",
    "find_assignment",
    "find_function",
    "find_similar_code",
    "find_table",
    "functions_by_name",
    "global_names",
    "has_comment",
    "has_strings",
    "insert_functions",
    "is_literal_of",
    "line_of",
    "make_literal",
    "parameter_defaults",
    "replace_nodes",
    "shorten_code",
    "string_items",
    "string_value",
    "substitute_code",
    "walk",
    "without_docstring",
]


_MODULES = (
    "adapt",
    "branches",
    "compare",
    "insert",
    "literals",
    "names",
    "substitute",
    "table_entries",
    "tables",
    "tree",
)


def __getattr__(name: str) -> Any:
    """Import a name when it is first used (PEP 562)."""
    if name in __all__:
        for module in _MODULES:
            value = getattr(import_module(f"{__name__}.{module}"), name, None)
            if value is not None:
                globals()[name] = value  # so that Python does not ask again: edits use these names in loops
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
