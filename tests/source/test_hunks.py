"""What a merge is made of: the hunks of each side, their groups, and where in ours a conflict lies."""

from __future__ import annotations

import pytest

from lnpatch.source.merge import Hunk, MergeConflict, apply_hunks, find_hunks, group_hunks, merge_three_way

#: (old, new, the hunks as (start, end, what is new))
HUNKS = [
    ("abcd", "abcd", []),
    ("", "", []),
    ("", "xy", [(0, 0, "xy")]),
    ("ab", "", [(0, 2, "")]),
    ("abcd", "axyd", [(1, 2, "x"), (2, 3, "y")]),  # item by item where there are as many
    ("abcd", "axyzd", [(1, 3, "xyz")]),  # as a whole where there are not
    ("abcd", "axd", [(1, 3, "x")]),
    ("abcde", "axcye", [(1, 2, "x"), (3, 4, "y")]),
    ("abc", "abcx", [(3, 3, "x")]),
    ("abc", "xabc", [(0, 0, "x")]),
    ("aa", "aaa", [(2, 2, "a")]),  # begins and ends alike: nothing is counted twice
    ("aaa", "aa", [(2, 3, "")]),
    ("abXcd", "abcd", [(2, 3, "")]),
    ("xyb", "qxb", [(0, 0, "q"), (1, 2, "")]),  # ends are compared with ends
    ("qxb", "xyb", [(0, 1, ""), (2, 2, "y")]),
]


@pytest.mark.parametrize(("old", "new", "hunks"), HUNKS)
def test_hunks(old: str, new: str, hunks: list[tuple[int, int, str]]) -> None:
    found = find_hunks(old, new)
    assert [(hunk.start, hunk.end, "".join(hunk.new)) for hunk in found] == hunks
    assert "".join(apply_hunks(old, found)) == new


def test_hunks_of_a_piece() -> None:
    assert apply_hunks("cdef", [Hunk(3, 4, "X"), Hunk(5, 5, "YZ")], 2) == list("cXeYZf")


def test_growth() -> None:
    assert [Hunk(2, 4, new).growth for new in ("", "a", "ab", "abc")] == [-2, -1, 0, 1]


#: (left, right, the groups as (start, end, how many on the left, how many on the right, length on the left))
GROUPS = [
    ([], [], []),
    ([Hunk(0, 2, "x")], [], [(0, 2, 1, 0, 1)]),
    ([Hunk(0, 2, "x")], [Hunk(2, 3, "y")], [(0, 2, 1, 0, 1), (2, 3, 0, 1, 1)]),  # neighbours
    ([Hunk(0, 2, "x")], [Hunk(1, 3, "y")], [(0, 3, 1, 1, 2)]),
    ([Hunk(0, 5, "xxxxxxx")], [Hunk(1, 2, ""), Hunk(4, 5, "")], [(0, 5, 1, 2, 7)]),
    ([Hunk(0, 2, ""), Hunk(3, 5, "")], [Hunk(1, 4, "y")], [(0, 5, 2, 1, 1)]),
    ([Hunk(2, 2, "x")], [Hunk(2, 2, "y")], [(2, 2, 1, 1, 1)]),  # two insertions at one point
    ([Hunk(2, 2, "x")], [Hunk(2, 3, "y")], [(2, 2, 1, 0, 1), (2, 3, 0, 1, 1)]),  # an insertion before a change
    ([Hunk(1, 2, "x")], [Hunk(2, 2, "y")], [(1, 2, 1, 0, 1), (2, 2, 0, 1, 0)]),  # and behind one
]


@pytest.mark.parametrize(("left", "right", "groups"), GROUPS)
def test_groups(left: list[Hunk[str]], right: list[Hunk[str]], groups: list[tuple[int, ...]]) -> None:
    found = [(g.start, g.end, len(g.left), len(g.right), g.left_length) for g in group_hunks(left, right)]
    assert found == groups


#: (base, ours, theirs, where in ours)
CONFLICTS = [
    ("abcdef", "XXabcxef", "abcyef", [(5, 6)]),  # behind an insertion of ours
    ("abcdef", "cxef", "abcyef", [(1, 2)]),  # behind a deletion of ours
    ("abcdef", "abcxef", "YYYabcyef", [(3, 4)]),  # an insertion of theirs shifts nothing in ours
    ("abcdefgh", "XabyyydeZgh", "abqdeQgh", [(3, 6), (8, 9)]),
    ("abcd", "ad", "axcd", [(1, 1)]),  # what ours has deleted
]


@pytest.mark.parametrize(("base", "ours", "theirs", "where"), CONFLICTS)
def test_where_a_conflict_lies_in_ours(base: str, ours: str, theirs: str, where: list[tuple[int, int]]) -> None:
    conflicts = merge_three_way(base, ours, theirs)[1]
    assert conflicts == [MergeConflict(*place) for place in where]


#: (base, ours, theirs, merged): item by item, or as a whole
MERGED = [
    ("abcd", "axcd", "abyd", "axyd"),
    ("abcdef", "axydef", "abcdzf", "axydzf"),
    ("abcdef", "axyd", "abcdef", "axyd"),
    ("abcd", "abcd", "", ""),
    ("abcd", "Xabcd", "abcdY", "XabcdY"),
    ("abcd", "acd", "acd", "acd"),  # the same deletion
    ("abcd", "abXcd", "abXcd", "abXcd"),  # the same insertion
    ("abcdef", "aef", "abcdeX", "aeX"),
]


@pytest.mark.parametrize(("base", "ours", "theirs", "merged"), MERGED)
def test_merged(base: str, ours: str, theirs: str, merged: str) -> None:
    assert merge_three_way(base, ours, theirs) == (list(merged), [])
