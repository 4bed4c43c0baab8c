"""How deep the expressions within an f-string nest.

To our tokens an f-string is a name and a string, as Python 2 would see them. A parser of Python 3 looks inside, where its
replacement fields may nest as code outside does, and hold strings with the quotes of the f-string itself (PEP 701).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lnpatch.source.tokens import MAX_BRACKETS, TOKEN

#: The name before the quotes of an f-string, or of a template string (PEP 750).
PREFIX = re.compile(r"[rR]?[fFtT]|[fFtT][rR]")

#: Words that make a level as an operator does.
LEVEL_WORDS = frozenset(["and", "await", "for", "if", "in", "is", "lambda", "not", "or", "yield"])
#: What makes no level.
FLAT = frozenset(["=", ":"])

_QUOTES = re.compile(r"'''|\"\"\"|'|\"")


class UnreadFString(Exception):
    """The f-string ends nowhere, or holds what is no token: whoever reads it must see other tokens than we do."""


@dataclass
class _Literal:
    """Text within quotes, or the format specification of a field, which ends with it."""

    quotes: str
    is_specification: bool = False


@dataclass
class _Field:
    """A replacement field: the levels of its expression so far, and those within each bracket that is open."""

    quotes: str
    levels: list[int] = field(default_factory=lambda: [1])
    #: Whether commas may stand between parameters, so that none is taken for one between expressions side by side.
    has_lambda: bool = False


def measure_fstring(text: str, start: int) -> tuple[int, int, int]:
    """Measure an f-string, whose quotes are at *start*.

    Returns:
        How many levels its deepest expression has, how many brackets are open where most are, and the position behind the
        f-string, or that at which more than MAX_BRACKETS are open.

    Raises:
        UnreadFString: it cannot be followed to its end.
    """
    stack: list[_Literal | _Field] = []
    deepest = most_brackets = 0
    position = _open(text, start, stack)
    while stack and most_brackets <= MAX_BRACKETS:
        top = stack[-1]
        position = (
            _read_literal(text, position, stack, top)
            if isinstance(top, _Literal)
            else _read_field(text, position, stack, top)
        )
        fields = [frame.levels for frame in stack if isinstance(frame, _Field)]
        deepest = max(deepest, sum(map(sum, fields)))
        most_brackets = max(most_brackets, sum(map(len, fields)))
    return deepest, most_brackets, position


def _open(text: str, start: int, stack: list[_Literal | _Field]) -> int:
    match = _QUOTES.match(text, start)
    if match is None:
        raise UnreadFString
    stack.append(_Literal(match[0]))
    return match.end()


def _read_literal(text: str, position: int, stack: list[_Literal | _Field], top: _Literal) -> int:
    """Go to the next brace, or behind the quotes."""
    line_end = "" if len(top.quotes) == 3 else r"|[\r\n]"
    doubled = "" if top.is_specification else r"|\{\{|\}\}"
    match = re.compile(rf"\\[^{{}}]{doubled}|[{{}}]|{top.quotes}{line_end}", re.DOTALL).search(text, position)
    if match is None or match[0] in ("\r", "\n"):
        raise UnreadFString
    if match[0] == "{":
        stack.append(_Field(top.quotes))
    elif top.is_specification and match[0] == "}":
        del stack[-2:]
    elif match[0] == top.quotes:
        if top.is_specification:
            raise UnreadFString
        stack.pop()
    return match.end()


def _read_field(text: str, position: int, stack: list[_Literal | _Field], top: _Field) -> int:
    """Read a token of an expression."""
    match = TOKEN.match(text, position)
    if match is None or match.lastgroup == "end":
        raise UnreadFString
    kind = match.lastgroup
    word = match[str(kind)]
    levels = top.levels
    if kind == "name" and PREFIX.fullmatch(word) and text[match.end() : match.end() + 1] in ("'", '"'):
        return _open(text, match.end(), stack)
    if kind == "open":
        levels[-1] += 1
        levels.append(1)
    elif kind == "close":
        levels.pop()
        if not levels:
            stack.pop()
            if word != "}":
                raise UnreadFString
    elif word[:1] == ":" and len(levels) == 1:
        stack.append(_Literal(top.quotes, is_specification=True))
        return match.end() - len(word) + 1
    elif word == "," and not top.has_lambda:
        levels[-1] = 1
    elif (kind == "op" and word not in FLAT) or (kind == "name" and word in LEVEL_WORDS):
        levels[-1] += 1
        top.has_lambda |= word == "lambda"
    elif kind == "error" and word != "!":  # which stands before the conversion of a field
        raise UnreadFString
    return match.end()
