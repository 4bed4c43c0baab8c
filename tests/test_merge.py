"""The three-way merge behind `revert`, and behind carrying edits back to source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.source.merge import merge_three_way

CASES = [
    # base, ours, theirs, merged
    ("abc", "abc", "abc", "abc"),
    ("abc", "axc", "abc", "axc"),
    ("abc", "abc", "axc", "axc"),
    ("abcde", "xbcde", "abcdy", "xbcdy"),
    ("abc", "xbc", "ayc", "xyc"),  # neighbours, which git's merge takes for a conflict
    ("abPPPcd", "abPPPXcd", "abcd", "abXcd"),  # written on behind a patch that is taken back
    ("abPPPcd", "abXPPPcd", "abcd", "abXcd"),
    ("abPPP", "abPPPX", "ab", "abX"),
    ("abc", "axc", "axc", "axc"),  # the same change on both sides
]

CONFLICTS = [
    # base, ours, theirs, where in ours
    ("abc", "axc", "ayc", [(1, 2)]),
    ("abPPPcd", "abPXPPcd", "abcd", [(2, 6)]),
    ("abPPPcd", "abPPcd", "abcd", [(2, 4)]),
    ("ab", "axb", "ayb", [(1, 2)]),  # two insertions in one place: which is first is not clear
    ("abcde", "xbcdx", "ybcdy", [(0, 1), (4, 5)]),
]


@pytest.mark.parametrize(("base", "ours", "theirs", "merged"), CASES)
def test_merged(base: str, ours: str, theirs: str, merged: str) -> None:
    assert merge_three_way(list(base), list(ours), list(theirs)) == (list(merged), [])


@pytest.mark.parametrize(("base", "ours", "theirs", "where"), CONFLICTS)
def test_conflicts(base: str, ours: str, theirs: str, where: list[tuple[int, int]]) -> None:
    assert merge_three_way(list(base), list(ours), list(theirs))[1] == where


LINES = st.lists(st.integers(0, 10**9).map(str), min_size=4, max_size=30, unique=True)


@given(LINES, st.data())
def test_changes_in_different_places_are_all_kept(base: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(base) - 1))
    head, tail = base[:cut], base[cut:]
    new_head = data.draw(st.lists(st.just("ours"), max_size=3)) + head[data.draw(st.integers(0, len(head) - 1)) :]
    new_tail = tail[: data.draw(st.integers(1, len(tail)))] + data.draw(st.lists(st.just("theirs"), max_size=3))
    merged, conflicts = merge_three_way(base, new_head + tail, head + new_tail)
    assert (merged, conflicts) == (new_head + new_tail, [])


@given(LINES, LINES)
def test_one_side_alone_is_taken_over(base: list[str], changed: list[str]) -> None:
    assert merge_three_way(base, changed, base) == (changed, [])
    assert merge_three_way(base, base, changed) == (changed, [])
    assert merge_three_way(base, changed, changed) == (changed, [])
