"""A report as Markdown, as GitHub and pandoc read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lnpatch.report.blocks import Block, Commands, Document, Figure, Heading, Items, Paragraph, Table

#: What would begin or end markup in the midst of a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~])")


def render_markdown(document: Document, figure: str) -> str:
    """Return the document as Markdown.

    Args:
        figure: the address of the figure; empty without one.
    """
    parts = [f"# {_escape(document.title)}", _escape(document.subtitle)]
    for block in document.blocks:
        parts += _render_block(block, figure)
    return "\n\n".join(part for part in parts if part) + "\n"


def _render_block(block: Block, figure: str) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f"## {_escape(text)}"
        case Paragraph(text):
            yield _escape(text)
        case Items(texts):
            yield "\n".join(f"- {_escape(text)}" for text in texts)
        case Figure(caption):
            yield f"![{_escape(caption)}]({figure})"
            yield f"*{_escape(caption)}*"
        case Commands(lines, summary):
            if summary:
                yield f"{_escape(summary)}:"
            yield _fence("\n".join(lines))
        case Table():
            yield _render_table(block)
            if block.caption:
                yield _escape(block.caption)


def _render_table(table: Table) -> str:
    align = "---:" if table.numeric else "---"
    lines = [table.columns, ("---", *[align] * (len(table.columns) - 1))]
    lines += [(_escape(row.title), *map(_escape, row.cells)) for row in table.rows]
    head = tuple(map(_escape, table.columns))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, *lines[1:]))


def _fence(text: str) -> str:
    """Return text in a block of code, with a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"


def _escape(text: str) -> str:
    """Return text in one line that means itself."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
