"""``/`` between integers rounds down in Python 2: for numbers, for NumPy's arrays and for Theano's expressions."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import HELPER, Code
from lnpatch.port.convert.kinds import NumberKind, kind_of
from lnpatch.port.convert.rules import rule


@rule
def keep_division(code: Code) -> None:
    """Use ``//`` for integers, the helper where only the run can tell, and leave ``/`` where one side is a float.

    For example::

         n = len(sentences)
        -batches, mean = n / 64, total / n
        +batches, mean = n // 64, lnpatch_py2.div(total, n)
    """
    if "division" in _future_imports(code.tree):
        return
    for node in code.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            _rewrite_operation(code, node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
            _rewrite_assignment(code, node)


def _rewrite_operation(code: Code, node: ast.BinOp) -> None:
    kinds = {kind_of(node.left, code.scopes), kind_of(node.right, code.scopes)}
    if NumberKind.FLOAT in kinds:
        return
    start, end = code.find_operator(node.left, node.right, "/")
    if kinds == {NumberKind.INTEGER}:
        code.replace(start, end, "//")
        return
    # `a / b` becomes `div(a, b)`: the blanks before the operator go, but an operator that begins a line stays there
    before = code.text[:start].rstrip(" \t")
    start = start if before.endswith("\n") else len(before)
    code.wrap(node, f"{HELPER}.div(", ")")
    code.replace(start, end, "," if code.text[end : end + 1].isspace() else ", ")


def _rewrite_assignment(code: Code, node: ast.AugAssign) -> None:
    # the target is to be read as well, and a call in it would be made twice
    if any(isinstance(below, ast.Call | ast.NamedExpr) for below in ast.walk(node.target)):
        code.add_remark(node, "`/=` on the result of a call: integers are no longer rounded down")
        return
    # parsed anew, since kind_of() knows names that are read, and the target is one that is written
    target = ast.parse(code.source(node.target), mode="eval").body
    if kind_of(node.value, code.scopes) is NumberKind.FLOAT or kind_of(target, code.scopes) is NumberKind.FLOAT:
        return
    start, end = code.find_operator(node.target, node.value, "/=")
    code.replace(start, end, f"= {HELPER}.idiv({code.source(node.target)},")
    code.wrap(node.value, "", ")")


def _future_imports(tree: ast.Module) -> set[str]:
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return {alias.name for node in imports for alias in node.names}
