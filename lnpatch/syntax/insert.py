"""Insert functions into a module, with the blank lines that belong around them and no comment taken from its place."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from lnpatch.syntax.tree import is_name, walk

BLANK_LINES = 2


def insert_functions(
    module: cst.Module, anchor: cst.FunctionDef | None, functions: Sequence[cst.FunctionDef]
) -> cst.Module:
    """Return *module* with *functions* behind the top-level function *anchor*, else behind its last statement.

    A comment directly below the anchor and set off by a blank line stays with the anchor; all other comments and blank
    lines stay with what follows, at the end of the file too (editors look for their settings there).
    """
    if not functions:
        return module
    body = list(module.body)
    at = next((i for i, node in enumerate(body) if node is anchor), _last_index(body)) + 1
    following = body[at] if at < len(body) else None
    # libcst keeps what is between two statements in the second one, and what is behind the last one in the module.
    lines = list(following.leading_lines) if following is not None else list(module.footer)
    anchor_lines = _count_anchor_lines(lines)
    rest = lines[anchor_lines:]
    blank = _blank_lines(BLANK_LINES)
    new = [node.with_changes(leading_lines=(*blank, *_comments_above(node))) for node in functions]
    if at == 0:
        new[0] = new[0].with_changes(leading_lines=_comments_above(new[0]))
    elif anchor_lines:
        new[0] = new[0].with_changes(leading_lines=(*lines[:anchor_lines], *new[0].leading_lines))
    if following is None:
        return module.with_changes(body=[*body, *new], footer=rest)
    if not (rest and _is_blank(rest[0])):
        rest = [*blank, *rest]
    return module.with_changes(body=[*body[:at], *new, following.with_changes(leading_lines=rest), *body[at + 1 :]])


def _last_index(body: Sequence[cst.BaseStatement]) -> int:
    """Return the index of the last statement before ``if __name__ == '__main__'``, if the module ends with that."""
    ends_with_main = (
        bool(body) and isinstance(body[-1], cst.If) and any(is_name(n, "__name__") for n in walk(body[-1].test))
    )
    return len(body) - 1 - ends_with_main


def _count_anchor_lines(lines: Sequence[cst.EmptyLine]) -> int:
    """Count the comment lines directly below the anchor, if a blank line sets them off from what follows."""
    for i, line in enumerate(lines):
        if _is_blank(line):
            return i
    return 0


def _is_blank(line: cst.EmptyLine) -> bool:
    return line.comment is None


def _blank_lines(count: int) -> list[cst.EmptyLine]:
    return [cst.EmptyLine(indent=False) for _ in range(count)]


def _comments_above(node: cst.FunctionDef) -> list[cst.EmptyLine]:
    """Return the comments above a function of a template, without the template's own blank lines."""
    return [line for line in node.leading_lines if line.comment is not None]
