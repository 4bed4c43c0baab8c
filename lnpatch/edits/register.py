"""Register a layer: an entry in the module's table of layers, in the style of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from lnpatch import syntax
from lnpatch.edits import Edit, EditContext, EditOutcome, EditState, edit_kind, fill_placeholders


@edit_kind
@dataclass(frozen=True, kw_only=True)
class RegisterLayer(Edit):
    """Add an entry to a table of layers, as its last one.

    For example, with ``table = "layers"``, ``key = "{cell}"`` and ``value = ["param_init_{cell}", "{cell}_layer"]``::

         layers = {'ff': ('param_init_fflayer', 'fflayer'),
                   'gru': ('param_init_gru', 'gru_layer'),
        +          'lngru': ('param_init_lngru', 'lngru_layer'),
                   }
    """

    kind: ClassVar[str] = "register"

    #: The name of the dictionary, at the module's top level.
    table: str
    #: The key of the new entry.
    key: str
    #: The strings of the new entry's tuple.
    value: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, str]]:
        yield "key", self.key
        for i, text in enumerate(self.value):
            yield f"value[{i}]", text

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if not self.table.isidentifier():
            yield "table", f"expected the name of a variable, found {self.table!r}"

    def names(self, values: Mapping[str, str]) -> list[str]:
        return [f"{self.table}[{fill_placeholders(self.key, values)!r}]"]

    def describe(self, values: Mapping[str, str]) -> str:
        strings = ", ".join(repr(fill_placeholders(text, values)) for text in self.value)
        return f"register {fill_placeholders(self.key, values)!r}: ({strings}) in {self.table}"

    def run(self, context: EditContext) -> EditOutcome:
        key = context.fill_placeholders(self.key)
        strings = [context.fill_placeholders(text) for text in self.value]
        table = syntax.find_table(context.module, self.table)
        if isinstance(table, syntax.NoUniqueMatch):
            return self.anchor_missing(context, table)
        if entry := table.get(key):
            if syntax.string_items(entry.value) == strings:
                return self.make_outcome(context, EditState.IN_PLACE)
            # Never overwritten: it may be somebody's own layer of that name.
            detail = f"{self.table}[{key!r}] is {syntax.shorten_code(entry.value, context.source)}"
            return self.make_outcome(context, EditState.COLLISION, detail, context.line_of(entry.value))
        if table.entries and not any(syntax.has_strings(entry.value, len(strings)) for entry in table.entries):
            # A table of another form, such as one of the functions themselves: our entry would break its readers.
            detail = f"the entries of {self.table} are not of {len(strings)} strings each"
            candidates = tuple(syntax.shorten_code(entry.value, context.source) for entry in table.entries[-3:])
            line = context.line_of(table.display)
            return self.make_outcome(context, EditState.NOT_FOUND, detail, line, candidates)
        if table.is_call and not key.isidentifier():
            detail = f"{self.table} is a call of dict(), which cannot have the key {key!r}"
            return self.make_outcome(context, EditState.NOT_FOUND, detail, context.line_of(table.display))
        module = syntax.add_entry(context.module, table, key, strings)
        return self.make_outcome(context, EditState.TO_DO, module=module)
