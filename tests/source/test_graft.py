"""The three-way merge on its own: base is what libcst prints, source what it was given, edited what it prints later."""

from __future__ import annotations

import pytest

from lnpatch.source.graft import GraftConflict, KeptLines, graft_changes

MERGED = [
    pytest.param("a\nb\n", "a\nb\n", "a\nx\nb\n", "a\nx\nb\n", id="no layout"),
    pytest.param("a\nb\n", "a \nb\n", "a\nx\n", "a \nx\n", id="neighbours"),
    pytest.param("a\nb\n", "a \nb\n", "a\nx\nb\n", "a \nx\nb\n", id="insertion behind layout"),
    pytest.param("a\nb\n", "a\nb \n", "a\nx\nb\n", "a\nx\nb \n", id="insertion before layout"),
    pytest.param("a b:\n", "a b :\n", "a c:\n", "a c :\n", id="same line"),
    pytest.param("  a = 1\n", "\ta = 1\n", "  a = 2\n", "\ta = 2\n", id="indentation"),
    pytest.param("a\nb", "a\rb", "a\nc", "a\rc", id="line end"),
    pytest.param("a\n  \n", "a\n\n  \n", "a\nb\n  \n", "a\nb\n\n  \n", id="dropped blank line"),
    pytest.param("a\n", "a\n \n", "a\nb\n", "a\n \nb\n", id="insertion at a dropped line"),
    pytest.param("a\n", "a\n  ", "a\nb\n", "a\nb\n  ", id="insertion at a dropped end"),
    pytest.param("a\nb:\nc\n", "a\nb :\nc\n", "a\nc\n", "a\nc\n", id="deletion"),
    pytest.param("a\n(b):\nc\n", "a\n(b ):\nc\n", "a\nx\ny\nc\n", "a\nx\ny\nc\n", id="rewritten"),
    pytest.param("a\x0bb\nc\n", "a\x0bb \nc\n", "a\x0bb\nd\n", "a\x0bb \nd\n", id="no line ends of Unicode"),
]

CONFLICTS = [
    pytest.param("a\nb:\n", "a\nb :\n", "a\nb as c:\n", 2, id="same point"),
    pytest.param("x\ny\n    a\n", "x\ny\n\ta\n", "x\ny\n      a\n", 3, id="same blanks"),
    pytest.param("x\na\n", "x\n# c\na\n", "x\nb\na\n", 2, id="more than blanks dropped"),
]


@pytest.mark.parametrize(("base", "source", "edited", "merged"), MERGED)
def test_merge(base: str, source: str, edited: str, merged: str) -> None:
    result = graft_changes(base, source, edited)
    assert result.text == merged
    old, new = source.splitlines(), result.text.splitlines()
    for run in result.kept:
        assert old[run.source : run.source + run.length] == new[run.result : run.result + run.length]


@pytest.mark.parametrize(("base", "source", "edited", "line"), CONFLICTS)
def test_conflict(base: str, source: str, edited: str, line: int) -> None:
    with pytest.raises(GraftConflict) as caught:
        graft_changes(base, source, edited)
    assert caught.value.line == line


def test_lines_of_the_source() -> None:
    result = graft_changes("a\nb\nc\nd\n", "a\nb\nc\nd\n", "a\nx\ny\nc\nz\nd\n")
    assert result.kept == (KeptLines(0, 0, 1), KeptLines(2, 3, 1), KeptLines(3, 5, 1))
    assert [result.source_line(line) for line in range(1, 8)] == [1, 2, 2, 3, 3, 4, 4]
    assert result.first_change == 2
