"""What no 2to3 can know, one module for each family of rules, found by walking this package.

A rule gets a file that is Python 3 already and puts the run-time helper where Python 2 did something else, or notes with
a line what it leaves to a person. What it can show to be the same in both it leaves alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from lnpatch.port.code import Code

Rule = Callable[[Code], None]

_RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Decorator: make a rule known."""
    _RULES.append(function)
    return function


@cache
def rules() -> tuple[Rule, ...]:
    """All rules."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(_RULES)
