"""Layout: what libcst loses stays, and what is added takes the layout of the file."""

from __future__ import annotations

import pytest

from lnpatch.source import Source
from tests.source.edits import append, check_identity, check_undo, insert_markers, rename, write

RENAMED = [
    pytest.param(b"print old\r\nx = 1\r\n", id="CRLF"),
    pytest.param(b"print old\rif x:\r\ty = '''\r'''\r", id="CR"),
    pytest.param(b"x = old\r\ny = 1\nif x:\r    print old\n", id="mixed"),
    pytest.param(b"if a:\n\tif b:\n\t\tprint old\n", id="tabs"),
    pytest.param(b"if a:\n\tx = 1\n        y = old\n\tprint y\n", id="tabs and spaces"),
    pytest.param(b"if a:\n    if b:\n\tprint old\n\tx = '''\n\told'''\n", id="a tab is eight spaces"),
    pytest.param(b"# coding: latin-1\nprint '\xe9', old # \xe9\n", id="latin-1"),
    pytest.param(b"print '\xe9\xff', old\n", id="no encoding"),
    pytest.param(b"x = b'\xe9', old\n", id="bytes"),
    pytest.param(b"# coding: euc-jp\nprint '\xb4\xc1', old\n", id="euc-jp"),
    pytest.param(b"\xef\xbb\xbfprint old\n", id="byte order mark"),
    pytest.param(b"\xef\xbb\xbf\x0cprint old\n", id="byte order mark and form feed"),
    pytest.param(b"\x0cprint old\n", id="form feed"),
    pytest.param(b"if a:\n    x = 1\n\x0c    y = old\n\x0c\nprint old\n", id="form feeds"),
    pytest.param(b"\\\nprint old\n", id="backslash at the start"),
    pytest.param(b"x = 1\n\\\nprint old\n", id="backslash between statements"),
    pytest.param(b"print old", id="no final newline"),
    pytest.param(b"print old\r", id="final bare CR"),
    pytest.param(b"print old\n\n   ", id="blanks at the end"),
    pytest.param(b"print old\n\n   \n\n  \n", id="blank lines at the end"),
    pytest.param(b"if a :\n  print old\n \n\t# c\n", id="comment at the end"),
    pytest.param(b"try:\n  print old\nexcept old :\n  x\n", id="blank before a colon"),
    pytest.param(b"try : print old\nexcept old  ,  e  :  x\n", id="blanks around a comma"),
    pytest.param(b"x  =  [ old ,1 ]  ;;"[:-1] + b" # c\n", id="blanks everywhere"),
]


@pytest.mark.parametrize("data", RENAMED)
def test_rename(data: bytes) -> None:
    check_identity(data)
    expected = data.replace(b"old", b"renamed").replace(b"\trenamed'''", b"\told'''")
    edited = write(data, rename("old", "renamed"))
    assert edited == expected
    assert write(edited, rename("renamed", "old")) == data


@pytest.mark.parametrize("data", RENAMED)
def test_append_and_undo(data: bytes) -> None:
    check_undo(data)


ADDED = [
    pytest.param(b"a\r\nb\r\n", b"a\r\nb\r\nif x:\r\n    y\r\n", id="CRLF"),
    pytest.param(b"a\nb\r\nc\r\n", b"a\nb\r\nc\r\nif x:\r\n    y\r\n", id="mostly CRLF"),
    pytest.param(b"a\rb\r", b"a\rb\rif x:\r    y\r", id="CR"),
    pytest.param(b"a\nb\rc\r", b"a\nb\rc\rif x:\n    y\n", id="a bare CR is no example"),
    pytest.param(b"if a:\n\tb\n", b"if a:\n\tb\nif x:\n\ty\n", id="tabs"),
    pytest.param(
        b"if a:\n  b\nif a:\n    b\nif a:\n    b\n",
        b"if a:\n  b\nif a:\n    b\nif a:\n    b\nif x:\n    y\n",
        id="mostly four spaces",
    ),
    pytest.param(
        b"if a:\n    b\nif a:\n\tb\nif a:\n\tb\n\tc\n        d\n",
        b"if a:\n    b\nif a:\n\tb\nif a:\n\tb\n\tc\n        d\nif x:\n\ty\n",
        id="mostly tabs",
    ),
    pytest.param(b"print a", b"print a\nif x:\n    y", id="no final newline"),
    pytest.param(b"", b"if x:\n    y", id="empty"),
    pytest.param(b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfa\nif x:\n    y\n", id="byte order mark"),
    pytest.param(b"a\n\n\n# end\n", b"a\nif x:\n    y\n\n\n# end\n", id="footer"),
]


@pytest.mark.parametrize(("data", "expected"), ADDED)
def test_added_lines_take_the_layout_of_the_file(data: bytes, expected: bytes) -> None:
    assert write(data, append("if x:\n        y\n")) == expected


def test_defaults() -> None:
    source = Source.read(b"a\nif x:\r\n  y\r\nif x:\r\n\ty\r\nif x:\r\n\ty\r\n")
    assert (source.newline, source.module.default_newline, source.module.default_indent) == ("\r\n", "\r\n", "\t")
    assert source.module.code == source.text


def test_added_next_to_lost_layout() -> None:
    data = b"def f():\n    try:\n        x\n    except E :\n        y\n"
    assert write(data, insert_markers) == (
        b"def f():\n    try:\n        x\n    except E :\n        y\n    lnpatch_marker = 1\nlnpatch_marker = 1\n"
    )


@pytest.mark.parametrize("data", [b"try: a\nexcept E :\n  b\nc\n", b"\x0ctry: a\nexcept E : b\nc\n"])
def test_a_statement_with_lost_layout_may_go(data: bytes) -> None:
    assert write(data, lambda module: module.with_changes(body=module.body[1:])) == b"c\n"
