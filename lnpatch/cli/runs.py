"""``lnpatch runs``."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_count, format_duration, make_console, print_json, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, format_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lnpatch.study.listing import Listing, RunEntry, StudyEntry


_HEADINGS = ("run", "target", "cell", "seed", "state", "updates", "cost", "best validation", "age")

#: How a run may stand: those of :class:`lnpatch.training.run_folder.RunState`, whose import takes longer than help may,
#: and that of a study's run that has not begun.
_STATES = ("done", "running", "stopped", "failed", "nan", "killed", "unknown", "to-do")


@click.command(
    cls=Command,
    example="lnpatch runs --state done",
    sections={"Which": ("targets", "cells", "states")},
)
@click.argument("folder", default=".", type=TEXT, metavar="[FOLDER]")
@click.option("--target", "targets", multiple=True, type=TEXT, metavar="NAME", help="Of this target; may be repeated.")
@click.option("--cell", "cells", multiple=True, type=TEXT, metavar="NAME", help="Of this cell; may be repeated.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(_STATES),
    metavar="STATE",
    help=f"In this state: {', '.join(_STATES[:-1])} or {_STATES[-1]}; may be repeated.",
)
@format_option
def runs(folder: str, targets: tuple[str, ...], cells: tuple[str, ...], states: tuple[str, ...], form: str) -> None:
    """List runs and studies, and how they stand.

    They are those in FOLDER and below it, by default this folder.
    """
    listing = commands.runs(folder, targets=targets, cells=cells, states=states)
    if form == "json":
        print_json(_listing_json(listing))
        return
    print_notes(listing.notes)
    _print_studies(listing.studies)
    _print_runs(listing.runs)
    if not listing.runs:
        make_console(stderr=True).print(f"No runs are in {shlex.quote(folder)}, or none of these.")


def _listing_json(listing: Listing) -> dict[str, Any]:
    return {
        "runs": [_run_json(run) for run in listing.runs],
        "studies": [{"path": str(study.folder), **_without_folder(study)} for study in listing.studies],
        "notes": listing.notes,
    }


def _run_json(run: RunEntry) -> dict[str, Any]:
    """Return a run for scripts; what it does not have is null."""
    table = {"path": str(run.folder), **_without_folder(run)}
    table["study"] = str(run.study) if run.study else None
    return {name: None if value == "" else value for name, value in table.items()}


def _without_folder(entry: RunEntry | StudyEntry) -> dict[str, Any]:
    table = asdict(entry)
    del table["folder"]
    return table


def _print_studies(studies: Sequence[StudyEntry]) -> None:
    for study in studies:
        what = f"{study.target}, {format_count(len(study.cells), 'cell')} x {format_count(len(study.seeds), 'seed')}"
        make_console().print(f"study {study.folder}: {what}, {study.done} of {study.runs} runs done")


def _print_runs(runs: Sequence[RunEntry]) -> None:
    if not runs:
        return
    console = make_console()
    columns = {heading: [_cell(run, heading) for run in runs] for heading in _HEADINGS}
    left_out = _fit_columns(columns, console.width)
    shown = {heading: cells for heading, cells in columns.items() if heading not in left_out}
    table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in shown:
        right = heading in ("seed", "updates", "cost", "age")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "run", overflow="fold")
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    console.print(table)
    if left_out:
        make_console(stderr=True).print(f"Left out, as the terminal is narrow: {', '.join(left_out)}.", style="dim")


def _cell(run: RunEntry, heading: str) -> str:
    """Return what stands in a run's row under a heading."""
    if heading == "run":
        return str(run.folder)
    if heading == "target":
        return f"{run.target}{' (smoke)' if run.smoke else ''}"
    if heading == "updates":
        return f"{run.updates}/{run.max_updates}" if run.max_updates else str(run.updates)
    if heading == "cost":
        return "-" if run.cost is None else f"{run.cost:.4g}"
    if heading == "best validation":
        return f"{run.best.name} {run.best.value:.4g} at {run.best.update}" if run.best else "-"
    if heading == "age":
        return "-" if run.age is None else format_duration(run.age)
    if heading == "seed":
        return "-" if run.seed is None else str(run.seed)
    return run.cell if heading == "cell" else run.state


def _fit_columns(columns: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Return the columns to leave out so that the others fit the terminal whole: those first that tell runs least apart."""
    needed = {heading: max(map(len, [heading, *cells])) + 2 for heading, cells in columns.items()}
    says_nothing = [heading for heading, cells in columns.items() if set(cells) == {"-"}]
    order = dict.fromkeys([*says_nothing, "target", "cell", "seed", "age", "best validation"])
    left_out: list[str] = []
    for heading in order:
        if sum(needed[other] for other in columns if other not in left_out) <= width:
            break
        left_out.append(heading)
    return left_out
