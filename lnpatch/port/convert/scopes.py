"""Find what the names of a Python 3 file are bound to, by scope."""

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
    """One way in which a name gets its value; a binding without any of these is one of which nothing is known."""

    #: The expression that is assigned.
    value: ast.expr | None = None
    #: What a loop goes over whose variable the name is.
    item_of: ast.expr | None = None
    #: The dotted name of what is imported.
    imported: str = ""


class Scopes:
    """The scopes of a file, and the bindings in each."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {}
        self._bindings: dict[ast.AST, dict[str, list[Binding]]] = defaultdict(lambda: defaultdict(list))
        self._tree = tree
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        for node in ast.walk(tree):
            for name, binding in _bindings_of(node):
                self._bindings[self._find_scope(node, name)][name].append(binding)

    def enclosing_nodes(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes that *node* stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def enclosing_function(self, node: ast.AST) -> ast.AST:
        """Return the function that *node* stands in, or the module."""
        return next(outer for outer in self.enclosing_nodes(node) if isinstance(outer, (*_FUNCTIONS, ast.Module)))

    def find_bindings(self, name: ast.Name) -> list[Binding]:
        """Return all bindings that a use of a name can mean; none for a builtin name or one from ``import *``."""
        innermost = True
        for scope in self.enclosing_nodes(name):
            if not isinstance(scope, _SCOPES):
                continue
            # the names of a class are seen in its body, and not in the functions within it
            if isinstance(scope, ast.ClassDef) and not innermost:
                continue
            innermost = False
            if bindings := self._bindings[scope].get(name.id):
                return bindings
        return []

    def is_builtin(self, node: ast.expr, name: str) -> bool:
        """Tell whether *node* is the builtin *name*."""
        return isinstance(node, ast.Name) and node.id == name and not self.find_bindings(node)

    def dotted_name(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> str:
        """Return the full name of something imported: ``numpy.linalg.norm`` for ``np.linalg.norm``; empty for all else.

        Args:
            seen: the names that are being looked up, since ``np = np`` would never end.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in seen:
            return ""
        # a name with two meanings, depending on the way through the program, has none that is certain
        origins = {self._origin(binding, seen | {node.id}) for binding in self.find_bindings(node)}
        if len(origins) != 1 or "" in origins:
            return ""
        return ".".join([*origins, *reversed(parts)])

    def _origin(self, binding: Binding, seen: frozenset[str]) -> str:
        if binding.value is not None:
            return self.dotted_name(binding.value, seen)
        return binding.imported

    def _find_scope(self, node: ast.AST, name: str) -> ast.AST:
        """Return the scope in which *node* binds *name*."""
        # a function's own name is bound outside of it, its arguments are bound inside
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and name == getattr(node, "name", None):
            inside = self.enclosing_nodes(node)
        else:
            inside = iter((node, *self.enclosing_nodes(node)))
        for scope in inside:
            # PEP 572: a walrus in a comprehension binds in the scope that contains the comprehension
            if isinstance(scope, _COMPREHENSIONS) and isinstance(node, ast.NamedExpr):
                continue
            if isinstance(scope, _SCOPES):
                return self._tree if name in _global_names(scope) else scope
        raise AssertionError("a module is a scope")


def _global_names(scope: ast.AST) -> set[str]:
    if not isinstance(scope, ast.FunctionDef):
        return set()
    return {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}


def _bindings_of(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    """Yield the names that one node binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target_bindings(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield from _target_bindings(node.target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _target_bindings(node.target, None)
    elif isinstance(node, ast.For | ast.comprehension):
        yield from _loop_bindings(node.target, node.iter)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _target_bindings(node.optional_vars, None)
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
            root = alias.name.partition(".")[0]  # `import a.b` binds a, `import a.b as c` binds a.b
            yield (alias.asname, Binding(imported=alias.name)) if alias.asname else (root, Binding(imported=root))
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            origin = "." * node.level + f"{node.module}.{alias.name}" if node.module else f".{alias.name}"
            yield alias.asname or alias.name, Binding(imported=origin)


def _target_bindings(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(value=value)
        return
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, Binding()


def _loop_bindings(target: ast.expr, over: ast.expr) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(item_of=over)
        return
    counter = None
    if isinstance(target, ast.Tuple) and isinstance(over, ast.Call) and _is_enumerate(over):
        counter = target.elts[0]
    for name, binding in _target_bindings(target, None):
        is_counter = isinstance(counter, ast.Name) and counter.id == name
        yield name, Binding(value=ast.Constant(0)) if is_counter else binding


def _is_enumerate(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "enumerate" and len(call.args) == 1
