"""Register a layer: an entry in the module's table of layers, in the style of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Edit, Outcome, State, edit_kind, fill

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
        import libcst as cst

        from lnpatch.syntax.literals import shown
        from lnpatch.syntax.tables import append, find_table
        from lnpatch.syntax.tree import NotOne, replace, string_value

        key = context.fill(self.key)
        value = [context.fill(text) for text in self.value]
        table = find_table(context.module, self.table)
        if isinstance(table, NotOne):
            return self.absent(context, table)
        if entry := table.get(key):
            if [string_value(node) for node in _items(entry.value)] == value:
                return self.outcome(context, State.IN_PLACE)
            detail = f"{self.table}[{key!r}] is {shown(entry.value, context.source)}"
            return self.outcome(context, State.COLLISION, detail, context.line(entry.value))
        if table.entries and not any(_is_like(entry.value, value) for entry in table.entries):
            detail = f"the entries of {self.table} are not of {len(value)} strings each"
            candidates = tuple(shown(e.value, context.source) for e in table.entries[-3:])
            return self.outcome(context, State.NOT_FOUND, detail, context.line(table.display), candidates)
        if isinstance(table.display, cst.Call) and not key.isidentifier():
            detail = f"{self.table} is a call of dict(), which cannot have the key {key!r}"
            return self.outcome(context, State.NOT_FOUND, detail, context.line(table.display))
        new = _entry(table.display, key, value)
        changed = replace(context.module, {table.display: append(table.display, new)})
        return self.outcome(context, State.TO_DO, module=changed)


def _items(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    import libcst as cst

    return [element.value for element in node.elements] if isinstance(node, (cst.Tuple, cst.List)) else []


def _is_like(node: cst.BaseExpression, value: list[str]) -> bool:
    """Whether *node* is a tuple or list of as many strings as *value*."""
    from lnpatch.syntax.tree import string_value

    items = _items(node)
    return len(items) == len(value) and all(string_value(item) is not None for item in items)


def _entry(display: cst.Dict | cst.Call, key: str, value: list[str]) -> cst.DictElement | cst.Arg:
    """The new entry: the last one of the same form with other strings in it, so that its blanks and quotes are kept."""
    import libcst as cst

    from lnpatch.syntax.literals import literal
    from lnpatch.syntax.tree import has_comment

    if isinstance(display, cst.Call):
        named = [argument for argument in display.args if argument.keyword and _is_like(argument.value, value)]
        if named:
            return named[-1].with_changes(keyword=cst.Name(key), value=_value_like(named[-1].value, value))
        no_blank = cst.SimpleWhitespace("")
        equal = cst.AssignEqual(whitespace_before=no_blank, whitespace_after=no_blank)
        return cst.Arg(_value_like(None, value), keyword=cst.Name(key), equal=equal)
    keyed = [e for e in display.elements if isinstance(e, cst.DictElement) and _is_like(e.value, value)]
    if keyed:
        blanks = {
            name: cst.SimpleWhitespace(default)
            for name, default in (("whitespace_before_colon", ""), ("whitespace_after_colon", " "))
            if has_comment(getattr(keyed[-1], name))
        }
        new_value = _value_like(keyed[-1].value, value)
        return keyed[-1].with_changes(key=literal(key, keyed[-1].key), value=new_value, **blanks)
    return cst.DictElement(literal(key), _value_like(None, value))


def _value_like(neighbour: cst.BaseExpression | None, value: list[str]) -> cst.BaseExpression:
    """*value* laid out as its neighbour is, whose comments are its own."""
    import libcst as cst

    from lnpatch.syntax.literals import literal
    from lnpatch.syntax.tree import has_comment

    if not isinstance(neighbour, (cst.Tuple, cst.List)):
        return cst.Tuple([cst.Element(literal(text)) for text in value])
    strings = [literal(text, element.value) for element, text in zip(neighbour.elements, value, strict=True)]
    if has_comment(neighbour):
        return cst.Tuple([cst.Element(string) for string in strings])
    elements = [e.with_changes(value=string) for e, string in zip(neighbour.elements, strings, strict=True)]
    return neighbour.with_changes(elements=elements)
