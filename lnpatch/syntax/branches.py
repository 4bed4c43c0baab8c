"""The branches of a scope: which assignment counts under a condition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

import libcst as cst

from lnpatch.suggest import close_matches
from lnpatch.syntax.compare import Comparison
from lnpatch.syntax.names import bound_names
from lnpatch.syntax.tree import NotOne, blocks, is_name, line_of, targets

Assignment = cst.Assign | cst.AnnAssign


class Holds(IntEnum):
    """How far a condition is known to hold where a statement stands."""

    NOT = 0
    #: In the last ``else``: nothing else is known there, so a branch that names its condition goes before it.
    OTHERWISE = 1
    YES = 2
    #: Outside of all branches.
    ALWAYS = 3


def find_assignment(
    module: cst.Module, body: cst.Module | cst.BaseSuite, name: str, when: Sequence[str] = ()
) -> Assignment | NotOne:
    """The one assignment to *name* in the scope *body* of *module* that counts where one of the conditions *when* holds.

    A condition ``c`` holds in the body of ``if c``; ``not c`` in the last ``else`` of the same statement, but not where
    a further ``if`` asks for more. Without conditions the assignment may stand anywhere in the scope.
    """
    conditions = [cst.parse_expression(condition) for condition in when]
    everywhere = list(_assignments(body, Holds.ALWAYS, conditions))
    there = [
        (node, holds) for node, holds in everywhere if any(name in bound_names(target) for target in targets(node))
    ]
    where = f" where {' or '.join(when)}" if when else ""
    if not there:
        others = {other for node, _ in everywhere for target in targets(node) for other in bound_names(target)}
        return NotOne(f"{name} is not assigned", close_matches(name, sorted(others)))
    lines = tuple(f"{name} (line {line_of(module, node)})" for node, _ in there[:3])
    if when:
        best = max((holds for _, holds in there if holds is not Holds.ALWAYS), default=Holds.NOT)
        if best is Holds.NOT:
            return NotOne(f"{name} is not assigned{where}", lines)
        last = max(i for i, (_, holds) in enumerate(there) if holds is best)
        # what is assigned in any case counts where it comes later
        there = [item for i, item in enumerate(there) if item[1] is best or (item[1] is Holds.ALWAYS and i > last)]
    node = there[0][0]
    line = line_of(module, node)
    if len(there) > 1:
        return NotOne(f"{name} is assigned {len(there)} times{where}; which of them counts is not clear", lines, line)
    if isinstance(node, cst.AugAssign) or [is_name(target, name) for target in targets(node)] != [True]:
        return NotOne(f"{name} is assigned together with something else", line=line)
    return node


def _assignments(
    body: cst.Module | cst.BaseSuite, holds: Holds, conditions: Sequence[cst.BaseExpression]
) -> Iterator[tuple[Assignment | cst.AugAssign, Holds]]:
    """The assignments of a scope in source order, not those of functions and classes inside it."""
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, Assignment | cst.AugAssign) and small.value is not None:
                    yield small, holds
        elif isinstance(statement, Assignment | cst.AugAssign) and statement.value is not None:
            yield statement, holds
        elif isinstance(statement, cst.If):
            yield from _arms(statement, Holds.YES if holds is Holds.YES else Holds.NOT, [], conditions)
        elif isinstance(statement, cst.BaseCompoundStatement) and not isinstance(
            statement, (cst.FunctionDef, cst.ClassDef)
        ):
            for suite in blocks(statement):
                yield from _assignments(suite, holds, conditions)


def _arms(
    statement: cst.If, holds: Holds, tests: list[cst.BaseExpression], conditions: Sequence[cst.BaseExpression]
) -> Iterator[tuple[Assignment | cst.AugAssign, Holds]]:
    """The assignments of the arms of an ``if``; *tests* are those that have failed before it."""
    known = Holds.YES if _is_one_of(statement.test, conditions) else holds
    yield from _assignments(statement.body, known, conditions)
    tests = [*tests, statement.test]
    if isinstance(statement.orelse, cst.If):
        yield from _arms(statement.orelse, holds, tests, conditions)
    elif statement.orelse is not None:
        otherwise = any(_is_one_of(cst.UnaryOperation(cst.Not(), test), conditions) for test in tests)
        yield from _assignments(statement.orelse.body, Holds.OTHERWISE if otherwise else holds, conditions)


def _is_one_of(test: cst.BaseExpression, conditions: Sequence[cst.BaseExpression]) -> bool:
    return any(Comparison().matches(condition, test) for condition in conditions)
