"""Set what a variable is assigned, at the top level or in a named function, in a named branch of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Outcome, edit_kind, fill
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

        from lnpatch.syntax.branches import find_assignment
        from lnpatch.syntax.tree import NotOne, find_function

        body: cst.Module | cst.BaseSuite = context.module
        if self.function:
            function = find_function(context.module, self.function)
            if isinstance(function, NotOne):
                return self.absent(context, function)
            body = function.body
        assignment = find_assignment(context.module, body, self.name, self.when)
        if isinstance(assignment, NotOne):
            return self.absent(context, assignment)
        assert assignment.value is not None
        return self.set(context, assignment.value)
