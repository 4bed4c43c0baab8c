"""Set what a variable is assigned, at the top level or in a named function, in a named branch of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Outcome, State, edit_kind, fill
from lnpatch.edits._setting import SettingEdit

if TYPE_CHECKING:
    import libcst as cst


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetAssignment(SettingEdit):
    """Set ``name = value`` in *function* (the top level without one); *was* is what is expected there before.

    ``when`` narrows it to the branch that runs when one of these conditions holds, each written as the ``if`` that it
    stands under: ``mode == "top4"`` for its body, ``not mode == "top8"`` for its ``else``.
    """

    kind: ClassVar[str] = "assign"

    name: str
    function: str = ""
    when: tuple[str, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems`."""
        yield from super().problems()
        for i, condition in enumerate(self.when):
            try:
                ast.parse(condition, mode="eval")
            except SyntaxError as error:
                yield f"when[{i}]", f"expected a Python expression, found {condition!r} ({error.msg})"

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        return [f"{self.function}: {self.name}" if self.function else self.name]

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        where = f" in {self.function}()" if self.function else ""
        branch = f" where {' or '.join(self.when)}" if self.when else ""
        return f"set {self.name} to {fill(str(self.value), values)!r}{where}{branch}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        import libcst as cst

        from lnpatch.syntax.branches import Branches
        from lnpatch.syntax.tree import functions

        body: cst.Module | cst.BaseSuite = context.module
        if self.function:
            there = dict(functions(context.module))
            if self.function not in there:
                return self.missing(context, f"no function {self.function}", self.function, list(there))
            body = there[self.function].body
        branches = Branches([cst.parse_expression(condition) for condition in self.when])
        everywhere = dict(branches.assignments(body))
        nodes = [node for node, holds in branches.assignments(body) if holds and _assigns(node, self.name)]
        where = f" where {' or '.join(self.when)}" if self.when else ""
        if len(nodes) == 1:
            return self.set(context, _value(nodes[0]))
        if len(nodes) > 1:
            detail = f"{self.name} is assigned {len(nodes)} times{where}; which of them counts is not clear"
            return self.outcome(context, State.NOT_FOUND, detail, context.line(nodes[0]))
        others = [f"{self.name} (line {context.line(node)})" for node in everywhere if _assigns(node, self.name)]
        if others:
            detail = f"{self.name} is not assigned{where}"
            return self.outcome(context, State.NOT_FOUND, detail, candidates=tuple(others[:3]))
        return self.missing(context, f"{self.name} is not assigned", self.name, sorted(_all_names(everywhere)))


def _assigns(node: cst.Assign | cst.AnnAssign, name: str) -> bool:
    from lnpatch.syntax.tree import is_name, targets

    return any(is_name(target, name) for target in targets(node))


def _all_names(nodes: Mapping[cst.Assign | cst.AnnAssign, bool]) -> set[str]:
    from lnpatch.syntax.names import bound_names
    from lnpatch.syntax.tree import targets

    return {name for node in nodes for target in targets(node) for name in bound_names(target)}


def _value(node: cst.Assign | cst.AnnAssign) -> cst.BaseExpression:
    assert node.value is not None
    return node.value
