"""The commands around released files and finished runs: download, curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lnpatch.cli.options import (
    TEXT,
    format_option,
    target_argument,
)
from lnpatch.errors import UsageError

if TYPE_CHECKING:
    pass


@click.command()
@target_argument()
@click.argument("names", nargs=-1, type=TEXT, metavar="[NAME]...")
@click.option("--dest", type=TEXT, metavar="DIR", help="Where the files go; by default data/TARGET, here.")
@click.option(
    "--mirror", type=TEXT, metavar="BASE", help="An address or a folder that has the files under their names."
)
@click.option("--trust-new", is_flag=True, help="Take files for right that differ from when they were first seen.")
@format_option
def download(
    target: str, names: tuple[str, ...], dest: str | None, mirror: str | None, trust_new: bool, form: str
) -> None:
    """Get TARGET's released models, data and logs: all of them, or those called NAME in `lnpatch show TARGET`."""
    from lnpatch import console
    from lnpatch.commands import download as command
    from lnpatch.console import downloads
    from lnpatch.recipes import find

    recipe = find(target)
    directory = Path(dest) if dest is not None else None
    with downloads.download_progress() as watch:
        report = command.download(recipe, names, directory, watch, mirror=mirror, trust_new=trust_new)
    if form == "json":
        console.print_json(downloads.download_json(report))
    else:
        downloads.print_downloads(report)
    if report.error:
        click.get_current_context().exit(report.error.exit_code)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=TEXT)
@click.option(
    "-o",
    "--output",
    "figures",
    multiple=True,
    type=TEXT,
    metavar="FILE",
    help="Draw the curves into FILE: .png, .svg or .pdf; may be given several times.",
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
    """Compare training runs: cost and validation over updates and over time.

    RUN is a folder that `lnpatch train` made, a statistics pickle of attentive-reader, or a training log.
    """
    from lnpatch import console
    from lnpatch.commands import curves as command
    from lnpatch.console import curves as view

    if plot and form == "json":
        raise UsageError("--plot is for people; it does not go with --format json.")
    report = command.curves(
        runs, [Path(file) for file in figures], metric=metric, window=smooth, valid_every=valid_every
    )
    if form == "json":
        console.print_json(view.curves_json(report))
    else:
        view.print_curves(report, plot)
