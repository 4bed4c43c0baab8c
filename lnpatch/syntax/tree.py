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

#: Nodes with names of their own. A list comprehension is not among them: in Python 2 its variable outlives it.
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


@dataclasses.dataclass(frozen=True)
class NoUniqueMatch:
    """The answer of a search that found nothing, or more than one thing that could be meant."""

    #: What was looked for, and why it is not clear which it is.
    detail: str
    #: The close matches that are there.
    candidates: tuple[str, ...] = ()
    #: The 1-based line to look at, 0 where there is none.
    line: int = 0
    #: Whether there is nothing of the name that was looked for.
    absent: bool = False


# Nodes


@cache
def field_names(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """Return the fields of a node class, in the order in which they are written in source."""
    return tuple(f.name for f in dataclasses.fields(kind))


def child_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the code directly below *node*, without layout."""
    for name in field_names(type(node)):
        value = getattr(node, name)
        for child in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(child, cst.CSTNode) and not isinstance(child, LAYOUT):
                yield child


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield *node* and all code below it, in source order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(child_nodes(current))))


def replace_nodes(module: cst.Module, replacements: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.Module:
    """Return *module* with nodes replaced; nodes are told apart by identity, and none may be inside another."""
    if not replacements:
        return module
    new_nodes = {id(old): new for old, new in replacements.items()}
    on_path: set[int] = set()
    _mark_path(module, set(new_nodes), on_path)
    return cst.ensure_type(module.visit(_Replacer(new_nodes, on_path)), cst.Module)


class _Replacer(cst.CSTTransformer):
    """Replaces nodes, and enters only the nodes on the way to one."""

    def __init__(self, new_nodes: Mapping[int, cst.CSTNode], on_path: set[int]) -> None:
        super().__init__()
        self.new_nodes, self.on_path = new_nodes, on_path

    def on_visit(self, node: cst.CSTNode) -> bool:
        return id(node) in self.on_path

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        return self.new_nodes.get(id(original_node), updated_node)


def _mark_path(node: cst.CSTNode, searched: set[int], on_path: set[int]) -> bool:
    """Add all nodes on the way from *node* to a searched one to *on_path*, and return whether there is any.

    What is found is taken out of *searched*, so that the walk ends with the last one.
    """
    is_on_path = False
    for child in child_nodes(node):
        if not searched:
            break
        if id(child) in searched:
            searched.discard(id(child))
            is_on_path = True
        elif _mark_path(child, searched, on_path):
            is_on_path = True
    if is_on_path:
        on_path.add(id(node))
    return is_on_path


def line_of(module: cst.Module, node: cst.CSTNode) -> int:
    """Return the 1-based line where *node* begins in *module*, 0 where it is not part of it."""
    # Without a copy, for positions are looked up by identity. It takes a walk of the whole file: for messages only.
    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    position = positions.get(node)
    return position.start.line if position is not None else 0


def has_comment(node: cst.CSTNode) -> bool:
    """Return whether a comment is inside of *node*."""
    return any(isinstance(below, cst.Comment) or has_comment(below) for below in node.children)


def is_name(node: cst.CSTNode, name: str) -> bool:
    """Return whether *node* is the plain name *name*."""
    return isinstance(node, cst.Name) and node.value == name


def string_value(node: cst.CSTNode | None) -> str | None:
    """Return the text that a string literal means; None for any other node, and for bytes that are not ASCII."""
    if not isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        return None
    value = node.evaluated_value
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() else None
    return value


# Statements and scopes


def suites_of(node: cst.CSTNode) -> Iterator[cst.BaseSuite]:
    """Yield the suites of a compound statement: of an ``if`` with its ``elif`` and ``else`` arms, of a ``try`` with all of its."""
    for child in child_nodes(node):
        if isinstance(child, cst.BaseSuite):
            yield child
        elif isinstance(child, (cst.If, cst.Else, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally)):
            yield from suites_of(child)


def scope_statements(body: cst.Module | cst.BaseSuite) -> Iterator[SmallStatement | cst.FunctionDef | cst.ClassDef]:
    """Yield the statements of a scope in source order: into ``if``, ``try``, ``for`` and ``with``, not into ``def`` and ``class``."""
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
        elif isinstance(statement, (cst.FunctionDef, cst.ClassDef, cst.BaseSmallStatement)):
            yield statement
        else:
            for suite in suites_of(statement):
                yield from scope_statements(suite)


def module_scope_nodes(module: cst.Module) -> Iterator[cst.CSTNode]:
    """Yield all code that runs in the scope of a module: nothing inside of functions, classes, generators and imports."""
    stack: list[cst.CSTNode] = [module]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(child for child in child_nodes(current) if not isinstance(child, _SCOPES))


def assignment_targets(statement: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """Yield what an assignment statement assigns to; nothing for any other statement."""
    if isinstance(statement, cst.Assign):
        for target in statement.targets:
            yield target.target
    elif isinstance(statement, (cst.AnnAssign, cst.AugAssign)):
        yield statement.target


# Functions


def qualified_functions(body: cst.Module | cst.BaseSuite, prefix: str = "") -> Iterator[tuple[str, cst.FunctionDef]]:
    """Yield all functions with their qualified names, such as ``trainer`` or ``DataIterator.next``."""
    for statement in scope_statements(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            name = prefix + statement.name.value
            if isinstance(statement, cst.FunctionDef):
                yield name, statement
            yield from qualified_functions(statement.body, f"{name}.")


def functions_by_name(module: cst.Module) -> dict[str, cst.FunctionDef]:
    """Return the functions of a module's top level; of several with one name the last, which is the one that counts."""
    return {node.name.value: node for node in scope_statements(module) if isinstance(node, cst.FunctionDef)}


def find_function(module: cst.Module, name: str) -> cst.FunctionDef | NoUniqueMatch:
    """Find the one function with a qualified name; one that is defined twice, or assigned as well, is not unique."""
    functions = list(qualified_functions(module))
    matches = [function for qualified, function in functions if qualified == name]
    if not matches:
        near = close_matches(name, [qualified for qualified, _ in functions])
        return NoUniqueMatch(f"no function {name}", near, absent=True)
    if len(matches) > 1:
        lines = ", ".join(str(line_of(module, function)) for function in matches)
        return NoUniqueMatch(
            f"{name} is defined {len(matches)} times (lines {lines}); which of them counts is not clear"
        )
    for node in scope_statements(module):
        if any(is_name(target, name) for target in assignment_targets(node)):
            return NoUniqueMatch(f"{name} is a function and is assigned as well (line {line_of(module, node)})")
    return matches[0]


def parameter_defaults(function: cst.FunctionDef) -> dict[str, cst.BaseExpression]:
    """Return the parameters of a function that have a default, with that default, in order."""
    params = function.params
    parameters = (*params.posonly_params, *params.params, *params.kwonly_params)
    return {p.name.value: p.default for p in parameters if p.default is not None}
