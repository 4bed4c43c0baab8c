"""``lnpatch doctor``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_json, print_prose
from lnpatch.cli.help import Command
from lnpatch.cli.options import format_option
from lnpatch.errors import ExitCode

if TYPE_CHECKING:
    from lnpatch.commands.doctor import CacheUse, Configured, Diagnosis, Requirement
    from lnpatch.runtimes.choose import RuntimeChoice


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
    runtimes = commands.find_runtimes()
    if form == "json":
        print_json(_doctor_json(diagnoses, runtimes, cache, configured))
    else:
        _print_doctor(diagnoses, cache)
        _print_runtimes(runtimes)
        _print_configuration(configured)
    if not diagnoses[0].ready:
        context.exit(ExitCode.ENVIRONMENT)


def _doctor_json(
    diagnoses: Sequence[Diagnosis], runtimes: Mapping[str, RuntimeChoice], cache: CacheUse, configured: Configured
) -> dict[str, Any]:
    jobs = [asdict(diagnosis) | {"ready": diagnosis.ready} for diagnosis in diagnoses]
    auto = {target: asdict(choice) for target, choice in runtimes.items()}
    return {"jobs": jobs, "auto": auto, "cache": asdict(cache), "configuration": asdict(configured)}


def _print_doctor(diagnoses: Sequence[Diagnosis], cache: CacheUse) -> None:
    console = make_console()
    for diagnosis in diagnoses:
        state = ("ready", "bold green") if diagnosis.ready else ("not ready", "bold red")
        console.print(rich.Text.assemble((diagnosis.job, "bold"), f" ({diagnosis.what}): ", state))
        there = [_describe(requirement) for requirement in diagnosis.findings if requirement.there]
        if there:
            print_prose(console, f"  {', '.join(there)}")
        for requirement in diagnosis.findings:
            if not requirement.there and requirement.needed:
                console.print(rich.Text.assemble("  ", ("no", "red"), f" {_describe(requirement)}"))
                if requirement.mend:
                    console.print(f"     {requirement.mend}", style="dim")
        for detail, lacking in _lacking_environments(diagnosis).items():
            console.print(rich.Text.assemble("  ", ("--", "yellow"), f" {detail}: {', '.join(lacking)}"))
            console.print(f"     lnpatch setup TARGET --runtime {diagnosis.job.split()[0]}", style="dim")
    if cache.folder:
        console.print(
            f"cache: {cache.bytes / 1e6:.0f} MB in {cache.folder}; `lnpatch cache prune` removes what is not used"
        )


def _print_runtimes(runtimes: Mapping[str, RuntimeChoice]) -> None:
    """Say what ``--runtime auto`` takes: in one line where it is the same for all targets."""
    targets: dict[str, list[str]] = {}
    for target, choice in runtimes.items():
        targets.setdefault(f"{choice.name or 'unknown'}: {choice.reason}", []).append(target)
    for words, names in targets.items():
        of = "" if len(targets) == 1 else f" for {', '.join(names)}"
        print_prose(make_console(), f"runtime auto{of} is {words}")


def _print_configuration(configured: Configured) -> None:
    console = make_console()
    if configured.settings:
        console.print("configured here:")
    for setting in configured.settings:
        console.print(f"  {setting.key} = {setting.value}  ({setting.source})")
    for note in configured.notes:
        console.print(f"  {note}", style="yellow")


def _describe(requirement: Requirement) -> str:
    return f"{requirement.name}: {requirement.detail}" if requirement.detail else requirement.name


def _lacking_environments(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """Return the environments that lnpatch would build when they are first used, by what there is to say of them."""
    found: dict[str, list[str]] = {}
    for requirement in diagnosis.findings:
        if not requirement.there and not requirement.needed:
            found.setdefault(requirement.detail, []).append(requirement.name)
    return found
