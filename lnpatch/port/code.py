"""One Python 3 file while it is rewritten: its tree, what its names mean, and the changes made to its text so far.

Changes are pieces put before, behind or in the place of code, by position, so that all else stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lnpatch.port.scopes import Scopes

#: The module of the run-time helper; see templates/pytensor.
HELPER = "lnpatch_py2"


@dataclass
class Code:
    """A file's text, and what rules make of it; a remark is a line (1-based) and what a person has to know about it."""

    text: str
    remarks: list[tuple[int, str]] = field(default_factory=list)
    _before: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _behind: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _instead: dict[int, tuple[int, str]] = field(default_factory=dict)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def scopes(self) -> Scopes:
        """What the names mean."""
        return Scopes(self.tree)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, those above before those below."""
        return list(ast.walk(self.tree))

    def calls(self) -> Iterator[ast.Call]:
        """All calls."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Where *node* begins in the text."""
        return self._position(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Where *node* ends in the text."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._position(node.end_lineno, node.end_col_offset)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of *node*."""
        return self.text[self.start(node) : self.end(node)]

    def operator(self, left: ast.expr, right: ast.expr, spelled: str) -> tuple[int, int]:
        """Where the operator between two operands stands, whatever brackets and comments stand there too."""
        begin = self.end(left)
        gap = re.sub(r"#[^\n]*", lambda match: " " * len(match[0]), self.text[begin : self.start(right)])
        found = re.search(re.escape(spelled).replace(r"\ ", r"\s+"), gap)
        assert found is not None
        return begin + found.start(), begin + found.end()

    def helper(self, node: ast.expr, name: str) -> None:
        """Put a function of the helper in the place of *node*."""
        self.replace(self.start(node), self.end(node), f"{HELPER}.{name}")

    def wrap(self, node: ast.expr, before: str, behind: str) -> None:
        """Put text around *node*; what is wrapped later stands inside."""
        self._before[self.start(node)].append(before)
        self._behind[self.end(node)].insert(0, behind)

    def append(self, node: ast.expr, new: str) -> None:
        """Put text behind *node*, outside of all that it has been wrapped in."""
        self._behind[self.end(node)].append(new)

    def replace(self, start: int, end: int, new: str) -> None:
        """Put other text in the place of a piece that holds no code with changes of its own."""
        self._instead[start] = (end, new)

    def remark(self, node: ast.expr | ast.stmt, message: str) -> None:
        """Note what is left to a person."""
        self.remarks.append((node.lineno, message))

    def rewritten(self) -> str:
        """The text with all changes made."""
        pieces: list[str] = []
        done = 0
        for position in sorted({*self._before, *self._behind, *self._instead}):
            pieces.append(self.text[done:position])
            done = position
            pieces += [*self._behind.get(position, ()), *self._before.get(position, ())]
            if position in self._instead:
                done, new = self._instead[position]
                pieces.append(new)
        return "".join(pieces) + self.text[done:]

    @cached_property
    def _lines(self) -> list[int]:
        """Where the lines begin."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def _position(self, line: int, column: int) -> int:
        """The index in the text of a position as ``ast`` gives it: a line from 1, a column in bytes of UTF-8."""
        begin = self._lines[line - 1]
        code = self.text[begin : begin + column]
        if code.isascii():
            return begin + column
        whole = self.text[begin : self._lines[line] if line < len(self._lines) else len(self.text)]
        return begin + len(whole.encode()[:column].decode())


def with_import(text: str, module: str) -> str:
    """*text* with an import of *module* before its other imports, behind docstring and ``__future__``."""
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
