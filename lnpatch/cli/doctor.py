"""``lnpatch doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_json
from lnpatch.cli.help import Command
from lnpatch.cli.options import format_option
from lnpatch.errors import ExitCode

if TYPE_CHECKING:
    from lnpatch.commands.doctor import CacheUse, Configured, Diagnosis, Requirement


@click.command(
    cls=Command,
    example="lnpatch doctor",
)
@format_option
@click.pass_context
def doctor(context: click.Context, form: str) -> None:
    """Say what this machine has and lacks for each job.

    Each thing that is lacking comes with the command that brings it.
    """
    diagnoses, cache, configured = commands.diagnose(), commands.measure_cache(), commands.find_configuration()
    if form == "json":
        print_json(_doctor_json(diagnoses, cache, configured))
    else:
        _print_doctor(diagnoses, cache)
        _print_configuration(configured)
    if not diagnoses[0].ready:
        context.exit(ExitCode.ENVIRONMENT)


def _doctor_json(diagnoses: Sequence[Diagnosis], cache: CacheUse, configured: Configured) -> dict[str, Any]:
    jobs = [asdict(diagnosis) | {"ready": diagnosis.ready} for diagnosis in diagnoses]
    return {"jobs": jobs, "cache": asdict(cache), "configuration": asdict(configured)}


def _print_doctor(diagnoses: Sequence[Diagnosis], cache: CacheUse) -> None:
    console = make_console()
    for diagnosis in diagnoses:
        state = ("ready", "bold green") if diagnosis.ready else ("not ready", "bold red")
        console.print(rich.Text.assemble((diagnosis.job, "bold"), f" ({diagnosis.what}): ", state))
        for requirement in diagnosis.findings:
            detail = f": {requirement.detail}" if requirement.detail else ""
            console.print(rich.Text.assemble("  ", _mark(requirement), f" {requirement.name}{detail}"))
            if requirement.mend and not requirement.there:
                console.print(f"       {requirement.mend}", style="dim")
    if cache.folder:
        console.print(
            f"cache: {cache.bytes / 1e6:.0f} MB in {cache.folder}; `lnpatch cache prune` removes what is not used"
        )


def _print_configuration(configured: Configured) -> None:
    console = make_console()
    if configured.settings:
        console.print("configured here:")
    for setting in configured.settings:
        console.print(f"  {setting.key} = {setting.value}  ({setting.source})")
    for note in configured.notes:
        console.print(f"  {note}", style="yellow")


def _mark(requirement: Requirement) -> tuple[str, str]:
    """Return the mark before a requirement, and its style."""
    if requirement.there:
        return "ok", "green"
    return ("no", "red") if requirement.needed else ("--", "yellow")
