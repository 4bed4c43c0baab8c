"""A line-wise three-way merge: an edit of what libcst prints, carried over to the text that libcst was given.

libcst drops some layout when it prints: the blank in ``except X :``, form feeds, a backslash at the start of a line.
And it is shown other layout than the file's where it cannot read that: tabs that add up in Python 2 only, bare
carriage returns. So there are three texts: the *source*; the *base*, which is the unedited tree as printed; and the
*edited* tree as printed. Source and base differ in layout, base and edited in what the edit means to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LINE_ENDS = frozenset(["\n", "\r\n", "\r"])
_WORD = re.compile(r"[ \t\f]+|\r\n?|\n|\w+|.")


class GraftConflict(Exception):
    """The edit changes layout that libcst cannot keep."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line  # in the source, from 1


class Kept(NamedTuple):
    """A run of lines of the source that stands unchanged in the result; indices from 0."""

    source: int
    result: int
    length: int


@dataclass(frozen=True, slots=True)
class Grafted:
    """The source with the edit in it, and which of its lines are still the source's."""

    text: str
    kept: tuple[Kept, ...]
    length: int  # of the source, in lines

    @property
    def first_change(self) -> int:
        """The line of the source, from 1, at which the edit begins."""
        first = self.kept[0] if self.kept else None
        return first.length + 1 if first is not None and first.source == first.result == 0 else 1

    def source_line(self, line: int) -> int:
        """The line of the source, from 1, that became this line of the result, or that it was put behind."""
        source = result = 0  # where the changed lines before a run of kept ones begin
        for run in (*self.kept, Kept(self.length, line, 0)):
            if line <= run.result:
                replaced = run.source - source
                return source + min(line - result, replaced) if replaced else max(source, 1)
            if line <= run.result + run.length:
                return run.source + line - run.result
            source, result = run.source + run.length, run.result + run.length
        raise AssertionError("the last run ends the search")


class _Hunk(NamedTuple):
    """Tokens ``start`` to ``end`` of the old text are ``lines`` in the new one."""

    start: int
    end: int
    new: Sequence[str]


def graft(base: str, source: str, edited: str) -> Grafted:
    """The source with the changes from base to edited.

    Raises:
        GraftConflict: the edit changes a line in the very place where libcst does not print its layout.
    """
    base_lines, source_lines, edited_lines = split_lines(base), split_lines(source), split_lines(edited)
    layout = [] if base == source else _layout_hunks(base_lines, source_lines)
    changes = _hunks(base_lines, edited_lines)

    result: list[str] = []
    kept: list[Kept] = []
    in_base = in_source = 0

    def keep(count: int) -> None:
        nonlocal in_source
        if count:
            kept.append(Kept(in_source, len(result), count))
            result.extend(source_lines[in_source : in_source + count])
            in_source += count

    for group in _overlapping(layout, changes):
        keep(group.start - in_base)
        in_base = group.end
        ours = sum(len(hunk.new) - (hunk.end - hunk.start) for hunk in group.layout) + group.end - group.start
        if not group.changes:
            keep(ours)
            continue
        old = base_lines[group.start : group.end]
        new = _apply(old, group.changes, group.start)
        if group.layout and new:
            new = _merge(old, source_lines[in_source : in_source + ours], new, in_source)
        result.extend(new)
        in_source += ours
    keep(len(source_lines) - in_source)
    return Grafted("".join(result), tuple(kept), len(source_lines))


def split_lines(text: str) -> list[str]:
    r"""The lines with their ends; unlike ``str.splitlines``, only ``\n``, ``\r\n`` and ``\r`` end one."""
    return _LINE.findall(text)


class _Group(NamedTuple):
    start: int
    end: int
    layout: list[_Hunk]
    changes: list[_Hunk]


