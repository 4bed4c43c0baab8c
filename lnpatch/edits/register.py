"""Register a layer: an entry in the module's table of layers, in the style of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Edit, Outcome, State, edit_kind, fill
from lnpatch.suggest import nearest

if TYPE_CHECKING:
    import libcst as cst


@edit_kind
@dataclass(frozen=True, kw_only=True)
class RegisterLayer(Edit):
    """Add ``key: (value, value, ...)`` as the last entry of the module-level dictionary *table*."""

    kind: ClassVar[str] = "register"

    table: str
    key: str
    value: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.texts`."""
        yield "key", self.key
        for i, text in enumerate(self.value):
            yield f"value[{i}]", text

    def problems(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems`."""
        yield from super().problems()
        if not self.table.isidentifier():
            yield "table", f"expected the name of a variable, found {self.table!r}"

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        return [f"{self.table}[{fill(self.key, values)!r}]"]

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        names = ", ".join(repr(fill(text, values)) for text in self.value)
        return f"register {fill(self.key, values)!r}: ({names}) in {self.table}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        from lnpatch.syntax.literals import shown
        from lnpatch.syntax.tables import append, tables
        from lnpatch.syntax.tree import replace, string_value

        key = context.fill(self.key)
        value = [context.fill(text) for text in self.value]
        there = tables(context.module)
        if len(there.get(self.table, ())) != 1:
            detail = f"no dictionary {self.table} = {{...}} at the top level of the file"
            if self.table in there:
                detail = f"{self.table} is assigned {len(there[self.table])} times; which of them counts is not clear"
            return self.outcome(context, State.NOT_FOUND, detail, candidates=nearest(self.table, there))
        (table,) = there[self.table]
        if entry := table.get(key):
            if [string_value(node) for node in _items(entry.value)] == value:
                return self.outcome(context, State.IN_PLACE)
            detail = f"{self.table}[{key!r}] is {shown(entry.value, context.source)}"
            return self.outcome(context, State.COLLISION, detail, context.line(entry.value))
        neighbours = [e.value for e in table.entries if len(strings(e.value)) == len(_items(e.value)) == len(value)]
        if table.entries and not neighbours:
            detail = f"the entries of {self.table} are not of {len(value)} strings each"
            candidates = tuple(shown(e.value, context.source) for e in table.entries[-3:])
            return self.outcome(context, State.NOT_FOUND, detail, context.line(table.display), candidates)
        new = _entry(table.display, key, value, context)
        changed = replace(context.module, {table.display: append(table.display, new)})
        return self.outcome(context, State.TO_DO, module=changed)


def strings(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The string literals that a tuple or list consists of."""
    from lnpatch.syntax.tree import string_value

    return [item for item in _items(node) if string_value(item) is not None]


def _items(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    import libcst as cst

    return [element.value for element in node.elements] if isinstance(node, (cst.Tuple, cst.List)) else []


def _entry(display: cst.Dict | cst.Call, key: str, value: list[str], context: Context) -> cst.DictElement | cst.Arg:
    """The new entry: the last one of the same form with other strings in it, so that its blanks and quotes are kept."""
    import libcst as cst

    from lnpatch.syntax.literals import literal

    def like(node: cst.BaseExpression) -> cst.BaseExpression:
        assert isinstance(node, (cst.Tuple, cst.List))
        elements = [
            element.with_changes(value=literal(text, context.source, element.value))
            for element, text in zip(node.elements, value, strict=True)
        ]
        return node.with_changes(elements=elements)

    if isinstance(display, cst.Call):
        for argument in reversed(display.args):
            if argument.keyword is not None and len(strings(argument.value)) == len(value):
                return argument.with_changes(keyword=cst.Name(key), value=like(argument.value))
    else:
        for element in reversed(display.elements):
            if isinstance(element, cst.DictElement) and len(strings(element.value)) == len(value):
                new_key = literal(key, context.source, element.key)
                return element.with_changes(key=new_key, value=like(element.value))
    items = cst.Tuple([cst.Element(literal(text, context.source)) for text in value])
    if isinstance(display, cst.Call):
        no_blank = cst.SimpleWhitespace("")
        equal = cst.AssignEqual(whitespace_before=no_blank, whitespace_after=no_blank)
        return cst.Arg(items, keyword=cst.Name(key), equal=equal)
    return cst.DictElement(literal(key, context.source), items)
