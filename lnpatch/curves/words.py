"""Comparisons of runs in sentences, as the paper says them: for ``curves`` and the report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from lnpatch.curves.comparison import FINAL_COST, CellComparison, RunComparison
from lnpatch.curves.panels import metric_title
from lnpatch.curves.series import cell_title
from lnpatch.curves.summary import CurvesSummary


def compare_in_words(summary: CurvesSummary) -> list[str]:
    """Say how each cell compares with its baseline: several runs of one cell together, single ones by themselves."""
    grouped = {id(each) for group in summary.groups for each in group.comparisons}
    sentences = [sentence for group in summary.groups for sentence in _compare_cells(group)]
    for comparison in summary.comparisons:
        if id(comparison) not in grouped:
            sentences += _compare_runs(comparison)
    return sentences


def format_figure(value: float | None, digits: int = 4) -> str:
    """Return a figure for a table; a dash for one that is not there."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def _compare_runs(comparison: RunComparison) -> Iterator[str]:
    """Say how soon the run is where the baseline got, and what an update costs."""
    run, baseline, goal = comparison.label, comparison.baseline, comparison.goal
    if goal is not None:
        level = f"{baseline}'s {_name_figure(comparison.figure)}, {format_figure(goal.value)},"
        if comparison.share_of_updates is not None:
            shares = f"{comparison.share_of_updates:.0%} of the updates"
            if comparison.share_of_seconds is not None:
                shares += f" and {comparison.share_of_seconds:.0%} of the seconds"
            yield f"{run} reaches {level} after {shares} that {baseline} took."
        else:
            yield f"{run} has not reached {level} so far; its best is {format_figure(comparison.closest)}."
    if comparison.cost_ratio is not None:
        yield _compare_last_costs(run, baseline, (comparison.cost_ratio,), comparison.paired)
    if comparison.seconds_ratio is not None:
        yield f"An update of {run} takes {comparison.seconds_ratio:.2f} times the seconds of one of {baseline}."


def _compare_cells(group: CellComparison) -> Iterator[str]:
    """Say the same of several runs of a cell: in the middle, and from the least to the greatest."""
    cell, baseline = cell_title(group.cell), cell_title(group.baseline)
    best = _name_figure(group.figure)
    if group.reached:
        shares = f"{_band(group.shares_of_updates)} of the updates"
        if group.shares_of_seconds:
            shares += f" and {_band(group.shares_of_seconds)} of the seconds"
        runs = f"{group.reached} of {len(group.comparisons)} runs"
        yield f"{runs} of {cell} reach the {best} of {baseline}, after {shares} that it took."
    elif group.figure:
        yield f"No run of {cell} has reached the {best} of {baseline} so far."
    if group.cost_ratios:
        paired = all(each.paired for each in group.comparisons)
        yield _compare_last_costs(cell, baseline, group.cost_ratios, paired)
    if group.seconds_ratio is not None:
        yield f"An update of {cell} takes {group.seconds_ratio:.2f} times the seconds of one of {baseline}."


def _name_figure(figure: str) -> str:
    return "final cost" if figure == FINAL_COST else f"best validation {metric_title(figure)}"


def _compare_last_costs(run: str, baseline: str, ratios: Sequence[float], paired: bool) -> str:
    """Say how the costs compare at equal updates, in their last tenth."""
    middle = statistics.median(ratios)
    band = "" if len(ratios) == 1 else f" ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    batches = ", of the same batches" if paired else ""
    return f"In the last tenth of equal updates{batches}, the cost of {run} is {middle:.3f}{band} times that of {baseline}."


def _band(shares: Sequence[float]) -> str:
    """Return the median of shares, and their range."""
    middle = f"{statistics.median(shares):.0%}"
    return middle if len(shares) == 1 else f"{middle} ({shares[0]:.0%} to {shares[-1]:.0%})"
