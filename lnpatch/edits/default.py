"""Set the default of a function's parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lnpatch import syntax
from lnpatch.edits import EditContext, EditOutcome, edit_kind, fill_placeholders
from lnpatch.edits.setting import SettingEdit


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetDefault(SettingEdit):
    """Set the default of a parameter.

    For example, with ``function = "trainer"`` and ``parameter = "encoder"``::

        -def trainer(dim=2400, encoder='gru'):
        +def trainer(dim=2400, encoder='lngru'):
             print dim
    """

    kind: ClassVar[str] = "default"

    #: The qualified name of the function, such as ``trainer`` or ``Trainer.run``.
    function: str
    #: The parameter, which has to have a default.
    parameter: str

    def names(self, values: Mapping[str, str]) -> list[str]:
        return [f"{self.function}({self.parameter}=)"]

    def describe(self, values: Mapping[str, str]) -> str:
        value = fill_placeholders(str(self.value), values)
        return f"set the default of {self.parameter} in {self.function}() to {value!r}"

    def run(self, context: EditContext) -> EditOutcome:
        function = syntax.find_function(context.module, self.function)
        if isinstance(function, syntax.NoUniqueMatch):
            return self.anchor_missing(context, function)
        defaults = syntax.parameter_defaults(function)
        if self.parameter in defaults:
            return self.set_value(context, defaults[self.parameter])
        detail = f"{self.function}() has no parameter {self.parameter} with a default"
        return self.setting_missing(context, detail, self.parameter, list(defaults))
