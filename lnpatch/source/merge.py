"""Merge sequences of lines or of words three ways.

git's own merge takes changes in neighbouring lines for a conflict. A patch that is reverted often ends where a user has
gone on writing, so here only changes that touch the same items conflict.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Hunk(Generic[T]):
    """One change: the items ``start`` to ``end`` of the old sequence became ``new``."""

    start: int
    end: int
    new: Sequence[T] = field(compare=False)

    @property
    def growth(self) -> int:
        """How many items the change adds; negative where it removes some."""
        return len(self.new) - (self.end - self.start)


@dataclass(slots=True)
class HunkGroup(Generic[T]):
    """Hunks of two sides that touch the same items, ``start`` to ``end`` of the old sequence."""

    start: int
    end: int
    left: list[Hunk[T]] = field(default_factory=list)
    right: list[Hunk[T]] = field(default_factory=list)

    @property
    def left_length(self) -> int:
        """The number of items that the left side has in the place of ``start`` to ``end``."""
        return self.end - self.start + sum(hunk.growth for hunk in self.left)


def find_hunks(old: Sequence[T], new: Sequence[T]) -> list[Hunk[T]]:
    """Find the changes from *old* to *new*, in order."""
    # difflib takes quadratic time, and most changes are local: leave out what both sequences begin and end with.
    shorter = min(len(old), len(new))
    head = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    tail = next((k for k in range(shorter - head) if old[-1 - k] != new[-1 - k]), shorter - head)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    hunks: list[Hunk[T]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "replace" and i2 - i1 == j2 - j1:
            hunks += pair_hunks(old, new, head + i1, head + j1, i2 - i1)
        elif tag != "equal":
            hunks.append(Hunk(head + i1, head + i2, new[head + j1 : head + j2]))
    return hunks


def pair_hunks(old: Sequence[T], new: Sequence[T], i: int, j: int, count: int) -> Iterator[Hunk[T]]:
    """Compare *count* items pair by pair, and yield a hunk for each pair that differs.

    The smaller the hunks, the fewer of them overlap with those of the other side.

    Args:
        i: where the items begin in *old*.
        j: where they begin in *new*.
        count: the number of pairs.
    """
    return (Hunk(i + k, i + k + 1, new[j + k : j + k + 1]) for k in range(count) if old[i + k] != new[j + k])


def group_hunks(left: Sequence[Hunk[T]], right: Sequence[Hunk[T]]) -> Iterator[HunkGroup[T]]:
    """Yield the hunks of both sides in order, with those in one group that touch the same items."""
    group: HunkGroup[T] | None = None
    for hunk, is_right in sorted([*((hunk, False) for hunk in left), *((hunk, True) for hunk in right)]):
        # Two insertions at one point touch no item, and yet their order is not clear: they belong together.
        same_point = group is not None and hunk.start == hunk.end == group.start == group.end
        if group is None or (hunk.start >= group.end and not same_point):
            if group is not None:
                yield group
            group = HunkGroup(hunk.start, hunk.end)
        (group.right if is_right else group.left).append(hunk)
        group.end = max(group.end, hunk.end)
    if group is not None:
        yield group


def apply_hunks(old: Sequence[T], hunks: Sequence[Hunk[T]], offset: int = 0) -> list[T]:
    """Carry out the changes *hunks* on *old*.

    Args:
        old: a piece of the old sequence.
        hunks: the changes to that piece, in order.
        offset: where the piece begins in the old sequence, to which the hunks' indices refer.
    """
    new: list[T] = []
    position = 0
    for hunk in hunks:
        new += [*old[position : hunk.start - offset], *hunk.new]
        position = hunk.end - offset
    return [*new, *old[position:]]


class MergeConflict(NamedTuple):
    """Items ``start`` to ``end`` of *ours* that both sides have changed."""

    start: int
    end: int


def merge_three_way(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> tuple[list[T], list[MergeConflict]]:
    """Carry the changes from *base* to *theirs* over to *ours*.

    Returns:
        The merged sequence, and where that is not possible without losing a change of one side; with a conflict the
        merged sequence is of no use.
    """
    merged: list[T] = []
    conflicts: list[MergeConflict] = []
    position = shift = 0  # shift: how far items of ours lie behind those of base
    for group in group_hunks(find_hunks(base, ours), find_hunks(base, theirs)):
        merged += base[position : group.start]
        merged += apply_hunks(base[group.start : group.end], group.left or group.right, group.start)
        if group.left and group.right and not _is_same_change(group):
            start = group.start + shift
            conflicts.append(MergeConflict(start, start + group.left_length))
        shift += sum(hunk.growth for hunk in group.left)
        position = group.end
    return [*merged, *base[position:]], conflicts


def _is_same_change(group: HunkGroup[T]) -> bool:
    """Return whether both sides made the same change."""
    left, right = ([(hunk.start, hunk.end, list(hunk.new)) for hunk in side] for side in (group.left, group.right))
    return left == right
