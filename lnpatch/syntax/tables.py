"""Find dictionaries that a module fills in source: ``name = {...}``, ``name = dict(...)``, ``name['key'] = ...``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

import libcst as cst

from lnpatch.suggest import close_matches
from lnpatch.syntax.tree import (
    NoUniqueMatch,
    assignment_targets,
    is_name,
    line_of,
    scope_statements,
    string_value,
    walk,
)

#: The code that makes a dictionary: a literal, or a call of ``dict``.
DictDisplay = cst.Dict | cst.Call


@dataclass(frozen=True)
class DictEntry:
    """One ``key: value``; ``value`` is the node to replace for another value."""

    key: str
    value: cst.BaseExpression


@dataclass(frozen=True)
class DictTable:
    """A dictionary in source."""

    #: The literal or the call that makes it.
    display: DictDisplay
    #: Its entries, those assigned later included.
    entries: tuple[DictEntry, ...]

    @property
    def is_call(self) -> bool:
        """Whether a call of ``dict`` makes it, whose keys are keywords."""
        return isinstance(self.display, cst.Call)

    def get(self, key: str) -> DictEntry | None:
        """Return the last entry of a key, which is the one that counts."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)


def find_table(module: cst.Module, name: str, complete: bool = True) -> DictTable | NoUniqueMatch:
    """Find the one dictionary of that name at a module's top level.

    Args:
        module: the module.
        name: the variable.
        complete: whether all that fills it has to be readable, so that it is certain what is not in it.
    """
    display: DictDisplay | None = None
    entries: list[DictEntry] = []
    others: set[str] = set()
    for statement in scope_statements(module):
        value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign)) else None
        others |= _names_of_displays(statement, value)
        if any(is_name(target, name) for target in assignment_targets(statement)):
            if display is not None:
                return NoUniqueMatch(f"{name} is assigned more than once; which of them counts is not clear", (name,))
            if not is_display(value) or (complete and not all(map(_is_literal, _keys(value)))):
                return _unreadable(module, name, statement)
            display, entries = value, list(entries_of(value))
        new_entries, is_readable = _assigned_entries(statement, name, value)
        if complete and not is_readable:
            return _unreadable(module, name, statement)
        entries += new_entries
    if display is None:
        detail = f"no dictionary {name} = {{...}} at the top level of the file"
        return NoUniqueMatch(detail, close_matches(name, sorted(others)), absent=True)
    return DictTable(display, tuple(entries))


def is_display(node: cst.CSTNode | None) -> TypeGuard[DictDisplay]:
    """Return whether *node* makes a dictionary from entries that are written in it."""
    if isinstance(node, cst.Call) and is_name(node.func, "dict"):
        return all(argument.keyword or argument.star == "**" or is_display(argument.value) for argument in node.args)
    return isinstance(node, cst.Dict)


def _names_of_displays(statement: cst.CSTNode, value: cst.BaseExpression | None) -> set[str]:
    """Return the names to which a statement assigns a dictionary."""
    if not is_display(value):
        return set()
    return {target.value for target in assignment_targets(statement) if isinstance(target, cst.Name)}


def _assigned_entries(
    statement: cst.CSTNode, name: str, value: cst.BaseExpression | None
) -> tuple[list[DictEntry], bool]:
    """Return the entries that a statement adds to a table, and whether that is certainly all that it does to it.

    Read are ``name[key] = value`` and ``name.update(...)``. Other methods and ``del`` leave open what is in the table.
    """
    if isinstance(statement, cst.Del):
        return [], not any(is_name(node, name) for node in walk(statement))
    if isinstance(statement, cst.Expr):
        return _updated_entries(statement.value, name)
    targets = [t for t in assignment_targets(statement) if isinstance(t, cst.Subscript) and is_name(t.value, name)]
    keys = [subscript_key(target) for target in targets]
    if value is None:  # `name[key] += value`
        return [], not targets
    return [DictEntry(key, value) for key in keys if key is not None], None not in keys


def _updated_entries(call: cst.BaseExpression, name: str) -> tuple[list[DictEntry], bool]:
    if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and is_name(call.func.value, name)):
        return [], True
    if call.func.attr.value != "update":
        return [], False
    is_readable = all(argument.keyword or is_display(argument.value) for argument in call.args)
    return (list(entries_of(call)) if is_readable else []), is_readable


def _unreadable(module: cst.Module, name: str, statement: cst.CSTNode) -> NoUniqueMatch:
    return NoUniqueMatch(f"what is in {name} cannot be read from the file (line {line_of(module, statement)})")


def _keys(display: DictDisplay) -> Iterator[cst.BaseExpression]:
    """Yield the keys of a dictionary in source; what is unpacked into it is taken for a key, whatever its keys are."""
    if isinstance(display, cst.Call):
        for argument in display.args:
            if argument.star or is_display(argument.value):
                yield from _keys(argument.value) if is_display(argument.value) else (argument.value,)
        return
    for element in display.elements:
        yield element.key if isinstance(element, cst.DictElement) else element.value


def _is_literal(node: cst.BaseExpression) -> bool:
    return string_value(node) is not None or isinstance(node, cst.BaseNumber)


def entries_of(display: DictDisplay) -> Iterator[DictEntry]:
    """Yield the entries of a dictionary in source whose keys are strings."""
    if isinstance(display, cst.Dict):
        for element in display.elements:
            if isinstance(element, cst.DictElement) and (key := string_value(element.key)) is not None:
                yield DictEntry(key, element.value)
        return
    for argument in display.args:
        if argument.keyword is not None:
            yield DictEntry(argument.keyword.value, argument.value)
        elif is_display(argument.value):
            yield from entries_of(argument.value)


def subscript_key(target: cst.Subscript) -> str | None:
    """Return the string in ``name['key']``, None where the index is anything else."""
    if len(target.slice) != 1 or not isinstance(target.slice[0].slice, cst.Index):
        return None
    return string_value(target.slice[0].slice.value)
