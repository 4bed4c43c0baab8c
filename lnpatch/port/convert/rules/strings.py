"""Strings: in Python 2 only ASCII's blanks are blanks, so that text is split at other places than in Python 3."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import HELPER, Code
from lnpatch.port.convert.rules import rule


@rule
def split_at_ascii_blanks(code: Code) -> None:
    """Call the helper for ``split()`` and ``strip()`` without arguments, which go by Unicode's blanks today.

    For example::

         for line in f:
        -    words = line.strip().split()
        +    words = lnpatch_py2.split(lnpatch_py2.strip(line))
    """
    for call in code.calls():
        method = call.func
        if call.args or call.keywords or not isinstance(method, ast.Attribute) or method.attr not in ("split", "strip"):
            continue
        text = method.value
        # a literal is read by a person, and a dotted name is a function of a module, as in string.split()
        if isinstance(text, ast.Constant) or code.scopes.dotted_name(method):
            continue
        code.wrap(text, f"{HELPER}.{method.attr}(", "")
        code.replace(code.text.index(".", _skip_brackets(code, text)), code.end(call), ")")


def _skip_brackets(code: Code, node: ast.expr) -> int:
    """Return where the brackets around an expression end: ``ast`` has no positions of brackets."""
    position = code.end(node)
    while code.text[position : position + 1] in (")", " ", "\n"):
        position += 1
    return position
