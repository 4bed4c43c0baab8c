"""Write the values of a recipe as Python source, in the style of the code around them."""

from __future__ import annotations

import libcst as cst

from lnpatch.schema import Scalar
from lnpatch.source import Source
from lnpatch.syntax.compare import CodeComparison
from lnpatch.syntax.tree import string_value


def make_literal(value: Scalar, like: cst.BaseExpression | None = None) -> cst.BaseExpression:
    """Return *value* as a literal; a string takes over the quotes of *like* where that is a string literal."""
    if not isinstance(value, str):
        return cst.parse_expression(repr(value))
    prefix, quote = _string_style(like)
    return cst.SimpleString(prefix + quote + _escape(value, quote) + quote)


def is_literal_of(node: cst.BaseExpression, value: Scalar) -> bool:
    """Return whether *node* is a literal of *value*."""
    if isinstance(value, str):
        # The file may have the characters themselves, or escapes of their UTF-8 bytes as we write them.
        return string_value(node) in (value, string_value(make_literal(value)))
    return CodeComparison().matches(cst.parse_expression(repr(value)), node)


def shorten_code(node: cst.CSTNode, source: Source) -> str:
    """Return the source of *node* in one line of at most 60 characters, for messages."""
    code = " ".join(source.restore_tokens(cst.Module([]).code_for_node(node)).split())
    return code if len(code) <= 60 else f"{code[:57]}..."


def _string_style(like: cst.BaseExpression | None) -> tuple[str, str]:
    """Return the prefix and the quote of a string like *like*; a prefix only where it does not change the meaning."""
    while isinstance(like, cst.ConcatenatedString):
        like = like.left
    if not isinstance(like, cst.SimpleString):
        return "", "'"
    return like.prefix if like.prefix in ("u", "U") else "", like.quote if len(like.quote) == 1 else "'"


def _escape(value: str, quote: str) -> str:
    """Return *value* as it is written between quotes, in ASCII.

    A Python 2 string is bytes, so other characters are written as the escapes of their UTF-8 bytes.
    """
    escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}").encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in escaped)
