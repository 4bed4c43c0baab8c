"""Three-way merge of sequences: of lines or of words.

git's own merge takes changes in neighbouring lines for a conflict. A patch that is taken back often ends where a user
has gone on writing, so here only changes that touch the same items conflict.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Hunk(Generic[T]):
    """Items ``start`` to ``end`` of the old sequence are ``new`` in the new one."""

    start: int
    end: int
    new: Sequence[T] = field(compare=False)


@dataclass(slots=True)
class Group(Generic[T]):
    """Hunks of two sides that touch the same items, ``start`` to ``end`` of the old sequence."""

    start: int
    end: int
    left: list[Hunk[T]] = field(default_factory=list)
    right: list[Hunk[T]] = field(default_factory=list)


def hunks(old: Sequence[T], new: Sequence[T]) -> list[Hunk[T]]:
    """The hunks from old to new. What both begin and end with is left out first: most changes are local."""
    shorter = min(len(old), len(new))
    head = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    tail = next((k for k in range(shorter - head) if old[-1 - k] != new[-1 - k]), shorter - head)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    found: list[Hunk[T]] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "replace" and i2 - i1 == j2 - j1:
            found += item_by_item(old, new, head + i1, head + j1, i2 - i1)
        elif tag != "equal":
            found.append(Hunk(head + i1, head + i2, new[head + j1 : head + j2]))
    return found


def item_by_item(old: Sequence[T], new: Sequence[T], i: int, j: int, count: int) -> Iterator[Hunk[T]]:
    """One hunk for each pair of items that differ: the smaller the hunks, the fewer overlap.

    Args:
        i: where the items begin in *old*.
        j: where they begin in *new*.
    """
    return (Hunk(i + k, i + k + 1, new[j + k : j + k + 1]) for k in range(count) if old[i + k] != new[j + k])


def groups(left: Sequence[Hunk[T]], right: Sequence[Hunk[T]]) -> Iterator[Group[T]]:
    """The hunks of both sides in order, those together that touch the same items; neighbours do not."""
    group: Group[T] | None = None
    for hunk, is_right in sorted([*((hunk, False) for hunk in left), *((hunk, True) for hunk in right)]):
        same_point = group is not None and hunk.start == hunk.end == group.start == group.end
        if group is None or (hunk.start >= group.end and not same_point):
            if group is not None:
                yield group
            group = Group(hunk.start, hunk.end)
        (group.right if is_right else group.left).append(hunk)
        group.end = max(group.end, hunk.end)
    if group is not None:
        yield group


def apply(old: Sequence[T], changes: Sequence[Hunk[T]], offset: int = 0) -> list[T]:
    """*old*, which begins at item *offset* of the sequence that *changes* speak of, after them."""
    new: list[T] = []
    position = 0
    for hunk in changes:
        new += [*old[position : hunk.start - offset], *hunk.new]
        position = hunk.end - offset
    return [*new, *old[position:]]


class Conflict(NamedTuple):
    """Items ``start`` to ``end`` of *ours* that both sides have changed."""

    start: int
    end: int


def merge(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> tuple[list[T], list[Conflict]]:
    """*ours* with the changes from *base* to *theirs*, and where that is not possible without losing something."""
    merged: list[T] = []
    conflicts: list[Conflict] = []
    position = shift = 0
    for group in groups(hunks(base, ours), hunks(base, theirs)):
        merged += base[position : group.start]
        merged += apply(base[group.start : group.end], group.left or group.right, group.start)
        grown = sum(len(hunk.new) - (hunk.end - hunk.start) for hunk in group.left)
        same = [(h.start, h.end, list(h.new)) for h in group.left] == [
            (h.start, h.end, list(h.new)) for h in group.right
        ]
        if group.left and group.right and not same:
            conflicts.append(Conflict(group.start + shift, group.end + shift + grown))
        shift += grown
        position = group.end
    return [*merged, *base[position:]], conflicts
