"""Comparisons that mean something else today: an array ``== None`` gives an array, ``is`` with a literal a warning."""

from __future__ import annotations

import ast

from lnpatch.port.code import Code
from lnpatch.port.rules import rule


@rule
def comparison(code: Code) -> None:
    """``is None`` for ``== None``, ``==`` for ``is`` with a number or a string."""
    for node in code.nodes:
        if not isinstance(node, ast.Compare):
            continue
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            new = _spelling(operator, left, right)
            if new:
                start, end = code.operator(left, right, _SPELLED[type(operator)])
                pad = [" " if not code.text[i : i + 1].isspace() else "" for i in (start - 1, end)]
                code.replace(start, end, f"{pad[0]}{new}{pad[1]}")
            left = right


_SPELLED: dict[type[ast.cmpop], str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not"}


def _spelling(operator: ast.cmpop, left: ast.expr, right: ast.expr) -> str:
    """How the operator is to be written, empty for as it is."""
    sides = [side.value for side in (left, right) if isinstance(side, ast.Constant)]
    if isinstance(operator, ast.Eq | ast.NotEq) and None in sides:
        return "is" if isinstance(operator, ast.Eq) else "is not"
    if isinstance(operator, ast.Is | ast.IsNot) and any(type(side) in (int, float, str, bytes) for side in sides):
        return "==" if isinstance(operator, ast.Is) else "!="
    return ""
