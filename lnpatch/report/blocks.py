"""The parts of a report, in their order, before they are HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The title of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    title: str
    cells: tuple[str, ...]
    #: Whether it is set off from the others: a result of this study among published ones.
    stands_out: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of figures, or of words; the first column names them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    #: What stands below it.
    caption: str = ""
    #: Whether the cells are figures, which stand to the right.
    numeric: bool = True


@dataclass(frozen=True)
class Figure:
    """The drawing of the curves, which the forms of a report place in their own way."""

    caption: str


@dataclass(frozen=True)
class Commands:
    """Lines for a shell."""

    lines: tuple[str, ...]
    #: What they are, where they are shown only when asked for.
    summary: str = ""


Block = Heading | Paragraph | Items | Table | Figure | Commands


@dataclass(frozen=True)
class Document:
    """A report."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
