"""The branches of a scope: under which conditions an assignment runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from lnpatch.syntax.compare import Comparison
from lnpatch.syntax.tree import blocks

Assignment = cst.Assign | cst.AnnAssign


class Branches:
    """Finds assignments with values, each with whether one of *conditions* holds where it stands.

    A condition ``c`` holds in the body of ``if c``, ``not c`` in its ``elif`` and ``else`` arms; without conditions
    everything holds.
    """

    def __init__(self, conditions: Sequence[cst.BaseExpression]) -> None:
        self.conditions = conditions

    def assignments(self, body: cst.Module | cst.BaseSuite, holds: bool = False) -> Iterator[tuple[Assignment, bool]]:
        """The assignments of a scope in source order, not those of functions and classes inside it."""
        holds = holds or not self.conditions
        for statement in body.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    if isinstance(small, Assignment) and small.value is not None:
                        yield small, holds
            elif isinstance(statement, Assignment) and statement.value is not None:
                yield statement, holds
            elif isinstance(statement, cst.If):
                yield from self._arms(statement, holds)
            elif isinstance(statement, cst.BaseCompoundStatement) and not isinstance(
                statement, (cst.FunctionDef, cst.ClassDef)
            ):
                for suite in blocks(statement):
                    yield from self.assignments(suite, holds)

    def _arms(self, statement: cst.If, holds: bool) -> Iterator[tuple[Assignment, bool]]:
        yield from self.assignments(statement.body, holds or self._is_condition(statement.test))
        negated = cst.UnaryOperation(cst.Not(), statement.test)
        otherwise = holds or self._is_condition(negated)
        if isinstance(statement.orelse, cst.If):
            yield from self._arms(statement.orelse, otherwise)
        elif statement.orelse is not None:
            yield from self.assignments(statement.orelse.body, otherwise)

    def _is_condition(self, test: cst.BaseExpression) -> bool:
        return any(Comparison().matches(condition, test) for condition in self.conditions)
