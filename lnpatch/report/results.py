"""The results of a study by cell: mean and deviation over its seeds, and all single figures for other programs."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lnpatch.curves.summary import CurvesSummary, RunSummary
from lnpatch.report.experiment import Experiment, ReportRun

#: A figure of an evaluation: the task, empty where there is one alone, and the name.
FigureName = tuple[str, str]

#: The columns of ``table.csv``. ``task`` is ``training`` for figures of the training itself.
CSV_COLUMNS = ("row", "cell", "seed", "task", "figure", "value")


@dataclass(frozen=True)
class Spread:
    """Figures of several runs."""

    mean: float
    #: The sample's standard deviation; None for a single run.
    deviation: float | None
    count: int

    def __str__(self) -> str:
        """The mean with as many places as two digits of the deviation have."""
        if not self.deviation:
            return f"{self.mean:.4g}"
        places = 1 - math.floor(math.log10(self.deviation))
        if not 0 <= places <= 6:
            return f"{self.mean:.4g} \N{PLUS-MINUS SIGN} {self.deviation:.2g}"
        return f"{self.mean:.{places}f} \N{PLUS-MINUS SIGN} {self.deviation:.{places}f}"


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return mean and deviation of the finite values; None without any."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    return Spread(statistics.fmean(finite), statistics.stdev(finite) if len(finite) > 1 else None, len(finite))


def figure_names(experiment: Experiment) -> tuple[FigureName, ...]:
    """Return the figures of the evaluations, ours and the published ones of the same tasks, in the order of the paper's.

    Without an evaluation of ours, the published ones that were compared with their publication.
    """
    ours = dict.fromkeys(name for run in experiment.runs for name in _name_figures(run.evaluation))
    rows = [row for row in experiment.rows if ours or row.verified]
    published = dict.fromkeys(
        name for row in rows for name in (*_name_figures(row.tasks), *(("", one) for one in row.figures))
    )
    if not ours:
        return tuple(published)
    if not any(task for task, _ in published):  # the repository has one evaluation, whatever its task is called
        ours = dict.fromkeys(("", name) for _, name in ours)
    order = [name for name in published if name in ours]
    return (*order, *(name for name in ours if name not in published))


def evaluation_figure(run: ReportRun, name: FigureName) -> float | None:
    """Return a figure of a run's model; None where it has none."""
    task, figure = name
    tables = [run.evaluation.get(task, {})] if task else list(run.evaluation.values())
    return next((table[figure] for table in tables if figure in table), None)


def render_table(experiment: Experiment, summary: CurvesSummary | None) -> bytes:
    """Return every single figure as CSV in UTF-8: those that were published, and those of each run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in experiment.rows:
        for task, table in (("", row.figures), *row.tasks.items()):
            writer.writerows((row.row, "", "", task, figure, f"{value:.10g}") for figure, value in table.items())
    for run, trained in zip(experiment.runs, match_summaries(experiment.runs, summary), strict=True):
        for task, figure, value in _list_figures(run, trained):
            writer.writerow((f"{run.cell}-{run.seed}", run.cell, run.seed, task, figure, f"{value:.10g}"))
    return text.getvalue().encode("utf-8", "backslashreplace")


def match_summaries(runs: Sequence[ReportRun], summary: CurvesSummary | None) -> list[RunSummary | None]:
    """Return the summary of each run; None for one that has recorded nothing."""
    summaries = iter(summary.runs if summary is not None else ())
    return [next(summaries) if run.series is not None else None for run in runs]


def _name_figures(tables: Mapping[str, Mapping[str, float]]) -> Iterator[FigureName]:
    for task, figures in tables.items():
        yield from ((task, figure) for figure in figures)


def _list_figures(run: ReportRun, trained: RunSummary | None) -> Iterator[tuple[str, str, float]]:
    if trained is not None:
        cost = "final_cost_per_word" if trained.run.per_word else "final_cost"
        named = {
            "updates": float(trained.run.updates),
            cost: trained.final_cost,
            "best_validation": trained.best.value if trained.best else None,
            "seconds_per_update": trained.seconds_per_update,
        }
        yield from (("training", name, value) for name, value in named.items() if value is not None)
    for task, figures in run.evaluation.items():
        yield from ((task, figure, value) for figure, value in figures.items())
