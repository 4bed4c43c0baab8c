"""Sum up runs side by side: final cost, best validation, and how soon a run gets where its baseline got."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lnpatch.curves.comparison import (
    CellComparison,
    CurvePoint,
    RunComparison,
    best_point,
    compare_runs,
    group_comparisons,
)
from lnpatch.curves.series import RunSeries, cell_title, default_window, take_costs_per_word
from lnpatch.errors import UnknownMetricError
from lnpatch.training.final_cost import final_cost
from lnpatch.training.run_folder import LOG, RUN
from lnpatch.training.update_log import UPDATES

#: The validation figures of which the first that the runs have is shown, unless another is asked for.
_DEFAULT_METRICS = ("error", "cost", "t2i_r1")


@dataclass(frozen=True)
class RunSummary:
    """What one run came to."""

    label: str
    run: RunSeries
    #: The mean of the last tenth of the costs; None without costs.
    final_cost: float | None
    #: The best validation; None without validations.
    best: CurvePoint | None
    #: What keeps it from being compared as it is, in a few words each: tiny data, fewer updates than others.
    marks: tuple[str, ...] = ()

    @property
    def seconds_per_update(self) -> float | None:
        """The median of the seconds that an update took, by the repository's own measure."""
        return self.run.seconds_per_update


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ in their seeds alone, or a single one: they are drawn as one curve."""

    label: str
    runs: tuple[RunSummary, ...]

    @property
    def caption(self) -> str:
        """The label, and what a reader of the figure has to know of the runs."""
        marks = list(dict.fromkeys(mark for run in self.runs for mark in run.marks))
        return f"{self.label} [{', '.join(marks)}]" if marks else self.label


@dataclass(frozen=True)
class CurvesSummary:
    """All runs, side by side."""

    #: The validation figure that is shown; empty where no run has any.
    metric: str
    #: The window of the running means of costs, in updates.
    window: int
    runs: tuple[RunSummary, ...]
    comparisons: tuple[RunComparison, ...]
    #: Those of the same two cells, where there are several.
    groups: tuple[CellComparison, ...]
    notes: tuple[str, ...]
    #: Target, data and budget.
    title: str = ""
    #: The runs as they are drawn.
    shown: tuple[RunGroup, ...] = field(default=())

    @property
    def per_word(self) -> bool:
        """Whether costs are per word."""
        return any(summary.run.per_word for summary in self.runs)


_STATE_NOTES = {
    "running": "{label} is still running; this is how far it is.",
    "failed": "{label} failed after {updates} updates.",
    "stopped": "{label} was stopped after {updates} updates.",
    "nan": "{label} ended after {updates} updates because its cost was not a number.",
}


def summarise_runs(runs: Sequence[RunSeries], metric: str | None = None, window: int | None = None) -> CurvesSummary:
    """Sum up *runs*, and compare each with its baselines among them.

    Args:
        metric: the validation figure to show; by default the first of error, cost and t2i_r1 that the runs have.
        window: of the running means, in updates; by default :func:`~lnpatch.curves.series.default_window`.

    Raises:
        UnknownMetricError: no run has this figure.
    """
    runs = take_costs_per_word(runs)
    metric = choose_metric(runs, metric)
    window = window or default_window(runs)
    summaries = tuple(
        RunSummary(label, run, final_cost(run.cost.values), best_point(run, metric), _mark_run(run, runs))
        for label, run in zip(label_runs(runs), runs, strict=True)
    )
    pairs = [(summary, baseline) for summary in summaries for baseline in _find_baselines(summary, summaries)]
    comparisons = tuple(
        compare_runs(summary.run, baseline.run, (summary.label, baseline.label), metric) for summary, baseline in pairs
    )
    groups = group_comparisons(comparisons)
    notes = tuple(_collect_notes(summaries, pairs))
    shown = tuple(_group_seeds(summaries))
    return CurvesSummary(metric, window, summaries, comparisons, groups, notes, describe_runs(runs), shown)


def describe_runs(runs: Sequence[RunSeries]) -> str:
    """Return what runs are of, for a title: target, data and budget."""
    targets = dict.fromkeys(run.target for run in runs if run.target)
    data = dict.fromkeys((_is_smoke(run) and "tiny data") or run.data for run in runs)
    updates = sorted(run.updates for run in runs)
    budget = f"{updates[-1]}" if updates[0] == updates[-1] else f"{updates[0]} to {updates[-1]}"
    return ", ".join([*targets, *filter(None, data), f"{budget} updates"])


def _is_smoke(run: RunSeries) -> bool:
    return bool(run.conditions.get("smoke"))


def _mark_run(run: RunSeries, runs: Sequence[RunSeries]) -> tuple[str, ...]:
    """Return what keeps a run from being compared with others of its target as it is."""
    longest = max(other.updates for other in runs if other.target == run.target)
    marks = ["smoke"] if _is_smoke(run) else []
    if _differ_in_budget(run.updates, longest):
        marks.append(f"{run.updates} of {longest} updates")
    return tuple(marks)


def _differ_in_budget(updates: int, others: int) -> bool:
    """Tell whether numbers of updates differ by more than a twentieth."""
    return abs(updates - others) > 0.05 * max(updates, others)


def _group_seeds(summaries: Sequence[RunSummary]) -> Iterator[RunGroup]:
    """Yield the runs in groups of those that differ in their seeds alone."""
    groups: dict[object, list[RunSummary]] = defaultdict(list)
    for summary in summaries:
        run = summary.run
        key = (run.target, run.cell, run.data_sha256, tuple(sorted(run.conditions.items())), run.clock)
        groups[key if run.seed is not None and run.cell else summary.label].append(summary)
    for group in groups.values():
        seeds = {summary.run.seed for summary in group}
        if len(group) == len(seeds) > 1:
            yield RunGroup(f"{cell_title(group[0].run.cell)} ({len(seeds)} seeds)", tuple(group))
        else:
            yield from (RunGroup(summary.label, (summary,)) for summary in group)


def _collect_notes(summaries: Sequence[RunSummary], pairs: Sequence[tuple[RunSummary, RunSummary]]) -> Iterator[str]:
    """Yield what a reader of the comparison has to know: of reading the runs, of their states, of unlike runs."""
    for summary in summaries:
        yield from summary.run.notes
    for summary in summaries:
        if words := _STATE_NOTES.get(summary.run.state):
            yield words.format(label=summary.label, updates=summary.run.updates)
    if any(_is_smoke(summary.run) for summary in summaries):
        yield "Smoke runs train tiny models on tiny data: they show that all works, not which cell is better."
    if compiled := sorted(filter(None, (round(summary.run.compile_seconds, 1) for summary in summaries))):
        seconds = f"{compiled[0]:g}" + (f" to {compiled[-1]:g}" if compiled[-1] > compiled[0] else "")
        runs = "One run has" if len(compiled) == 1 else f"{len(compiled)} runs have"
        yield f"{runs} compiled for {seconds} s between updates, which are no seconds of training here."
    for summary, baseline in pairs:
        yield from _describe_differences(summary, baseline)
    targets = dict.fromkeys(summary.run.target for summary in summaries if summary.run.target)
    if len(targets) > 1:
        yield f"The runs are of different targets ({', '.join(targets)}); only runs of one target are compared."


def label_runs(runs: Sequence[RunSeries]) -> list[str]:
    """Name each run: its cell, and as much of its path as tells it from the others."""
    by_cell = [cell_title(run.cell) or _folder_name(run) for run in runs]
    by_folder = [
        cell if by_cell.count(cell) == 1 else f"{cell} ({_folder_name(run)})"
        for cell, run in zip(by_cell, runs, strict=True)
    ]
    counts = Counter(by_folder)
    return [
        name if counts[name] == 1 else f"{cell} ({run.source})"
        for name, cell, run in zip(by_folder, by_cell, runs, strict=True)
    ]


def _folder_name(run: RunSeries) -> str:
    """Return the name of a run's folder, also where a file in it stands for the run; else that of its file."""
    path = Path(run.source).resolve()
    return path.parent.name if path.name in (RUN, UPDATES, LOG) and (path.parent / RUN).is_file() else path.name


