"""Set what a variable is assigned, at the top level or in a named function, in a named branch of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
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

        from lnpatch.syntax.branches import Branches, Holds
        from lnpatch.syntax.tree import NotOne, find_function, is_name, targets

        body: cst.Module | cst.BaseSuite = context.module
        if self.function:
            function = find_function(context.module, self.function)
            if isinstance(function, NotOne):
                return self.outcome(context, State.NOT_FOUND, function.detail, candidates=function.candidates)
            body = function.body
        conditions = [cst.parse_expression(condition) for condition in self.when]
        everywhere = dict(Branches(conditions).assignments(body))
        there = {node: holds for node, holds in everywhere.items() if _assigns(node, self.name)}
        where = f" where {' or '.join(self.when)}" if self.when else ""
        if not there:
            return self.missing(context, f"{self.name} is not assigned", self.name, sorted(_all_names(everywhere)))
        lines = tuple(f"{self.name} (line {context.line(node)})" for node in there)[:3]
        wanted = max((holds for holds in there.values() if holds is not Holds.ALWAYS), default=Holds.NOT)
        if not self.when:
            wanted = Holds.ALWAYS
        nodes = [node for node, holds in there.items() if holds is wanted or not self.when]
        if wanted is Holds.NOT:
            return self.outcome(context, State.NOT_FOUND, f"{self.name} is not assigned{where}", candidates=lines)
        behind = [node for node in list(there)[list(there).index(nodes[-1]) + 1 :] if there[node] is Holds.ALWAYS]
        if len(nodes) > 1 or behind:
            detail = (
                f"{self.name} is assigned {len(nodes) + len(behind)} times{where}; which of them counts is not clear"
            )
            return self.outcome(context, State.NOT_FOUND, detail, context.line(nodes[0]), lines)
        if not is_name(next(targets(nodes[0])), self.name) or len(list(targets(nodes[0]))) > 1:
            detail = f"{self.name} is assigned together with something else"
            return self.outcome(context, State.NOT_FOUND, detail, context.line(nodes[0]))
        return self.set(context, _value(nodes[0]))


def _assigns(node: cst.Assign | cst.AnnAssign, name: str) -> bool:
    from lnpatch.syntax.names import bound_names
    from lnpatch.syntax.tree import targets

    return any(name in bound_names(target) for target in targets(node))


def _all_names(nodes: Iterable[cst.Assign | cst.AnnAssign]) -> set[str]:
    from lnpatch.syntax.names import bound_names
    from lnpatch.syntax.tree import targets

    return {name for node in nodes for target in targets(node) for name in bound_names(target)}


def _value(node: cst.Assign | cst.AnnAssign) -> cst.BaseExpression:
    assert node.value is not None
    return node.value
