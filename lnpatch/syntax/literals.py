"""Values of a recipe as Python source, in the style of the code around them."""

from __future__ import annotations

import libcst as cst

from lnpatch.schema import Scalar
from lnpatch.source import Source
from lnpatch.syntax.compare import Comparison
from lnpatch.syntax.tree import string_value


def literal(value: Scalar, like: cst.BaseExpression | None = None) -> cst.BaseExpression:
    """*value* as a literal; a string takes over the quotes of *like* where that is a string literal."""
    if not isinstance(value, str):
        return cst.parse_expression(repr(value))
    prefix, quote = _style(like)
    return cst.SimpleString(prefix + quote + _escape(value, quote) + quote)


def is_value(node: cst.BaseExpression, value: Scalar) -> bool:
    """Whether *node* is a literal of *value*."""
    if isinstance(value, str):
        return string_value(node) in (value, string_value(literal(value)))  # as it is, or escaped as we write it
    return Comparison().matches(cst.parse_expression(repr(value)), node)


def shown(node: cst.CSTNode, source: Source) -> str:
    """The source of *node* in one line, for messages."""
    code = " ".join(source.restore_tokens(cst.Module([]).code_for_node(node)).split())
    return code if len(code) <= 60 else f"{code[:57]}..."


def _style(like: cst.BaseExpression | None) -> tuple[str, str]:
    """The prefix and the quote of a string like *like*; a prefix only where it does not change what the text means."""
    while isinstance(like, cst.ConcatenatedString):
        like = like.left
    if not isinstance(like, cst.SimpleString):
        return "", "'"
    return like.prefix if like.prefix in ("u", "U") else "", like.quote if len(like.quote) == 1 else "'"


def _escape(value: str, quote: str) -> str:
    """*value* between quotes: ASCII only, what is not being escaped as its UTF-8 bytes, which is what Python 2 takes."""
    escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}").encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in escaped)
