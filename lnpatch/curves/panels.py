"""Choose the panels of the figure: which curves over which axis, in which unit, for matplotlib and the terminal alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.curves.series import Series, find_best, higher_is_better, running_mean, thin_points
from lnpatch.curves.summary import CurvesSummary, RunSummary

#: The most points of a curve: more cannot be told apart in a panel, and make large files.
_MAX_POINTS = 2000

#: The most raw values behind a curve, or their noise fills the panel.
_MAX_RAW_POINTS = 800

#: The y axis is logarithmic if the greatest of the curves' values is more than so many times the least.
_LOG_FROM = 10

#: Units of time: up to how many seconds, the seconds in one, the name.
_UNITS = ((600, 1, "seconds"), (2 * 3600, 60, "minutes"), (4 * 86400, 3600, "hours"), (math.inf, 86400, "days"))

#: The x and the y of a curve.
Points = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Curve:
    """One run in one panel."""

    label: str
    #: The run's place among all, the same in every panel, for its colour.
    index: int
    #: Whether it is a plain cell's.
    baseline: bool
    points: Points
    #: The values of which *points* are the running mean; None where the values are drawn themselves.
    raw: Points | None = None
    #: The best point; None where there is none to mark.
    best: tuple[float, float] | None = None


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    #: Its place among the others.
    row: int
    column: int
    x_label: str
    y_label: str
    #: Where the x axis ends, the same in all panels of a column; it starts at 0.
    end: float
    #: Whether the y axis is logarithmic.
    logarithmic: bool
    curves: tuple[Curve, ...]

    @property
    def y_range(self) -> tuple[float, float]:
        """The least and the greatest y to show: the curves in full, of raw values all but the extreme hundredths."""
        shown: list[float] = []
        for curve in self.curves:
            shown += curve.points[1]
            if curve.raw:
                ordered = sorted(curve.raw[1])
                cut = len(ordered) // 100
                shown += ordered[cut], ordered[-1 - cut]
        if self.logarithmic:
            shown = [value for value in shown if value > 0]
        return min(shown), max(shown)


def make_panels(summary: CurvesSummary) -> list[Panel]:
    """Make a row of panels for the cost and one for the validation, each over updates and over time, where there is data."""
    runs = [run_summary.run for run_summary in summary.runs]
    longest = max((run.seconds or 0.0 for run in runs), default=0.0)
    unit, unit_name = next((size, name) for limit, size, name in _UNITS if longest <= limit)
    panels: list[Panel] = []
    for row in _choose_rows(summary):
        place = panels[-1].row + 1 if panels else 0
        for column, x_label in enumerate(("updates", f"{unit_name} of training")):
            curves = []
            for index, (run_summary, series) in enumerate(zip(summary.runs, row.series, strict=True)):
                x = [seconds / unit for seconds in series.seconds or ()] if column else series.updates
                if curve := _make_curve(run_summary, index, series, x, row.metric, summary.window):
                    curves.append(curve)
            if curves:
                end = longest / unit if column else float(max(run.updates for run in runs))
                logarithmic = _needs_logarithm(curves, row.metric)
                panels.append(Panel(place, column, x_label, row.y_label, end, logarithmic, tuple(curves)))
    return panels


@dataclass(frozen=True)
class _Row:
    """What the panels of a row show of each run."""

    y_label: str
    #: The validation figure; None for the training cost.
    metric: str | None
    series: tuple[Series, ...]


def _choose_rows(summary: CurvesSummary) -> list[_Row]:
    runs = [run_summary.run for run_summary in summary.runs]
    rows = [_Row("training cost", None, tuple(run.cost for run in runs))]
    if metric := summary.metric:
        figures = tuple(run.validation.get(metric, Series((), ())) for run in runs)
        rows.append(_Row(f"validation {metric_title(metric)}", metric, figures))
    return rows


def metric_title(metric: str) -> str:
    """Return a validation figure in words: ``R@1 (text to image)`` for ``t2i_r1``."""
    direction, _, figure = metric.partition("_")
    ways = {"t2i": "text to image", "i2t": "image to text"}
    if direction not in ways:
        return metric.replace("_", " ")
    title = {"medr": "median rank", "meanr": "mean rank"}.get(figure, figure.replace("r", "R@", 1))
    return f"{title} ({ways[direction]})"


def list_labels(panels: Sequence[Panel]) -> dict[int, str]:
    """Return the labels of all curves by the runs' indices, in their order, for a legend."""
    return dict(sorted({curve.index: curve.label for panel in panels for curve in panel.curves}.items()))


def choose_ticks(low: float, high: float, count: int = 5, logarithmic: bool = False) -> list[float]:
    """Choose round numbers from *low* to *high*, about *count* of them: 1, 2 or 5 times a power of ten."""
    if logarithmic and low > 0:
        powers = _choose_powers(low, high, count)
        if len(powers) > 1:  # one tick gives no scale: a range so small is divided evenly
            return powers
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * power / rough)))
    # the margin keeps an end that is a multiple of the step itself, but for a rounding error
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _choose_powers(low: float, high: float, count: int) -> list[float]:
    """Choose ticks for a logarithmic axis: as many for each power of ten as *count* has room for, or every n-th power."""
    powers = [10.0**exponent for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [factor * power for power in powers for factor in factors if low <= factor * power <= high]
        if len(ticks) <= count + 2:
            return ticks
    return ticks[:: math.ceil(len(ticks) / (count + 2))]


def tick_label(value: float) -> str:
    """Return a number for an axis: ``20k`` for 20000."""
    for least, size, suffix in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{value / size:g}{suffix}"
    return f"{value:.6g}"


def _make_curve(
    summary: RunSummary, index: int, series: Series, x: Sequence[float], metric: str | None, window: int
) -> Curve | None:
    """Make the curve of a run over *x*; None where it has no finite value, or no seconds for an x."""
    if not len(x):
        return None
    raw = best_point = None
    values = series.values
    if metric is None:
        values = running_mean(series, window)
        if window > 1:
            raw = thin_points(x, series.values, _MAX_RAW_POINTS)
    elif (best := find_best(series, metric)) is not None:
        best_point = (x[best], values[best])
    points = thin_points(x, values, _MAX_POINTS)
    return Curve(summary.label, index, summary.run.baseline, points, raw, best_point) if points[0] else None


def _needs_logarithm(curves: Sequence[Curve], metric: str | None) -> bool:
    """Tell whether the values span more than a linear axis shows; figures of which more is better are shares and stay linear."""
    if metric is not None and higher_is_better(metric):
        return False
    values = [value for curve in curves for value in curve.points[1]]
    return min(values) > 0 and max(values) > _LOG_FROM * min(values)
