"""How deep a text nests, from its tokens, so that no parser is given a text that it does not come back from.

libcst's parser calls itself for each level: it ends the process at some thousand brackets, and its time grows with the
square of a chain such as ``a.b.c`` or ``a + b + c``. Whoever walks over its tree calls himself as often.
"""

from __future__ import annotations

import re

from lnpatch.source.fstrings import FLAT, LEVEL_WORDS, PREFIX, UnreadFString, measure_fstring
from lnpatch.source.tokens import MAX_BRACKETS, Tokens, TooDeepSource, line_at

#: How deep a text may go, in levels: brackets, operators, attributes, calls and subscripts of one expression, and ``elif``.
#: libcst reads a thousand operators in half a second, and as many calls or subscripts in a row in four times that: each is
#: two levels. The deepest file of the standard library of Python 2.7 or 3.13, apart from strings in a row, goes to some 150.
MAX_LEVELS = 1000

#: Strings in a row are cheaper, and there are such files: pydoc_data/topics.py has a thousand of them.
_STRINGS_OF_A_LEVEL = 3

_LIMIT = MAX_LEVELS * _STRINGS_OF_A_LEVEL

#: What stands between expressions side by side.
_BETWEEN = frozenset([",", ";"])


def require_depth(tokens: Tokens) -> None:
    """Refuse a text that nests too deeply.

    Raises:
        TooDeepSource: it does.
    """
    levels = [0]  # of the expression so far, outside of all brackets and within each that is open
    lambdas = [0]  # of those, how many have not come to their colon; commas before it are between parameters
    depth = 0  # their sum, and that of the brackets
    elifs: dict[str, int] = {}
    previous = "newline"
    behind_fstring = 0
    for i, kind in enumerate(tokens.kinds):
        if tokens.starts[i] < behind_fstring:
            continue
        word = tokens.words[i]
        added = 0
        if kind == "newline":
            levels, lambdas, depth = [0], [0], 0
        elif kind == "close":
            depth -= levels.pop() + _STRINGS_OF_A_LEVEL
            lambdas.pop()
        elif word in _BETWEEN and not lambdas[-1]:
            depth -= levels[-1]
            levels[-1] = 0
        elif word in FLAT:
            lambdas[-1] = max(0, lambdas[-1] - (word == ":"))
        elif kind in ("op", "open") or (kind == "name" and word in LEVEL_WORDS):
            lambdas[-1] += word == "lambda"
            added = _STRINGS_OF_A_LEVEL * (1 + (kind == "open"))
        elif kind == "string" and previous == "string":
            added = 1
        levels[-1] += added
        depth += added
        if kind == "open":
            levels.append(0)
            lambdas.append(0)
            depth += _STRINGS_OF_A_LEVEL
        if previous == "newline" and word in ("if", "elif"):
            indent = _indent(tokens, i)
            elifs[indent] = elifs.get(indent, 0) + _STRINGS_OF_A_LEVEL if word == "elif" else 0
            depth += elifs[indent]
        within = 0
        if (
            kind == "name"
            and PREFIX.fullmatch(word)
            and tokens.kinds[i + 1] == "string"
            and tokens.end(i) == tokens.starts[i + 1]
        ):
            try:
                within, brackets, behind_fstring = measure_fstring(tokens.text, tokens.end(i))
            except UnreadFString:
                require_plain_depth(tokens.text)
            else:
                if brackets > MAX_BRACKETS:
                    raise _too_deep(tokens, i, f"more than {MAX_BRACKETS} brackets are nested")
        if depth + within * _STRINGS_OF_A_LEVEL > _LIMIT:
            raise _too_deep(tokens, i, f"nested more than {MAX_LEVELS} levels deep")
        previous = kind


def require_plain_depth(text: str) -> None:
    """Refuse a text that may nest too deeply, of which only the parser knows the tokens.

    What looks like a bracket or an operator may stand in a string, and what looks like a string may be code: all count.

    Raises:
        TooDeepSource: it may.
    """
    depth = deepest = 0
    for bracket in re.findall(r"[][(){}]", text):
        depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    # outside of brackets an expression ends with its line, within them it may go on until they are closed
    chains = re.split(r"[,;]|(?<![-+*/%@&|^~<>.(\[{\\])\n(?![ \t]|[-+*/%@&|^~<>.(\[])", text)
    longest = max(
        len(re.findall(r"[-+*/%@&|^~<>.`([]|\b(?:not|lambda|and|or|if|for|elif)\b|[\'\"]", chain)) for chain in chains
    )
    if deepest > MAX_BRACKETS or longest > MAX_LEVELS:
        raise TooDeepSource(
            1, f"nested more than {MAX_BRACKETS} brackets or {MAX_LEVELS} operators deep, as far as can be told"
        )


def _too_deep(tokens: Tokens, i: int, reason: str) -> TooDeepSource:
    return TooDeepSource(line_at(tokens.text, tokens.starts[i]), reason)


def _indent(tokens: Tokens, i: int) -> str:
    """Return the blanks before the first token of a line."""
    start = tokens.starts[i]
    return tokens.text[max(tokens.text.rfind("\n", 0, start), tokens.text.rfind("\r", 0, start)) + 1 : start]
