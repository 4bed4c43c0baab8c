"""Regular expressions in recipes: those that can be used, and end on every line that a training may print.

Python's ``re`` tries every way in which a line may match. A repetition in a repetition, as ``(x+)+``, has more of them than
anybody has time for, and one line is enough. A recipe by a stranger may mean it; so its structure is looked at first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: Characters of a pattern. The longest of the known recipes has 160.
_LONGEST = 1000

#: Repetitions of almost any character in one pattern: each may multiply the ways by the length of a line.
_MOST_WIDE = 3

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def find_pattern_problem(pattern: str) -> str:
    """Return what is wrong with the pattern for a line of output, whose named groups are figures; empty where nothing is."""
    if len(pattern) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    try:
        named = re.compile(pattern).groupindex
        parsed = re._parser.parse(pattern)  # type: ignore[attr-defined]  # what re compiles from, as re.DEBUG shows it
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        return f"not a regular expression: {error or type(error).__name__}"
    if not named:
        return "expected named groups, (?P<name>...), one for each figure"
    if any(_has_choice(body) for _, most, body in _repetitions(parsed) if most > 1):
        return "a repetition or a choice inside a repetition may take for ever on one line"
    if sum(_is_wide(body) for least, most, body in _repetitions(parsed) if most - least > 1) > _MOST_WIDE:
        return f"more than {_MOST_WIDE} repetitions of almost any character may take for ever on one line"
    return ""


def _instructions(parsed: Any) -> Iterator[tuple[str, Any]]:
    """Yield all instructions of a parsed pattern, also those inside of others, as name and arguments."""
    if isinstance(parsed, (list, tuple)):
        for part in parsed:
            yield from _instructions(part)
    elif hasattr(parsed, "data"):
        for operation, arguments in parsed.data:
            yield str(operation), arguments
            yield from _instructions(arguments)


def _repetitions(parsed: Any) -> Iterator[tuple[int, int, Any]]:
    """Yield the least and the greatest number of each repetition, and what it repeats."""
    for name, arguments in _instructions(parsed):
        if name in _REPEATS:
            least, most, body = arguments
            yield int(least), int(most), body


def _has_choice(parsed: Any) -> bool:
    """Tell whether something may match in more than one way."""
    return any(name == "BRANCH" for name, _ in _instructions(parsed)) or any(
        least != most for least, most, _ in _repetitions(parsed)
    )


def _is_wide(parsed: Any) -> bool:
    """Tell whether something matches almost every character: ``.``, ``[^x]``, ``\\S``, ``\\w``."""
    return any(
        name == "ANY" or name == "NOT_LITERAL" or (name == "IN" and _is_wide_set(arguments))
        for name, arguments in _instructions(parsed)
    )


def _is_wide_set(items: Any) -> bool:
    return any(
        str(name) == "NEGATE"
        or (str(name) == "CATEGORY" and str(value).endswith(("_NOT_SPACE", "_NOT_DIGIT", "_WORD")))
        for name, value in items
    )
