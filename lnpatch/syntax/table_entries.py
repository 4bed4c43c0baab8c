"""Add an entry to a dictionary in source, in the style of the entries before it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from lnpatch.syntax.literals import make_literal
from lnpatch.syntax.tables import DictDisplay, DictTable
from lnpatch.syntax.tree import has_comment, replace_nodes, string_value

Whitespace = cst.BaseParenthesizableWhitespace
Lines = cst.ParenthesizedWhitespace


def add_entry(module: cst.Module, table: DictTable, key: str, strings: Sequence[str]) -> cst.Module:
    """Return *module* with ``key: (string, ...)`` as the last entry of a table."""
    new = _make_entry(table.display, key, strings)
    return replace_nodes(module, {table.display: _append_entry(table.display, new)})


def string_items(node: cst.BaseExpression) -> list[str | None]:
    """Return the strings in a tuple or list, None for items that are none; no items for any other node."""
    return [string_value(item) for item in _items(node)]


def has_strings(node: cst.BaseExpression, count: int) -> bool:
    """Return whether *node* is a tuple or list of *count* strings."""
    items = string_items(node)
    return len(items) == count and None not in items


def _items(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [element.value for element in node.elements] if isinstance(node, (cst.Tuple, cst.List)) else []


# The new entry


def _make_entry(display: DictDisplay, key: str, strings: Sequence[str]) -> cst.DictElement | cst.Arg:
    """Make the last entry of the same form into the new one, so that its blanks and quotes are kept."""
    return (
        _make_argument(display, key, strings) if isinstance(display, cst.Call) else _make_element(display, key, strings)
    )


def _make_argument(display: cst.Call, key: str, strings: Sequence[str]) -> cst.Arg:
    alike = [argument for argument in display.args if argument.keyword and has_strings(argument.value, len(strings))]
    if alike:
        return alike[-1].with_changes(keyword=cst.Name(key), value=_make_value(strings, alike[-1].value))
    no_blank = cst.SimpleWhitespace("")
    equal = cst.AssignEqual(whitespace_before=no_blank, whitespace_after=no_blank)
    return cst.Arg(_make_value(strings), keyword=cst.Name(key), equal=equal)


def _make_element(display: cst.Dict, key: str, strings: Sequence[str]) -> cst.DictElement:
    elements = (element for element in display.elements if isinstance(element, cst.DictElement))
    alike = [element for element in elements if has_strings(element.value, len(strings))]
    if not alike:
        return cst.DictElement(make_literal(key), _make_value(strings))
    # Comments around the colon belong to the entry that has them.
    blanks = {
        name: cst.SimpleWhitespace(default)
        for name, default in (("whitespace_before_colon", ""), ("whitespace_after_colon", " "))
        if has_comment(getattr(alike[-1], name))
    }
    new_key, new_value = make_literal(key, alike[-1].key), _make_value(strings, alike[-1].value)
    return alike[-1].with_changes(key=new_key, value=new_value, **blanks)


def _make_value(strings: Sequence[str], like: cst.BaseExpression | None = None) -> cst.BaseExpression:
    """Make a tuple of strings, or whatever *like* is, laid out as that is; its comments are its own."""
    if not isinstance(like, (cst.Tuple, cst.List)):
        return cst.Tuple([cst.Element(make_literal(text)) for text in strings])
    literals = [make_literal(text, element.value) for element, text in zip(like.elements, strings, strict=True)]
    if has_comment(like):
        return cst.Tuple([cst.Element(literal) for literal in literals])
    elements = [e.with_changes(value=literal) for e, literal in zip(like.elements, literals, strict=True)]
    return like.with_changes(elements=elements)


# Its place


def _append_entry(display: DictDisplay, new: cst.DictElement | cst.Arg) -> DictDisplay:
    """Return *display* with *new* as its last entry, laid out as the entries before it are."""
    # In libcst, what is between two entries is in the first one's comma, together with the comment behind that entry;
    # what is behind the last entry is in the closing bracket, or in the last comma of a call.
    return _append_to_dict(display, new) if isinstance(display, cst.Dict) else _append_to_call(display, new)


def _append_to_dict(display: cst.Dict, new: cst.DictElement | cst.Arg) -> cst.Dict:
    opening = display.lbrace.whitespace_after
    if not display.elements:
        if isinstance(opening, Lines):  # the entry goes to a line of its own
            brace = display.lbrace.with_changes(whitespace_after=_indented(opening))
            display = display.with_changes(lbrace=brace, rbrace=display.rbrace.with_changes(whitespace_before=opening))
        return display.with_changes(elements=[new])
    *init, last = display.elements
    gap = _separator(init[-1].comma if init else None, opening)
    comma, after = _split_tail(gap, display.rbrace.whitespace_before)
    elements = [*init, last.with_changes(comma=comma), new.with_changes(comma=last.comma)]
    return display.with_changes(elements=elements, rbrace=display.rbrace.with_changes(whitespace_before=after))


def _append_to_call(display: cst.Call, new: cst.DictElement | cst.Arg) -> cst.Call:
    if not display.args:
        return display.with_changes(args=[new])
    *init, last = display.args
    gap = _separator(init[-1].comma if init else None, display.whitespace_before_args)
    has_trailing_comma = isinstance(last.comma, cst.Comma)
    tail = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else last.whitespace_after_arg
    comma, after = _split_tail(gap, tail)
    nothing = cst.SimpleWhitespace("")
    last = last.with_changes(comma=comma, whitespace_after_arg=nothing)
    if has_trailing_comma:
        new = new.with_changes(comma=cst.Comma(whitespace_after=after), whitespace_after_arg=nothing)
    else:
        new = new.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=after)
    return display.with_changes(args=[*init, last, new])


def _separator(comma: cst.Comma | cst.MaybeSentinel | None, opening: Whitespace) -> cst.Comma:
    """Return the comma between two entries; in a table of one, with a new line if the opening bracket is followed by one."""
    if isinstance(comma, cst.Comma):
        return comma
    after = opening if isinstance(opening, Lines) else cst.SimpleWhitespace(" ")
    return cst.Comma(whitespace_after=after)


def _split_tail(gap: cst.Comma, tail: Whitespace) -> tuple[cst.Comma, Whitespace]:
    """Return the comma between the old last entry and the new one, and the layout behind the new one.

    A comment on the last entry's line stays on it; comments on lines of their own stay at the end.

    Args:
        gap: the comma between other entries.
        tail: the layout that was behind the old last entry.
    """
    comment = tail.first_line if isinstance(tail, Lines) else cst.TrailingWhitespace()
    rest = tail.with_changes(first_line=cst.TrailingWhitespace()) if isinstance(tail, Lines) else tail
    if isinstance(gap.whitespace_before, Lines):  # the comma begins the line of the next entry
        return gap.with_changes(whitespace_before=_clean(gap.whitespace_before, comment)), rest
    if isinstance(gap.whitespace_after, Lines):
        return gap.with_changes(whitespace_after=_clean(gap.whitespace_after, comment)), rest
    if comment.comment is not None and isinstance(tail, Lines):  # all on one line with a comment behind: go below it
        return gap.with_changes(whitespace_after=tail.with_changes(empty_lines=[])), rest
    return gap, tail


def _clean(gap: Lines, first_line: cst.TrailingWhitespace) -> Lines:
    """Return *gap* without the comments and blank lines that belong to other entries."""
    return gap.with_changes(first_line=first_line, empty_lines=[])


def _indented(lines: Lines) -> Lines:
    """Return *lines* with four more blanks at their end."""
    return lines.with_changes(indent=True, last_line=cst.SimpleWhitespace(lines.last_line.value + "    "))
