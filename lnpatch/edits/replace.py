"""Replace one expression or statement by another, wherever code of its structure is; for repairs.

Layout, quotes, brackets and the names under which modules were imported make no difference. What the recipe writes with
full names (``scipy.sparse.eye``) is found, and written, under the names that the file uses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from lnpatch import syntax
from lnpatch.edits import Edit, EditContext, EditOutcome, EditState, edit_kind

if TYPE_CHECKING:
    import libcst as cst


#: The recipe placeholders in code.
_CELL = re.compile(r"\{(?:cell|baseline)\}")


@edit_kind
@dataclass(frozen=True, kw_only=True)
class ReplaceCode(Edit):
    """Replace code by other code.

    For example, with ``find = "scipy.sparse.eye(n)"`` and ``put = "scipy.sparse.eye(n, format='csr')"``::

         import scipy.sparse as sp
        -m = sp.eye( n )  # one-hot
        +m = sp.eye(n, format='csr')  # one-hot
    """

    kind: ClassVar[str] = "replace"

    #: The code to replace: one expression or one simple statement. ``{cell}`` and ``{baseline}`` are filled in, other
    #: braces are the code's own.
    find: str
    #: The code to put in its place, of the same sort.
    put: str
    #: The qualified name of the function to look in; without one, the whole file is meant.
    function: str = ""
    #: How many times the code has to be there.
    count: int = 1

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        are_expressions: list[bool] = []
        for key, code in (("find", _CELL.sub("cell", self.find)), ("put", _CELL.sub("cell", self.put))):
            try:
                # With the running Python's parser, which starts in no time; libcst would cost `lnpatch show` 200 ms.
                statements = ast.parse(code).body
            except SyntaxError as error:
                yield key, f"expected an expression or a statement that is Python 2 and 3 alike ({error.msg})"
            else:
                if len(statements) != 1 or hasattr(statements[0], "body"):
                    yield key, "expected one expression or one simple statement"
                are_expressions.append(bool(statements) and isinstance(statements[0], ast.Expr))
        if len(set(are_expressions)) > 1:
            yield "put", "expected an expression for an expression, a statement for a statement"
        if self.count < 1:
            yield "count", f"expected 1 or more, found {self.count}"

    def texts(self) -> Iterator[tuple[str, str]]:
        # code may have braces of its own, which are no placeholders of a recipe
        for key, code in (("find", self.find), ("put", self.put)):
            yield key, " ".join(_CELL.findall(code))

    def names(self, values: Mapping[str, str]) -> list[str]:
        find = _fill_code(self.find, values)
        return [f"{self.function}: {find}" if self.function else find]

    def describe(self, values: Mapping[str, str]) -> str:
        where = f" in {self.function}()" if self.function else ""
        times = f", {self.count} times" if self.count > 1 else ""
        return f"replace `{_fill_code(self.find, values)}` by `{_fill_code(self.put, values)}`{where}{times}"

    def run(self, context: EditContext) -> EditOutcome:
        find, put = (_fill_code(code, context.values) for code in (self.find, self.put))
        scope: cst.CSTNode = context.module
        if self.function:
            function = syntax.find_function(context.module, self.function)
            if isinstance(function, syntax.NoUniqueMatch):
                # in a function of another name the code is there all the same
                everywhere = syntax.substitute_code(context.module, scope, find, put, context.source.original_token)
                return self.anchor_missing(context, replace(function, absent=function.absent and not everywhere.count))
            scope = function.body
        code = syntax.substitute_code(context.module, scope, find, put, context.source.original_token)
        # Places that somebody has repaired by hand count as well; the others are still done.
        if not code.count:
            detail = f"`{find}` is not there"
            similar = syntax.find_similar_code(context.module, scope, find, context.source)
            return self.make_outcome(context, EditState.NOT_FOUND, detail, candidates=similar, absent=True)
        if code.count != self.count:
            detail = f"`{find}` is expected {self.count}x and was found {code.count}x"
            similar = syntax.find_similar_code(context.module, scope, find, context.source)
            return self.make_outcome(context, EditState.NOT_FOUND, detail, candidates=similar)
        if not code.replacements:
            return self.make_outcome(context, EditState.IN_PLACE)
        if commented := [node for node in code.replacements if syntax.has_comment(node)]:
            detail = "there is a comment inside of the code that would be replaced"
            return self.make_outcome(context, EditState.COLLISION, detail, context.line_of(commented[0]))
        module = syntax.replace_nodes(context.module, code.replacements)
        return self.make_outcome(context, EditState.TO_DO, module=module)


def _fill_code(code: str, values: Mapping[str, str]) -> str:
    """Return code with the recipe placeholders in it filled in."""
    return _CELL.sub(lambda match: values[match[0][1:-1]], code)
