"""How soon a run gets where its baseline got: by validation, or by the cost where there is none.

Costs of single batches are noise. So a run has reached its baseline's final cost when its *trend* has: the falling curve
that fits all of its costs best, against the last tenth of the baseline's. It has no window to be chosen, and below a level it
stays below; a run whose own final cost is higher has not reached it. Costs are compared per word where they are sums over
words (:func:`~lnpatch.curves.series.take_costs_per_word`). Where both have trained on the same batches, the baseline's own
deviations from its trend tell which batches were costly, and are taken out of the run's.

Both trends are fitted alike, so two runs that learn alike come out near 95 %, and where noise is large the figure errs to the
late side.

See: R. E. Barlow et al., Statistical Inference under Order Restrictions, 1972 (the fit, by pooling adjacent violators).
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lnpatch.curves.series import RunSeries, Series, find_best, higher_is_better
from lnpatch.training.final_cost import final_cost, last_tenth

#: What runs without validation are compared by.
FINAL_COST = "final cost"


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve: a value, and when it was reached."""

    value: float
    update: int
    #: Seconds of training; None where they were not recorded.
    seconds: float | None


@dataclass(frozen=True)
class RunComparison:
    """How soon a run gets where a baseline got."""

    #: The labels of the two.
    label: str
    baseline: str
    #: The cells of the two.
    cells: tuple[str, str]
    #: What is compared: a validation figure, or :data:`FINAL_COST` where there is no validation.
    figure: str
    #: The baseline's best; for the final cost the mean of its last tenth, and when its training ended.
    goal: CurvePoint | None
    #: When the run was as good: by validation the first time, by the cost from then on, with its trend. None if never.
    reached: CurvePoint | None
    #: The run's own best, or final cost.
    closest: float | None
    #: The run's seconds per update over the baseline's.
    seconds_ratio: float | None
    #: Whether the two have trained on the same batches, as far as can be told.
    paired: bool = False
    #: The run's costs over the baseline's at equal updates, in their last tenth; None where compared by validation.
    cost_ratio: float | None = None

    @property
    def share_of_updates(self) -> float | None:
        """The updates that the run needed over those that the baseline needed."""
        return self.reached.update / self.goal.update if self.reached and self.goal else None

    @property
    def share_of_seconds(self) -> float | None:
        """The seconds that the run needed over those that the baseline needed; None where they cannot be compared."""
        if not (self.reached and self.goal and self.goal.seconds and self.reached.seconds is not None):
            return None
        return self.reached.seconds / self.goal.seconds


@dataclass(frozen=True)
class CellComparison:
    """How soon the runs of a cell get where those of a baseline got, over several seeds."""

    #: The cells of the two.
    cell: str
    baseline: str
    figure: str
    comparisons: tuple[RunComparison, ...]

    @property
    def reached(self) -> int:
        """How many of the runs have got there."""
        return sum(each.reached is not None for each in self.comparisons)

    @property
    def shares_of_updates(self) -> tuple[float, ...]:
        """The updates that each run needed over those that its baseline needed, the least first."""
        return _sort_known(each.share_of_updates for each in self.comparisons)

    @property
    def shares_of_seconds(self) -> tuple[float, ...]:
        """The same of the seconds."""
        return _sort_known(each.share_of_seconds for each in self.comparisons)

    @property
    def cost_ratios(self) -> tuple[float, ...]:
        """Each run's costs over the baseline's, in the last tenth of equal updates, the least first."""
        return _sort_known(each.cost_ratio for each in self.comparisons)

    @property
    def seconds_ratio(self) -> float | None:
        """What an update takes over one of the baseline: the median."""
        ratios = _sort_known(each.seconds_ratio for each in self.comparisons)
        return statistics.median(ratios) if ratios else None


def compare_runs(run: RunSeries, baseline: RunSeries, labels: tuple[str, str], metric: str) -> RunComparison:
    """Compare by how soon a run gets where its baseline got: its best validation, or its final cost without validations.

    Args:
        labels: those of the run and of the baseline.
        metric: the validation figure; empty for none.
    """
    ratio = None
    if run.seconds_per_update and baseline.seconds_per_update:
        ratio = run.seconds_per_update / baseline.seconds_per_update
    cells = (run.cell, baseline.cell)
    comparison = RunComparison(*labels, cells, metric, None, None, None, ratio, are_paired(run, baseline))
    ours, theirs = best_point(run, metric), best_point(baseline, metric)
    if ours and theirs:
        series, sign = run.validation[metric], 1.0 if higher_is_better(metric) else -1.0
        index = next((i for i, value in enumerate(series.values) if sign * value >= sign * theirs.value), None)
        reached = None if index is None else make_point(series, series.values[index], index)
        comparison = replace(comparison, goal=theirs, reached=reached, closest=ours.value)
    else:
        comparison = _compare_costs(run, baseline, comparison)
    if comparison.goal and run.clock != baseline.clock:  # two kinds of seconds have no ratio
        comparison = replace(comparison, goal=replace(comparison.goal, seconds=None))
    return comparison


