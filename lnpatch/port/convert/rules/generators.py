"""``raise StopIteration`` ends a generator in Python 2, and is an error in Python 3.7 (PEP 479)."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import Code
from lnpatch.port.convert.rules import rule


@rule
def return_from_generators(code: Code) -> None:
    """Use ``return``, which ends a generator in both.

    For example::

             yield batch
        -    raise StopIteration
        +    return
    """
    for node in code.nodes:
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        function = code.scopes.enclosing_function(node)
        if code.scopes.is_builtin(raised, "StopIteration") and _is_generator(code, function):
            code.replace(code.start(node), code.end(node), "return")


def _is_generator(code: Code, function: ast.AST) -> bool:
    # the yields of functions within this one make generators of those
    yields = (node for node in ast.walk(function) if isinstance(node, ast.Yield | ast.YieldFrom))
    return any(code.scopes.enclosing_function(node) is function for node in yields)
