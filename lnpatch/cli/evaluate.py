"""``lnpatch evaluate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, make_console, print_json, print_notes, short_path, step_progress
from lnpatch.cli.help import RUNTIME, WORDS, Command
from lnpatch.cli.options import (
    TEXT,
    directory_option,
    format_option,
    model_files_options,
    model_option,
    model_runtime_options,
    optional_target_argument,
    tokenized_option,
)

if TYPE_CHECKING:
    from lnpatch.commands.evaluate import Evaluation, TaskFigures
    from lnpatch.recipes.job import PaperRow


@click.command(
    cls=Command,
    example=(
        "lnpatch apply skip-thoughts\n"
        "lnpatch train skip-thoughts --smoke --max-updates 20 -o runs/smoke\n"
        "lnpatch evaluate skip-thoughts --model runs/smoke --smoke"
    ),
    sections={"What is evaluated": ("directory", "model", "data", "tasks", "split", "smoke"), **WORDS, **RUNTIME},
)
@optional_target_argument
@directory_option
@model_option
@click.option("--data", type=TEXT, metavar="DIR", help="The data; by default that of the run.")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=TEXT,
    metavar="NAME",
    help="What to evaluate, where there are several: sick, msrp, trec, mr, cr, subj, mpqa or rank for skip-thoughts; "
    "may be repeated. By default all of which the data is there.",
)
@click.option(
    "--split", type=TEXT, metavar="NAME", help="The part of the data: dev or test; valid or test for attentive-reader."
)
@click.option("--smoke", is_flag=True, help="Evaluate on tiny data made for it: the figures mean nothing.")
@model_files_options
@tokenized_option
@model_runtime_options
@format_option
def evaluate(target: str | None, directory: str | None, form: str, **choices: Any) -> None:
    """Evaluate a model, beside what was published.

    The evaluation is the repository's own; the model is a trained or a released one. What a model of a run gives is written
    to evaluation.json in its folder as well. Without TARGET, the checkout around this folder is meant, or the one patched
    checkout in it.
    """
    with step_progress() as report_step:
        result = commands.evaluate(target, directory, report_step=report_step, **choices)
    if form == "json":
        print_json(_evaluation_json(result))
    else:
        print_notes(result.notes)
        _print_evaluation(result)


def _evaluation_json(result: Evaluation) -> dict[str, Any]:
    return {
        "target": result.target,
        "model": str(result.model.file),
        "data": result.data,
        "figures": dict(result.figures),
        "paper": [row for one in result.tasks for row in _paper_json(one)],
        "tasks": [
            {"task": one.task, "figures": dict(one.figures), "seconds": one.seconds, "paper": _paper_json(one)}
            for one in result.tasks
        ],
        "file": str(result.file) if result.file else None,
        "notes": list(result.notes),
    }


def _paper_json(one: TaskFigures) -> list[dict[str, Any]]:
    return [
        {
            "row": row.row,
            "task": one.task,
            "source": row.source,
            "verified": row.verified,
            "figures": dict(row.figures),
        }
        for row in one.paper
    ]


def _print_evaluation(result: Evaluation) -> None:
    """Print the figures of a model, a table for each task, over those that were published."""
    console = make_console()
    for one in result.tasks:
        if len(result.tasks) > 1:
            console.print(rich.Text(f"{one.task} ({format_duration(one.seconds)})", style="bold"))
        console.print(_make_table(short_path(result.model.file), one))
    if result.file is not None:
        console.print(f"written to {short_path(result.file)}")


def _make_table(model: str, one: TaskFigures) -> rich.Table:
    table = rich.Table(box=rich.SIMPLE_HEAD, show_edge=False)
    table.add_column("")
    names = sorted(one.figures, key=_figure_order)
    for name in names:
        table.add_column(name, justify="right")
    for title, figures in [(model, one.figures), *((_row_title(row), row.figures) for row in one.paper)]:
        table.add_row(title, *(f"{figures[name]:.4g}" if name in figures else "" for name in names))
    return table


def _row_title(row: PaperRow) -> str:
    """Return what a published row is called; one that was not compared with the publication says so."""
    source = f" ({row.source})" if row.source else ""
    return f"paper: {row.row}{source}{'' if row.verified else ', from memory'}"


def _figure_order(name: str) -> tuple[str, int, str]:
    """Return where a figure stands in the table: direction first, then rank, r1, r5, r10, then the others."""
    group, _, rank = name.rpartition("_")
    order = ["r1", "r5", "r10", "medr", "meanr"]
    return group, order.index(rank) if rank in order else len(order), rank