def choose_metric(runs: Sequence[RunSeries], metric: str | None = None) -> str:
    """Return the validation figure to show: *metric*, or a default that most of the runs have; empty if none has any.

    Raises:
        UnknownMetricError: no run has *metric*.
    """
    counts = Counter(name for run in runs for name in run.validation)
    if metric is not None:
        if metric not in counts:
            raise UnknownMetricError(metric, list(counts))
        return metric
    highest = max(counts.values(), default=0)
    common = [name for name, count in counts.items() if count == highest]
    return next((name for name in (*_DEFAULT_METRICS, *common) if name in common), "")


def _find_baselines(summary: RunSummary, summaries: Sequence[RunSummary]) -> list[RunSummary]:
    """Return what a run is compared with: runs of its target with the plain form of its cell, or else with any plain cell;
    those with its seed, if there are any.

    A log may not tell which target it is of; then it is taken to be of the other's.
    """
    run = summary.run
    if run.baseline or not run.cell:
        return []
    plain = [
        other
        for other in summaries
        if other.run.baseline and (other.run.target == run.target or not (other.run.target and run.target))
    ]
    plain = [other for other in plain if run.cell.endswith(other.run.cell)] or plain
    return [other for other in plain if run.seed is not None and other.run.seed == run.seed] or plain


def _describe_differences(summary: RunSummary, baseline: RunSummary) -> list[str]:
    """Return notes if two runs that are compared differ in more than the cell."""
    notes = []
    ours, theirs = summary.run.conditions, baseline.run.conditions
    differences = [f"{key} ({ours[key]}, {theirs[key]})" for key in ours if key in theirs and ours[key] != theirs[key]]
    if differences:
        notes.append(f"{summary.label} and {baseline.label} differ in more than the cell: {', '.join(differences)}.")
    if _differ_in_budget(summary.run.updates, baseline.run.updates):
        notes.append(
            f"{summary.label} has made {summary.run.updates} updates, {baseline.label} {baseline.run.updates}: "
            "their final costs are not those of equal budgets."
        )
    if summary.run.clock and baseline.run.clock and summary.run.clock != baseline.run.clock:
        wall, alone = (summary, baseline) if summary.run.clock == "wall" else (baseline, summary)
        notes.append(
            f"The seconds of {wall.label} are the wall clock's, those of {alone.label} are of its updates alone; "
            "do not compare them."
        )
    return notes
