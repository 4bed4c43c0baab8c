"""Compare code by structure: two pieces are the same where they differ in layout, quotes or import names only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from lnpatch.syntax.tree import LAYOUT, field_names, string_value

#: Fields that hold layout or punctuation, whatever their name begins with.
_IGNORED = frozenset({"lpar", "rpar", "comma", "semicolon", "leading_lines", "lines_after_decorators", "header", "footer",
                      "trailing_whitespace", "equal", "indent", "asynchronous"})  # fmt: skip
_STRINGS = (cst.SimpleString, cst.ConcatenatedString)
_SUITES = (cst.IndentedBlock, cst.SimpleStatementSuite, cst.Module)


@dataclass
class CodeComparison:
    """Compares a pattern with the code of a file."""

    #: What a name of the file means through its imports, ``sp`` for ``scipy.sparse``; other names mean themselves.
    imported: Mapping[str, str] = field(default_factory=dict)
    #: Gives the Python 2 token behind a source placeholder, None for an ordinary name.
    original_token: Callable[[str], str | None] = lambda name: None
    #: After a match: the code of the file for each name or dotted name of the pattern.
    matched_names: dict[str, cst.BaseExpression] = field(default_factory=dict)

    def matches(self, pattern: cst.CSTNode, code: cst.CSTNode) -> bool:
        """Return whether *code* is what *pattern* says; sets :attr:`matched_names`."""
        self.matched_names = {}
        return self._same(pattern, code)

    def _same(self, a: cst.CSTNode, b: cst.CSTNode) -> bool:
        if isinstance(a, _STRINGS) and isinstance(b, _STRINGS):
            return string_value(a) is not None and string_value(a) == string_value(b)
        if isinstance(a, _SUITES) and isinstance(b, _SUITES):
            return self._all_same(_statements(a), _statements(b))
        path_a, path_b = dotted_name(a), dotted_name(b)
        if path_a is not None and path_b is not None:
            assert isinstance(b, cst.BaseExpression)
            self.matched_names[path_a] = b
            return path_a == self._full_name(path_b)
        if type(a) is not type(b):
            return False
        if isinstance(a, cst.Comparison) and isinstance(b, cst.Comparison) and self._same_swapped(a, b):
            return True
        return all(
            self._same_field(getattr(a, name), getattr(b, name))
            for name in field_names(type(a))
            if name not in _IGNORED and not name.startswith("whitespace")
        )

    def _same_swapped(self, a: cst.Comparison, b: cst.Comparison) -> bool:
        """Return whether ``x == y`` is written the other way round."""
        if len(a.comparisons) != 1 or len(b.comparisons) != 1:
            return False
        left, right = a.comparisons[0], b.comparisons[0]
        if type(left.operator) is not type(right.operator) or not isinstance(left.operator, (cst.Equal, cst.NotEqual)):
            return False
        return self._same(a.left, right.comparator) and self._same(left.comparator, b.left)

    def _same_field(self, a: object, b: object) -> bool:
        if isinstance(a, cst.CSTNode) and isinstance(b, cst.CSTNode):
            return isinstance(a, LAYOUT) or self._same(a, b)
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            return self._all_same(a, b)
        return a == b

    def _all_same(self, a: Sequence[cst.CSTNode], b: Sequence[cst.CSTNode]) -> bool:
        return len(a) == len(b) and all(map(self._same, a, b))

    def _full_name(self, path: str) -> str:
        """Return a dotted name of the file as its imports mean it."""
        root, dot, rest = path.partition(".")
        return self.imported.get(root, self.original_token(root) or root) + dot + rest


def dotted_name(node: cst.CSTNode) -> str | None:
    """Return ``a.b.c`` for a name or a chain of attributes of one, None for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    return ".".join([node.value, *reversed(parts)])


def without_docstring(function: cst.FunctionDef) -> cst.FunctionDef:
    """Return *function* without its docstring, so that documentation is no difference."""
    body = function.body
    if function.get_docstring() is not None and len(body.body) > 1:
        return function.with_changes(body=body.with_changes(body=body.body[1:]))
    return function


def _statements(suite: cst.IndentedBlock | cst.SimpleStatementSuite | cst.Module) -> list[cst.CSTNode]:
    """Return the statements of a suite one by one, however they are divided into lines."""
    statements: list[cst.CSTNode] = []
    for statement in suite.body:
        statements.extend(statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement])
    return statements
