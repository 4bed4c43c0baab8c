"""Regular expressions of recipes: whether one may take for ever on a line that a trainer prints."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

#: The parser of the running Python's ``re``, under its name since 3.11.
_parser: Any = importlib.import_module("re._parser")

#: More repetitions than this count as without bound.
_FEW = 100


def has_nested_repeats(pattern: str) -> bool:
    """Return whether a repetition without bound stands in another one: ``(a+)+``, whose time is exponential in the line."""
    return _has_repeat_within(_parser.parse(pattern), inside=False)


def _has_repeat_within(parsed: Iterable[tuple[Any, Any]], inside: bool) -> bool:
    for operation, argument in parsed:
        repeats = str(operation).endswith("REPEAT") and int(argument[1]) > _FEW
        if repeats and inside:
            return True
        if any(_has_repeat_within(part, inside or repeats) for part in _parts(argument)):
            return True
    return False


def _parts(argument: Any) -> Iterable[Any]:
    """Return the patterns within an argument of an operation."""
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for item in argument:
            yield from _parts(item)
