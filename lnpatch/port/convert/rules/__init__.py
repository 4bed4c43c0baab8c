"""Rules for what no 2to3 can know, one module for each family, found by walking this package.

A rule gets a file that is Python 3 already. It calls the run-time helper where Python 2 did something else, or notes a
remark where a person has to decide; what it can show to be the same in both it leaves alone. Its docstring shows what it
does as a diff, which the tests run.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from lnpatch.port.convert.code import Code

Rule = Callable[[Code], None]

_RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Decorator: make a rule known."""
    _RULES.append(function)
    return function


@cache
def load_rules() -> tuple[Rule, ...]:
    """Import the modules of this package, and return all rules in the order of their modules."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(_RULES)
