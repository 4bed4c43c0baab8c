"""``lnpatch train``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.configured import find_configured, tell_configured
from lnpatch.cli.console import (
    format_duration,
    format_figures,
    make_console,
    print_json,
    print_next,
    print_notes,
    print_shell_line,
    short_path,
)
from lnpatch.cli.help import RUNTIME, Command
from lnpatch.cli.options import (
    TEXT,
    directory_option,
    format_option,
    log_to_option,
    optional_target_argument,
    runtime_options,
)
from lnpatch.cli.train_view import train_view
from lnpatch.errors import ExitCode
from lnpatch.training.run_folder import RunState

if TYPE_CHECKING:
    from lnpatch.commands.train import TrainCommand
    from lnpatch.recipes import Recipe
    from lnpatch.training.train_run import TrainResult


class PassingCommand(Command):
    """A command that passes on what follows ``--``, where its own optional argument must not take it for TARGET."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before the first ``--``, which is never the value of an option."""
        split = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:split])
        ctx.params["arguments"] = (*ctx.params["arguments"], *args[split + 1 :])
        return rest


@click.command(
    cls=PassingCommand,
    example=("lnpatch apply skip-thoughts\nlnpatch train skip-thoughts --smoke --max-updates 20 -o runs/smoke"),
    sections={
        "What is trained": ("directory", "cell", "data", "smoke", "settings", "max_updates", "seed"),
        "Held-out sentences": ("held_out", "held_out_every"),
        "The run": ("output", "resume", "log_to", "print_command"),
        **RUNTIME,
    },
)
@optional_target_argument
@directory_option
@runtime_options
@click.option(
    "--cell",
    type=TEXT,
    metavar="NAME",
    help="The layer to train, such as gru for the baseline; by default the patch's.",
)
@click.option("--data", type=TEXT, metavar="DIR|FILE", help="The training data.")
@click.option("--smoke", is_flag=True, help="Train on tiny data made for it, with small dimensions: a minute or so.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    type=TEXT,
    metavar="KEY=VALUE",
    help="A hyperparameter of the trainer; may be repeated.",
)
@click.option(
    "--max-updates",
    type=click.IntRange(min=1),
    metavar="N",
    help="Stop after so many updates, and save; those of the whole run, resumed or not.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="The seed of the repository's random numbers."
)
@click.option(
    "--held-out",
    type=TEXT,
    metavar="FILE|N%",
    help="Sentences to keep out of training, a file or a share of the corpus; their cost per word is the validation.",
)
@click.option(
    "--held-out-every", type=click.IntRange(min=1), metavar="N", help="Compute that cost every so many updates."
)
@click.option("-o", "--output", type=TEXT, metavar="DIR", help="The run's folder; by default runs/TARGET/CELL-DATE.")
@click.option("--resume", is_flag=True, help="Resume the run in --output, by the repository's own reload.")
@log_to_option
@click.option(
    "--print-command", is_flag=True, help="Print the line that does this, for a batch scheduler, and make nothing."
)
@format_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.pass_context
def train(
    context: click.Context,
    /,
    target: str | None,
    directory: str | None,
    print_command: bool,
    form: str,
    **choices: Any,
) -> None:
    """Train a patched checkout with the repository's own trainer.

    Without TARGET, the checkout around this folder is meant, or the one patched checkout in it.
    """
    _add_configured(context, choices, lambda: commands.locate(target, directory).recipe, tell=form == "text")
    if print_command:
        with train_view() as view:
            command = commands.train_command(target, directory, **choices, report_step=view.report_step)
        if form == "json":
            print_json(_command_json(command))
        else:
            _print_command(command)
        return
    with train_view() as view:
        result = commands.train(target, directory, **choices, view=view)
    if form == "json":
        print_json(train_json(result))
    else:
        print_notes(result.notes)
        print_run(result)
        _print_next_steps(result)
    if result.info.state is not RunState.DONE:
        context.exit(ExitCode.FAILED)


def _add_configured(
    context: click.Context, choices: dict[str, Any], find_recipe: Callable[[], Recipe], tell: bool
) -> None:
    """Add what is configured to what was chosen; a run that is resumed has its own."""
    if choices["resume"]:
        return
    data = output = None
    if choices["data"] is None and not choices["smoke"]:
        data = find_configured(context, "data", find_recipe)
        choices["data"] = data.value if data else None
    if choices["output"] is None and (output := find_configured(context, "output")):
        choices["runs"] = os.path.join(output.value, "runs")
    if tell:
        tell_configured(data, output)


def train_json(result: TrainResult) -> dict[str, Any]:
    """Return a run that has ended, for scripts."""
    return {
        **asdict(result.info),
        "run": str(result.folder),
        "first_cost": result.first_cost,
        "last_cost": result.last_cost,
        "cost_per_word": result.per_word,
        "seconds_per_update": result.seconds_per_update,
        "validation": dict(result.validation),
        "notes": list(result.notes),
    }


def print_run(result: TrainResult) -> None:
    """Print how a run has ended."""
    console = make_console()
    info = result.info
    verb = "Stopped" if info.state is RunState.STOPPED else "Trained"
    line = f"{verb} {info.target} with {info.cell} for {info.updates} updates"
    if result.seconds_per_update is not None:
        line += f", {format_duration(result.seconds_per_update)} an update"
    console.print(f"{line}{': ' + info.reason if info.reason else ''}")
    if result.first_cost is not None and result.last_cost is not None:
        cost = "cost per word" if result.per_word else "cost"
        console.print(f"  {cost} {result.first_cost:.4g} -> {result.last_cost:.4g} (mean of the last tenth)")
    if result.validation:
        console.print("  last validation: " + format_figures(result.validation))
    if info.model:
        console.print(f"  model {short_path(result.folder / info.model)}")
    console.print(f"  run {short_path(result.folder)}")


def _command_json(command: TrainCommand) -> dict[str, Any]:
    """Return a training that can be started elsewhere, for scripts: as one line, and as words with their variables."""
    environment = command.environment
    return {
        "command": command.command.line,
        "words": list(command.command.words),
        "variables": dict(command.command.variables),
        "run": str(command.run),
        "target": command.target,
        "cell": command.cell,
        "runtime": command.runtime,
        "environment": {
            "built": environment is not None,
            "python": str(environment.python) if environment else None,
            "setup": command.setup,
        },
        "notes": list(command.notes),
    }


def _print_command(command: TrainCommand) -> None:
    """Print the line that starts a run elsewhere: on standard output, alone."""
    print_shell_line(command.command.line)
    print_notes(command.notes)
    if command.environment is None:
        print_notes([f"Its environment is not built yet; the line builds it when it starts. Now: {command.setup}"])
    run = shlex.quote(short_path(command.run))
    make_console(stderr=True).print(f"It will train in {run}.", style="dim")
    print_next(f"lnpatch curves {run}", f"lnpatch train --resume --output {run}")


def _print_next_steps(result: TrainResult) -> None:
    """Print the commands that use a run."""
    run = shlex.quote(short_path(result.folder))
    if result.info.model:
        for job in result.model_jobs:
            print_next(f"lnpatch {job} {result.info.target} --model {run}")
    print_next(f"lnpatch curves {run}")
