"""What ``lnpatch curves`` shows: a table, sentences that compare, a plot in the terminal; or all series for scripts."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lnpatch.console import _console, print_notes
from lnpatch.curves.panels import metric_title
from lnpatch.curves.series import Series, running_mean
from lnpatch.curves.summary import FINAL_COST, CurvePoint, RunComparison, RunSummary
from lnpatch.errors import PlotLibraryError

if TYPE_CHECKING:
    from lnpatch.commands.curves import CurvesReport


# For scripts


def curves_json(report: CurvesReport) -> dict[str, Any]:
    """The summary, and the series in full: columns of one length; what is no number is null."""
    summary = report.summary
    return {
        "metric": summary.metric or None,
        "window": summary.window,
        "runs": [_run_json(line, summary.window) for line in summary.runs],
        "comparisons": [_comparison_json(comparison) for comparison in summary.comparisons],
        "figures": list(report.figures),
        "notes": list(summary.notes),
    }


def _run_json(line: RunSummary, window: int) -> dict[str, Any]:
    run = line.run
    cost = _series_json(run.cost) | {"running_mean": _numbers(running_mean(run.cost, window))}
    return {
        "run": run.source,
        "label": line.label,
        "target": run.target or None,
        "cell": run.cell or None,
        "baseline": run.baseline,
        "state": run.state or None,
        "updates": run.updates,
        "seconds": run.seconds,
        "clock": run.clock or None,
        "final_cost": line.final_cost,
        "best_validation": _moment_json(line.best),
        "seconds_per_update": line.seconds_per_update,
        "cost": cost,
        "validation": {name: _series_json(series) for name, series in run.validation.items()},
    }


def _series_json(series: Series) -> dict[str, Any]:
    return {
        "updates": [int(update) for update in series.updates],
        "seconds": None if series.seconds is None else _numbers(series.seconds),
        "values": _numbers(series.values),
    }


def _comparison_json(comparison: RunComparison) -> dict[str, Any]:
    return {
        "run": comparison.label,
        "baseline": comparison.baseline,
        "figure": comparison.figure or None,
        "goal": _moment_json(comparison.goal),
        "reached": _moment_json(comparison.reached),
        "share_of_updates": comparison.share_of_updates,
        "share_of_seconds": comparison.share_of_seconds,
        "seconds_per_update_ratio": comparison.seconds_ratio,
    }


def _moment_json(moment: CurvePoint | None) -> dict[str, Any] | None:
    return None if moment is None else {"value": moment.value, "update": moment.update, "seconds": moment.seconds}


def _numbers(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


# For people


def print_curves(report: CurvesReport, plot: bool | None) -> None:
    """The summary, after a plot in the terminal.

    Args:
        plot: whether to draw the plot; None where standard output is a terminal.

    Raises:
        PlotLibraryError: the plot was asked for, and there is no plotext.
    """
    print_notes(report.summary.notes)
    if report.panels and (plot or (plot is None and sys.stdout.isatty())):
        _print_plot(report, asked=bool(plot))
    _print_table(report.summary.runs, report.summary.metric)
    sentences = [sentence for comparison in report.summary.comparisons for sentence in _sentences(comparison)]
    if sentences:
        _console().print("\n" + "\n".join(sentences))
    for figure in report.figures:
        _console(stderr=True).print(f"Written: {figure}")


def _print_plot(report: CurvesReport, asked: bool) -> None:
    from lnpatch.curves import textplot

    encoding = sys.stdout.encoding or "ascii"
    colours = sys.stdout.isatty() and not _console().no_color
    width = shutil.get_terminal_size((100, 24)).columns
    try:
        text = textplot.render_text_plot(report.panels, width, colours, unicode=_can_show("┌⣿", encoding))
    except PlotLibraryError as error:
        if asked:
            raise
        print_notes([f"{error.message} {error.hint}"])
        return
    sys.stdout.write(text + "\n")


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_table(lines: Sequence[RunSummary], metric: str) -> None:
    from rich.table import Table

    rows = [
        (
            line.label,
            str(line.run.updates),
            _figure(line.final_cost),
            _figure(line.best.value) if line.best else "-",
            str(line.best.update) if line.best else "-",
            _duration(line.best.seconds) if line.best else "-",
            _figure(line.seconds_per_update, digits=3),
        )
        for line in lines
    ]
    best = f"best {metric_title(metric)}" if metric else "best validation"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("run", overflow="fold")
    for place, heading in enumerate(("updates", "final cost", best, "at update", "after", "s/update"), 1):
        # in a narrow terminal headings and labels are folded, figures stay whole
        width = max(len(row[place]) for row in rows)
        table.add_column(heading, justify="right", overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*row)
    _console().print(table)


def _sentences(comparison: RunComparison) -> list[str]:
    """How soon the run is where the baseline got, as the paper says it, and what an update costs."""
    found = []
    run, baseline, goal = comparison.label, comparison.baseline, comparison.goal
    if goal is not None:
        best = "final cost" if comparison.figure == FINAL_COST else f"best validation {metric_title(comparison.figure)}"
        level = f"{baseline}'s {best}, {_figure(goal.value)},"
        if comparison.share_of_updates is not None:
            shares = f"{comparison.share_of_updates:.0%} of the updates"
            if comparison.share_of_seconds is not None:
                shares += f" and {comparison.share_of_seconds:.0%} of the seconds"
            found.append(f"{run} reaches {level} after {shares} that {baseline} took.")
        else:
            found.append(f"{run} has not reached {level} so far; its best is {_figure(comparison.closest)}.")
    if comparison.seconds_ratio is not None:
        found.append(f"An update of {run} takes {comparison.seconds_ratio:.2f} times the seconds of one of {baseline}.")
    return found


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def _duration(seconds: float | None) -> str:
    """Seconds in the unit that people would use: ``34 s``, ``20.6 min``, ``3.4 h``, ``12.1 d``."""
    if seconds is None:
        return "-"
    for least, size, unit in ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min")):
        if seconds >= least:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"
