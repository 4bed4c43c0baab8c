"""A line-wise three-way merge: an edit of what libcst prints, carried over to the text that libcst was given.

libcst drops some layout when it prints: the blank in ``except X :``, form feeds, a backslash at the start of a line.
And it is shown other layout than the file's where it cannot read that: tabs that add up in Python 2 only, bare
carriage returns. So there are three texts: the *source*; the *base*, which is the unedited tree as printed; and the
*edited* tree as printed. Source and base differ in layout, base and edited in what the edit means to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from lnpatch.source.merge import Hunk, apply, groups, hunks, item_by_item

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


def graft(base: str, source: str, edited: str) -> Grafted:
    """The source with the changes from base to edited.

    Raises:
        GraftConflict: the edit changes a line in the very place where libcst does not print its layout.
    """
    base_lines, source_lines, edited_lines = split_lines(base), split_lines(source), split_lines(edited)
    layout = [] if base == source else _layout_hunks(base_lines, source_lines)
    changes = hunks(base_lines, edited_lines)

    result: list[str] = []
    kept: list[Kept] = []
    in_base = in_source = 0

    def keep(count: int) -> None:
        nonlocal in_source
        if count:
            kept.append(Kept(in_source, len(result), count))
            result.extend(source_lines[in_source : in_source + count])
            in_source += count

    for group in groups(layout, changes):
        keep(group.start - in_base)
        in_base = group.end
        ours = sum(len(hunk.new) - (hunk.end - hunk.start) for hunk in group.left) + group.end - group.start
        if not group.right:
            keep(ours)
            continue
        old = base_lines[group.start : group.end]
        new = apply(old, group.right, group.start)
        if group.left and new:
            new = _merge(old, source_lines[in_source : in_source + ours], new, in_source)
        result.extend(new)
        in_source += ours
    keep(len(source_lines) - in_source)
    return Grafted("".join(result), tuple(kept), len(source_lines))


def split_lines(text: str) -> list[str]:
    r"""The lines with their ends; unlike ``str.splitlines``, only ``\n``, ``\r\n`` and ``\r`` end one."""
    return _LINE.findall(text)


def _merge(base: Sequence[str], source: Sequence[str], edited: Sequence[str], line: int) -> list[str]:
    """Three-way merge, by word, of lines that both sides change."""
    if not base:  # blank lines that libcst drops, and new lines in the same place
        if "".join(source).strip(" \t\f\r\n"):
            raise GraftConflict(line + 1)
        return [*source, *edited] if source[-1].endswith(("\r", "\n")) else [*edited, *source]
    old, ours, theirs = (_WORD.findall("".join(lines)) for lines in (base, source, edited))
    new: list[str] = []
    position = 0
    for group in groups(_layout_hunks(old, ours), hunks(old, theirs)):
        if group.right and not all(_is_rewritten(hunk, group.right) for hunk in group.left):
            raise GraftConflict(line + 1 + sum(word in _LINE_ENDS for word in old[: group.start]))
        new += old[position : group.start]
        new += apply(old[group.start : group.end], group.right or group.left, group.start)
        position = group.end
    return split_lines("".join(new + old[position:]))


def _is_rewritten(layout: Hunk[str], changes: Sequence[Hunk[str]]) -> bool:
    """Whether the edit rewrites what the layout stands in, and not just the layout."""
    return any(
        change.start <= layout.start
        and layout.end <= change.end
        and (change.start, change.end) != (layout.start, layout.end)
        for change in changes
    )


def _layout_hunks(base: Sequence[str], source: Sequence[str]) -> list[Hunk[str]]:
    """The hunks from base to source, line against line, for the two differ in hardly more than blanks."""
    bare_base, bare_source = (["".join(line.split()) for line in lines] for lines in (base, source))
    if bare_base == bare_source:
        return list(item_by_item(base, source, 0, 0, len(base)))
    found: list[Hunk[str]] = []
    matcher = SequenceMatcher(None, bare_base, bare_source)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            found += item_by_item(base, source, i1, j1, i2 - i1)
        else:
            found.append(Hunk(i1, i2, source[j1:j2]))
    return found
