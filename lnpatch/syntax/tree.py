"""Walk a libcst tree, and replace nodes of it along the path to them only.

``libcst.matchers`` would cost 400 ms of import, and a visitor goes through every blank of a file; what the edits need
is less than either.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from lnpatch.suggest import close_matches

#: Nodes that hold layout, never code.
LAYOUT = (
    cst.BaseParenthesizableWhitespace,
    cst.TrailingWhitespace,
    cst.EmptyLine,
    cst.Newline,
    cst.Comment,
    cst.Semicolon,
)

#: What has names of its own. A list comprehension of Python 2 has not.
_SCOPES = (
    cst.FunctionDef,
    cst.ClassDef,
    cst.Lambda,
    cst.GeneratorExp,
    cst.SetComp,
    cst.DictComp,
    cst.Import,
    cst.ImportFrom,
)

SmallStatement = cst.BaseSmallStatement


@cache
def field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class, in the order in which they stand in source."""
    return tuple(f.name for f in dataclasses.fields(kind))


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The code directly below *node*, layout left out."""
    for name in field_names(type(node)):
        value = getattr(node, name)
        for child in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(child, cst.CSTNode) and not isinstance(child, LAYOUT):
                yield child


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """*node* and all code below it, in source order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def replace(module: cst.Module, replacements: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.Module:
    """*module* with nodes replaced; nodes are told apart by identity, and none may be inside another."""
    if not replacements:
        return module
    wanted = {id(old): new for old, new in replacements.items()}
    on_path: set[int] = set()
    _mark(module, set(wanted), on_path)
    return cst.ensure_type(module.visit(_Replacer(wanted, on_path)), cst.Module)


class _Replacer(cst.CSTTransformer):
    def __init__(self, wanted: Mapping[int, cst.CSTNode], on_path: set[int]) -> None:
        super().__init__()
        self.wanted, self.on_path = wanted, on_path

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self.on_path

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        return self.wanted.get(id(original_node), updated_node)


def _mark(node: cst.CSTNode, left: set[int], on_path: set[int]) -> bool:
    """Whether a node that is *left* to find is below *node*; all nodes on the way to one go into *on_path*."""
    found = False
    for child in children(node):
        if not left:
            break
        if id(child) in left:
            left.discard(id(child))
            found = True
        elif _mark(child, left, on_path):
            found = True
    if found:
        on_path.add(id(node))
    return found


def line_of(module: cst.Module, node: cst.CSTNode) -> int:
    """The 1-based line where *node* begins in *module*, 0 where it is not part of it."""
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    position = positions.get(node)
    return position.start.line if position is not None else 0


# Statements and scopes


def blocks(node: cst.CSTNode) -> Iterator[cst.BaseSuite]:
    """The suites of a compound statement: of an ``if`` with its ``elif`` and ``else`` arms, of a ``try`` with all of its."""
    for child in children(node):
        if isinstance(child, cst.BaseSuite):
            yield child
        elif isinstance(child, (cst.If, cst.Else, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally)):
            yield from blocks(child)


def scope(body: cst.Module | cst.BaseSuite) -> Iterator[SmallStatement | cst.FunctionDef | cst.ClassDef]:
    """The statements of a scope in source order: into ``if``, ``try``, ``for`` and ``with``, not into ``def`` and ``class``."""
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
        elif isinstance(statement, (cst.FunctionDef, cst.ClassDef, cst.BaseSmallStatement)):
            yield statement
        else:
            for suite in blocks(statement):
                yield from scope(suite)


def functions(body: cst.Module | cst.BaseSuite, prefix: str = "") -> Iterator[tuple[str, cst.FunctionDef]]:
    """All functions with their qualified names, as ``trainer`` or ``DataIterator.next``."""
    for statement in scope(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            name = prefix + statement.name.value
            if isinstance(statement, cst.FunctionDef):
                yield name, statement
            yield from functions(statement.body, f"{name}.")


def outer_nodes(module: cst.Module) -> Iterator[cst.CSTNode]:
    """All code that runs in the scope of a module: nothing inside of functions, classes, generators and imports."""
    stack: list[cst.CSTNode] = [module]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(child for child in children(current) if not isinstance(child, _SCOPES))


def find_function(module: cst.Module, name: str) -> cst.FunctionDef | NotOne:
    """The one function of a qualified name; a name that is defined twice, or assigned as well, is not to be relied on."""
    there = list(functions(module))
    found = [function for qualified, function in there if qualified == name]
    lines = [str(line_of(module, function)) for function in found] if len(found) > 1 else []
    if len(found) > 1:
        return NotOne(
            f"{name} is defined {len(found)} times (lines {', '.join(lines)}); which of them counts is not clear"
        )
    if not found:
        return NotOne(f"no function {name}", close_matches(name, [qualified for qualified, _ in there]))
    rebound = [node for node in scope(module) if any(is_name(target, name) for target in targets(node))]
    if rebound:
        return NotOne(f"{name} is a function and is assigned as well (line {line_of(module, rebound[0])})")
    return found[0]


@dataclasses.dataclass(frozen=True)
class NotOne:
    """Why there is not the one thing that was looked for, the line to look at, and what is there instead."""

    detail: str
    candidates: tuple[str, ...] = ()
    line: int = 0


def targets(statement: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """What an assignment statement assigns to."""
    if isinstance(statement, cst.Assign):
        for target in statement.targets:
            yield target.target
    elif isinstance(statement, (cst.AnnAssign, cst.AugAssign)):
        yield statement.target


def has_comment(node: cst.CSTNode) -> bool:
    """Whether a comment stands inside of *node*."""
    return any(isinstance(below, cst.Comment) or has_comment(below) for below in node.children)


def is_name(node: cst.CSTNode, name: str) -> bool:
    """Whether *node* is the plain name *name*."""
    return isinstance(node, cst.Name) and node.value == name


def string_value(node: cst.CSTNode | None) -> str | None:
    """The text that a string literal stands for, None where *node* is none (or bytes that are no ASCII)."""
    if not isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        return None
    value = node.evaluated_value
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() else None
    return value
