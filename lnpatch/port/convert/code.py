"""A Python 3 file while rules rewrite it: its tree, what its names mean, and the changes made to its text so far.

A change is text put before, behind or in the place of code, by position, so that all else stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lnpatch.port.convert.scopes import Scopes

#: The module of the run-time helper; see templates/pytensor.
HELPER = "lnpatch_py2"


@dataclass
class Code:
    """A file's text, and the changes that rules want in it; :meth:`rewritten_text` makes them."""

    text: str
    #: What is left to a person: a line of the text, counted from 1, and what to know about it.
    remarks: list[tuple[int, str]] = field(default_factory=list)
    #: By position in the text: what comes before and behind it, and the end and the replacement of a piece.
    _before: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _behind: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _instead: dict[int, tuple[int, str]] = field(default_factory=dict)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the text as it was before all changes."""
        return ast.parse(self.text)

    @cached_property
    def scopes(self) -> Scopes:
        """What the names mean."""
        return Scopes(self.tree)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree; a node comes before those within it."""
        return list(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        """Yield all calls."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return where *node* begins in the text."""
        return self._position(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return where *node* ends in the text."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._position(node.end_lineno, node.end_col_offset)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """Return the text of *node*."""
        return self.text[self.start(node) : self.end(node)]

    def find_operator(self, left: ast.expr, right: ast.expr, operator: str) -> tuple[int, int]:
        """Return where the operator between two operands begins and ends: ``ast`` has no positions of operators.

        Brackets and comments may stand between the operands too, and the words of ``is not`` apart.
        """
        begin = self.end(left)
        # a comment may hold the operator as well: it is blanked out, without moving what is behind it
        gap = re.sub(r"#[^\n]*", lambda match: " " * len(match[0]), self.text[begin : self.start(right)])
        match = re.search(re.escape(operator).replace(r"\ ", r"\s+"), gap)
        assert match is not None
        return begin + match.start(), begin + match.end()

    def use_helper(self, node: ast.expr, name: str) -> None:
        """Put a function of the run-time helper in the place of *node*."""
        self.replace(self.start(node), self.end(node), f"{HELPER}.{name}")

    def wrap(self, node: ast.expr, before: str, behind: str) -> None:
        """Put text around *node*; what is wrapped later stands inside.

        So rules that wrap have to go through :attr:`nodes` in their order, from the outside in.
        """
        self._before[self.start(node)].append(before)
        self._behind[self.end(node)].insert(0, behind)

    def insert_behind(self, node: ast.expr, new: str) -> None:
        """Put text behind *node*, outside of all that it has been wrapped in."""
        self._behind[self.end(node)].append(new)

    def replace(self, start: int, end: int, new: str) -> None:
        """Put *new* in the place of a piece of text, which must hold no code with changes of its own."""
        self._instead[start] = (end, new)

    def add_remark(self, node: ast.expr | ast.stmt, message: str) -> None:
        """Note what is left to a person at the line of *node*."""
        self.remarks.append((node.lineno, message))

    def rewritten_text(self) -> str:
        """Return the text with all changes made."""
        pieces: list[str] = []
        done = 0
        for position in sorted({*self._before, *self._behind, *self._instead}):
            pieces.append(self.text[done:position])
            done = position
            # what ends at a position comes before what begins there
            pieces += [*self._behind.get(position, ()), *self._before.get(position, ())]
            if position in self._instead:
                done, new = self._instead[position]
                pieces.append(new)
        return "".join(pieces) + self.text[done:]

    @cached_property
    def _lines(self) -> list[int]:
        """The positions at which lines begin."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def _position(self, line: int, column: int) -> int:
        """Return the index in the text of a position as ``ast`` has it: a line from 1, a column in bytes of UTF-8."""
        begin = self._lines[line - 1]
        code = self.text[begin : begin + column]
        if code.isascii():  # then bytes and characters are the same, which is so in nearly all lines
            return begin + column
        whole = self.text[begin : self._lines[line] if line < len(self._lines) else len(self.text)]
        return begin + len(whole.encode()[:column].decode())


def add_import(text: str, module: str) -> str:
    """Return *text* with an import of *module* before its other imports, behind docstring and ``__future__``."""
    body = ast.parse(text).body
    first = int(bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant))
    while first < len(body) and _is_future(body[first]):
        first += 1
    imports = [node for node in body[first:] if isinstance(node, ast.Import | ast.ImportFrom)]
    before = imports[0] if imports else (body[first] if first < len(body) else None)
    lines = text.split("\n")
    at = _first_line(before) - 1 if before is not None else len(lines) - 1
    return "\n".join([*lines[:at], f"import {module}", *lines[at:]])


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
