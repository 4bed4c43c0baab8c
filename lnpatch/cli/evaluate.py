"""``lnpatch evaluate``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_json, print_notes, short_path, step_progress
from lnpatch.cli.options import (
    TEXT,
    directory_option,
    format_option,
    model_option,
    optional_target_argument,
    runtime_options,
)

if TYPE_CHECKING:
    from lnpatch.commands.evaluate import Evaluation


@click.command()
@optional_target_argument
@directory_option
@model_option
@click.option("--data", type=TEXT, metavar="DIR", help="The data; by default that of the run.")
@click.option(
    "--split", type=click.Choice(["dev", "test"]), help="The part of the data, where the evaluation has several."
)
@runtime_options
@format_option
def evaluate(target: str | None, directory: str | None, split: str | None, form: str, **choices: Any) -> None:
    """Evaluate a model, beside the paper's figures.

    The evaluation is the repository's own; the model is a trained or a released one. Without TARGET, the checkout around
    this folder is meant, or the one patched checkout in it.
    """
    options = {} if split is None else {"split": split}
    with step_progress() as report_step:
        result = commands.evaluate(target, directory, options=options, report_step=report_step, **choices)
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
        "paper": [asdict(row) for row in result.paper],
        "notes": list(result.notes),
    }


def _print_evaluation(result: Evaluation) -> None:
    """Print the figures of a model, over those of the paper."""
    table = rich.Table(box=rich.SIMPLE_HEAD, show_edge=False)
    table.add_column("")
    names = sorted(result.figures, key=_figure_order)
    for name in names:
        table.add_column(name, justify="right")
    rows = [
        (short_path(result.model.file), result.figures),
        *((f"paper: {row.row}", row.figures) for row in result.paper),
    ]
    for title, figures in rows:
        table.add_row(title, *(f"{figures[name]:.4g}" if name in figures else "" for name in names))
    make_console().print(table)


def _figure_order(name: str) -> tuple[str, int, str]:
    """Return where a figure stands in the table: direction first, then rank, r1, r5, r10, then the others."""
    group, _, rank = name.rpartition("_")
    order = ["r1", "r5", "r10", "medr", "meanr"]
    return group, order.index(rank) if rank in order else len(order), rank
