"""Tables of figures as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]], remarks: Iterable[str] = ()) -> str:
    """Return rows under a header, the first column to the left and the others to the right; remarks below."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    text = []
    for line in lines:
        first, *others = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        text.append("  ".join([first, *others]).rstrip())
    text.insert(1, "-" * max(map(len, text)))
    return "\n".join([*text, *remarks])


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds, to three digits."""
    value = seconds * 1000
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"
