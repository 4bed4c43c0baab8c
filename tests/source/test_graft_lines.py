"""The lines that messages name when an edit is carried over to the source, and the layout that is kept around it."""

from __future__ import annotations

import pytest

from lnpatch.source.graft import GraftConflict, KeptLines, graft_changes, split_lines

#: (source, edited, the lines of the source that became the lines of the result, the first change), a letter a line
LINES = [
    ("abcd", "abcd", [1, 2, 3, 4], 5),
    ("abcd", "axyd", [1, 2, 3, 4], 2),  # as many lines in the place of two
    ("abcd", "axyzd", [1, 2, 3, 3, 4], 2),  # more lines: the rest belongs to the last one
    ("abcd", "axd", [1, 2, 4], 2),
    ("abcd", "ad", [1, 4], 2),
    ("ab", "xab", [1, 1, 2], 1),  # put before the first line
    ("ab", "abx", [1, 2, 2], 3),  # put behind the last line
    ("ab", "axb", [1, 1, 2], 2),
    ("ab", "xy", [1, 2], 1),  # no line is kept
    ("a", "xyz", [1, 1, 1], 1),
    ("abcdefgh", "axydewxh", [1, 2, 3, 4, 5, 6, 7, 8], 2),  # two places
    ("abcdefgh", "axyzdewxh", [1, 2, 3, 3, 4, 5, 6, 7, 8], 2),
    ("abcdefgh", "adewxh", [1, 4, 5, 6, 7, 8], 2),
    ("abcd", "bcxd", [2, 3, 3, 4], 1),
]


@pytest.mark.parametrize(("source", "edited", "lines", "first"), LINES)
def test_lines_of_the_source(source: str, edited: str, lines: list[int], first: int) -> None:
    base, after = ("".join(letter + "\n" for letter in text) for text in (source, edited))
    result = graft_changes(base, base, after)
    assert result.text == after
    assert [result.source_line(line) for line in range(1, len(edited) + 1)] == lines
    assert result.first_change == first
    assert result.source_length == len(source)


def test_kept_lines_behind_layout_of_other_length() -> None:
    result = graft_changes("a\nb\nc\nd\n", "a\n \n \nb\nc\nd\n", "a\nb\nX\nY\nd\n")
    assert result.text == "a\n \n \nb\nX\nY\nd\n"
    assert result.kept == (KeptLines(0, 0, 1), KeptLines(1, 1, 2), KeptLines(3, 3, 1), KeptLines(5, 6, 1))
    assert [result.source_line(line) for line in range(1, 8)] == [1, 2, 3, 4, 5, 5, 6]


#: (base, source, edited, merged)
MERGED = [
    pytest.param("a b:\n", "a b :\n", "a b:\n", "a b :\n", id="no edit"),
    pytest.param("a b c d:\n", "a  b c d :\n", "a b X d:\n", "a  b X d :\n", id="layout at both ends of a line"),
    pytest.param("f(a):\n", "f( a ) :\n", "g(a):\n", "g( a ) :\n", id="name changed, layout kept"),
    pytest.param("a (b) c\n", "a ( b) c\n", "a X c\n", "a X c\n", id="layout within what is rewritten"),
    pytest.param("a\nb\n", "a\n\x0c\nb\n", "a\nX\n", "a\n\x0c\nX\n", id="form feed before a changed line"),
    pytest.param("a\n\tb\n", "a\n        b\n", "a\n\tb\n\tc\n", "a\n        b\n\tc\n", id="line added behind"),
]


@pytest.mark.parametrize(("base", "source", "edited", "merged"), MERGED)
def test_layout_is_kept(base: str, source: str, edited: str, merged: str) -> None:
    assert graft_changes(base, source, edited).text == merged


#: (base, source, edited, the line of the source)
CONFLICTS = [
    pytest.param("a b\nc d:\n", "a  b\nc d :\n", "a   b\nc d:\n", 1, id="first line"),
    pytest.param("a b\nc d\ne f\n", "a b\nc  d\ne f\n", "a b\nc   d\ne f\n", 2, id="second line"),
    pytest.param("a\nb c\n", "\n\na\nb  c\n", "a\nb   c\n", 4, id="behind lines that libcst drops"),
    pytest.param("a\n", "a\n# 1\n", "a\nb\n", 2, id="a comment that libcst drops"),
    pytest.param("z\nx\na\n", "z\nx\n# c\na\n", "z\nx\nb\na\n", 3, id="and lines before it"),
]


@pytest.mark.parametrize(("base", "source", "edited", "line"), CONFLICTS)
def test_the_line_of_a_conflict(base: str, source: str, edited: str, line: int) -> None:
    with pytest.raises(GraftConflict) as caught:
        graft_changes(base, source, edited)
    assert (caught.value.line, caught.value.args) == (line, (line,))


def test_split_lines() -> None:
    assert split_lines("a\nb\r\nc\rd\x0be\x0c\u2028f") == ["a\n", "b\r\n", "c\r", "d\x0be\x0c\u2028f"]
    assert split_lines("\n\r\r\n") == ["\n", "\r", "\r\n"]
    assert split_lines("") == []
