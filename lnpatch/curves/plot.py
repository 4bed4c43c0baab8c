"""Draw the panels with matplotlib, as the bytes of a file for a paper.

matplotlib is an optional package and takes longer to import than all else, hence the imports within functions.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.curves.panels import Curve, Panel, choose_ticks, list_labels, tick_label
from lnpatch.errors import FigureFormatError, PlotLibraryError
from lnpatch.errors.install_hint import how_to_install

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What can be written, by suffix.
FORMATS = ("png", "svg", "pdf")

#: Okabe and Ito's palette, which the colour-blind can tell apart (jfly.uni-koeln.de/color), without its yellow.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

#: What belongs to no run.
_GREY = "#767676"

#: The mark of a run's best validation, and how much of what lies behind a band is covered.
_BEST: dict[str, Any] = {"marker": "o", "markersize": 5, "markerfacecolor": "none"}
_BAND_ALPHA = 0.2

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
    """Return the format that a file's name asks for.

    Raises:
        FigureFormatError: it is not one of :data:`FORMATS`.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise FigureFormatError(str(path), (*FORMATS, "csv"))
    return suffix


def load_matplotlib() -> Callable[..., Figure]:
    """Return matplotlib's ``Figure``; call it before long work to learn that matplotlib is missing.

    Raises:
        PlotLibraryError: matplotlib is not installed, or cannot be imported.
    """
    try:
        with _without_backend():
            from matplotlib.figure import Figure
    except (
        ImportError,
        ValueError,
        OSError,
        RuntimeError,
    ) as error:  # a matplotlibrc may be no text, or not ours to read
        raise PlotLibraryError("matplotlib", str(error), how_to_install("plot")) from error
    return Figure


@contextmanager
def _without_backend() -> Iterator[None]:
    """Import matplotlib without the backend that the environment names: we draw into files, and need none.

    Jupyter names one for the processes that it starts, which only its own Python has.
    """
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def render_figure(
    panels: Sequence[Panel], formats: Sequence[str], title: str = "", *, transparent: bool = False
) -> list[bytes]:
    """Draw *panels*, and return the figure as a file in each of *formats*.

    Args:
        title: what stands above the panels.
        transparent: whether the page is seen through the figure, as one of a dark page has to be.

    Raises:
        PlotLibraryError: there is no matplotlib.
    """
    figure_class = load_matplotlib()
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # a label of another script, in boxes
        matplotlib.rcdefaults()  # the user's own style, for example LaTeX, may not go with our labels
        matplotlib.rcParams.update(_STYLE)
        figure = _draw_figure(figure_class, panels, title)
        return [_encode_figure(figure, form, transparent) for form in formats]


def _draw_figure(figure_class: Callable[..., Figure], panels: Sequence[Panel], title: str) -> Figure:
    """Draw without pyplot, which keeps every figure for a screen and chooses a backend for it."""
    rows = 1 + max(panel.row for panel in panels)
    columns = 1 + max(panel.column for panel in panels)
    legend = _LEGEND * (2 if title else 1)
    figure = figure_class(figsize=(_WIDTH * columns, _HEIGHT * rows + legend), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    used = {(panel.row, panel.column) for panel in panels}
    for row in range(rows):
        for column in range(columns):
            if (row, column) not in used:
                axes[row][column].remove()
    handles: dict[str, Any] = {}
    for panel in panels:
        # a run may be missing in some panels: the legend shows it as the first one that has it does
        handles = _draw_panel(axes[panel.row][panel.column], panel) | handles
    figure.align_ylabels()
    labels = dict.fromkeys(map(_as_label, list_labels(panels).values()))
    entries = {label: handles[label] for label in labels} | _explain_marks(panels)
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside upper center",
        ncols=_count_legend_columns(list(entries), _WIDTH * columns),
        frameon=False,
        handlelength=2.6,
        title=_as_label(title) or None,  # no title of the figure, which would lie over a legend outside of its axes
        title_fontsize=9,
    )
    return figure


def _explain_marks(panels: Sequence[Panel]) -> dict[str, Any]:
    """Return what stands in the legend for what is drawn beside the curves."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    curves = [curve for panel in panels for curve in panel.curves]
    entries: dict[str, Any] = {}
    if any(curve.band for curve in curves):
        entries["mean, least to greatest"] = Patch(facecolor=_GREY, alpha=_BAND_ALPHA)
    if any(curve.best for curve in curves):
        entries["best validation"] = Line2D([], [], color=_GREY, linestyle="", **_BEST)
    return entries


def _as_label(text: str) -> str:
    """Return text as a label: a run's name and a metric's may be anything, but no formula, and nothing that no SVG takes."""
    visible = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return "".join(visible).replace("$", r"\$")


def _count_legend_columns(labels: Sequence[str], width: float) -> int:
    """Return as many columns as *width* inches have room for, the rows filled evenly; a letter takes about 0.065 inches."""
    room = max(1, int(width / (0.6 + 0.065 * max(map(len, labels)))))
    rows = math.ceil(len(labels) / room)
    return math.ceil(len(labels) / rows)


def _draw_panel(axes: Axes, panel: Panel) -> dict[str, Any]:
    """Draw the curves of a panel, and return what stands for each in the legend, by its label."""
    handles: dict[str, Any] = {}
    for curve in panel.curves:
        colour = _COLOURS[curve.index % len(_COLOURS)]
        if curve.raw:
            axes.plot(*curve.raw, color=colour, linewidth=0.5, alpha=0.3, zorder=1.6)  # the grid is at 1.5
        if curve.band:
            axes.fill_between(*curve.band, color=colour, alpha=_BAND_ALPHA, linewidth=0, zorder=1.7)
        few = len(curve.points[0]) <= (30 if curve.best else 1)
        (handles[_as_label(curve.label)],) = axes.plot(
            *curve.points,
            color=colour,
            linestyle=_choose_dashes(curve),
            marker="." if few else "",
            markersize=4,
            zorder=3 if curve.baseline else 2,  # dashes on top, so that what lies under them is seen
        )
        for x, y in curve.best:
            axes.plot(x, y, color=colour, zorder=4, clip_on=False, **_BEST)
    _scale_axes(axes, panel)
    axes.set_xlabel(_as_label(panel.x_label))
    axes.set_ylabel(_as_label(panel.y_label))
    return handles


def _scale_axes(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = panel.y_range
    if panel.logarithmic:
        axes.set_yscale("log")
        low, high = low / 1.1, high * 1.1
    else:
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        low, high = low - margin, high + margin
    axes.set_ylim(low, high)
    axes.set_xlim(0, panel.end)
    axes.xaxis.set_major_locator(FixedLocator(choose_ticks(0, panel.end)))
    axes.yaxis.set_major_locator(FixedLocator(choose_ticks(low, high, logarithmic=panel.logarithmic)))
    axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: tick_label(value)))


def _choose_dashes(curve: Curve) -> Any:
    """Return solid for a normalized cell and dashed for a baseline; other dashes once the colours are used up."""
    again = curve.index >= len(_COLOURS)
    if curve.baseline:
        return (0, (1, 1)) if again else (0, (4, 1.5))
    return "-." if again else "-"


def _encode_figure(figure: Figure, form: str, transparent: bool) -> bytes:
    """Return the figure as a file; with no date in it, so that the same runs give the same bytes."""
    metadata = {"svg": {"Date": None, "Creator": "lnpatch"}, "pdf": {"CreationDate": None}, "png": {}}[form]
    stream = io.BytesIO()
    figure.savefig(stream, format=form, dpi=_DPI, metadata=metadata, transparent=transparent)
    return stream.getvalue()
