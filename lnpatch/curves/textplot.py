"""Draw the panels in a terminal with plotext, an optional package."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType

from lnpatch.curves.panels import Panel, choose_ticks, list_labels, tick_label
from lnpatch.curves.series import thin_points
from lnpatch.errors import PlotLibraryError
from lnpatch.errors.install_hint import how_to_install

#: Colours of the terminal's 256, near those of the figure and readable on black and on white.
_COLOURS = (32, 208, 36, 175, 75, 178, 244)

#: Marks for curves that no colour tells apart.
_MARKS = "o+x*#@%"

#: The frame of a plot in ASCII.
_ASCII = str.maketrans("┌┐└┘─│┤├┬┴┼", "++++-|||||+")

#: Lines of a panel, and columns: two panels stand side by side where the terminal has room.
_HEIGHT, _MIN_WIDTH, _MAX_WIDTH = 15, 56, 100


def load_plotext() -> ModuleType:
    """Return plotext, version 5: version 6 has another interface.

    Raises:
        PlotLibraryError: it is not installed, or another version is.
    """
    try:
        import plotext  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError as error:
        raise PlotLibraryError("plotext", str(error), how_to_install("plot")) from error
    if not hasattr(plotext, "clear_figure"):
        reason = f"version {getattr(plotext, '__version__', '?')} is not supported"
        raise PlotLibraryError("plotext", reason, how_to_install("plot"))
    return plotext  # type: ignore[no-any-return, unused-ignore]


def render_text_plot(panels: Sequence[Panel], width: int, colours: bool, unicode: bool = True) -> str:
    """Draw *panels* as lines of text.

    Args:
        width: the columns of the terminal.
        colours: whether curves are told apart by colours, in ANSI sequences, or by marks.
        unicode: whether more than ASCII can be shown.

    Raises:
        PlotLibraryError: there is no plotext.
    """
    plotext = load_plotext()
    beside = width >= 2 * _MIN_WIDTH and any(panel.column for panel in panels)
    panel_width = max(20, min(_MAX_WIDTH, width // 2 - 1 if beside else width))
    drawn: dict[int, list[list[str]]] = {}
    for panel in panels:
        lines = _draw_panel(plotext, panel, panel_width, colours, unicode)
        row = panel.row if beside else len(drawn)
        drawn.setdefault(row, []).append(lines)
    blocks = ["\n".join("  ".join(parts) for parts in zip(*row, strict=True)) for row in drawn.values()]
    return "\n\n".join([_draw_legend(panels, colours, unicode), *blocks]) + "\n"


def _draw_legend(panels: Sequence[Panel], colours: bool, unicode: bool) -> str:
    """Return what stands for which run, on a line of its own where it hides nothing."""
    entries = []
    for index, label in list_labels(panels).items():
        sign = "⠒⠒" if colours and unicode else 2 * _MARKS[index % len(_MARKS)]
        colour = _COLOURS[index % len(_COLOURS)]
        entries.append(f"\x1b[38;5;{colour}m{sign}\x1b[0m {label}" if colours else f"{sign} {label}")
    return "  ".join(entries)


def _draw_panel(plotext: ModuleType, panel: Panel, width: int, colours: bool, unicode: bool) -> list[str]:
    """Draw one panel, and return its lines. plotext draws into one figure that the whole process shares."""
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)  # else no larger than the terminal that plotext thinks it sees
    plotext.plot_size(width, _HEIGHT)
    # the logarithms are drawn, and their ticks labelled with the values, so that the figure's ticks serve here too
    scale = math.log10 if panel.logarithmic else float
    low, high = panel.y_range
    # an axis needs a length, also for a curve that is level
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    for curve in panel.curves:
        x, y = thin_points(*curve.points, limit=4 * width)  # a character has two by four dots
        marker = "braille" if colours and unicode else _MARKS[curve.index % len(_MARKS)]
        heights = [scale(min(max(value, low), high)) for value in y]
        plotext.plot(x, heights, marker=marker, color=_COLOURS[curve.index % len(_COLOURS)])
    plotext.xlim(0, panel.end)
    plotext.ylim(scale(low), scale(high))
    x_ticks = choose_ticks(0, panel.end, count=max(2, width // 16))
    y_ticks = choose_ticks(low, high, count=5, logarithmic=panel.logarithmic)
    plotext.xticks(x_ticks, list(map(tick_label, x_ticks)))
    plotext.yticks(list(map(scale, y_ticks)), list(map(tick_label, y_ticks)))
    plotext.title(f"{panel.y_label} over {panel.x_label}")
    text: str = plotext.build()
    if not colours:
        text = plotext.uncolorize(text)
    if not unicode:
        text = text.translate(_ASCII)
    return text.splitlines()
