"""``lnpatch diff``."""

from __future__ import annotations

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import print_json, print_notes, print_patch
from lnpatch.cli.help import WHAT_IS_PATCHED, Command
from lnpatch.cli.options import (
    cell_option,
    data_dir_option,
    directory_option,
    format_option,
    no_repairs_option,
    optional_target_argument,
)
from lnpatch.cli.patch_report import diff_json
from lnpatch.errors import ExitCode


@click.command(
    cls=Command,
    example=("lnpatch apply demo\nlnpatch diff demo"),
    sections={"Checkout": ("directory",), **WHAT_IS_PATCHED},
)
@optional_target_argument
@directory_option
@cell_option
@data_dir_option
@no_repairs_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference.")
@format_option
@click.pass_context
def diff(
    context: click.Context,
    target: str | None,
    directory: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    exit_code: bool,
    form: str,
) -> None:
    """Show what apply would do, or what it did, as a patch.

    `git apply` takes it. Without TARGET, the checkout around this folder is meant, or the one patched checkout in it.
    """
    report = commands.diff(target, directory, cell=cell, data_dir=data_dir, repairs=not no_repairs)
    if form == "json":
        print_json(diff_json(report))
    else:
        print_notes(report.notes)
        print_patch(report.patch, paged=True)
    if exit_code and report.patch:
        context.exit(ExitCode.FAILED)
