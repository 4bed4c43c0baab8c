"""Strings: in Python 2 a blank is a blank of ASCII, so words are cut elsewhere."""

from __future__ import annotations

import ast

from lnpatch.port.code import HELPER, Code
from lnpatch.port.rules import rule


@rule
def blanks(code: Code) -> None:
    """``split()`` and ``strip()`` without arguments go by ASCII's blanks."""
    for call in code.calls():
        method = call.func
        if call.args or call.keywords or not isinstance(method, ast.Attribute) or method.attr not in ("split", "strip"):
            continue
        text = method.value
        if isinstance(text, ast.Constant) or code.scopes.dotted(method):
            continue
        code.wrap(text, f"{HELPER}.{method.attr}(", "")
        code.replace(code.text.index(".", _behind_brackets(code, text)), code.end(call), ")")


def _behind_brackets(code: Code, node: ast.expr) -> int:
    """Where the brackets around an expression end."""
    position = code.end(node)
    while code.text[position : position + 1] in (")", " ", "\n"):
        position += 1
    return position
