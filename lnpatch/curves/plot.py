"""The figure for a paper: panels drawn by matplotlib, as the bytes of a file."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.curves.panels import Curve, Panel, tick_label, ticks
from lnpatch.errors import FigureFormatError, PlotLibraryError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What can be written, by suffix.
FORMATS = ("png", "svg", "pdf")

#: Okabe and Ito's palette, which the colour-blind can tell apart (jfly.uni-koeln.de/color), without its yellow.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.3,
    "legend.fontsize": 8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.fonttype": "none",  # text stays text, to be searched and restyled
    "svg.hashsalt": "lnpatch",  # the same runs give the same bytes
    "pdf.fonttype": 42,  # what journals ask for
}

#: The sides of a panel in inches: two make the width of a text block.
_WIDTH, _HEIGHT, _LEGEND = 3.4, 2.3, 0.3

_DPI = 200


def figure_format(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        FigureFormatError: it is none of :data:`FORMATS`.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise FigureFormatError(str(path), FORMATS)
    return suffix


def load() -> Callable[..., Figure]:
    """matplotlib's ``Figure``.

    Raises:
        PlotLibraryError: matplotlib is not installed, or cannot be imported.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotLibraryError("matplotlib", str(error)) from error
    return Figure


def render(panels: Sequence[Panel], formats: Sequence[str]) -> list[bytes]:
    """The picture of *panels* in each of *formats*.

    Raises:
        PlotLibraryError: there is no matplotlib.
    """
    figure_class = load()
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # the user's own style, for example LaTeX, may not go with our labels
        matplotlib.rcParams.update(_STYLE)
        figure = _draw(figure_class, panels)
        return [_encode(figure, form) for form in formats]


def _draw(figure_class: Callable[..., Figure], panels: Sequence[Panel]) -> Figure:
    """A figure of its own: nothing of pyplot, which keeps figures for a screen."""
    rows = 1 + max(panel.row for panel in panels)
    columns = 1 + max(panel.column for panel in panels)
    figure = figure_class(figsize=(_WIDTH * columns, _HEIGHT * rows + _LEGEND), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    taken = {(panel.row, panel.column) for panel in panels}
    for row in range(rows):
        for column in range(columns):
            if (row, column) not in taken:
                axes[row][column].remove()
    handles: dict[str, Any] = {}
    for panel in panels:
        handles = _draw_panel(axes[panel.row][panel.column], panel) | handles
    figure.align_ylabels()
    in_order = sorted({curve.index: curve.label for panel in panels for curve in panel.curves}.items())
    names = [label for _, label in in_order]
    figure.legend(
        [handles[name] for name in names],
        names,
        loc="outside upper center",
        ncols=_legend_columns(names, _WIDTH * columns),
        frameon=False,
        handlelength=2.6,
    )
    return figure


def _legend_columns(names: Sequence[str], width: float) -> int:
    """As many columns as *width* inches have room for, the rows filled evenly; a letter takes about 0.065 inches."""
    room = max(1, int(width / (0.6 + 0.065 * max(map(len, names)))))
    rows = math.ceil(len(names) / room)
    return math.ceil(len(names) / rows)


def _draw_panel(axes: Axes, panel: Panel) -> dict[str, Any]:
    """Draw the curves of a panel; what stands for each in the legend."""
    handles: dict[str, Any] = {}
    for curve in panel.curves:
        colour = _COLOURS[curve.index % len(_COLOURS)]
        if curve.raw:
            axes.plot(*curve.raw, color=colour, linewidth=0.5, alpha=0.3, zorder=1.6)  # the grid is at 1.5
        few = len(curve.points[0]) <= (30 if curve.best else 1)
        (handles[curve.label],) = axes.plot(
            *curve.points,
            color=colour,
            linestyle=_dashes(curve),
            marker="." if few else "",
            markersize=4,
            zorder=3 if curve.baseline else 2,  # dashes on top, so that what lies under them is seen
        )
        if curve.best:
            axes.plot(*curve.best, color=colour, marker="o", markersize=5, markerfacecolor="white", zorder=4)
    _scale(axes, panel)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    return handles


def _scale(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = panel.y_range
    if panel.logarithmic:
        axes.set_yscale("log")
        low, high = low / 1.1, high * 1.1
    else:
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        low, high = low - margin, high + margin
    axes.set_ylim(low, high)
    axes.set_xlim(0, panel.end * 1.02)
    axes.xaxis.set_major_locator(FixedLocator(ticks(0, panel.end)))
    axes.yaxis.set_major_locator(FixedLocator(ticks(low, high, logarithmic=panel.logarithmic)))
    axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: tick_label(value)))


def _dashes(curve: Curve) -> Any:
    """Solid for a normalized cell and dashed for a baseline; otherwise so once the colours are used up."""
    again = curve.index >= len(_COLOURS)
    if curve.baseline:
        return (0, (1, 1)) if again else (0, (4, 1.5))
    return "-." if again else "-"


def _encode(figure: Figure, form: str) -> bytes:
    """The figure as a file, with no date in it."""
    metadata = {"svg": {"Date": None, "Creator": "lnpatch"}, "pdf": {"CreationDate": None}, "png": {}}[form]
    stream = io.BytesIO()
    figure.savefig(stream, format=form, dpi=_DPI, metadata=metadata)
    return stream.getvalue()