def group_comparisons(comparisons: Sequence[RunComparison]) -> tuple[CellComparison, ...]:
    """Return those of the same two cells together, where there are several."""
    groups: dict[tuple[tuple[str, str], str], list[RunComparison]] = defaultdict(list)
    for each in comparisons:
        groups[each.cells, each.figure].append(each)
    return tuple(
        CellComparison(cell, baseline, figure, tuple(group))
        for ((cell, baseline), figure), group in groups.items()
        if len(group) > 1
    )


def are_paired(run: RunSeries, baseline: RunSeries) -> bool:
    """Tell whether two runs have trained on the same batches: with one seed, on the same data, in batches of one size."""
    same_data = run.data_sha256 == baseline.data_sha256 and run.conditions == baseline.conditions
    return run.seed is not None and run.seed == baseline.seed and same_data


def best_point(run: RunSeries, metric: str) -> CurvePoint | None:
    """Return the best of a run's validation figures; None where there is none."""
    series = run.validation.get(metric)
    index = find_best(series, metric) if series else None
    return make_point(series, series.values[index], index) if series and index is not None else None


def make_point(series: Series, value: float, index: int) -> CurvePoint:
    """Return a value with the time of a series' entry."""
    return CurvePoint(value, int(series.updates[index]), series.seconds[index] if series.seconds else None)


def fit_trend(values: Sequence[float]) -> list[float]:
    """Return the falling values that fit *values* best, by least squares: neighbours that rise are pooled to their mean."""
    blocks: list[tuple[float, int]] = []  # the sum of each, and its length
    for value in values:
        total, count = value, 1
        while blocks and blocks[-1][0] * count <= total * blocks[-1][1]:
            before, length = blocks.pop()
            total, count = total + before, count + length
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]


def _compare_costs(run: RunSeries, baseline: RunSeries, comparison: RunComparison) -> RunComparison:
    """Compare by the trends of the costs, at the level of the last tenth of the baseline's."""
    goal, ours = final_cost(baseline.cost.values), final_cost(run.cost.values)
    if goal is None or ours is None:
        return replace(comparison, figure=comparison.figure or "")
    costs, their_costs = _finite_costs(run.cost), _finite_costs(baseline.cost)
    # a batch of longer sentences costs so many times more, not so much more
    logarithmic = min(*costs.values(), *their_costs.values()) > 0
    scale, unscale = (math.log, math.exp) if logarithmic else (float, float)
    scaled, their_scaled = list(map(scale, costs.values())), list(map(scale, their_costs.values()))
    their_trend = fit_trend(their_scaled)
    if comparison.paired:
        rows = zip(their_costs, their_scaled, their_trend, strict=True)
        residuals = {update: value - fitted for update, value, fitted in rows}
        scaled = _take_out(scaled, [residuals.get(update, 0.0) for update in costs])
    trend = fit_trend(scaled)
    reached = None
    if ours <= goal:  # a trend does not tell of a cost that has risen again
        level = statistics.fmean(last_tenth(their_trend))
        places = (place for place, value in enumerate(trend) if value <= level or math.isclose(value, level))
        if (first := next(places, None)) is not None:
            index = list(run.cost.updates).index(list(costs)[first])
            reached = make_point(run.cost, unscale(trend[first]), index)
    return replace(
        comparison,
        figure=FINAL_COST,
        goal=make_point(baseline.cost, goal, len(baseline.cost) - 1),
        reached=reached,
        closest=ours,
        cost_ratio=_compare_last_tenth(costs, their_costs) if logarithmic else None,
    )


def _compare_last_tenth(costs: Mapping[float, float], baseline: Mapping[float, float]) -> float | None:
    """Return the mean ratio of costs at equal updates, of the last tenth of those that both have made."""
    ratios = [math.log(cost / baseline[update]) for update, cost in costs.items() if update in baseline]
    return math.exp(statistics.fmean(last_tenth(ratios))) if ratios else None


def _take_out(values: Sequence[float], residuals: Sequence[float]) -> list[float]:
    """Return values without what the residuals of others explain of theirs: nothing, where they have nothing in common."""
    own = [value - fitted for value, fitted in zip(values, fit_trend(values), strict=True)]
    power = math.fsum(residual**2 for residual in residuals)
    common = math.fsum(a * b for a, b in zip(own, residuals, strict=True))
    share = max(0.0, common / power) if power else 0.0
    return [value - share * residual for value, residual in zip(values, residuals, strict=True)]


def _finite_costs(series: Series) -> dict[float, float]:
    """Return the finite values of a series by their updates."""
    rows = zip(series.updates, series.values, strict=True)
    return {update: value for update, value in rows if math.isfinite(value)}


def _sort_known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(sorted(value for value in values if value is not None))
