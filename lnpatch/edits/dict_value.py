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
        from lnpatch.syntax.tables import tables

        there = tables(context.module)
        found = there.get(self.table, [])
        if len(found) != 1:
            detail = f"no dictionary {self.table} = {{...}} at the top level of the file"
            if found:
                detail = f"{self.table} is assigned {len(found)} times; which of them counts is not clear"
            return self.missing(context, detail, self.table, list(there))
        entry = found[0].get(self.key)
        if entry is None:
            keys = [e.key for e in found[0].entries]
            return self.missing(context, f"{self.table} has no key {self.key!r}", self.key, keys)
        return self.set(context, entry.value)
