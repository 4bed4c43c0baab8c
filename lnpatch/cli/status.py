"""``lnpatch status``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import directory_option, format_option, optional_target_argument
from lnpatch.cli.patch_report import print_edits, report_json
from lnpatch.errors import ExitCode
from lnpatch.patch.patch_state import PatchState

if TYPE_CHECKING:
    from lnpatch.patch.report import Report


@click.command(
    cls=Command,
    example=("lnpatch apply demo\nlnpatch status"),
)
@optional_target_argument
@directory_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 unless everything is applied, as lnpatch wrote it.")
@format_option
@click.pass_context
def status(context: click.Context, target: str | None, directory: str | None, exit_code: bool, form: str) -> None:
    """Say how far targets are in their checkouts.

    Without TARGET, all that are found: in the checkout around this folder, else in the folders here.
    """
    if target is None:
        reports = commands.status_of_all(directory)
        document: dict[str, Any] = {"targets": [report_json(report) for report in reports]}
    else:
        reports = [commands.status(target, directory)]
        document = report_json(reports[0])
    if form == "json":
        print_json(document)
    else:
        for report in reports:
            print_notes(report.notes)
        _print_status(reports)
    if exit_code and not (reports and all(report.state is PatchState.APPLIED for report in reports)):
        context.exit(ExitCode.FAILED)


def _print_status(reports: Sequence[Report]) -> None:
    console = make_console()
    if not reports:
        console.print("No patched repository here; `lnpatch targets` lists what can be patched.")
    for report in reports:
        commit = report.commit[:7] or "no commit"
        console.print(f"{report.target} in {report.directory}: {report.state} ({report.cell}, at {commit})")
        print_edits(console, report)
