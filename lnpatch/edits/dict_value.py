"""Set the value of one key of a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lnpatch import syntax
from lnpatch.edits import EditContext, EditOutcome, edit_kind, fill_placeholders
from lnpatch.edits.setting import SettingEdit


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetDictValue(SettingEdit):
    """Set the value of a key.

    For example, with ``table = "default_params"`` and ``key = "encoder"``::

         default_params = dict(
        -    encoder='gru',
        +    encoder='lngru',
             dim=1024)
    """

    kind: ClassVar[str] = "dict-value"

    #: The name of the dictionary, at the module's top level.
    table: str
    #: The key, a string.
    key: str

    def names(self, values: Mapping[str, str]) -> list[str]:
        return [f"{self.table}[{self.key!r}]"]

    def describe(self, values: Mapping[str, str]) -> str:
        return f"set {self.table}[{self.key!r}] to {fill_placeholders(str(self.value), values)!r}"

    def run(self, context: EditContext) -> EditOutcome:
        # What else is in the dictionary makes no difference, so it need not be readable.
        table = syntax.find_table(context.module, self.table, complete=False)
        if isinstance(table, syntax.NoUniqueMatch):
            return self.anchor_missing(context, table)
        entry = table.get(self.key)
        if entry is None:
            keys = [entry.key for entry in table.entries]
            return self.setting_missing(context, f"{self.table} has no key {self.key!r}", self.key, keys)
        return self.set_value(context, entry.value)
