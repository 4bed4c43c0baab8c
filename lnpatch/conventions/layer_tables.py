"""Find the tables of layers in a module, in any scope: ``layers = {'gru': ('param_init_gru', 'gru_layer')}``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from lnpatch.syntax.positions import Lines, Place
from lnpatch.syntax.tables import DictEntry, entries_of, is_display, subscript_key
from lnpatch.syntax.tree import assignment_targets, functions_by_name, scope_statements, string_value


@dataclass(frozen=True)
class LayerPair:
    """One layer of a table: the names of the function that makes its parameters and of the one that computes it."""

    cell: str
    initializer: str
    layer: str
    #: Where the entry is.
    place: Place = field(compare=False, repr=False)

    @property
    def line(self) -> int:
        """The 1-based line of the entry."""
        return self.place.line


@dataclass(frozen=True)
class LayerTable:
    """A dictionary whose values are pairs of strings that name functions of its module."""

    path: str
    #: The variable.
    name: str
    #: The qualified name of the function or class around it; empty at a module's top level.
    scope: str
    pairs: tuple[LayerPair, ...]
    #: Where it is assigned.
    place: Place = field(compare=False, repr=False)

    @property
    def line(self) -> int:
        """The 1-based line of the assignment."""
        return self.place.line

    def get(self, cell: str) -> LayerPair | None:
        """Return the pair of a cell; of several the last, which is the one that counts."""
        return next((pair for pair in reversed(self.pairs) if pair.cell == cell), None)


def find_layer_tables(module: cst.Module, path: str) -> tuple[LayerTable, ...]:
    """Find the tables of layers of a module, those of a scope before those of the scopes in it.

    A table is assigned as a literal or by ``dict(...)``, and may be filled by ``name['gru'] = (..., ...)`` in the same
    scope. It counts where one of its pairs names a function at the module's top level, or an initializer by the family's
    prefix ``param_init`` (the functions may come by ``import *``): pairs of strings alone, such as words, are no layers.

    Args:
        module: the tree of the file.
        path: the file, relative to the repository's root, for the result.
    """
    lines = Lines(module)
    functions = functions_by_name(module)
    tables = []
    for scope, body in _scopes(module, ""):
        for table in _tables_of_scope(body, path, scope, lines):
            if any(pair.layer in functions or pair.initializer.startswith("param_init") for pair in table.pairs):
                tables.append(table)
    return tuple(tables)


def _scopes(body: cst.Module | cst.BaseSuite, name: str) -> Iterator[tuple[str, cst.Module | cst.BaseSuite]]:
    """Yield the body of a module, and of every function and class in it, with the qualified name."""
    yield name, body
    for statement in scope_statements(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            inner = f"{name}.{statement.name.value}" if name else statement.name.value
            yield from _scopes(statement.body, inner)


def _tables_of_scope(body: cst.Module | cst.BaseSuite, path: str, scope: str, lines: Lines) -> Iterator[LayerTable]:
    displays: dict[str, tuple[cst.CSTNode, list[LayerPair]]] = {}
    for statement in scope_statements(body):
        value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign)) else None
        for target in assignment_targets(statement):
            if isinstance(target, cst.Name) and is_display(value):
                pairs = [pair for entry in entries_of(value) if (pair := _pair(entry, lines))]
                displays[target.value] = (statement, pairs)
            elif isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
                key = subscript_key(target)
                table = displays.get(target.value.value)
                if key is None or value is None or table is None:
                    continue
                if pair := _pair(DictEntry(key, value), lines):
                    table[1].append(pair)
    for name, (assignment, pairs) in displays.items():
        if pairs:
            yield LayerTable(path, name, scope, tuple(pairs), lines.place(assignment))


def _pair(entry: DictEntry, lines: Lines) -> LayerPair | None:
    """Return an entry as a layer, None where its value is no pair of names."""
    if not isinstance(entry.value, (cst.Tuple, cst.List)) or len(entry.value.elements) != 2:
        return None
    initializer, layer = (string_value(element.value) for element in entry.value.elements)
    if initializer is None or layer is None or not (initializer.isidentifier() and layer.isidentifier()):
        return None
    return LayerPair(entry.key, initializer, layer, lines.place(entry.value))
