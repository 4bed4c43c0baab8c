"""Dictionaries that a module fills in source: ``name = {...}``, ``name = dict(...)``, ``name['key'] = ...``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from lnpatch.syntax.tree import is_name, scope, string_value, targets


@dataclass(frozen=True)
class Entry:
    """One ``key: value``; ``value`` is the node to replace for another value."""

    key: str
    value: cst.BaseExpression


@dataclass(frozen=True)
class Table:
    """A dictionary in source: the literal or call that makes it, and its entries, those assigned later included."""

    display: cst.Dict | cst.Call
    entries: tuple[Entry, ...]

    def get(self, key: str) -> Entry | None:
        """The entry that counts at run time: the last one of that key."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)


def tables(body: cst.Module | cst.BaseSuite, name: str | None = None) -> dict[str, list[Table]]:
    """The dictionaries that a scope assigns, by name; more than one under a name that is assigned twice."""
    found: dict[str, list[Table]] = {}
    for statement in scope(body):
        value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign)) else None
        for target in targets(statement):
            if isinstance(target, cst.Name) and name in (None, target.value) and is_display(value):
                found.setdefault(target.value, []).append(Table(value, tuple(_entries(value))))
            elif isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name) and value is not None:
                key = _subscript_key(target)
                if key is not None and (filled := found.get(target.value.value)):
                    filled[-1] = Table(filled[-1].display, (*filled[-1].entries, Entry(key, value)))
    return found


def is_display(node: cst.CSTNode | None) -> bool:
    """Whether *node* makes a dictionary from what stands in it."""
    return isinstance(node, cst.Dict) or (isinstance(node, cst.Call) and is_name(node.func, "dict"))


def _entries(display: cst.Dict | cst.Call) -> Iterator[Entry]:
    if isinstance(display, cst.Dict):
        for element in display.elements:
            if isinstance(element, cst.DictElement) and (key := string_value(element.key)) is not None:
                yield Entry(key, element.value)
        return
    for argument in display.args:
        if argument.keyword is not None:
            yield Entry(argument.keyword.value, argument.value)
        elif argument.star == "" and isinstance(argument.value, cst.Dict):
            yield from _entries(argument.value)


def _subscript_key(target: cst.Subscript) -> str | None:
    if len(target.slice) != 1 or not isinstance(target.slice[0].slice, cst.Index):
        return None
    return string_value(target.slice[0].slice.value)


def append(display: cst.Dict | cst.Call, new: cst.DictElement | cst.Arg) -> cst.Dict | cst.Call:
    """*display* with *new* as its last entry, laid out as the entries before it are.

    What stands between two entries is in the first one's comma, together with the comment behind that entry; what
    stands behind the last entry is in the closing bracket, or in the last comma of a call.
    """
    if isinstance(display, cst.Dict):
        return _append_to_dict(display, new)
    arguments = list(display.args)
    if not arguments:
        return display.with_changes(args=[new])
    *init, last = arguments
    gap = init[-1].comma if init else _one_line_comma(display.whitespace_before_args)
    if isinstance(last.comma, cst.Comma):  # the layout behind a trailing comma stays behind the new last one
        between, after = _split_comment(last.comma.whitespace_after, _comma(gap).whitespace_after)
        last = last.with_changes(comma=_comma(gap).with_changes(whitespace_after=between))
        new = new.with_changes(comma=cst.Comma(whitespace_after=after), whitespace_after_arg=cst.SimpleWhitespace(""))
    else:
        between, after = _split_comment(last.whitespace_after_arg, _comma(gap).whitespace_after)
        last = last.with_changes(
            comma=_comma(gap).with_changes(whitespace_after=between), whitespace_after_arg=cst.SimpleWhitespace("")
        )
        new = new.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=after)
    return display.with_changes(args=[*init, last, new])


def _append_to_dict(display: cst.Dict, new: cst.DictElement | cst.Arg) -> cst.Dict:
    if not display.elements:
        return display.with_changes(elements=[new])
    *init, last = display.elements
    gap = _comma(init[-1].comma if init else _one_line_comma(display.lbrace.whitespace_after))
    between, after = _split_comment(display.rbrace.whitespace_before, gap.whitespace_after)
    trailing = last.comma
    last = last.with_changes(comma=gap.with_changes(whitespace_after=between))
    new = new.with_changes(comma=trailing)
    return display.with_changes(elements=[*init, last, new], rbrace=display.rbrace.with_changes(whitespace_before=after))


Whitespace = cst.BaseParenthesizableWhitespace


def _split_comment(tail: Whitespace, gap: Whitespace) -> tuple[Whitespace, Whitespace]:
    """The layout between the old last entry and the new one, and the layout behind the new one.

    *tail* is what stood behind the old last entry, *gap* what stands between other entries. A comment on the last
    entry's line stays on it; comments on lines of their own stay at the end.
    """
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        if isinstance(tail, cst.ParenthesizedWhitespace) and tail.first_line.comment is not None:
            # all on one line, with a comment behind the last entry: the new entry goes to a line of its own
            return tail.with_changes(empty_lines=[]), tail.with_changes(first_line=cst.TrailingWhitespace())
        return gap, tail
    own_line = isinstance(tail, cst.ParenthesizedWhitespace)
    between = gap.with_changes(first_line=tail.first_line if own_line else cst.TrailingWhitespace(), empty_lines=[])
    after = tail.with_changes(first_line=cst.TrailingWhitespace()) if own_line else tail
    return between, after


def _comma(comma: cst.Comma | cst.MaybeSentinel) -> cst.Comma:
    return comma if isinstance(comma, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _one_line_comma(opening: Whitespace) -> cst.Comma:
    """The comma of a table with one entry: a new line where the opening bracket is followed by one, else a blank."""
    after = opening if isinstance(opening, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
    return cst.Comma(whitespace_after=after)
