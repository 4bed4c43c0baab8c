"""What there is to say of runs side by side: final cost, best validation, and how soon LN is where the baseline got."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.curves.series import (
    Run,
    Series,
    best,
    cell_title,
    default_window,
    final_mean,
    higher_is_better,
    running_mean,
)
from lnpatch.errors import UnknownMetricError
from lnpatch.training.run_folder import LOG, RUN, UPDATES

#: The validation figure that is shown unless another is asked for, if there.
_DEFAULT_METRICS = ("error", "cost", "t2i_r1")

#: What runs without validation are compared by.
FINAL_COST = "final cost"


@dataclass(frozen=True)
class Moment:
    """A value, and when it was reached; seconds are of training, None where they were not recorded."""

    value: float
    update: int
    seconds: float | None


@dataclass(frozen=True)
class Line:
    """What one run came to.

    Attributes:
        final_cost: the mean of the last tenth of the costs; None without costs.
        best: the best validation; None without validations.
        seconds_per_update: the median.
    """

    label: str
    run: Run
    final_cost: float | None
    best: Moment | None

    @property
    def seconds_per_update(self) -> float | None:
        """Seconds of an update, by the repository's own measure: the median."""
        return self.run.seconds_per_update


@dataclass(frozen=True)
class Comparison:
    """How soon a run is where a baseline got.

    Attributes:
        label, baseline: the labels of the two.
        figure: what is compared: a validation figure, or ``final cost`` where there is no validation.
        goal: the baseline's best; for ``final cost`` the mean of its last tenth, and when its training ended.
        reached: when the run first was as good; None if never.
        closest: the run's own best.
        seconds_ratio: the run's seconds per update over the baseline's.
    """

    label: str
    baseline: str
    figure: str
    goal: Moment | None
    reached: Moment | None
    closest: float | None
    seconds_ratio: float | None

    @property
    def share_of_updates(self) -> float | None:
        """The updates that the run needed over those that the baseline needed."""
        return self.reached.update / self.goal.update if self.reached and self.goal else None

    @property
    def share_of_seconds(self) -> float | None:
        """The same in seconds."""
        if not (self.reached and self.goal and self.goal.seconds and self.reached.seconds is not None):
            return None
        return self.reached.seconds / self.goal.seconds


@dataclass(frozen=True)
class Summary:
    """All runs, side by side.

    Attributes:
        metric: the validation figure; empty where no run has any.
        window: of the running means of costs, in updates.
    """

    metric: str
    window: int
    lines: tuple[Line, ...]
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...]


def summarise(runs: Sequence[Run], metric: str | None = None, window: int | None = None) -> Summary:
    """What there is to say of *runs*.

    Args:
        metric: the validation figure to show; by default the first of error, cost and t2i_r1 that is there.
        window: of the running means, in updates; by default :func:`~lnpatch.curves.series.default_window`.

    Raises:
        UnknownMetricError: no run has this figure.
    """
    shown = choose_metric(runs, metric)
    window = window or default_window(runs)
    lines = tuple(
        Line(label, run, final_mean(run.cost), _best(run, shown)) for label, run in zip(labels(runs), runs, strict=True)
    )
    comparisons, notes = [], [note for run in runs for note in run.notes]
    for line in lines:
        if words := _STATES.get(line.run.state):
            notes.append(words.format(label=line.label, updates=line.run.updates))
    for line in lines:
        for baseline in _baselines(line, lines):
            comparisons.append(compare(line, baseline, shown, window))
            notes += _unlike(line, baseline)
    targets = {run.target: None for run in runs if run.target}
    if len(targets) > 1:
        notes.append(f"The runs are of different targets ({', '.join(targets)}); only runs of one target are compared.")
    return Summary(shown, window, lines, tuple(comparisons), tuple(notes))


