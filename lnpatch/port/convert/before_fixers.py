"""What 2to3 leaves as it is and Python 3 refuses, changed in the Python 2 text beforehand.

For example::

    -async = lambda (x, y), z: x
    +async_ = lambda x_y, z: (lambda x, y: x)(*x_y)
"""

from __future__ import annotations

from lnpatch.source.tokens import Tokens, tokenize

#: Names of Python 2 that are keywords of Python 3.
_NEW_KEYWORDS = ("async", "await", "nonlocal")

#: What ends the body of a lambda, besides the bracket or the line that it is in.
_ENDS_BODY = frozenset([",", ":", ";", "for", "=", "`"])
_ENDS_PARAMETERS = frozenset([":"])


def rename_new_keywords(text: str) -> tuple[str, list[int]]:
    """Return Python 2 text with ``async_`` for the name ``async`` and the like, and the lines that had such a name."""
    tokens = tokenize(text)
    pieces: list[str] = []
    lines: list[int] = []
    done = 0
    for i, word in enumerate(tokens.words):
        if tokens.kinds[i] == "name" and word in _NEW_KEYWORDS:
            pieces += [text[done : tokens.end(i)], "_"]
            lines.append(text.count("\n", 0, done := tokens.end(i)) + 1)
    return "".join([*pieces, text[done:]]), sorted(set(lines))


def unpack_lambdas(text: str) -> str:
    """Return Python 2 text in which no lambda has a tuple among other parameters; 2to3 sees to those that stand alone."""
    while (changed := _unpack_one(text)) is not None:
        text = changed
    return text


def _unpack_one(text: str) -> str | None:
    """Return the text with one tuple fewer among the parameters of a lambda; None where there is none."""
    tokens = tokenize(text)
    for i, word in enumerate(tokens.words):
        if word != "lambda":
            continue
        colon = tokens.find_word(i + 1, _ENDS_PARAMETERS)
        starts = [k for k in _parameters(tokens, i + 1, colon) if tokens.words[k] == "("]
        if starts and (len(_parameters(tokens, i + 1, colon)) > 1 or _is_nested(tokens, starts[0])):
            return _unpack(tokens, starts[0], colon)
    return None


def _parameters(tokens: Tokens, first: int, colon: int) -> list[int]:
    """Return the tokens that the parameters of a lambda begin with."""
    begins, i = [first] if first < colon else [], first
    while i < colon:
        if tokens.words[i] == "," and i + 1 < colon:
            begins.append(i + 1)
        i = tokens.partners.get(i, i) + 1
    return begins


def _is_nested(tokens: Tokens, start: int) -> bool:
    return "(" in tokens.words[start + 1 : tokens.partners[start]]


def _unpack(tokens: Tokens, start: int, colon: int) -> str:
    """Return the text with a lambda's tuple replaced by a name, which a lambda within unpacks."""
    text, end = tokens.text, tokens.partners[start]
    inside = text[tokens.end(start) : tokens.starts[end]].strip().rstrip(",")
    name = "_".join(tokens.words[k] for k in range(start + 1, end) if tokens.kinds[k] == "name")
    last = tokens.find_word(colon + 1, _ENDS_BODY)
    body = text[tokens.end(colon) : tokens.end(last - 1)]
    head = text[: tokens.starts[start]] + name + text[tokens.end(end) : tokens.end(colon)]
    return f"{head} (lambda {inside}:{body})(*{name})" + text[tokens.end(last - 1) :]
