"""Which expressions are integers or floats for certain, as far as the file itself says."""

from __future__ import annotations

import ast
from enum import Enum

from lnpatch.port.scopes import Scopes


class Kind(Enum):
    """What an expression is known to be: a number, an array or a Theano expression of that kind."""

    INTEGER = "integer"
    FLOAT = "float"
    UNKNOWN = "unknown"


#: Functions whose result is a float, whatever they are given.
_FLOAT_FUNCTIONS = frozenset(
    "sqrt exp log log2 log10 log1p expm1 tanh sin cos tan mean std var sigmoid softmax softplus".split()  # noqa: SIM905
)
_RANDOM = frozenset(["rand", "randn", "random", "random_sample", "uniform", "normal"])
_INTEGER_FUNCTIONS = frozenset(["argsort", "argmax", "argmin", "searchsorted", "count_nonzero"])
_MODULES = frozenset(["numpy", "math", "theano", "scipy", "time", "random"])
_FLOAT_TYPES = frozenset(["float", "float16", "float32", "float64", "floatX"])
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult)


def kind_of(node: ast.expr, scopes: Scopes, seen: frozenset[str] = frozenset()) -> Kind:
    """The kind of an expression; *seen* are the names that are being looked up, for those defined by themselves."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, int):
            return Kind.INTEGER
        return Kind.FLOAT if isinstance(node.value, float) else Kind.UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        return kind_of(node.operand, scopes, seen)
    if isinstance(node, ast.BinOp):
        return _of_operation(node, scopes, seen)
    if isinstance(node, ast.Call):
        return _of_call(node, scopes)
    if isinstance(node, ast.Subscript):
        of_shape = isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
        return Kind.INTEGER if of_shape and not isinstance(node.slice, ast.Slice) else Kind.UNKNOWN
    if isinstance(node, ast.Attribute):
        return Kind.INTEGER if node.attr == "ndim" else Kind.UNKNOWN
    if isinstance(node, ast.Name) and node.id not in seen:
        return _of_name(node, scopes, seen | {node.id})
    return Kind.UNKNOWN


def _of_operation(node: ast.BinOp, scopes: Scopes, seen: frozenset[str]) -> Kind:
    left, right = kind_of(node.left, scopes, seen), kind_of(node.right, scopes, seen)
    if isinstance(node.op, (*_ARITHMETIC, ast.Div, ast.Pow)) and Kind.FLOAT in (left, right):
        return Kind.FLOAT
    if isinstance(node.op, (*_ARITHMETIC, ast.FloorDiv, ast.Mod)) and left is right is Kind.INTEGER:
        return Kind.INTEGER
    return Kind.UNKNOWN


def _of_call(node: ast.Call, scopes: Scopes) -> Kind:
    if any(scopes.is_builtin(node.func, name) for name in ("len", "int", "ord")):
        return Kind.INTEGER
    if scopes.is_builtin(node.func, "float"):
        return Kind.FLOAT
    if isinstance(node.func, ast.Attribute) and node.func.attr == "astype" and node.args:
        return Kind.FLOAT if _is_float_type(node.args[0]) else Kind.UNKNOWN
    root, _, name = scopes.dotted(node.func).partition(".")
    name = name.rpartition(".")[2]
    if root not in _MODULES:
        return Kind.UNKNOWN
    if name == "cast" and len(node.args) > 1:
        return Kind.FLOAT if _is_float_type(node.args[1]) else Kind.UNKNOWN
    if name in _FLOAT_FUNCTIONS | _FLOAT_TYPES or (name in _RANDOM and root != "theano"):
        return Kind.FLOAT
    return Kind.INTEGER if name in _INTEGER_FUNCTIONS else Kind.UNKNOWN


def _is_float_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in _FLOAT_TYPES
    return isinstance(node, ast.Attribute) and node.attr in _FLOAT_TYPES


def _of_name(node: ast.Name, scopes: Scopes, seen: frozenset[str]) -> Kind:
    kinds: set[Kind] = set()
    for binding in scopes.bindings(node):
        if binding.value is not None:
            kinds.add(kind_of(binding.value, scopes, seen))
        elif binding.item_of is not None:
            kinds.add(Kind.INTEGER if _is_range(binding.item_of, scopes) else Kind.UNKNOWN)
        else:
            return Kind.UNKNOWN
    return kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN


def _is_range(node: ast.expr, scopes: Scopes) -> bool:
    return isinstance(node, ast.Call) and scopes.is_builtin(node.func, "range")
