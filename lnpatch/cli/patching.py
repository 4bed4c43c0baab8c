"""The commands that patch: targets, show, apply, diff, revert, status; and the demo of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli.options import (
    TEXT,
    cell_option,
    data_dir_option,
    directory_option,
    format_option,
    no_repairs_option,
    target_argument,
)
from lnpatch.errors import ExitCode

if TYPE_CHECKING:
    pass


@click.command()
@format_option
def targets(form: str) -> None:
    """List the known targets: what each recipe does and what it needs."""
    from lnpatch import console
    from lnpatch.recipes import known

    if form == "json":
        console.print_json({"targets": [console.recipe_json(recipe, None) for recipe in known()]})
    else:
        console.print_targets(known())


@click.command()
@target_argument()
@cell_option
@format_option
def show(target: str, cell: str | None, form: str) -> None:
    """Show one recipe, resolved: repository, edits, repairs, released files, commands."""
    from lnpatch import console
    from lnpatch.recipes import find

    recipe = find(target)
    if form == "json":
        console.print_json(console.recipe_json(recipe, cell))
    else:
        console.print_recipe(recipe, cell)


@click.command()
@target_argument()
@directory_option
@click.option("--from", "source", type=TEXT, metavar="URL|PATH", help="Clone this instead of the recipe's address.")
@click.option(
    "--ref", type=TEXT, metavar="REV", help="Check out this revision of a new clone instead of the recipe's commit."
)
@cell_option
@data_dir_option
@no_repairs_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--commit", is_flag=True, help="Commit the patch on a branch of its own, ready for a pull request.")
@format_option
def apply(
    target: str,
    directory: str | None,
    source: str | None,
    ref: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    dry_run: bool,
    commit: bool,
    form: str,
) -> None:
    """Patch TARGET's checkout; it is cloned at the recipe's commit if it is not there."""
    from lnpatch import console
    from lnpatch.commands import apply as command
    from lnpatch.patch.options import Options
    from lnpatch.recipes import find

    recipe = find(target)
    options = Options(cell, data_dir, not no_repairs)
    with console.clone_progress() as progress:
        report = command.apply(
            recipe,
            recipe.directory(directory),
            options,
            progress,
            source=source,
            ref=ref,
            dry_run=dry_run,
            commit=commit,
        )
    if form == "json":
        console.print_json(console.change_json(report))
    else:
        console.print_notes(report.notes)
        console.print_change(report)


@click.command()
@target_argument()
@directory_option
@cell_option
@data_dir_option
@no_repairs_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference.")
@format_option
def diff(
    target: str,
    directory: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    exit_code: bool,
    form: str,
) -> None:
    """Show what apply would do to TARGET's checkout, or what it did, as a patch that `git apply` takes."""
    from lnpatch import console
    from lnpatch.commands import diff as command
    from lnpatch.patch.options import Options
    from lnpatch.recipes import find

    recipe = find(target)
    report = command.diff(recipe, recipe.directory(directory), Options(cell, data_dir, not no_repairs))
    if form == "json":
        console.print_json(console.diff_json(report))
    else:
        console.print_notes(report.notes)
        console.print_diff(report.patch)
    if exit_code and report.patch:
        click.get_current_context().exit(ExitCode.FAILED)


@click.command()
@target_argument()
@directory_option
@format_option
def revert(target: str, directory: str | None, form: str) -> None:
    """Take the patch out of TARGET's checkout, keeping what was changed since."""
    from lnpatch import console
    from lnpatch.commands import revert as command
    from lnpatch.recipes import find

    recipe = find(target)
    report = command.revert(recipe, recipe.directory(directory))
    if form == "json":
        console.print_json(console.change_json(report))
    else:
        console.print_notes(report.notes)
        console.print_change(report)


@click.command()
@target_argument(required=False)
@directory_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 unless everything is applied, as lnpatch wrote it.")
@format_option
def status(target: str | None, directory: str | None, exit_code: bool, form: str) -> None:
    """Say how far TARGET is in its checkout; without TARGET, all that are found."""
    from lnpatch import console
    from lnpatch.commands import status as command
    from lnpatch.patch.plan import PatchState
    from lnpatch.recipes import find

    if target is None:
        reports = command.status_of_all(Path(directory) if directory is not None else None)
        document: dict[str, Any] = {"targets": [console.report_json(report) for report in reports]}
    else:
        recipe = find(target)
        reports = [command.status(recipe, recipe.directory(directory))]
        document = console.report_json(reports[0])
    if form == "json":
        console.print_json(document)
    else:
        for report in reports:
            console.print_notes(report.notes)
        console.print_status(reports)
    if exit_code and not (reports and all(report.state is PatchState.APPLIED for report in reports)):
        click.get_current_context().exit(ExitCode.FAILED)


@click.command()
@click.option("--dir", "directory", type=TEXT, metavar="DIR", help="Lay the demo out here and keep it, patched.")
@cell_option
@click.option("--train", "trains", is_flag=True, help="Train it as well, with the plain and the normalized cell.")
@format_option
def demo(directory: str | None, cell: str | None, trains: bool, form: str) -> None:
    """Show the whole story offline, on an embedded repository: patch, review, check, take back; or train it."""
    from lnpatch import console
    from lnpatch.commands.demo import run

    place = Path(directory) if directory is not None else None
    result = run(place, cell)
    if form == "json" and not trains:
        console.print_json(result.as_json())
    elif form == "text":
        console.print_demo(result)
    if not result.passed:
        click.get_current_context().exit(ExitCode.FAILED)
    if trains:
        _train_demo(place, cell, form)


def _train_demo(directory: Path | None, cell: str | None, form: str) -> None:
    from lnpatch import console
    from lnpatch.commands.demo_training import train_demo
    from lnpatch.console import curves, training

    with training.train_view() as view:
        trained = train_demo(directory, cell, view)
    if form == "json":
        runs = [training.train_json(result) for result in trained.runs]
        console.print_json({"runs": runs, "curves": curves.curves_json(trained.curves)})
        return
    for result in trained.runs:
        training.print_run(result)
    curves.print_curves(trained.curves, True)