_STATES = {
    "running": "{label} is still running; this is how far it is.",
    "failed": "{label} failed after {updates} updates.",
    "stopped": "{label} was stopped after {updates} updates.",
    "nan": "{label} ended after {updates} updates because its cost was not a number.",
}


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each run: its cell, and as much of where it is as tells it from the others."""
    by_cell = [cell_title(run.cell) or _folder(run) for run in runs]
    by_folder = [
        cell if by_cell.count(cell) == 1 else f"{cell} ({_folder(run)})"
        for cell, run in zip(by_cell, runs, strict=True)
    ]
    counts = Counter(by_folder)
    return [
        name if counts[name] == 1 else f"{cell} ({run.source})"
        for name, cell, run in zip(by_folder, by_cell, runs, strict=True)
    ]


def _folder(run: Run) -> str:
    path = Path(run.source).resolve()
    return path.parent.name if path.name in (RUN, UPDATES, LOG) and (path.parent / RUN).is_file() else path.name


def choose_metric(runs: Sequence[Run], wanted: str | None = None) -> str:
    """The validation figure to show: *wanted*, or a default that as many runs have as can be; empty if none has any.

    Raises:
        UnknownMetricError: no run has *wanted*.
    """
    names = Counter(name for run in runs for name in run.validation)
    if wanted is not None:
        if wanted not in names:
            raise UnknownMetricError(wanted, list(names))
        return wanted
    most = max(names.values(), default=0)
    common = [name for name, count in names.items() if count == most]
    return next((name for name in (*_DEFAULT_METRICS, *common) if name in common), "")


def compare(line: Line, baseline: Line, metric: str, window: int) -> Comparison:
    """How soon a run is where *baseline* got: its best validation, or its final cost where there are none."""
    ratio = None
    if line.seconds_per_update and baseline.seconds_per_update:
        ratio = line.seconds_per_update / baseline.seconds_per_update
    goal = reached = closest = None
    figure = metric
    if line.best and baseline.best:
        series = line.run.validation[metric]
        goal, closest = baseline.best, line.best.value
        reached = _first(series, series.values, goal.value, higher_is_better(metric))
    elif baseline.final_cost is not None and line.final_cost is not None:
        figure = FINAL_COST
        goal = Moment(baseline.final_cost, int(baseline.run.cost.updates[-1]), _last(baseline.run.cost))
        means = running_mean(line.run.cost, window)
        reached = _first(line.run.cost, means, goal.value, higher=False)
        closest = min(value for value in means if math.isfinite(value))
    if goal and line.run.clock != baseline.run.clock:  # two kinds of seconds have no ratio
        goal = replace(goal, seconds=None)
    return Comparison(line.label, baseline.label, figure, goal, reached, closest, ratio)


def _best(run: Run, metric: str) -> Moment | None:
    series = run.validation.get(metric)
    index = best(series, metric) if series else None
    return _moment(series, series.values, index) if series and index is not None else None


def _first(series: Series, values: Sequence[float], goal: float, higher: bool) -> Moment | None:
    """When *values* first were as good as *goal*."""
    sign = 1.0 if higher else -1.0
    index = next((index for index, value in enumerate(values) if sign * value >= sign * goal), None)
    return None if index is None else _moment(series, values, index)


def _moment(series: Series, values: Sequence[float], index: int) -> Moment:
    return Moment(values[index], int(series.updates[index]), series.seconds[index] if series.seconds else None)


def _last(series: Series) -> float | None:
    return series.seconds[-1] if series.seconds else None


def _baselines(line: Line, lines: Sequence[Line]) -> list[Line]:
    """What a run is compared with: its target's runs of the plain form of its cell, or else of any plain cell.

    A log may not say which target it is of; then it is taken for the other's.
    """
    if line.run.baseline or not line.run.cell:
        return []
    plain = [
        other
        for other in lines
        if other.run.baseline and (other.run.target == line.run.target or not (other.run.target and line.run.target))
    ]
    return [other for other in plain if line.run.cell.endswith(other.run.cell)] or plain


def _unlike(line: Line, baseline: Line) -> list[str]:
    """A note if two runs that are compared differ in more than the cell."""
    notes = []
    ours, theirs = line.run.conditions, baseline.run.conditions
    differ = [f"{key} ({ours[key]}, {theirs[key]})" for key in ours if key in theirs and ours[key] != theirs[key]]
    if differ:
        notes.append(f"{line.label} and {baseline.label} differ in more than the cell: {', '.join(differ)}.")
    if line.run.clock and baseline.run.clock and line.run.clock != baseline.run.clock:
        wall, alone = (line, baseline) if line.run.clock == "wall" else (baseline, line)
        notes.append(
            f"The seconds of {wall.label} are the wall clock's, those of {alone.label} are of its updates alone; "
            "do not compare them."
        )
    return notes
