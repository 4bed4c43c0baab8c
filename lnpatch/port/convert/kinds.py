"""Tell which expressions are integers or floats for certain, as far as the file itself says."""

from __future__ import annotations

import ast
from enum import Enum

from lnpatch.port.convert.scopes import Scopes


class NumberKind(Enum):
    """What an expression is known to be: a number of that kind, or an array or a Theano expression of such numbers."""

    INTEGER = "integer"
    FLOAT = "float"
    UNKNOWN = "unknown"


#: Functions whose result is a float, whatever their arguments are.
_FLOAT_FUNCTIONS = frozenset(
    "sqrt exp log log2 log10 log1p expm1 tanh sin cos tan mean std var sigmoid softmax softplus".split()  # noqa: SIM905
)
#: Functions that draw floats, unless they are Theano's.
_RANDOM_FUNCTIONS = frozenset(["rand", "randn", "random", "random_sample", "uniform", "normal"])
_INTEGER_FUNCTIONS = frozenset(["argsort", "argmax", "argmin", "searchsorted", "count_nonzero"])
#: The modules whose functions these are.
_MODULES = frozenset(["numpy", "math", "theano", "scipy", "time", "random"])
_FLOAT_TYPES = frozenset(["float", "float16", "float32", "float64", "floatX"])
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult)


def kind_of(node: ast.expr, scopes: Scopes, seen: frozenset[str] = frozenset()) -> NumberKind:
    """Return the kind of an expression.

    Args:
        seen: the names that are being looked up, for those that are defined by themselves, as in ``n = n + 1``.
    """
    if isinstance(node, ast.Constant):
        if isinstance(node.value, int):
            return NumberKind.INTEGER
        return NumberKind.FLOAT if isinstance(node.value, float) else NumberKind.UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        return kind_of(node.operand, scopes, seen)
    if isinstance(node, ast.BinOp):
        return _kind_of_operation(node, scopes, seen)
    if isinstance(node, ast.Call):
        return _kind_of_call(node, scopes)
    if isinstance(node, ast.Subscript):
        # one length of x.shape; a slice of it is a tuple
        of_shape = isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
        return NumberKind.INTEGER if of_shape and not isinstance(node.slice, ast.Slice) else NumberKind.UNKNOWN
    if isinstance(node, ast.Attribute):
        return NumberKind.INTEGER if node.attr == "ndim" else NumberKind.UNKNOWN
    if isinstance(node, ast.Name) and node.id not in seen:
        return _kind_of_name(node, scopes, seen | {node.id})
    return NumberKind.UNKNOWN


def _kind_of_operation(node: ast.BinOp, scopes: Scopes, seen: frozenset[str]) -> NumberKind:
    left, right = kind_of(node.left, scopes, seen), kind_of(node.right, scopes, seen)
    if isinstance(node.op, (*_ARITHMETIC, ast.Div, ast.Pow)) and NumberKind.FLOAT in (left, right):
        return NumberKind.FLOAT
    if isinstance(node.op, (*_ARITHMETIC, ast.FloorDiv, ast.Mod)) and left is right is NumberKind.INTEGER:
        return NumberKind.INTEGER
    return NumberKind.UNKNOWN


def _kind_of_call(node: ast.Call, scopes: Scopes) -> NumberKind:
    if any(scopes.is_builtin(node.func, name) for name in ("len", "int", "ord")):
        return NumberKind.INTEGER
    if scopes.is_builtin(node.func, "float"):
        return NumberKind.FLOAT
    if isinstance(node.func, ast.Attribute) and node.func.attr == "astype" and node.args:
        return NumberKind.FLOAT if _is_float_type(node.args[0]) else NumberKind.UNKNOWN
    root, _, name = scopes.dotted_name(node.func).partition(".")
    name = name.rpartition(".")[2]
    if root not in _MODULES:
        return NumberKind.UNKNOWN
    if name == "cast" and len(node.args) > 1:
        return NumberKind.FLOAT if _is_float_type(node.args[1]) else NumberKind.UNKNOWN
    if name in _FLOAT_FUNCTIONS | _FLOAT_TYPES or (name in _RANDOM_FUNCTIONS and root != "theano"):
        return NumberKind.FLOAT
    return NumberKind.INTEGER if name in _INTEGER_FUNCTIONS else NumberKind.UNKNOWN


def _is_float_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in _FLOAT_TYPES
    return isinstance(node, ast.Attribute) and node.attr in _FLOAT_TYPES


def _kind_of_name(node: ast.Name, scopes: Scopes, seen: frozenset[str]) -> NumberKind:
    kinds: set[NumberKind] = set()
    for binding in scopes.find_bindings(node):
        if binding.value is not None:
            kinds.add(kind_of(binding.value, scopes, seen))
        elif binding.item_of is not None:
            kinds.add(NumberKind.INTEGER if _is_range(binding.item_of, scopes) else NumberKind.UNKNOWN)
        else:  # an argument, or part of something that is taken apart
            return NumberKind.UNKNOWN
    return kinds.pop() if len(kinds) == 1 else NumberKind.UNKNOWN


def _is_range(node: ast.expr, scopes: Scopes) -> bool:
    return isinstance(node, ast.Call) and scopes.is_builtin(node.func, "range")
