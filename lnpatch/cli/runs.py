"""``lnpatch runs``."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, make_console, print_json, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, format_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lnpatch.study.listing import Listing, RunEntry, StudyEntry


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
    type=TEXT,
    metavar="STATE",
    help="In this state: done, running, stopped, failed, nan, killed, unknown or to-do; may be repeated.",
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
        what = f"{study.target}, {len(study.cells)} cells x {len(study.seeds)} seeds"
        make_console().print(f"study {study.folder}: {what}, {study.done} of {study.runs} runs done")


def _print_runs(runs: Sequence[RunEntry]) -> None:
    if not runs:
        return
    table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("run", "target", "cell", "seed", "state", "updates", "cost", "best validation", "age"):
        right = heading in ("seed", "updates", "cost", "age")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "run", overflow="fold")
    for run in runs:
        limit = f"/{run.max_updates}" if run.max_updates else ""
        table.add_row(
            str(run.folder),
            f"{run.target}{' (smoke)' if run.smoke else ''}",
            run.cell,
            "-" if run.seed is None else str(run.seed),
            run.state,
            f"{run.updates}{limit}",
            "-" if run.cost is None else f"{run.cost:.4g}",
            f"{run.best.name} {run.best.value:.4g} at {run.best.update}" if run.best else "-",
            "-" if run.age is None else format_duration(run.age),
        )
    make_console().print(table)
