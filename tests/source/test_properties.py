"""Generated files of Python 2 and 3 in any layout: an unedited tree, and an edit taken back, give the bytes back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnpatch.errors import SourceSyntaxError
from lnpatch.source import Source
from tests.source.edits import check_identity, check_undo, rename, write

BOTH = [
    "old = 1",
    "x = old  # c",
    "x = (old,\n  # c\n\n      2)",
    "x = '''\n\ta  \n'''",
    "x = [old ,\\\n  1]",
    "def f(a, b=old) : return a",
    "import a . b  as old",
    "x = u'\xe9', old;",
    "class A( object ): pass",
    "print(old)",
    "\\\nx = old",
    "assert old, 'a' ; x = 1",
]
PYTHON2 = [
    "print old",
    "print >>old, 'x',",
    "exec old in x",
    "raise E, old",
    "x = 0777, 10L, old",
    "x = `old`, `1`",
    "x = old <> 1",
    "x = ur'a', old",
    "x = [old for y in 1, 2]",
    "def f((a, b), c=old): print a",
    "f = lambda (a, b): old",
    "try: x\nexcept E, old : y",
    "async = old.await",
]
PYTHON3 = [
    "print(old, end='')",
    "x: int = old",
    "x = f'{old}', 1_000",
    "async def f(): await old",
    "def f(a, *, b: old = 1) -> None: pass",
    "x = (y := old)",
    "try: x\nexcept E as old: y",
    "raise E from old",
]
HEADERS = ["if old:", "while x :", "for x in old:  # c", "class B:", "def g(x):", "with old as x:", "if x:"]
JUNK = ["", "\n", "# end", "   ", "\n\n  \n", "\x0c\n", "\n    # c\n", "\t"]


@st.composite
def files(draw: st.DrawFn, fragments: list[str]) -> bytes:
    """A file of these statements in blocks, with comments and blank lines, in a layout of its own."""
    indent = draw(st.sampled_from(["    ", "  ", "\t", "        "]))
    lines: list[str] = []

    def block(depth: int) -> None:
        for _ in range(draw(st.integers(1, 4))):
            kind = draw(st.integers(0, 9))
            if kind == 0:
                lines.append(draw(st.sampled_from(["", "# comment", indent * depth + "# c", "   ", "\x0c"])))
            if kind < 3 and depth < 3:
                lines.append(indent * depth + draw(st.sampled_from(HEADERS)))
                block(depth + 1)
            else:
                fragment = draw(st.sampled_from(fragments))
                if lines and fragment.startswith("\\"):
                    fragment = fragment[2:]  # behind a block, libcst takes the next line for a part of it
                head, *rest = fragment.split("\n")
                keep = "(" in head or "[" in head or "'''" in head  # what follows is within brackets
                lines.append(indent * depth + head)
                lines.extend(line if keep else indent * depth + line for line in rest)

    block(0)
    newlines = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\r\n", "\r"]]))
    ended = [line + (newlines[0] if len(newlines) == 1 else draw(st.sampled_from(newlines))) for line in lines]
    text = "".join(ended) + draw(st.sampled_from(JUNK))
    prefix, encoding = draw(
        st.sampled_from([(b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8"), (b"# coding: latin-1\n", "latin-1")])
    )
    return prefix + text.encode(encoding)


CASES = pytest.mark.parametrize("fragments", [BOTH, BOTH + PYTHON2, BOTH + PYTHON3], ids=["both", "2", "3"])


@CASES
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_identity(fragments: list[str], data: st.DataObject) -> None:
    check_identity(data.draw(files(fragments)))


@pytest.mark.cases_by_default(1)
@CASES
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_insert_and_remove(fragments: list[str], data: st.DataObject) -> None:
    check_undo(data.draw(files(fragments)))


@pytest.mark.cases_by_default(1)
@CASES
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_rename_and_back(fragments: list[str], data: st.DataObject) -> None:
    file = data.draw(files(fragments))
    edited = write(file, rename("old", "renamed"))
    assert edited == file.replace(b"old", b"renamed")
    assert write(edited, rename("renamed", "old")) == file


@given(text=st.text("'\"\\()[]{}`#\n\r\t \x0c:;,.=<>01lLuUrRbB-+@!?eé\x00") | st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    line = _refused_line(data)
    if line is None:
        check_identity(data)
    else:
        assert 1 <= line <= text.count("\n") + text.count("\r") + 1


def _refused_line(data: bytes) -> int | None:
    try:
        Source.read(data)
    except SourceSyntaxError as refused:
        return refused.line
    return None
