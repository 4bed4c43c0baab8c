"""``/`` between integers rounds down in Python 2: for numbers, for NumPy's arrays and for Theano's expressions."""

from __future__ import annotations

import ast

from lnpatch.port.code import HELPER, Code
from lnpatch.port.kinds import Kind, kind_of
from lnpatch.port.rules import rule


@rule
def division(code: Code) -> None:
    """``//`` for integers, ``/`` where one side is a float for certain, the helper where only the run can tell."""
    if "division" in _futures(code.tree):
        return
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            _operation(code, node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
            _assignment(code, node)


def _operation(code: Code, node: ast.BinOp) -> None:
    kinds = {kind_of(node.left, code.scopes), kind_of(node.right, code.scopes)}
    if Kind.FLOAT in kinds:
        return
    start, end = code.operator(node.left, node.right, "/")
    if kinds == {Kind.INTEGER}:
        code.replace(start, end, "//")
        return
    before = code.text[:start].rstrip(" \t")
    start = start if before.endswith("\n") else len(before)
    code.wrap(node, f"{HELPER}.div(", ")")
    code.replace(start, end, "," if code.text[end : end + 1].isspace() else ", ")


def _assignment(code: Code, node: ast.AugAssign) -> None:
    load = ast.parse(code.source(node.target), mode="eval").body
    if any(isinstance(below, ast.Call | ast.NamedExpr) for below in ast.walk(node.target)):
        code.remark(node, "`/=` on the result of a call: integers are not rounded down any more")
        return
    if kind_of(node.value, code.scopes) is Kind.FLOAT or kind_of(load, code.scopes) is Kind.FLOAT:
        return
    start, end = code.operator(node.target, node.value, "/=")
    code.replace(start, end, f"= {HELPER}.idiv({code.source(node.target)},")
    code.wrap(node.value, "", ")")


def _futures(tree: ast.Module) -> set[str]:
    found = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return {alias.name for node in found for alias in node.names}
