"""What the names of a Python 3 file are bound to, by scope."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef, ast.Module)


@dataclass(frozen=True)
class Binding:
    """One way in which a name gets its value: the expression assigned, ``item_of`` what a loop goes over, or an import."""

    value: ast.expr | None = None
    item_of: ast.expr | None = None
    imported: str = ""


class Scopes:
    """The scopes of a file."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self._bindings: dict[ast.AST, dict[str, list[Binding]]] = defaultdict(lambda: defaultdict(list))
        self._tree = tree
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        for node in ast.walk(tree):
            for name, binding in _bound_by(node):
                self._bindings[self._home(node, name)][name].append(binding)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What *node* stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function(self, node: ast.AST) -> ast.AST:
        """The function that *node* stands in, or the module."""
        return next(outer for outer in self.above(node) if isinstance(outer, (*_FUNCTIONS, ast.Module)))

    def bindings(self, name: ast.Name) -> list[Binding]:
        """All bindings that a use of a name can mean; none for a builtin name or one that a ``*`` has brought."""
        first = True
        for scope in self.above(name):
            if not isinstance(scope, _SCOPES) or (isinstance(scope, ast.ClassDef) and not first):
                continue
            first = False
            if found := self._bindings[scope].get(name.id):
                return found
        return []

    def is_builtin(self, node: ast.expr, name: str) -> bool:
        """Whether *node* is the builtin *name*."""
        return isinstance(node, ast.Name) and node.id == name and not self.bindings(node)

    def dotted(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> str:
        """``numpy.linalg.norm`` for ``np.linalg.norm``, through imports and ``np = numpy``; empty for all else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in seen:
            return ""
        origins = {self._origin(binding, seen | {node.id}) for binding in self.bindings(node)}
        if len(origins) != 1 or "" in origins:
            return ""
        return ".".join([*origins, *reversed(parts)])

    def _origin(self, binding: Binding, seen: frozenset[str]) -> str:
        if binding.value is not None:
            return self.dotted(binding.value, seen)
        return binding.imported

    def _home(self, node: ast.AST, name: str) -> ast.AST:
        """The scope in which *node* binds *name*."""
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and name == getattr(node, "name", None):
            inside = self.above(node)
        else:
            inside = iter((node, *self.above(node)))
        for scope in inside:
            if isinstance(scope, _COMPREHENSIONS) and isinstance(node, ast.NamedExpr):
                continue
            if isinstance(scope, _SCOPES):
                return self._tree if name in _globals(scope) else scope
        raise AssertionError("a module is a scope")


def _globals(scope: ast.AST) -> set[str]:
    if not isinstance(scope, ast.FunctionDef):
        return set()
    return {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}


def _bound_by(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    """The names that one node binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield from _target(node.target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _target(node.target, None)
    elif isinstance(node, ast.For | ast.comprehension):
        yield from _loop(node.target, node.iter)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _target(node.optional_vars, None)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, Binding()
    elif isinstance(node, _FUNCTIONS):
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                yield argument.arg, Binding()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, Binding()
    elif isinstance(node, ast.Import):
        for alias in node.names:
            root = alias.name.partition(".")[0]
            yield (alias.asname, Binding(imported=alias.name)) if alias.asname else (root, Binding(imported=root))
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            origin = "." * node.level + f"{node.module}.{alias.name}" if node.module else f".{alias.name}"
            yield alias.asname or alias.name, Binding(imported=origin)


def _target(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(value=value)
        return
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, Binding()


def _loop(target: ast.expr, over: ast.expr) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(item_of=over)
        return
    counter = None
    if isinstance(target, ast.Tuple) and isinstance(over, ast.Call) and _is_enumerate(over):
        counter = target.elts[0]
    for name, binding in _target(target, None):
        is_counter = isinstance(counter, ast.Name) and counter.id == name
        yield name, Binding(value=ast.Constant(0)) if is_counter else binding


def _is_enumerate(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "enumerate" and len(call.args) == 1
