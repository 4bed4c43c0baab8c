"""Point out what no rule can keep, with its line."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import Code
from lnpatch.port.convert.rules import rule

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
def point_out_changes(code: Code) -> None:
    """Note what means something else in Python 3: calls, methods, codecs; the text stays as it is.

    For example::

        n = len(sentences)
        for epoch in range(round(n / 64.)):
        # remark: round() gives an int and rounds halves to even in Python 3
    """
    for node in code.nodes:
        if isinstance(node, ast.Call):
            for name, message in _BUILTINS.items():
                if code.scopes.is_builtin(node.func, name):
                    code.add_remark(node, message)
            module, _, name = code.scopes.dotted_name(node.func).rpartition(".")
            if module == "string" and name in _STRING_FUNCTIONS:
                code.add_remark(node, f"string.{name} is gone in Python 3: use the method of strings")
            if isinstance(node.func, ast.Attribute) and _is_codec(node.func.attr, node):
                code.add_remark(node, f".{node.func.attr}(): strings are text in Python 3, not bytes")
        elif isinstance(node, ast.ClassDef):
            _point_out_methods(code, node)


def _is_codec(method: str, call: ast.Call) -> bool:
    """Return whether a method may be one of strings: an encoder of something else takes other arguments."""
    keywords = {keyword.arg for keyword in call.keywords}
    return method in ("decode", "encode") and len(call.args) <= 2 and keywords <= {"encoding", "errors", None}


def _point_out_methods(code: Code, node: ast.ClassDef) -> None:
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    for name in methods.keys() & _METHODS.keys():
        code.add_remark(methods[name], _METHODS[name])
    if "__eq__" in methods and "__hash__" not in methods:
        code.add_remark(methods["__eq__"], "a class with __eq__ and without __hash__ cannot be a key in Python 3")
