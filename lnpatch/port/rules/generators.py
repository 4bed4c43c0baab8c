"""``raise StopIteration`` ends a generator in Python 2, and is an error in Python 3.7 (PEP 479)."""

from __future__ import annotations

import ast

from lnpatch.port.code import Code
from lnpatch.port.rules import rule


@rule
def stop_iteration(code: Code) -> None:
    """``return`` ends it in both."""
    for node in code.nodes:
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        function = code.scopes.function(node)
        if code.scopes.is_builtin(raised, "StopIteration") and _is_generator(code, function):
            code.replace(code.start(node), code.end(node), "return")


def _is_generator(code: Code, function: ast.AST) -> bool:
    yields = (node for node in ast.walk(function) if isinstance(node, ast.Yield | ast.YieldFrom))
    return any(code.scopes.function(node) is function for node in yields)
