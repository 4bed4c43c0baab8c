"""Dictionaries that a module fills in source: ``name = {...}``, ``name = dict(...)``, ``name['key'] = ...``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

import libcst as cst

from lnpatch.suggest import close_matches
from lnpatch.syntax.tree import NotOne, is_name, line_of, scope, string_value, targets, walk


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
        """The last entry of a key."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)


def find_table(module: cst.Module, name: str, complete: bool = True) -> Table | NotOne:
    """The one dictionary of that name at a module's top level.

    Args:
        complete: whether all that fills it has to be readable, so that it shows what is not in it.
    """
    display: cst.Dict | cst.Call | None = None
    entries: list[Entry] = []
    others: set[str] = set()
    for statement in scope(module):
        value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign)) else None
        for target in targets(statement):
            if isinstance(target, cst.Name) and is_display(value):
                others.add(target.value)
            if is_name(target, name):
                if display is not None:
                    return NotOne(f"{name} is assigned more than once; which of them counts is not clear", (name,))
                if not is_display(value) or (complete and not all(map(_is_literal, _keys(value)))):
                    return _unreadable(module, name, statement)
                display, entries = value, list(_entries(value))
            elif isinstance(target, cst.Subscript) and is_name(target.value, name):
                key = _subscript_key(target)
                if key is not None and value is not None:
                    entries.append(Entry(key, value))
                elif complete:
                    return _unreadable(module, name, statement)
        added = _added(statement, name)
        if not isinstance(added, NotOne):
            entries += added
        elif complete:
            return _unreadable(module, name, statement)
    if display is None:
        return NotOne(
            f"no dictionary {name} = {{...}} at the top level of the file", close_matches(name, sorted(others))
        )
    return Table(display, tuple(entries))


def _added(statement: cst.CSTNode, name: str) -> list[Entry] | NotOne:
    """The entries that ``name.update(...)`` adds; other methods and ``del`` leave open what is in the table."""
    if isinstance(statement, cst.Del):
        deleted = [node for node in walk(statement) if is_name(node, name)]
        return NotOne("") if deleted else []
    call = statement.value if isinstance(statement, cst.Expr) else None
    if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and is_name(call.func.value, name)):
        return []
    if call.func.attr.value != "update" or not all(
        argument.keyword or is_display(argument.value) for argument in call.args
    ):
        return NotOne("")
    return list(_entries(call))


def _unreadable(module: cst.Module, name: str, statement: cst.CSTNode) -> NotOne:
    return NotOne(f"what is in {name} cannot be read off the file (line {line_of(module, statement)})")


def is_display(node: cst.CSTNode | None) -> TypeGuard[cst.Dict | cst.Call]:
    """Whether *node* makes a dictionary from what stands in it."""
    if isinstance(node, cst.Call) and is_name(node.func, "dict"):
        return all(argument.keyword or argument.star == "**" or is_display(argument.value) for argument in node.args)
    return isinstance(node, cst.Dict)


def _keys(display: cst.Dict | cst.Call) -> Iterator[cst.BaseExpression]:
    """The keys of a dictionary in source; what is unpacked into it stands for its own."""
    if isinstance(display, cst.Call):
        for argument in display.args:
            if argument.star or is_display(argument.value):
                yield from _keys(argument.value) if is_display(argument.value) else (argument.value,)
        return
    for element in display.elements:
        yield element.key if isinstance(element, cst.DictElement) else element.value


def _is_literal(node: cst.BaseExpression) -> bool:
    return string_value(node) is not None or isinstance(node, cst.BaseNumber)


def _entries(display: cst.Dict | cst.Call) -> Iterator[Entry]:
    if isinstance(display, cst.Dict):
        for element in display.elements:
            if isinstance(element, cst.DictElement) and (key := string_value(element.key)) is not None:
                yield Entry(key, element.value)
        return
    for argument in display.args:
        if argument.keyword is not None:
            yield Entry(argument.keyword.value, argument.value)
        elif is_display(argument.value):
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
    return _append_to_dict(display, new) if isinstance(display, cst.Dict) else _append_to_call(display, new)


def _append_to_dict(display: cst.Dict, new: cst.DictElement | cst.Arg) -> cst.Dict:
    opening = display.lbrace.whitespace_after
    if not display.elements:
        if isinstance(opening, Lines):  # the entry goes to a line of its own
            brace = display.lbrace.with_changes(whitespace_after=_indented(opening))
            display = display.with_changes(lbrace=brace, rbrace=display.rbrace.with_changes(whitespace_before=opening))
        return display.with_changes(elements=[new])
    *init, last = display.elements
    gap = _gap(init[-1].comma if init else None, opening)
    comma, after = _comma_between(gap, display.rbrace.whitespace_before)
    elements = [*init, last.with_changes(comma=comma), new.with_changes(comma=last.comma)]
    return display.with_changes(elements=elements, rbrace=display.rbrace.with_changes(whitespace_before=after))


def _append_to_call(display: cst.Call, new: cst.DictElement | cst.Arg) -> cst.Call:
    if not display.args:
        return display.with_changes(args=[new])
    *init, last = display.args
    gap = _gap(init[-1].comma if init else None, display.whitespace_before_args)
    has_trailing_comma = isinstance(last.comma, cst.Comma)
    tail = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else last.whitespace_after_arg
    comma, after = _comma_between(gap, tail)
    nothing = cst.SimpleWhitespace("")
    last = last.with_changes(comma=comma, whitespace_after_arg=nothing)
    if has_trailing_comma:
        new = new.with_changes(comma=cst.Comma(whitespace_after=after), whitespace_after_arg=nothing)
    else:
        new = new.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=after)
    return display.with_changes(args=[*init, last, new])


Whitespace = cst.BaseParenthesizableWhitespace
Lines = cst.ParenthesizedWhitespace


def _gap(comma: cst.Comma | cst.MaybeSentinel | None, opening: Whitespace) -> cst.Comma:
    """The comma between two entries; in a table of one, a new line where the opening bracket is followed by one."""
    if isinstance(comma, cst.Comma):
        return comma
    after = opening if isinstance(opening, Lines) else cst.SimpleWhitespace(" ")
    return cst.Comma(whitespace_after=after)


def _comma_between(gap: cst.Comma, tail: Whitespace) -> tuple[cst.Comma, Whitespace]:
    """The comma between the old last entry and the new one, and the layout behind the new one.

    *gap* is the comma between other entries, *tail* what stood behind the old last entry. A comment on the last entry's
    line stays on it; comments on lines of their own stay at the end.
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


def _clean(gap: cst.ParenthesizedWhitespace, first_line: cst.TrailingWhitespace) -> cst.ParenthesizedWhitespace:
    """*gap* without the comments and blank lines that belong to other entries."""
    return gap.with_changes(first_line=first_line, empty_lines=[])


def _indented(lines: cst.ParenthesizedWhitespace) -> cst.ParenthesizedWhitespace:
    return lines.with_changes(indent=True, last_line=cst.SimpleWhitespace(lines.last_line.value + "    "))
