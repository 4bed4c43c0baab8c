"""Find code by its structure, and put other code in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import libcst as cst

from lnpatch.source import Source
from lnpatch.suggest import close_matches
from lnpatch.syntax.compare import CodeComparison
from lnpatch.syntax.literals import shorten_code
from lnpatch.syntax.names import ModuleNames, rename_names
from lnpatch.syntax.tree import line_of, walk


@dataclass
class Substitution:
    """The places of a piece of code, and what goes there."""

    #: The new node for each node that is to be replaced.
    replacements: dict[cst.CSTNode, cst.CSTNode] = field(default_factory=dict)
    #: How many places have the new code already.
    in_place: int = 0

    @property
    def count(self) -> int:
        """The number of places, with the old or the new code."""
        return self.in_place + len(self.replacements)


def substitute_code(
    module: cst.Module, scope: cst.CSTNode, find: str, put: str, original_token: Callable[[str], str | None]
) -> Substitution:
    """Find all places of the code *find* or *put* in *scope*.

    Args:
        module: the module; its imports say what the names in *scope* mean.
        scope: the part of the module to look in.
        find: one expression or simple statement, with full names (``scipy.sparse.eye``).
        put: what is to go in its place, with full names as well; written with the names that the file uses.
        original_token: gives the Python 2 token behind a source placeholder.
    """
    imported = {name: origin for name, origin in ModuleNames.of(module).imported.items() if name != origin}
    comparison = CodeComparison(imported, original_token)
    old, new = _parse_snippet(find), _parse_snippet(put)
    result = Substitution()
    inside: set[int] = set()
    for node in walk(scope):
        if id(node) in inside:
            continue
        if type(node) is type(new) and comparison.matches(new, node):
            result.in_place += 1
        elif type(node) is type(old) and comparison.matches(old, node):
            names = {path: module.code_for_node(code) for path, code in comparison.matched_names.items()}
            result.replacements[node] = _with_punctuation_of(node, rename_names(new, names))
        else:
            continue
        # Not another place, although the new code often contains the old: f(x) in f(x)[0].
        inside.update(id(below) for below in walk(node))
    return result


def find_similar_code(module: cst.Module, scope: cst.CSTNode, code: str, source: Source) -> tuple[str, ...]:
    """Return the close matches of a piece of code in *scope*, with their lines, for messages."""
    kind = type(_parse_snippet(code))
    nodes = {shorten_code(node, source): node for node in walk(scope) if type(node) is kind}
    return tuple(f"{match} (line {line_of(module, nodes[match])})" for match in close_matches(code, nodes))


def _parse_snippet(code: str) -> cst.CSTNode:
    """Return the node of one expression or one simple statement."""
    line = cst.ensure_type(cst.parse_module(code).body[0], cst.SimpleStatementLine)
    (statement,) = line.body
    return statement.value if isinstance(statement, cst.Expr) else statement


def _with_punctuation_of(old: cst.CSTNode, new: cst.CSTNode) -> cst.CSTNode:
    """Return *new* with the brackets or the semicolon of the node that it replaces."""
    shared = {name for name in ("lpar", "rpar", "semicolon") if hasattr(old, name) and hasattr(new, name)}
    return new.with_changes(**{name: getattr(old, name) for name in shared})
