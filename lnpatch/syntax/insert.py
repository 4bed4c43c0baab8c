"""Insert definitions into a module, with the blank lines that belong around them and no comment taken from its place."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from lnpatch.syntax.tree import is_name, walk

BLANK_LINES = 2


def insert_after(
    module: cst.Module, anchor: cst.FunctionDef | None, definitions: Sequence[cst.FunctionDef]
) -> cst.Module:
    """*module* with *definitions* behind the top-level function *anchor*, else behind its last statement.

    A comment directly below the anchor and set off by a blank line stays with the anchor; all other comments and blank
    lines stay with what follows, at the end of the file too (editors look for their settings there).
    """
    if not definitions:
        return module
    body = list(module.body)
    at = next((i for i, node in enumerate(body) if node is anchor), _last(body)) + 1
    follows = body[at] if at < len(body) else None
    lines = list(follows.leading_lines) if follows is not None else list(module.footer)
    kept = _attached(lines)
    rest = lines[kept:]
    blank = _blank_lines(BLANK_LINES)
    new = [node.with_changes(leading_lines=(*blank, *_comments(node))) for node in definitions]
    if at == 0:
        new[0] = new[0].with_changes(leading_lines=_comments(new[0]))
    elif kept:
        new[0] = new[0].with_changes(leading_lines=(*lines[:kept], *new[0].leading_lines))
    if follows is not None and not (rest and _is_blank(rest[0])):
        rest = [*blank, *rest]
    if follows is None:
        return module.with_changes(body=[*body, *new], footer=rest)
    return module.with_changes(body=[*body[:at], *new, follows.with_changes(leading_lines=rest), *body[at + 1 :]])


def _last(body: Sequence[cst.BaseStatement]) -> int:
    """The last statement that comes before the main program, if that is what the module ends with."""
    ends_with_main = (
        bool(body) and isinstance(body[-1], cst.If) and any(is_name(n, "__name__") for n in walk(body[-1].test))
    )
    return len(body) - 1 - ends_with_main


def _attached(lines: Sequence[cst.EmptyLine]) -> int:
    """How many comment lines stand directly below the anchor and are set off by a blank line from what follows."""
    for i, line in enumerate(lines):
        if _is_blank(line):
            return i
    return 0


def _is_blank(line: cst.EmptyLine) -> bool:
    return line.comment is None


def _blank_lines(count: int) -> list[cst.EmptyLine]:
    return [cst.EmptyLine(indent=False) for _ in range(count)]


def _comments(node: cst.FunctionDef) -> list[cst.EmptyLine]:
    """The comments above a definition; a template's own blank lines do not count."""
    return [line for line in node.leading_lines if line.comment is not None]