def _overlapping(layout: Sequence[_Hunk], changes: Sequence[_Hunk]) -> Iterator[_Group]:
    """Hunks of both sides in order, those together that touch the same lines. Neighbours do not."""
    group: _Group | None = None
    for hunk, own in sorted([(hunk, False) for hunk in layout] + [(hunk, True) for hunk in changes]):
        same_point = group is not None and hunk.start == hunk.end == group.start == group.end
        if group is None or (hunk.start >= group.end and not same_point):
            if group is not None:
                yield group
            group = _Group(hunk.start, hunk.end, [], [])
        (group.changes if own else group.layout).append(hunk)
        group = group._replace(end=max(group.end, hunk.end))
    if group is not None:
        yield group


def _apply(old: Sequence[str], hunks: Sequence[_Hunk], offset: int) -> list[str]:
    new: list[str] = []
    position = 0
    for hunk in hunks:
        new += old[position : hunk.start - offset]
        new += hunk.new
        position = hunk.end - offset
    return new + list(old[position:])


def _merge(base: Sequence[str], source: Sequence[str], edited: Sequence[str], line: int) -> list[str]:
    """Three-way merge, by word, of lines that both sides change."""
    if not base:  # blank lines that libcst drops, and new lines in the same place
        if "".join(source).strip(" \t\f\r\n"):
            raise GraftConflict(line + 1)
        return [*source, *edited] if source[-1].endswith(("\r", "\n")) else [*edited, *source]
    old, ours, theirs = (_WORD.findall("".join(lines)) for lines in (base, source, edited))
    new: list[str] = []
    position = 0
    for group in _overlapping(_layout_hunks(old, ours), _hunks(old, theirs)):
        if group.changes and not all(_is_rewritten(hunk, group.changes) for hunk in group.layout):
            raise GraftConflict(line + 1 + sum(word in _LINE_ENDS for word in old[: group.start]))
        new += old[position : group.start]
        new += _apply(old[group.start : group.end], group.changes or group.layout, group.start)
        position = group.end
    return split_lines("".join(new + old[position:]))


def _is_rewritten(layout: _Hunk, changes: Sequence[_Hunk]) -> bool:
    """Whether the edit rewrites what the layout stands in, and not just the layout."""
    return any(
        change.start <= layout.start and layout.end <= change.end and change[:2] != layout[:2] for change in changes
    )


def _layout_hunks(base: Sequence[str], source: Sequence[str]) -> list[_Hunk]:
    """The hunks from base to source, line against line, for the two differ in hardly more than blanks."""
    bare_base, bare_source = (["".join(line.split()) for line in lines] for lines in (base, source))
    if bare_base == bare_source:
        return list(_line_by_line(base, source, 0, 0, len(base)))
    hunks: list[_Hunk] = []
    matcher = SequenceMatcher(None, bare_base, bare_source)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            hunks += _line_by_line(base, source, i1, j1, i2 - i1)
        else:
            hunks.append(_Hunk(i1, i2, source[j1:j2]))
    return hunks


def _line_by_line(old: Sequence[str], new: Sequence[str], i: int, j: int, count: int) -> Iterator[_Hunk]:
    """One hunk for each pair of lines that differ: the smaller the hunks, the fewer overlap."""
    return (_Hunk(i + k, i + k + 1, new[j + k : j + k + 1]) for k in range(count) if old[i + k] != new[j + k])


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[_Hunk]:
    """The hunks from old to new. What both begin and end with is left out first: most edits are local."""
    shorter = min(len(old), len(new))
    head = next((k for k in range(shorter) if old[k] != new[k]), shorter)
    tail = next((k for k in range(shorter - head) if old[-1 - k] != new[-1 - k]), shorter - head)
    hunks: list[_Hunk] = []
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "replace" and i2 - i1 == j2 - j1:
            hunks += _line_by_line(old, new, head + i1, head + j1, i2 - i1)
        elif tag != "equal":
            hunks.append(_Hunk(head + i1, head + i2, new[head + j1 : head + j2]))
    return hunks
