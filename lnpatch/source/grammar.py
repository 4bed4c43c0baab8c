"""Parse a text as Python 2.7 or as Python 3, with a parser that knows Python 3 only."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from lnpatch.source.depth import require_depth, require_plain_depth
from lnpatch.source.placeholders import MaskedText, mask_tokens
from lnpatch.source.tokens import InvalidSource, Tokens, TooDeepSource, tokenize

Tree = TypeVar("Tree")

_RECURSION_LIMIT = 20_000  # frames; a literal of a thousand strings takes some 5000 of them


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow the recursion that long chains of operators and strings take, as in ``pydoc_data/topics.py``."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class Reading(NamedTuple):
    """A text in the form in which a parser accepted it."""

    masked: MaskedText
    #: None where only the parser knows the tokens, as within nested f-strings.
    tokens: Tokens | None


def parse_python(text: str, parser: Callable[[str], Tree]) -> tuple[Reading, str, Tree]:
    """Parse a text as Python 2.7, or else as Python 3.

    A text without tokens that are Python 2's alone is the same to both. Tabs and spaces are tried as they are, and
    then as Python 2 adds them up.

    Args:
        text: the text of a file.
        parser: parses Python 3, and raises InvalidSource where it cannot.

    Returns:
        The reading, the text that the parser was given, and what the parser made of it.

    Raises:
        TooDeepSource: it nests deeper than is read.
        InvalidSource: neither grammar accepts the text; of all failures, the one furthest down.
    """
    failures: list[InvalidSource] = []
    for reading in _readings(text, failures):
        for layout in _layouts(reading.masked.text):
            try:
                return reading, layout, parser(layout)
            except InvalidSource as failure:
                failures.append(failure)
    # The reading that got furthest is most likely the language that the file is in.
    raise max(failures, key=lambda failure: failure.line)


def _readings(text: str, failures: list[InvalidSource]) -> Iterator[Reading]:
    """Yield the text with Python 2's tokens masked, then as it is, which is Python 3."""
    try:
        tokens = tokenize(text)
        require_depth(tokens)
    except TooDeepSource:
        raise
    except InvalidSource as failure:
        failures.append(failure)
        require_plain_depth(text)
        yield Reading(MaskedText(text, text), None)
    else:
        masked = mask_tokens(tokens)
        yield Reading(masked, tokens)
        if masked.placeholders:
            yield Reading(MaskedText(text, text), tokens)


def _layouts(code: str) -> Iterator[str]:
    """Yield the code as it is, then with its tabs expanded, then with the blanks that libcst wants and Python does not.

    What the layout changes comes back when an edit is grafted onto the file's own text.
    """
    if "\r" in code:
        code = re.sub(r"\r(?!\n)", "\n", code)  # behind a bare \r, libcst loses sight of the indentation
    yield code
    try:
        tokens = tokenize(code)
    except InvalidSource:
        return
    if "\t" in code:
        yield tokens.expand_tabs()
    separated = tokens.separate_keywords()
    if separated != code:
        yield separated
        if "\t" in code:
            yield tokenize(separated).expand_tabs()


def parse_ast(code: str) -> ast.Module:
    """Parse Python 3 with the running Python's own parser; to be given to :func:`parse_python`.

    Raises:
        InvalidSource: the running Python refuses the text.
    """
    try:
        with warnings.catch_warnings(), deep_recursion():
            warnings.simplefilter("ignore")  # "\d" and the like are the file's own business
            return ast.parse(code)
    except SyntaxError as error:
        raise InvalidSource(error.lineno or 1, error.msg) from None
    except (RecursionError, MemoryError):
        raise InvalidSource(1, "nested too deeply for the running Python") from None
    except ValueError as error:  # a null character
        raise InvalidSource(1, str(error)) from None
