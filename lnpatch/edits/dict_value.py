"""Set the value of one key of a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lnpatch.edits import Context, Outcome, edit_kind, fill
from lnpatch.edits._setting import SettingEdit


@edit_kind
@dataclass(frozen=True, kw_only=True)
class SetDictValue(SettingEdit):
    """Set *key* of the module-level dictionary *table* to *value*; *was* is what it is expected to be before."""

    kind: ClassVar[str] = "dict-value"

    table: str
    key: str

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        return [f"{self.table}[{self.key!r}]"]

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        return f"set {self.table}[{self.key!r}] to {fill(str(self.value), values)!r}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        from lnpatch.syntax.tables import find_table
        from lnpatch.syntax.tree import NotOne

        table = find_table(context.module, self.table, complete=False)
        if isinstance(table, NotOne):
            return self.absent(context, table)
        entry = table.get(self.key)
        if entry is None:
            keys = [e.key for e in table.entries]
            return self.missing(context, f"{self.table} has no key {self.key!r}", self.key, keys)
        return self.set(context, entry.value)
