"""What is refused, and that the message names the file, the line and the reason."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst
import pytest

from lnpatch.errors import EditRefusedError, SourceSyntaxError
from lnpatch.source import Source, check_syntax
from tests.source.edits import Edit, rename


def replace(kind: type[cst.CSTNode], change: Callable[[cst.CSTNode], cst.CSTNode]) -> Edit:
    """Change every node of one kind."""

    class Replace(cst.CSTTransformer):
        def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:
            return change(updated_node) if isinstance(updated_node, kind) else updated_node

    return lambda module: module.visit(Replace())


def first_element(node: cst.Tuple) -> cst.BaseExpression:
    return node.elements[0].value


def without_last_element(node: cst.Tuple) -> cst.Tuple:
    return node.with_changes(elements=node.elements[:-1])


def in_a_call(node: cst.Expr) -> cst.Expr:
    return cst.Expr(cst.Call(cst.Name("f"), [cst.Arg(node.value)]))


REFUSED = [
    pytest.param(
        b"x = 1\nprint x\n",
        replace(cst.Tuple, first_element),
        (2, "it cuts `print` off from its arguments"),
        id="print",
    ),
    pytest.param(
        b"x\n\nexec x\n", replace(cst.Tuple, first_element), (3, "it cuts `exec` off from its arguments"), id="exec"
    ),
    pytest.param(
        b"x = 0777\n\nprint x\n",
        replace(cst.Expr, in_a_call),
        (3, "its result is not valid Python"),
        id="print in a call",
    ),
    pytest.param(
        b"try:\n  a\nexcept E, e:\n  b\n",
        replace(cst.IfExp, lambda node: node.with_changes(body=node.test, test=node.body)),
        (3, "it parts the exception of an `except` from its name"),
        id="except",
    ),
    pytest.param(
        b"a\nraise E, e\n",
        replace(cst.IfExp, lambda node: node.test),
        (2, "it parts the exception of a `raise` from its value"),
        id="raise",
    ),
    pytest.param(
        b"a\nx = `a`\n",
        replace(cst.Tuple, first_element),
        (2, "it cuts a backquoted expression open"),
        id="backquotes",
    ),
    pytest.param(
        b"a\nx = `a`\n",
        replace(cst.Tuple, without_last_element),
        (2, "its result is not valid Python"),
        id="one of two backquotes",
    ),
    pytest.param(
        b"a\nx = a <> b\n",
        replace(cst.Comparison, lambda node: node.with_changes(comparisons=node.comparisons[:1])),
        (2, "it changes half of a `<>`"),
        id="unequal",
    ),
    pytest.param(
        b"a\nx = [a for a in 1, 2]\n",
        replace(cst.Tuple, without_last_element),
        (2, "its result is not valid Python"),
        id="list of a comprehension",
    ),
    pytest.param(
        b"a\nx = ur'a'\n",
        replace(cst.SimpleString, lambda node: node.with_changes(value=node.value[1:])),
        (2, "it changes how a string literal begins"),
        id="prefix of a string",
    ),
    pytest.param(
        b"def f(a, (b,\n  c)):\n  x\n",
        replace(cst.Param, lambda node: node.with_changes(whitespace_after_param=cst.SimpleWhitespace(""))),
        (1, "it takes a tuple parameter apart"),
        id="tuple parameter",
    ),
    pytest.param(
        b"x = 1\nold = 2\ny = 3\n", rename("old", "class"), (2, "its result is not valid Python"), id="not a name"
    ),
    pytest.param(
        b"# coding: latin-1\nprint old\n",
        rename("old", "\u0142"),
        (2, "'\u0142' cannot be written in latin-1, the encoding of the file"),
        id="encoding",
    ),
    pytest.param(
        b"\nprint old\n",
        rename("old", "\u0142"),
        (2, "it adds '\u0142', but the file declares no encoding"),
        id="ASCII",
    ),
    pytest.param(
        b"# \xe9\n\nold\n",
        rename("old", "\xe8"),
        (3, "it adds '\xe8', but the file declares no encoding"),
        id="guessed",
    ),
    pytest.param(
        b"a\ntry: a\nexcept old :\n  b\n",
        replace(cst.ExceptHandler, lambda node: node.with_changes(name=cst.AsName(cst.Name("e")))),
        (3, "it changes a line in the place where libcst cannot keep its layout"),
        id="layout",
    ),
    pytest.param(
        b"if x:\n  y\n\\\nold\n",
        rename("old", "z"),
        (3, "libcst misreads the layout of this file"),
        id="misread layout",
    ),
]


@pytest.mark.parametrize(("data", "edit", "expected"), REFUSED)
def test_refused_edit(data: bytes, edit: Edit, expected: tuple[int, str]) -> None:
    source = Source.read(data, "lib/m.py")
    with pytest.raises(EditRefusedError) as caught:
        source.write(edit(source.module))
    line, reason = expected
    assert (caught.value.file, caught.value.line) == ("lib/m.py", line)
    assert caught.value.reason.startswith(reason)


INVALID = [
    pytest.param(b"x = 1\nx = ?\n", 2, id="character"),
    pytest.param(b"print 1\nx = (1,\n\n", 2, id="bracket"),
    pytest.param(b"print 1\ny = 1\nx = 08\n", 3, id="number"),
    pytest.param(b"print 1\nif x:\ny\n", 3, id="no block"),
    pytest.param(b"print 1\nif x:\n    y\n  z\n", 4, id="dedent"),
    pytest.param(b"print 1\n\nx = 1 +\n", 3, id="expression"),
    pytest.param(b"print 1\n\ndef f(a, a=1, b): pass\n", 3, id="parameters"),
    pytest.param(b"print 1\nraise E,\n", 2, id="raise"),
    pytest.param(b"x = 1\nx = '''\n\n", 2, id="string"),
    pytest.param(b"x = 1\ny = 2\x00\n", 2, id="null"),
    pytest.param("x = 1\n".encode("utf-16"), 1, id="utf-16"),
]


@pytest.mark.parametrize(("data", "line"), INVALID)
def test_neither_grammar(data: bytes, line: int) -> None:
    for read in (Source.read, check_syntax):
        with pytest.raises(SourceSyntaxError) as caught:
            read(data, "lib/m.py")
        assert (caught.value.file, caught.value.line) == ("lib/m.py", line)
        assert caught.value.reason
