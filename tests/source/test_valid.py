"""Valid Python that libcst does not read by itself: it is read all the same, or what is said is true."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import libcst as cst
import pytest

from lnpatch.errors import SourceSyntaxError, SourceUnreadableError
from lnpatch.runtimes.find_python2 import compile_errors
from lnpatch.source import Source

OPERANDS = ["(a if b else c)", "(lambda: a)", "(a)", "[a]", "{a}", "'a'", "-a", "~a", ".5", "...", "`a`"]
BEFORE_OPERANDS = [
    "def f():\n    return{}",
    "def f():\n    yield{}",
    "def f():\n    x = (yield{})",
    "x = y if{}else{}",
    "x = not{}",
    "x = a in{}",
    "x = a not in{}",
    "x = a is{}",
    "x = a is not{}",
    "x = a and{}",
    "x = 1or{}",
    "x = 1if a else{}",
    "if{}: pass\nelif{}: pass",
    "while{}: pass",
    "for a in{}: pass",
    "for(a)in{}: pass",
    "x = [a for a in{}if{}]",
    "assert{}, 1",
    "raise{}",
    "with{}: pass",
    "del(a)\nx = f(a for a in{})",
]
OTHERS = [
    "def f():\n    return*a, b",
    "def f():\n    yield*a, b",
    "for a in*b, c: pass",
    "x = lambda*a: b",
    "try: pass\nexcept(A): pass",
    "def f():\n    yield from(a if b else c)",
    "raise a from(b if c else d)",
    "async def f():\n    await(a if b else c)",
    "from.import a\nfrom. . .b import c\nx = not(a if b else c)",
    "x = a.b.c if(lambda: 1)else...",
    "if(lambda: 1):\n\tpass\n\tx = not(lambda: 2)",
    "match(x):\n    case(1) if(a if b else c): pass",
]
PYTHON2 = [
    "def f():\n    print (yield)",
    "def f():\n    print (yield), 1",
    "def f():\n    print(yield a)",
    "x[. . .] = a",
    "x[. . ., 1]",
    "x[1, . . .,]",
    "print not(a if b else c)",
    "exec(a if b else c)in d",
    "raise(a if b else c), 'x'",
    "print >>f,(a)if(b if c else d)else.5",
]


def check_edited(text: str) -> None:
    """Read a text, and add a statement: every other byte stays."""
    data = text.encode()
    source = Source.read(data, "a.py")
    assert source.write(source.module.with_changes(body=[*source.module.body])) == data
    edited = source.module.with_changes(body=[*source.module.body, cst.parse_statement("z = 2\n")])
    assert source.write(edited) == data + b"z = 2\n"


@pytest.mark.parametrize("operand", OPERANDS)
@pytest.mark.parametrize("statement", BEFORE_OPERANDS)
def test_a_keyword_needs_no_blank(statement: str, operand: str, python2: Path, tmp_path: Path) -> None:
    text = statement.replace("{}", operand) + "\n"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 1or is an invalid decimal literal to come
            ast.parse(text)
    except SyntaxError:
        (tmp_path / "a.py").write_text(text)
        if compile_errors(python2, [tmp_path / "a.py"]):
            pytest.skip("no Python at all")
    check_edited(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_spellings_of_python3(text: str) -> None:
    ast.parse(text)
    check_edited(text + "\n")


@pytest.mark.parametrize("text", PYTHON2)
def test_other_spellings_of_python2(text: str, python2: Path, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text + "\n")
    assert compile_errors(python2, [tmp_path / "a.py"]) == []
    check_edited(text + "\n")


def test_what_libcst_cannot_read_is_said_to_be_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(code: str) -> cst.Module:
        raise cst.CSTValidationError("no such spelling")

    monkeypatch.setattr(cst, "parse_module", refuse)
    with pytest.raises(SourceUnreadableError) as refused:
        Source.read(b"x = 1\n", "a.py")
    assert "valid Python" in refused.value.hint
    assert "no such spelling" in refused.value.message


@pytest.mark.parametrize(("text", "line"), [("x = 1\nreturn(\n", 2), ("a = 1\nb = (a if)\n", 2), ("x[. .]\n", 1)])
def test_what_is_not_valid_has_its_line(text: str, line: int) -> None:
    with pytest.raises(SourceSyntaxError) as refused:
        Source.read(text.encode(), "a.py")
    assert type(refused.value) is SourceSyntaxError
    assert refused.value.line == line
