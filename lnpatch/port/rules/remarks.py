"""What cannot be kept by a rule is pointed out, with its line."""

from __future__ import annotations

import ast

from lnpatch.port.code import Code
from lnpatch.port.rules import rule

_BUILTINS = {
    "round": "round() gives an int and rounds halves to even in Python 3",
    "cmp": "cmp() is gone in Python 3",
    "buffer": "buffer() is gone in Python 3",
    "coerce": "coerce() is gone in Python 3",
}
_METHODS = {
    "__cmp__": "__cmp__ is not called in Python 3: define __eq__ and __lt__",
    "__getslice__": "__getslice__ is not called in Python 3: __getitem__ gets a slice",
    "__setslice__": "__setslice__ is not called in Python 3: __setitem__ gets a slice",
    "__coerce__": "__coerce__ is not called in Python 3",
}
_STRING_FUNCTIONS = frozenset("join split strip lower upper replace find atoi atof maketrans zfill".split())  # noqa: SIM905


@rule
def pointed_out(code: Code) -> None:
    """Calls, methods and codecs that mean something else in Python 3."""
    for node in code.nodes:
        if isinstance(node, ast.Call):
            for name, message in _BUILTINS.items():
                if code.scopes.is_builtin(node.func, name):
                    code.remark(node, message)
            module, _, name = code.scopes.dotted(node.func).rpartition(".")
            if module == "string" and name in _STRING_FUNCTIONS:
                code.remark(node, f"string.{name} is gone in Python 3: use the method of strings")
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("decode", "encode"):
                code.remark(node, f".{node.func.attr}(): strings are text in Python 3, not bytes")
        elif isinstance(node, ast.ClassDef):
            _class(code, node)


def _class(code: Code, node: ast.ClassDef) -> None:
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    for name in methods.keys() & _METHODS.keys():
        code.remark(methods[name], _METHODS[name])
    if "__eq__" in methods and "__hash__" not in methods:
        code.remark(methods["__eq__"], "a class with __eq__ and without __hash__ cannot be a key in Python 3")
