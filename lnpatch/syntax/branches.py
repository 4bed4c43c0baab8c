"""The branches of a scope: under which conditions an assignment runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

import libcst as cst

from lnpatch.syntax.compare import Comparison
from lnpatch.syntax.tree import blocks

Assignment = cst.Assign | cst.AnnAssign


class Holds(IntEnum):
    """How far a condition is known to hold where a statement stands."""

    NOT = 0
    #: In the last ``else``: nothing else is known there, so a branch that names its condition goes before it.
    OTHERWISE = 1
    YES = 2
    #: Outside of all branches.
    ALWAYS = 3


class Branches:
    """Finds assignments with values, each with how far one of *conditions* holds where it stands.

    A condition ``c`` holds in the body of ``if c``; ``not c`` in the last ``else`` of the same statement, but not where
    a further ``if`` asks for more. Without conditions all of a scope will do.
    """

    def __init__(self, conditions: Sequence[cst.BaseExpression]) -> None:
        self.conditions = conditions

    def assignments(
        self, body: cst.Module | cst.BaseSuite, holds: Holds = Holds.ALWAYS
    ) -> Iterator[tuple[Assignment, Holds]]:
        """The assignments of a scope in source order, not those of functions and classes inside it."""
        for statement in body.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    if isinstance(small, Assignment) and small.value is not None:
                        yield small, holds
            elif isinstance(statement, Assignment) and statement.value is not None:
                yield statement, holds
            elif isinstance(statement, cst.If):
                yield from self._arms(statement, Holds.YES if holds is Holds.YES else Holds.NOT, [])
            elif isinstance(statement, cst.BaseCompoundStatement) and not isinstance(
                statement, (cst.FunctionDef, cst.ClassDef)
            ):
                for suite in blocks(statement):
                    yield from self.assignments(suite, holds)

    def _arms(
        self, statement: cst.If, holds: Holds, tests: list[cst.BaseExpression]
    ) -> Iterator[tuple[Assignment, Holds]]:
        yield from self.assignments(statement.body, Holds.YES if self._is_condition(statement.test) else holds)
        tests = [*tests, statement.test]
        if isinstance(statement.orelse, cst.If):
            yield from self._arms(statement.orelse, holds, tests)
        elif statement.orelse is not None:
            otherwise = any(self._is_condition(cst.UnaryOperation(cst.Not(), test)) for test in tests)
            yield from self.assignments(statement.orelse.body, Holds.OTHERWISE if otherwise else holds)

    def _is_condition(self, test: cst.BaseExpression) -> bool:
        return any(Comparison().matches(condition, test) for condition in self.conditions)
