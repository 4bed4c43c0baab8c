"""Replace one expression or statement by another, wherever its structure stands; for repairs.

Layout, quotes, brackets and the names under which modules were imported make no difference. What the recipe writes with
full names (``scipy.sparse.eye``) is found, and written, under the names that the file uses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Edit, Outcome, State, edit_kind
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst


@edit_kind
@dataclass(frozen=True, kw_only=True)
class ReplaceCode(Edit):
    """Replace *find* by *put*, in *function* (the whole file without one), where it stands *count* times."""

    kind: ClassVar[str] = "replace"

    find: str
    put: str
    function: str = ""
    count: int = 1

    def problems(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems`."""
        yield from super().problems()
        found: list[bool] = []
        for key, code in (("find", self.find), ("put", self.put)):
            try:
                statements = ast.parse(code).body
            except SyntaxError as error:
                yield key, f"expected an expression or a statement that is Python 2 and 3 alike ({error.msg})"
            else:
                if len(statements) != 1 or hasattr(statements[0], "body"):
                    yield key, "expected one expression or one simple statement"
                found.append(bool(statements) and isinstance(statements[0], ast.Expr))
        if len(set(found)) > 1:
            yield "put", "expected an expression for an expression, a statement for a statement"
        if self.count < 1:
            yield "count", f"expected 1 or more, found {self.count}"

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        return [f"{self.function}: {self.find}" if self.function else self.find]

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        where = f" in {self.function}()" if self.function else ""
        times = f", {self.count} times" if self.count > 1 else ""
        return f"replace `{self.find}` by `{self.put}`{where}{times}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        from lnpatch.syntax.compare import Comparison
        from lnpatch.syntax.names import Names, Rename
        from lnpatch.syntax.tree import NotOne, find_function, has_comment, replace, walk

        scope: cst.CSTNode = context.module
        if self.function:
            function = find_function(context.module, self.function)
            if isinstance(function, NotOne):
                return self.absent(context, function)
            scope = function.body
        imported = {local: origin for local, origin in Names.of(context.module).imported.items() if local != origin}
        compare = Comparison(imported, context.source.original_token)
        find, put = _pattern(self.find), _pattern(self.put)
        new: dict[cst.CSTNode, cst.CSTNode] = {}
        in_place = 0
        inside: set[int] = set()
        for node in walk(scope):
            if id(node) in inside:
                continue
            if type(node) is type(put) and compare.matches(put, node):
                in_place += 1
            elif type(node) is type(find) and compare.matches(find, node):
                spelled = {path: context.module.code_for_node(code) for path, code in compare.names.items()}
                new[node] = _as(node, put.visit(Rename(spelled)))
            else:
                continue
            inside.update(id(below) for below in walk(node))
        if in_place == self.count and not new:
            return self.outcome(context, State.IN_PLACE)
        if in_place + len(new) != self.count:
            detail = f"`{self.find}` is expected {self.count}x and stands there {in_place + len(new)}x"
            return self.outcome(context, State.NOT_FOUND, detail, candidates=self._similar(scope, context))
        if commented := [node for node in new if has_comment(node)]:
            detail = "a comment stands inside of the code that would be replaced"
            return self.outcome(context, State.COLLISION, detail, context.line(commented[0]))
        return self.outcome(context, State.TO_DO, module=replace(context.module, new))

    def _similar(self, scope: cst.CSTNode, context: Context) -> tuple[str, ...]:
        from lnpatch.syntax.literals import shown
        from lnpatch.syntax.tree import walk

        kind = type(_pattern(self.find))
        there = {shown(node, context.source): node for node in walk(scope) if type(node) is kind}
        return tuple(f"{code} (line {context.line(there[code])})" for code in close_matches(self.find, there))


def _pattern(code: str) -> cst.CSTNode:
    """The node of one expression or one simple statement."""
    import libcst as cst

    line = cst.ensure_type(cst.parse_module(code).body[0], cst.SimpleStatementLine)
    (statement,) = line.body
    return statement.value if isinstance(statement, cst.Expr) else statement


def _as(old: cst.CSTNode, new: cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode]) -> cst.CSTNode:
    """*new* with the brackets or the semicolon of the node that it replaces."""
    import libcst as cst

    assert isinstance(new, cst.CSTNode)
    shared = {name for name in ("lpar", "rpar", "semicolon") if hasattr(old, name) and hasattr(new, name)}
    return new.with_changes(**{name: getattr(old, name) for name in shared})
