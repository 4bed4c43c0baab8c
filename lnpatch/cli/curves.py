"""``lnpatch curves``."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, make_console, print_json, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, format_option
from lnpatch.cli.visible_text import make_one_line
from lnpatch.curves import textplot
from lnpatch.curves.comparison import CellComparison, CurvePoint, RunComparison
from lnpatch.curves.panels import Panel, metric_title
from lnpatch.curves.series import Series, running_mean
from lnpatch.curves.summary import CurvesSummary, RunSummary
from lnpatch.curves.words import compare_in_words, format_figure
from lnpatch.errors import PlotLibraryError, UsageError

if TYPE_CHECKING:
    from lnpatch.commands.curves import CurvesReport


@click.command(
    cls=Command,
    example=("lnpatch reproduce demo\nlnpatch curves studies/demo/runs/* -o curves.svg"),
    sections={"What is compared": ("metric", "smooth", "valid_every"), "Where it is shown": ("figures", "plot")},
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=TEXT)
@click.option(
    "-o",
    "--output",
    "figures",
    multiple=True,
    type=TEXT,
    metavar="FILE",
    help="Draw the curves into FILE: .png, .svg or .pdf; or write their numbers: .csv. May be given several times.",
)
@click.option(
    "--metric",
    type=TEXT,
    metavar="NAME",
    help="The validation figure; by default error, cost or t2i_r1, whichever is there.",
)
@click.option(
    "--smooth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Running means of the cost over N updates; by default a fiftieth of the shortest run, or 10.",
)
@click.option(
    "--valid-every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Updates between two entries of a statistics pickle; by default what its name says.",
)
@click.option("--plot/--no-plot", default=None, help="Plot in the terminal; by default where there is one.")
@format_option
def curves(
    runs: tuple[str, ...],
    figures: tuple[str, ...],
    metric: str | None,
    smooth: int | None,
    valid_every: int | None,
    plot: bool | None,
    form: str,
) -> None:
    """Compare training runs: cost and validation.

    They are compared over updates and over time. RUN is a folder that `lnpatch train` made, a statistics pickle of
    attentive-reader, or a training log.
    """
    if plot and form == "json":
        raise UsageError("--plot is for people; it does not go with --format json.")
    report = commands.curves(
        runs, [Path(file) for file in figures], metric=metric, window=smooth, valid_every=valid_every
    )
    if form == "json":
        print_json(curves_json(report))
    else:
        print_curves(report, plot)


def curves_json(report: CurvesReport) -> dict[str, Any]:
    """Return the summary, and the series in full: columns of one length, with null for NaN and infinities."""
    summary = report.summary
    return {
        "metric": summary.metric or None,
        "window": summary.window,
        "cost_per_word": summary.per_word,
        "runs": [_run_json(run, summary.window) for run in summary.runs],
        "comparisons": [_comparison_json(comparison) for comparison in summary.comparisons],
        "groups": [_group_json(group) for group in summary.groups],
        "figures": list(report.figures),
        "notes": list(summary.notes),
    }


def _run_json(summary: RunSummary, window: int) -> dict[str, Any]:
    run = summary.run
    cost = _series_json(run.cost) | {"running_mean": _numbers(running_mean(run.cost, window))}
    return {
        "run": run.source,
        "label": summary.label,
        "target": run.target or None,
        "cell": run.cell or None,
        "baseline": run.baseline,
        "state": run.state or None,
        "updates": run.updates,
        "seconds": run.seconds,
        "clock": run.clock or None,
        "final_cost": summary.final_cost,
        "best_validation": _point_json(summary.best),
        "seconds_per_update": summary.seconds_per_update,
        "compile_seconds": run.compile_seconds,
        "marks": list(summary.marks),
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
        "goal": _point_json(comparison.goal),
        "reached": _point_json(comparison.reached),
        "share_of_updates": comparison.share_of_updates,
        "share_of_seconds": comparison.share_of_seconds,
        "seconds_per_update_ratio": comparison.seconds_ratio,
        "paired": comparison.paired,
        "cost_ratio": comparison.cost_ratio,
    }


def _group_json(group: CellComparison) -> dict[str, Any]:
    return {
        "cell": group.cell,
        "baseline": group.baseline,
        "figure": group.figure or None,
        "runs": len(group.comparisons),
        "reached": group.reached,
        "shares_of_updates": list(group.shares_of_updates),
        "shares_of_seconds": list(group.shares_of_seconds),
        "cost_ratios": list(group.cost_ratios),
        "seconds_per_update_ratio": group.seconds_ratio,
    }


def _point_json(point: CurvePoint | None) -> dict[str, Any] | None:
    return None if point is None else {"value": point.value, "update": point.update, "seconds": point.seconds}


def _numbers(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def print_curves(report: CurvesReport, plot: bool | None) -> None:
    """Print the summary, after a plot in the terminal.

    Args:
        plot: whether to draw the plot; None where standard output is a terminal.

    Raises:
        PlotLibraryError: the plot was asked for, and there is no plotext.
    """
    print_notes(report.summary.notes)
    if report.panels and (plot or (plot is None and sys.stdout.isatty())):
        _print_plot(report, asked=bool(plot))
    _print_table(report.summary)
    sentences = compare_in_words(report.summary)
    if sentences:
        make_console().print("\n" + "\n".join(sentences))
    for figure in report.figures:
        make_console(stderr=True).print(f"Written: {figure}")


def _print_plot(report: CurvesReport, asked: bool) -> None:
    encoding = sys.stdout.encoding or "ascii"
    colours = sys.stdout.isatty() and not make_console().no_color
    width = shutil.get_terminal_size((100, 24)).columns
    try:
        panels = [_visible_panel(panel) for panel in report.panels]
        text = textplot.render_text_plot(panels, width, colours, unicode=_can_show("┌⣿", encoding))
    except PlotLibraryError as error:
        if asked:
            raise
        print_notes([f"{error.message} {error.hint}"])
        return
    sys.stdout.write(text + "\n")


def _visible_panel(panel: Panel) -> Panel:
    """Return a panel with visible labels: they are printed among the colours of the plot, past the console."""
    curves = tuple(replace(curve, label=make_one_line(curve.label)) for curve in panel.curves)
    return replace(panel, y_label=make_one_line(panel.y_label), curves=curves)


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_table(summary: CurvesSummary) -> None:
    metric = summary.metric
    marked = any(run.marks for run in summary.runs)
    rows = [
        (
            run.label,
            str(run.run.updates),
            format_figure(run.final_cost),
            format_figure(run.best.value) if run.best else "-",
            str(run.best.update) if run.best else "-",
            _duration(run.best),
            format_figure(run.seconds_per_update, digits=3),
            *([", ".join(run.marks)] if marked else []),
        )
        for run in summary.runs
    ]
    best = f"best {metric_title(metric)}" if metric else "best validation"
    cost = "final cost per word" if summary.per_word else "final cost"
    table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("run", overflow="fold")
    for place, heading in enumerate(("updates", cost, best, "at update", "after", "s/update"), 1):
        # in a narrow terminal headings and labels are folded, figures stay whole
        width = max(len(row[place]) for row in rows)
        table.add_column(heading, justify="right", overflow="fold", min_width=width)
    if marked:
        table.add_column("", overflow="fold")
    for row in rows:
        table.add_row(*row)
    make_console().print(table)


def _duration(best: CurvePoint | None) -> str:
    return "-" if best is None or best.seconds is None else format_duration(best.seconds)
