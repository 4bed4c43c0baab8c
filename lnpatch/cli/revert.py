"""``lnpatch revert``."""

from __future__ import annotations

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import print_json, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import directory_option, format_option, optional_target_argument
from lnpatch.cli.patch_report import change_json, print_change


@click.command(
    cls=Command,
    example=("lnpatch apply demo\nlnpatch revert demo"),
)
@optional_target_argument
@directory_option
@format_option
def revert(target: str | None, directory: str | None, form: str) -> None:
    """Take the patch out, keeping what was changed since.

    Without TARGET, the checkout around this folder is meant, or the one patched checkout in it.
    """
    report = commands.revert(target, directory)
    if form == "json":
        print_json(change_json(report))
    else:
        print_notes(report.notes)
        print_change(report)
