"""Say what a report says: from an experiment to the parts of a document, the same for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from lnpatch.curves.panels import metric_title
from lnpatch.curves.series import cell_title
from lnpatch.curves.summary import CurvesSummary
from lnpatch.curves.words import compare_in_words, format_figure
from lnpatch.recipes.job import PaperRow
from lnpatch.report.blocks import Block, Commands, Document, Figure, Heading, Items, Paragraph, Row, Table
from lnpatch.report.experiment import Experiment, ReportRun
from lnpatch.report.results import (
    FigureName,
    evaluation_figure,
    figure_names,
    match_summaries,
    spread,
)

#: Names of figures as papers print them, where they differ from what the repositories call them.
_FIGURE_TITLES = {
    "pearson": "r",
    "spearman": "\N{GREEK SMALL LETTER RHO}",
    "mse": "MSE",
    "f1": "F1",
    "accuracy": "accuracy",
}


def compose(experiment: Experiment, summary: CurvesSummary | None, drawn: bool) -> Document:
    """Return the document of an experiment.

    Args:
        summary: that of its runs with anything recorded, in their order; None where there are none.
        drawn: whether there is a figure.
    """
    cells = " and ".join(cell_title(cell) for cell in experiment.cells)
    blocks: list[Block] = list(_open(experiment, summary))
    blocks += _results(experiment)
    if summary is not None:
        blocks += _training(experiment, summary, drawn)
    blocks += _runs(experiment, summary)
    blocks += _setting(experiment)
    blocks += _again(experiment)
    return Document(f"{experiment.title}: {cells}", experiment.paper, tuple(blocks))


def _open(experiment: Experiment, summary: CurvesSummary | None) -> Iterator[Block]:
    done = sum(run.state == "done" for run in experiment.runs)
    whole = len(experiment.runs)
    if done < whole:
        yield Paragraph(f"{done} of {whole} runs are done; what follows is how far the others are.")
    if experiment.smoke:
        yield Paragraph(
            "The models are tiny and so is the data, which was made for it: the figures show that all works, "
            "not which cell is better."
        )
    if summary is not None and (sentences := compare_in_words(summary)):
        yield Items(tuple(sentences))
    notes = [*experiment.notes, *(summary.notes if summary is not None else ())]
    if notes:
        yield Items(tuple(dict.fromkeys(notes)))


# The paper's table and ours


def _results(experiment: Experiment) -> Iterator[Block]:
    names = figure_names(experiment)
    evaluated = any(run.evaluation for run in experiment.runs)
    if not names:
        return
    yield Heading("Evaluation")
    rows = [_paper_row(row, names) for row in experiment.rows if _has_any(row, names)]
    rows += [row for cell in experiment.cells if (row := _cell_row(experiment, cell, names))]
    columns = ("model", *(_title_figure(name) for name in names))
    captions = []
    if evaluated:
        captions.append("Ours: mean and standard deviation over the seeds.")
    else:
        captions.append("What was published. The models of this study were not evaluated.")
    if any(not row.verified for row in experiment.rows if _has_any(row, names)):
        captions.append("Rows marked * are from memory, not compared with the publication.")
    yield Table(columns, tuple(rows), " ".join(captions))


def _title_figure(name: FigureName) -> str:
    task, figure = name
    title = _FIGURE_TITLES.get(figure, metric_title(figure))
    if not task:
        return title
    return task.upper() if title == "accuracy" else f"{task.upper()} {title}"


def _paper_figure(row: PaperRow, name: FigureName) -> float | None:
    task, figure = name
    return (row.tasks.get(task, {}) if task else row.figures).get(figure)


def _has_any(row: PaperRow, names: tuple[FigureName, ...]) -> bool:
    return any(_paper_figure(row, name) is not None for name in names)


def _paper_row(row: PaperRow, names: tuple[FigureName, ...]) -> Row:
    figures = (_paper_figure(row, name) for name in names)
    title = f"{row.row} ({row.source})" if row.source else row.row
    cells = tuple("" if value is None else format_figure(value) for value in figures)
    return Row(f"{title}{'' if row.verified else ' *'}", cells)


def _cell_row(experiment: Experiment, cell: str, names: tuple[FigureName, ...]) -> Row | None:
    """Return the row of a cell of this study; None where none of its models was evaluated."""
    runs = [run for run in experiment.runs if run.cell == cell and run.evaluation]
    if not runs:
        return None
    spreads = [spread(evaluation_figure(run, name) for run in runs) for name in names]
    cells = tuple(
        "" if one is None else f"{one}" if one.count == len(runs) else f"{one} (n = {one.count})" for one in spreads
    )
    return Row(f"ours: {cell_title(cell)}, {_count(len(runs), 'run')}", cells, stands_out=True)


# How the training went


def _training(experiment: Experiment, summary: CurvesSummary, drawn: bool) -> Iterator[Block]:
    yield Heading("Training")
    if drawn:
        yield Figure(
            f"{summary.title}. Costs are running means over {summary.window} updates; where a curve is of several seeds, "
            "it is their mean, and the band goes from the least to the greatest."
        )
    trained = list(zip(experiment.runs, match_summaries(experiment.runs, summary), strict=True))
    best = f"best {metric_title(summary.metric)}" if summary.metric else ""
    cost = "final cost per word" if summary.per_word else "final cost"
    rows = []
    for cell in experiment.cells:
        ours = [one for run, one in trained if run.cell == cell and one is not None]
        if not ours:
            continue
        updates = sorted({one.run.updates for one in ours})
        figures = [
            f"{updates[0]}" if len(updates) == 1 else f"{updates[0]} to {updates[-1]}",
            str(spread(one.final_cost for one in ours) or "-"),
            *([str(spread(one.best.value if one.best else None for one in ours) or "-")] if best else []),
            str(spread(one.seconds_per_update for one in ours) or "-"),
            str(spread(one.run.compile_seconds for one in ours) or "-"),
        ]
        rows.append(Row(f"{cell_title(cell)}, {_count(len(ours), 'run')}", tuple(figures)))
    columns = ("cell", "updates", cost, *([best] if best else []), "s/update", "s compiling")
    yield Table(
        columns,
        tuple(rows),
        "Mean and standard deviation over the seeds. The final cost is the mean of the last tenth of a run's updates; "
        "the seconds of an update are the median; compiling between updates is no training time.",
    )


def _runs(experiment: Experiment, summary: CurvesSummary | None) -> Iterator[Block]:
    yield Heading("Runs")
    rows = []
    for run, one in zip(experiment.runs, match_summaries(experiment.runs, summary), strict=True):
        best = one.best if one is not None else None
        rows.append(
            Row(
                f"{run.cell}-{run.seed}",
                (
                    _describe_state(run),
                    str(one.run.updates) if one is not None else "-",
                    format_figure(one.final_cost if one is not None else None),
                    format_figure(best.value if best else None),
                    str(best.update) if best else "-",
                ),
            )
        )
    yield Table(("run", "state", "updates", "final cost", "best validation", "at update"), tuple(rows))


def _describe_state(run: ReportRun) -> str:
    return f"{run.state}: {run.reason}" if run.reason else run.state


# What it was done with


def _setting(experiment: Experiment) -> Iterator[Block]:
    if experiment.differences:
        yield Heading("What differs from the paper's training")
        rows = (Row(one.name, (one.paper, one.here)) for one in experiment.differences)
        yield Table(("setting", "the paper", "here"), tuple(rows), numeric=False)
    yield Heading("Machine and versions")
    rows = (Row(name, (value,)) for name, value in {**experiment.machine, **experiment.versions}.items())
    yield Table(("", ""), tuple(rows), numeric=False)
    if experiment.sources:
        yield Items(experiment.sources)


def _again(experiment: Experiment) -> Iterator[Block]:
    yield Heading("To do it again")
    yield Commands((experiment.command,))
    if experiment.steps:
        yield Commands(experiment.steps, "Every command that it stands for")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
