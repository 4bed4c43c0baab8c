"""The same panels in a terminal, drawn by plotext."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType

from lnpatch.curves.panels import Panel, tick_label, ticks
from lnpatch.curves.series import thin
from lnpatch.errors import PlotLibraryError

#: Colours of the terminal's 256, near those of the figure and readable on black and on white.
_COLOURS = (32, 208, 36, 175, 75, 178, 244)

#: Marks for curves that no colour tells apart.
_MARKS = "o+x*#@%"

#: The frame of a plot in ASCII.
_ASCII = str.maketrans("┌┐└┘─│┤├┬┴┼", "++++-|||||+")

#: Lines of a panel, and columns: two panels stand side by side where the terminal has room.
_HEIGHT, _LEAST_WIDTH, _MOST_WIDTH = 15, 56, 100


def load() -> ModuleType:
    """plotext, version 5: version 6 has another interface.

    Raises:
        PlotLibraryError: it is not installed, or another version is.
    """
    try:
        import plotext  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError as error:
        raise PlotLibraryError("plotext", str(error)) from error
    if not hasattr(plotext, "clear_figure"):
        raise PlotLibraryError("plotext", f"version {getattr(plotext, '__version__', '?')} is not supported")
    return plotext  # type: ignore[no-any-return, unused-ignore]


def render(panels: Sequence[Panel], width: int, colours: bool, unicode: bool = True) -> str:
    """The panels as lines of text.

    Args:
        width: the columns of the terminal.
        colours: whether curves are told apart by colours, in ANSI sequences, or by marks.
        unicode: whether more than ASCII can be shown.

    Raises:
        PlotLibraryError: there is no plotext.
    """
    plotext = load()
    beside = width >= 2 * _LEAST_WIDTH and any(panel.column for panel in panels)
    panel_width = max(20, min(_MOST_WIDTH, width // 2 - 1 if beside else width))
    drawn: dict[int, list[list[str]]] = {}
    for panel in panels:
        lines = _draw(plotext, panel, panel_width, colours, unicode)
        row = panel.row if beside else len(drawn)
        drawn.setdefault(row, []).append(lines)
    blocks = ["\n".join("  ".join(parts) for parts in zip(*row, strict=True)) for row in drawn.values()]
    return "\n\n".join([_legend(panels, colours, unicode), *blocks]) + "\n"


def _legend(panels: Sequence[Panel], colours: bool, unicode: bool) -> str:
    """What stands for which run, on a line of its own where it hides nothing."""
    names = sorted({curve.index: curve.label for panel in panels for curve in panel.curves}.items())
    entries = []
    for index, label in names:
        sign = "⠒⠒" if colours and unicode else 2 * _MARKS[index % len(_MARKS)]
        colour = _COLOURS[index % len(_COLOURS)]
        entries.append(f"\x1b[38;5;{colour}m{sign}\x1b[0m {label}" if colours else f"{sign} {label}")
    return "  ".join(entries)


def _draw(plotext: ModuleType, panel: Panel, width: int, colours: bool, unicode: bool) -> list[str]:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)  # else no larger than the terminal that plotext thinks it sees
    plotext.plot_size(width, _HEIGHT)
    scale = math.log10 if panel.logarithmic else float
    low, high = panel.y_range
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    for curve in panel.curves:
        x, y = thin(*curve.points, limit=4 * width)  # a character has two by four dots
        marker = "braille" if colours and unicode else _MARKS[curve.index % len(_MARKS)]
        heights = [scale(min(max(value, low), high)) for value in y]
        plotext.plot(x, heights, marker=marker, color=_COLOURS[curve.index % len(_COLOURS)])
    plotext.xlim(0, panel.end)
    plotext.ylim(scale(low), scale(high))
    across = ticks(0, panel.end, count=max(2, width // 16))
    up = ticks(low, high, count=5, logarithmic=panel.logarithmic)
    plotext.xticks(across, list(map(tick_label, across)))
    plotext.yticks(list(map(scale, up)), list(map(tick_label, up)))
    plotext.title(f"{panel.y_label} over {panel.x_label}")
    text: str = plotext.build()
    if not colours:
        text = plotext.uncolorize(text)
    if not unicode:
        text = text.translate(_ASCII)
    return text.splitlines()
