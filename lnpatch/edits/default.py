"""Set the default of a function's parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lnpatch.edits import Context, Outcome, edit_kind, fill
from lnpatch.edits._setting import SettingEdit


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetDefault(SettingEdit):
    """Give *parameter* of *function* the default *value*; *was* is what it is expected to be before."""

    kind: ClassVar[str] = "default"

    function: str
    parameter: str

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        return [f"{self.function}({self.parameter}=)"]

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        return f"set the default of {self.parameter} in {self.function}() to {fill(str(self.value), values)!r}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        import libcst as cst

        from lnpatch.syntax.tree import NotOne, find_function

        function = find_function(context.module, self.function)
        if isinstance(function, NotOne):
            return self.absent(context, function)
        parameters: list[cst.Param] = [
            *function.params.posonly_params, *function.params.params, *function.params.kwonly_params
        ]  # fmt: skip
        for parameter in parameters:
            if parameter.name.value == self.parameter and parameter.default is not None:
                return self.set(context, parameter.default)
        detail = f"{self.function}() has no parameter {self.parameter} with a default"
        return self.missing(context, detail, self.parameter, [p.name.value for p in parameters if p.default])
