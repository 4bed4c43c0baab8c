"""``lnpatch apply``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.configured import find_configured, find_repository, tell_configured
from lnpatch.cli.console import make_console, print_json, print_notes
from lnpatch.cli.help import WHAT_IS_PATCHED, Command
from lnpatch.cli.options import (
    TEXT,
    cell_option,
    data_dir_option,
    directory_option,
    format_option,
    no_repairs_option,
    target_argument,
)
from lnpatch.cli.patch_report import change_json, print_change

if TYPE_CHECKING:
    from lnpatch.checkout.clone import ReportCloning


@click.command(
    cls=Command,
    example="lnpatch apply skip-thoughts",
    sections={"Checkout": ("directory", "source", "ref"), **WHAT_IS_PATCHED, "How": ("dry_run", "commit", "update")},
)
@target_argument
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
@click.option("--update", is_flag=True, help="Put the patch of this lnpatch in the place of an older one's.")
@format_option
@click.pass_context
def apply(
    context: click.Context,
    target: str,
    directory: str | None,
    source: str | None,
    ref: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    dry_run: bool,
    commit: bool,
    update: bool,
    form: str,
) -> None:
    """Patch TARGET's checkout; clone it if it is not there.

    A new clone is made at the commit that the recipe names. A patch of an older lnpatch stays as it is, and the newer one is
    shown; --update takes it, and keeps what you have changed since.
    """
    mirror = find_configured(context, "mirror", lambda: commands.as_recipe(target)) if source is None else None
    with _clone_progress() as report_cloning:
        report = commands.apply(
            target,
            directory,
            cell=cell,
            data_dir=data_dir,
            repairs=not no_repairs,
            source=source,
            mirror=find_repository(mirror, commands.as_recipe(target)) if mirror else None,
            ref=ref,
            dry_run=dry_run,
            commit=commit,
            update=update,
            report_cloning=report_cloning,
        )
    if form == "json":
        print_json(change_json(report))
    else:
        print_notes(report.notes)
        if report.cloned:
            tell_configured(mirror)
        print_change(report)


@contextmanager
def _clone_progress() -> Iterator[ReportCloning]:
    """Show a progress bar on standard error while something is cloned; none where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    columns = (rich.TextColumn("{task.description}", markup=False), rich.BarColumn(), rich.TaskProgressColumn())
    with rich.Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        task = bar.add_task("cloning", total=None)

        def update(step: str, done: float, total: float) -> None:
            bar.update(task, description=step, completed=done, total=total or None)

        yield update
