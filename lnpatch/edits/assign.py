"""Set what a variable is assigned, at the top level or in a named function, in a named branch of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch import syntax
from lnpatch.edits import EditContext, EditOutcome, edit_kind, fill_placeholders
from lnpatch.edits.setting import SettingEdit

if TYPE_CHECKING:
    import libcst as cst


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetAssignment(SettingEdit):
    """Set the value that a variable is assigned.

    For example, with ``name = "root"``, ``function = "load"`` and ``when = ["mode == 'top4'"]``::

         def load(mode):
             if mode == 'top4':
        -        root = '/data/old'
        +        root = '/data/new'
    """

    kind: ClassVar[str] = "assign"

    #: The variable.
    name: str
    #: The function that assigns it; without one, the module's top level does.
    function: str = ""
    #: Conditions, one of which has to hold in the branch that is meant, each as the ``if`` that the branch is under:
    #: ``mode == "top4"`` for its body, ``not mode == "top8"`` for its ``else``.
    when: tuple[str, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        for i, condition in enumerate(self.when):
            try:
                ast.parse(condition, mode="eval")
            except SyntaxError as error:
                yield f"when[{i}]", f"expected a Python expression, found {condition!r} ({error.msg})"

    def names(self, values: Mapping[str, str]) -> list[str]:
        return [f"{self.function}: {self.name}" if self.function else self.name]

    def describe(self, values: Mapping[str, str]) -> str:
        where = f" in {self.function}()" if self.function else ""
        branch = f" where {' or '.join(self.when)}" if self.when else ""
        return f"set {self.name} to {fill_placeholders(str(self.value), values)!r}{where}{branch}"

    def run(self, context: EditContext) -> EditOutcome:
        body: cst.Module | cst.BaseSuite = context.module
        if self.function:
            function = syntax.find_function(context.module, self.function)
            if isinstance(function, syntax.NoUniqueMatch):
                return self.anchor_missing(context, function)
            body = function.body
        assignment = syntax.find_assignment(context.module, body, self.name, self.when)
        if isinstance(assignment, syntax.NoUniqueMatch):
            return self.anchor_missing(context, assignment)
        assert assignment.value is not None  # find_assignment takes no bare annotation, `name: str`
        return self.set_value(context, assignment.value)
