"""Comparisons that mean something else today: an array ``== None`` gives an array, ``is`` with a literal a warning."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import Code
from lnpatch.port.convert.rules import rule

_OPERATORS: dict[type[ast.cmpop], str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not"}


@rule
def replace_comparisons(code: Code) -> None:
    """Use ``is`` for None, and ``==`` for numbers and strings.

    For example::

         def mask(x, pad):
        -    return x != None and pad is not 0
        +    return x is not None and pad != 0
    """
    for node in code.nodes:
        if not isinstance(node, ast.Compare):
            continue
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if new := _choose_operator(operator, left, right):
                start, end = code.find_operator(left, right, _OPERATORS[type(operator)])
                # `x==None` has no blanks around the operator, and `xisNone` would be a name
                pad = [" " if not code.text[i : i + 1].isspace() else "" for i in (start - 1, end)]
                code.replace(start, end, f"{pad[0]}{new}{pad[1]}")
            left = right


def _choose_operator(operator: ast.cmpop, left: ast.expr, right: ast.expr) -> str:
    """Return the operator that is meant, empty for the one that is there."""
    literals = [side.value for side in (left, right) if isinstance(side, ast.Constant)]
    if isinstance(operator, ast.Eq | ast.NotEq) and None in literals:
        return "is" if isinstance(operator, ast.Eq) else "is not"
    if isinstance(operator, ast.Is | ast.IsNot) and any(type(value) in (int, float, str, bytes) for value in literals):
        return "==" if isinstance(operator, ast.Is) else "!="
    return ""
