"""Choose the panels of the figure: which curves over which axis, in which unit, for matplotlib and the terminal alike."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.curves.series import Series, find_best, higher_is_better, running_mean, thin_points
from lnpatch.curves.summary import CurvesSummary, RunGroup, RunSummary

#: The most points of a curve: more cannot be told apart in a panel, and make large files.
_MAX_POINTS = 600

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
    """One run in one panel, or the mean of several that differ in their seeds alone."""

    label: str
    #: Its place among all, the same in every panel, for its colour.
    index: int
    #: Whether it is a plain cell's.
    baseline: bool
    points: Points
    #: The values of which *points* are the running mean; None where the values are drawn themselves.
    raw: Points | None = None
    #: The best point of each run; empty where there is none to mark.
    best: tuple[tuple[float, float], ...] = ()
    #: The x, the least and the greatest of several runs; None for a single one.
    band: tuple[list[float], list[float], list[float]] | None = None


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
            shown += [y for _, y in curve.best]
            if curve.band:
                shown += [*curve.band[1], *curve.band[2]]
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
            for index, group in enumerate(summary.shown):
                if curve := _make_curve(group, index, row.metric, summary.window, unit if column else None):
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


def _choose_rows(summary: CurvesSummary) -> list[_Row]:
    rows = [_Row("training cost per word" if summary.per_word else "training cost", None)]
    return [*rows, _Row(f"validation {metric_title(summary.metric)}", summary.metric)] if summary.metric else rows


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


def _make_curve(group: RunGroup, index: int, metric: str | None, window: int, unit: float | None) -> Curve | None:
    """Make the curve of runs that differ in their seeds alone.

    Args:
        metric: the validation figure; None for the training cost.
        unit: the seconds in a unit of the x axis; None for updates.

    Returns:
        None where there is no finite value, or no seconds for an x.
    """
    lines = [line for summary in group.runs if (line := _make_line(summary, metric, window, unit))]
    lines = [line for line in lines if line.points[0]]
    if not lines:
        return None
    best = tuple(line.best for line in lines if line.best is not None)
    baseline = group.runs[0].run.baseline
    if len(lines) == 1:
        (line,) = lines
        points = thin_points(*line.points, _MAX_POINTS)
        raw = thin_points(*line.raw, _MAX_RAW_POINTS) if line.raw else None
        return Curve(group.caption, index, baseline, points, raw, best)
    x, low, mean, high = _join_lines([line.points for line in lines])
    return Curve(group.caption, index, baseline, (x, mean), None, best, (x, low, high)) if x else None


@dataclass(frozen=True)
class _Line:
    """One run in one panel."""

    points: Points
    raw: Points | None
    best: tuple[float, float] | None


def _make_line(summary: RunSummary, metric: str | None, window: int, unit: float | None) -> _Line | None:
    """Make the line of a run; None where it has no x."""
    series = summary.run.cost if metric is None else summary.run.validation.get(metric, Series((), ()))
    x = series.updates if unit is None else [seconds / unit for seconds in series.seconds or ()]
    if not len(x):
        return None
    if metric is None:
        raw = (list(x), list(series.values)) if window > 1 else None
        return _Line(_drop_unknown(x, running_mean(series, window)), raw, None)
    best = find_best(series, metric)
    return _Line(_drop_unknown(x, series.values), None, None if best is None else (x[best], series.values[best]))


def _drop_unknown(x: Sequence[float], y: Sequence[float]) -> Points:
    """Return the points that are finite."""
    kept = [index for index, value in enumerate(y) if math.isfinite(value)]
    return [x[index] for index in kept], [y[index] for index in kept]


def _join_lines(lines: Sequence[Points]) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return x, and the least, the mean and the greatest of the lines there, as far as all of them go."""
    start, end = max(line[0][0] for line in lines), min(line[0][-1] for line in lines)
    places = sorted({x for line in lines for x in line[0] if start <= x <= end})
    places = places[:: math.ceil(len(places) / _MAX_POINTS) or 1]
    columns = list(zip(*(_interpolate(line, places) for line in lines), strict=True))
    return places, list(map(min, columns)), list(map(statistics.fmean, columns)), list(map(max, columns))


def _interpolate(line: Points, places: Sequence[float]) -> list[float]:
    """Return the y of a line at *places*, which are in order and within it."""
    xs, ys = line
    values, index = [], 0
    for place in places:
        while index + 1 < len(xs) and xs[index + 1] <= place:
            index += 1
        if index + 1 == len(xs) or xs[index] == place:
            values.append(ys[index])
        else:
            share = (place - xs[index]) / (xs[index + 1] - xs[index])
            values.append(ys[index] + share * (ys[index + 1] - ys[index]))
    return values


def _needs_logarithm(curves: Sequence[Curve], metric: str | None) -> bool:
    """Tell whether the values span more than a linear axis shows; figures of which more is better are shares and stay linear."""
    if metric is not None and higher_is_better(metric):
        return False
    values = [value for curve in curves for value in curve.points[1]]
    return min(values) > 0 and max(values) > _LOG_FROM * min(values)
