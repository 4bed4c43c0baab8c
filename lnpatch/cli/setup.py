"""``lnpatch setup``."""

from __future__ import annotations

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, step_progress
from lnpatch.cli.help import RUNTIME, Command
from lnpatch.cli.options import format_option, optional_target_argument, runtime_options
from lnpatch.runtimes.runtime_options import RuntimeOptions


@click.command(
    cls=Command,
    example="lnpatch setup demo --runtime theano",
    sections=RUNTIME,
)
@optional_target_argument
@runtime_options
@format_option
def setup(target: str | None, runtime: RuntimeOptions, form: str) -> None:
    """Build or mend the environment that trains TARGET.

    Without TARGET, the checkout around this folder is meant, or the one patched checkout in it.
    """
    with step_progress() as report_step:
        environment, was_there = commands.setup(target, runtime=runtime, report_step=report_step)
    if form == "json":
        print_json(
            {
                "python": str(environment.python),
                "folder": str(environment.folder),
                "packages": dict(environment.packages),
                "built": not was_there,
            }
        )
        return
    console = make_console()
    console.print(f"{'Ready, as it was' if was_there else 'Ready'}: {environment.python}")
    console.print("  " + ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items())))
