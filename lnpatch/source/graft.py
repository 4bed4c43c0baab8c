"""Carry an edit of what libcst prints over to the text that libcst was given: a three-way merge, line by line.

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

from lnpatch.source.merge import Hunk, apply_hunks, find_hunks, group_hunks, pair_hunks

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LINE_ENDS = frozenset(["\n", "\r\n", "\r"])
_WORD = re.compile(r"[ \t\f]+|\r\n?|\n|\w+|.")


class GraftConflict(Exception):
    """The edit changes layout that libcst cannot keep."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line  # in the source, from 1


class KeptLines(NamedTuple):
    """A run of lines of the source that stands unchanged in the result; indices from 0."""

    source: int
    result: int
    length: int


@dataclass(frozen=True, slots=True)
class GraftedText:
    """The source with the edit in it, and which of its lines are still the source's."""

    text: str
    kept: tuple[KeptLines, ...]
    #: The number of lines of the source.
    source_length: int

    @property
    def first_change(self) -> int:
        """The line of the source, from 1, at which the edit begins."""
        first = self.kept[0] if self.kept else None
        return first.length + 1 if first is not None and first.source == first.result == 0 else 1

    def source_line(self, line: int) -> int:
        """Return the line of the source, from 1, that became this line of the result, or that it was put behind."""
        source = result = 0  # where the changed lines before a run of kept ones begin
        for run in (*self.kept, KeptLines(self.source_length, line, 0)):
            if line <= run.result:
                replaced = run.source - source
                return source + min(line - result, replaced) if replaced else max(source, 1)
            if line <= run.result + run.length:
                return run.source + line - run.result
            source, result = run.source + run.length, run.result + run.length
        raise AssertionError("the last run ends the search")


class _ResultLines:
    """The lines of the result, written while going through the lines of the source once."""

    def __init__(self, source: Sequence[str]) -> None:
        self.source = source
        self.position = 0  # of the next line of the source
        self.lines: list[str] = []
        self.kept: list[KeptLines] = []

    def keep(self, count: int) -> None:
        """Take over the next lines of the source."""
        if count:
            self.kept.append(KeptLines(self.position, len(self.lines), count))
            self.lines += self.source[self.position : self.position + count]
            self.position += count

    def replace(self, count: int, new: Sequence[str]) -> None:
        """Write other lines in the place of the next lines of the source."""
        self.lines += new
        self.position += count


def graft_changes(base: str, source: str, edited: str) -> GraftedText:
    """Make the changes from *base* to *edited* in *source*.

    Raises:
        GraftConflict: the edit changes a line in the very place where libcst does not print its layout.
    """
    base_lines, source_lines, edited_lines = split_lines(base), split_lines(source), split_lines(edited)
    layout = [] if base == source else _layout_hunks(base_lines, source_lines)
    result = _ResultLines(source_lines)
    in_base = 0
    for group in group_hunks(layout, find_hunks(base_lines, edited_lines)):
        result.keep(group.start - in_base)
        in_base = group.end
        count = group.left_length
        if not group.right:  # a difference in layout only
            result.keep(count)
            continue
        old = base_lines[group.start : group.end]
        new = apply_hunks(old, group.right, group.start)
        if group.left and new:
            at = result.position
            new = _merge_words(old, source_lines[at : at + count], new, at)
        result.replace(count, new)
    result.keep(len(source_lines) - result.position)
    return GraftedText("".join(result.lines), tuple(result.kept), len(source_lines))


def split_lines(text: str) -> list[str]:
    r"""Split a text into lines with their ends; unlike ``str.splitlines``, only at ``\n``, ``\r\n`` and ``\r``."""
    return _LINE.findall(text)


def _merge_words(base: Sequence[str], source: Sequence[str], edited: Sequence[str], line: int) -> list[str]:
    """Merge, word by word, lines that differ in layout and that the edit changes as well.

    Args:
        base: the lines as libcst printed them.
        source: the same lines in the source.
        edited: the same lines after the edit.
        line: the index of the first of them in the source.

    Raises:
        GraftConflict: layout and edit differ from the base in the same place.
    """
    if not base:  # blank lines that libcst drops, and new lines in the same place
        if "".join(source).strip(" \t\f\r\n"):
            raise GraftConflict(line + 1)
        # A last line without an end is the end of the file: new lines go before it.
        return [*source, *edited] if source[-1].endswith(("\r", "\n")) else [*edited, *source]
    old, ours, theirs = (_WORD.findall("".join(lines)) for lines in (base, source, edited))
    new: list[str] = []
    position = 0
    for group in group_hunks(_layout_hunks(old, ours), find_hunks(old, theirs)):
        if group.right and not all(_is_rewritten(hunk, group.right) for hunk in group.left):
            raise GraftConflict(line + 1 + sum(word in _LINE_ENDS for word in old[: group.start]))
        new += old[position : group.start]
        new += apply_hunks(old[group.start : group.end], group.right or group.left, group.start)
        position = group.end
    return split_lines("".join(new + old[position:]))


def _is_rewritten(layout: Hunk[str], changes: Sequence[Hunk[str]]) -> bool:
    """Return whether the edit rewrites the code around the layout, and not just the layout."""
    return any(
        change.start <= layout.start
        and layout.end <= change.end
        and (change.start, change.end) != (layout.start, layout.end)
        for change in changes
    )


def _layout_hunks(base: Sequence[str], source: Sequence[str]) -> list[Hunk[str]]:
    """Find the hunks from base to source, line against line where the two differ in hardly more than blanks."""
    bare_base, bare_source = (["".join(line.split()) for line in lines] for lines in (base, source))
    if bare_base == bare_source:
        return list(pair_hunks(base, source, 0, 0, len(base)))
    # Compare without blanks, or difflib pairs lines of the same indentation instead of the same code.
    hunks: list[Hunk[str]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, bare_base, bare_source).get_opcodes():
        if tag == "equal":
            hunks += pair_hunks(base, source, i1, j1, i2 - i1)
        else:
            hunks.append(Hunk(i1, i2, source[j1:j2]))
    return hunks
