"""Find the assignment that counts in a scope, under a condition where the scope has branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

import libcst as cst

from lnpatch.suggest import close_matches
from lnpatch.syntax.compare import CodeComparison
from lnpatch.syntax.names import bound_names
from lnpatch.syntax.tree import NoUniqueMatch, assignment_targets, is_name, line_of, suites_of

Assignment = cst.Assign | cst.AnnAssign
AnyAssignment = Assignment | cst.AugAssign


class BranchMatch(IntEnum):
    """How surely a statement runs where one of the conditions holds; a higher one wins."""

    #: In a branch that says nothing about the conditions.
    NONE = 0
    #: In the last ``else``: nothing else is known there, so a branch that names its condition wins.
    OTHERWISE = 1
    #: In a branch of one of the conditions.
    CONDITION = 2
    #: Outside of all branches.
    ALWAYS = 3


def find_assignment(
    module: cst.Module, body: cst.Module | cst.BaseSuite, name: str, when: Sequence[str] = ()
) -> Assignment | NoUniqueMatch:
    """Find the one assignment to *name* that counts where one of the conditions *when* holds.

    A condition ``c`` holds in the body of ``if c``; ``not c`` in the last ``else`` of the same statement, but not where
    a further ``if`` asks for more. Without conditions the assignment may be anywhere in the scope.

    Args:
        module: the module, for the lines in messages.
        body: the scope: the module itself, or the body of a function in it.
        name: the variable.
        when: Python expressions.
    """
    conditions = [cst.parse_expression(condition) for condition in when]
    everything = list(_assignments(body, BranchMatch.ALWAYS, conditions))
    matches = [(node, branch) for node, branch in everything if _binds(node, name)]
    where = f" where {' or '.join(when)}" if when else ""
    if not matches:
        others = {
            other for node, _ in everything for target in assignment_targets(node) for other in bound_names(target)
        }
        return NoUniqueMatch(f"{name} is not assigned", close_matches(name, sorted(others)), absent=True)
    lines = tuple(f"{name} (line {line_of(module, node)})" for node, _ in matches[:3])
    if when:
        matches = _under_conditions(matches)
        if not matches:
            return NoUniqueMatch(f"{name} is not assigned{where}", lines)
    node = matches[0][0]
    line = line_of(module, node)
    if len(matches) > 1:
        detail = f"{name} is assigned {len(matches)} times{where}; which of them counts is not clear"
        return NoUniqueMatch(detail, lines, line)
    if isinstance(node, cst.AugAssign) or [is_name(target, name) for target in assignment_targets(node)] != [True]:
        return NoUniqueMatch(f"{name} is assigned together with something else", line=line)
    return node


def _binds(node: AnyAssignment, name: str) -> bool:
    return any(name in bound_names(target) for target in assignment_targets(node))


def _under_conditions(matches: Sequence[tuple[AnyAssignment, BranchMatch]]) -> list[tuple[AnyAssignment, BranchMatch]]:
    """Return the assignments that may count where the conditions hold; none where no branch is theirs."""
    best = max((branch for _, branch in matches if branch is not BranchMatch.ALWAYS), default=BranchMatch.NONE)
    if best is BranchMatch.NONE:
        return []
    last = max(i for i, (_, branch) in enumerate(matches) if branch is best)
    # An assignment outside of all branches overwrites theirs only where it comes later.
    return [
        match for i, match in enumerate(matches) if match[1] is best or (match[1] is BranchMatch.ALWAYS and i > last)
    ]


def _assignments(
    body: cst.Module | cst.BaseSuite, branch: BranchMatch, conditions: Sequence[cst.BaseExpression]
) -> Iterator[tuple[AnyAssignment, BranchMatch]]:
    """Yield the assignments of a scope in source order, without those of functions and classes inside it."""
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, AnyAssignment) and small.value is not None:
                    yield small, branch
        elif isinstance(statement, AnyAssignment) and statement.value is not None:
            yield statement, branch
        elif isinstance(statement, cst.If):
            inside = BranchMatch.CONDITION if branch is BranchMatch.CONDITION else BranchMatch.NONE
            yield from _arm_assignments(statement, inside, [], conditions)
        elif isinstance(statement, cst.BaseCompoundStatement) and not isinstance(
            statement, (cst.FunctionDef, cst.ClassDef)
        ):
            for suite in suites_of(statement):
                yield from _assignments(suite, branch, conditions)


def _arm_assignments(
    statement: cst.If,
    branch: BranchMatch,
    failed: list[cst.BaseExpression],
    conditions: Sequence[cst.BaseExpression],
) -> Iterator[tuple[AnyAssignment, BranchMatch]]:
    """Yield the assignments of the arms of an ``if``; *failed* are the tests that have failed before it."""
    body_match = BranchMatch.CONDITION if _is_one_of(statement.test, conditions) else branch
    yield from _assignments(statement.body, body_match, conditions)
    failed = [*failed, statement.test]
    if isinstance(statement.orelse, cst.If):
        yield from _arm_assignments(statement.orelse, branch, failed, conditions)
    elif statement.orelse is not None:
        is_otherwise = any(_is_one_of(cst.UnaryOperation(cst.Not(), test), conditions) for test in failed)
        yield from _assignments(statement.orelse.body, BranchMatch.OTHERWISE if is_otherwise else branch, conditions)


def _is_one_of(test: cst.BaseExpression, conditions: Sequence[cst.BaseExpression]) -> bool:
    return any(CodeComparison().matches(condition, test) for condition in conditions)
