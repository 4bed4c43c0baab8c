"""The panels of the picture: which curves over which axis, in which unit. Whatever draws them draws these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.curves.series import Series, best, higher_is_better, running_mean, thin
from lnpatch.curves.summary import Line, Summary

#: More points than this cannot be told apart in a panel, and make large files.
_POINTS = 2000

#: Of raw values fewer, or their noise fills the panel.
_RAW_POINTS = 800

#: A logarithmic axis once the greatest of the curves' values is so many times the least.
_LOG_FROM = 10

#: Units of time: up to how many seconds, the seconds in one, the name.
_UNITS = ((600, 1, "seconds"), (2 * 3600, 60, "minutes"), (4 * 86400, 3600, "hours"), (math.inf, 86400, "days"))

Points = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Curve:
    """One run in one panel.

    Attributes:
        index: the run's place among all, the same in every panel, for its colour.
        baseline: whether it is a plain cell's.
        points: the curve, x and y.
        raw: the values that *points* are the running mean of; None where the values are drawn themselves.
        best: the best point; None where there is none to mark.
    """

    label: str
    index: int
    baseline: bool
    points: Points
    raw: Points | None = None
    best: tuple[float, float] | None = None


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        row, column: its place among the others.
        end: where the x axis ends, the same in all panels of a column; it starts at 0.
        logarithmic: whether the y axis is.
    """

    row: int
    column: int
    x_label: str
    y_label: str
    end: float
    logarithmic: bool
    curves: tuple[Curve, ...]

    @property
    def y_range(self) -> tuple[float, float]:
        """What is to be seen: the curves in full, of raw values all but the extreme hundredths."""
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


def make_panels(summary: Summary) -> list[Panel]:
    """Cost and validation, each over updates and over time, as far as there is data."""
    runs = [line.run for line in summary.lines]
    rows: list[tuple[str, str | None, list[Series]]] = [("training cost", None, [run.cost for run in runs])]
    if metric := summary.metric:
        figures = [run.validation.get(metric, Series((), ())) for run in runs]
        rows.append((f"validation {metric_title(metric)}", metric, figures))
    longest = max((run.seconds or 0.0 for run in runs), default=0.0)
    unit, unit_name = next((size, name) for limit, size, name in _UNITS if longest <= limit)
    panels: list[Panel] = []
    for y_label, figure, series_of_runs in rows:
        row = panels[-1].row + 1 if panels else 0
        for column, x_label in enumerate(("updates", f"{unit_name} of training")):
            curves = []
            for index, (line, series) in enumerate(zip(summary.lines, series_of_runs, strict=True)):
                x = [moment / unit for moment in series.seconds or ()] if column else series.updates
                if curve := _curve(line, index, series, x, figure, summary.window):
                    curves.append(curve)
            if curves:
                end = longest / unit if column else float(max(run.updates for run in runs))
                panels.append(Panel(row, column, x_label, y_label, end, _logarithmic(curves, figure), tuple(curves)))
    return panels


def metric_title(metric: str) -> str:
    """A validation figure in words: ``R@1 (text to image)`` for ``t2i_r1``."""
    direction, _, figure = metric.partition("_")
    ways = {"t2i": "text to image", "i2t": "image to text"}
    if direction not in ways:
        return metric.replace("_", " ")
    title = {"medr": "median rank", "meanr": "mean rank"}.get(figure, figure.replace("r", "R@", 1))
    return f"{title} ({ways[direction]})"


def ticks(low: float, high: float, count: int = 5, logarithmic: bool = False) -> list[float]:
    """Round numbers from *low* to *high*, about *count* of them: 1, 2 or 5 times a power of ten."""
    if logarithmic and low > 0:
        powers = [10.0**exponent for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
        for factors in ((1, 2, 5), (1, 3), (1,)):
            found = [factor * power for power in powers for factor in factors if low <= factor * power <= high]
            if len(found) <= count + 2:
                break
        if len(found) > 1:
            return found[:: math.ceil(len(found) / (count + 2))]
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * power / rough)))
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def tick_label(value: float) -> str:
    """A number for an axis: ``20k`` for 20000."""
    for least, size, suffix in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{value / size:g}{suffix}"
    return f"{value:.6g}"


def _curve(line: Line, index: int, series: Series, x: Sequence[float], metric: str | None, window: int) -> Curve | None:
    if not len(x):
        return None
    raw = marked = None
    values = series.values
    if metric is None:
        values = running_mean(series, window)
        if window > 1:
            raw = thin(x, series.values, _RAW_POINTS)
    elif (at := best(series, metric)) is not None:
        marked = (x[at], values[at])
    points = thin(x, values, _POINTS)
    return Curve(line.label, index, line.run.baseline, points, raw, marked) if points[0] else None


def _logarithmic(curves: Sequence[Curve], metric: str | None) -> bool:
    """Whether the values span more than a linear axis shows; figures of which more is better are shares and stay linear."""
    if metric is not None and higher_is_better(metric):
        return False
    values = [value for curve in curves for value in curve.points[1]]
    return min(values) > 0 and max(values) > _LOG_FROM * min(values)
