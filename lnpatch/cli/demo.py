"""``lnpatch demo``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, print_next, print_patch
from lnpatch.cli.curves import curves_json, print_curves
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, cell_option, format_option
from lnpatch.cli.train import print_run, train_json
from lnpatch.cli.train_view import train_view
from lnpatch.errors import ExitCode

if TYPE_CHECKING:
    from lnpatch.commands.demo import DemoResult


@click.command(
    cls=Command,
    example="lnpatch demo",
)
@click.option("--dir", "directory", type=TEXT, metavar="DIR", help="Lay the demo out here and keep it, patched.")
@cell_option
@click.option("--train", "trains", is_flag=True, help="Train it as well, with the plain and the normalized cell.")
@format_option
@click.pass_context
def demo(context: click.Context, directory: str | None, cell: str | None, trains: bool, form: str) -> None:
    """Show the whole story offline, on an embedded repository.

    It is patched, reviewed, checked, and taken back; or trained, too.
    """
    folder = Path(directory) if directory is not None else None
    result = commands.run_demo(folder, cell)
    if form == "json" and not trains:
        print_json(_demo_json(result))
    elif form == "text":
        _print_demo(result)
    if not result.passed:
        context.exit(ExitCode.FAILED)
    if trains:
        _train_demo(folder, cell, form)


def _demo_json(result: DemoResult) -> dict[str, Any]:
    steps = [
        {
            "title": step.title,
            "passed": step.passed,
            "details": list(step.details),
            "diff": step.patch.decode("utf-8", "replace"),
        }
        for step in result.steps
    ]
    return {"dir": result.directory, "kept": result.kept, "passed": result.passed, "steps": steps}


def _print_demo(result: DemoResult) -> None:
    """Print the story step by step."""
    console = make_console()
    for step in result.steps:
        console.print(f"{'ok ' if step.passed else 'FAILED'} {step.title}")
        if step.patch:
            print_patch(step.patch)
        for line in step.details:
            console.print(f"     {line}")
    if result.kept:
        where = shlex.join(["demo", "--dir", result.directory])
        print_next(f"lnpatch status {where}", f"lnpatch revert {where}")
    else:
        print_next("lnpatch apply skip-thoughts", "lnpatch reproduce demo")


def _train_demo(directory: Path | None, cell: str | None, form: str) -> None:
    with train_view() as view:
        trained = commands.train_demo(directory, cell, view)
    if form == "json":
        runs = [train_json(result) for result in trained.runs]
        print_json({"runs": runs, "curves": curves_json(trained.curves)})
        return
    for result in trained.runs:
        print_run(result)
    print_curves(trained.curves, True)
