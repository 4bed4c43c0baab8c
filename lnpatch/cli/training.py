"""The commands that train what is patched: setup, check, train, evaluate, encode, port, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli.options import (
    TEXT,
    directory_option,
    engine_options,
    format_option,
    target_argument,
)
from lnpatch.errors import ExitCode

if TYPE_CHECKING:
    from lnpatch.training.patched import EngineOptions


@click.command()
@target_argument()
@engine_options
@format_option
def setup(target: str, engine: EngineOptions, form: str) -> None:
    """Build or mend the environment that trains TARGET."""
    from lnpatch.commands import setup as command
    from lnpatch.console import print_json
    from lnpatch.console import setup as environments
    from lnpatch.recipes import find

    recipe = find(target)
    with environments.setup_progress() as progress:
        environment, was_there = command.setup(recipe, engine, progress)
    if form == "json":
        print_json(environments.environment_json(environment, was_there))
    else:
        environments.print_environment(environment, was_there)


@click.command()
@target_argument()
@directory_option
@engine_options
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
@click.option("--max-updates", type=click.IntRange(min=1), metavar="N", help="Stop after so many updates, and save.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The seed of the repository's random numbers.")
@click.option("--output", type=TEXT, metavar="DIR", help="The run's folder; by default runs/TARGET/CELL-DATE.")
@click.option("--resume", is_flag=True, help="Go on with the run in --output, by the repository's own reload.")
@click.option(
    "--print-command", is_flag=True, help="Print the one line that trains, for a batch scheduler, and do not run it."
)
@format_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
def train(target: str, directory: str | None, print_command: bool, form: str, **choices: Any) -> None:
    """Train TARGET's patched checkout with the repository's own trainer."""
    from lnpatch import console
    from lnpatch.commands import train as command
    from lnpatch.console import training
    from lnpatch.recipes import find

    recipe = find(target)
    options = command.TrainOptions(**choices)
    if print_command:
        with training.train_view() as view:
            prepared = command.prepare(recipe, recipe.directory(directory), options, view)
        training.print_command(command.command_line(prepared), prepared.folder)
        return
    with training.train_view() as view:
        result = command.train(recipe, recipe.directory(directory), options, view)
    if form == "json":
        console.print_json(training.train_json(result))
    else:
        console.print_notes(result.notes)
        training.print_run(result)
        training.print_next_steps(result, tuple(job for job in ("evaluate", "encode") if job in recipe.jobs))
    if result.info.state != "done":
        click.get_current_context().exit(ExitCode.FAILED)


@click.command()
@target_argument()
@directory_option
@engine_options
@click.option("--quick", is_flag=True, help="Fewer cases.")
@format_option
def check(target: str, directory: str | None, form: str, **choices: Any) -> None:
    """Check TARGET's patched layers against a float64 NumPy reference, and one update of its model."""
    from lnpatch import console
    from lnpatch.commands import check as command
    from lnpatch.console import evaluation
    from lnpatch.recipes import find

    recipe = find(target)
    with evaluation.check_view() as (view, on_row):
        result = command.check(recipe, recipe.directory(directory), view=view, on_row=on_row, **choices)
    if form == "json":
        console.print_json(evaluation.check_json(result))
    else:
        console.print_notes(result.notes)
        evaluation.print_check(result)
    if not result.passed:
        click.get_current_context().exit(ExitCode.FAILED)


_model = click.option(
    "--model", required=True, type=TEXT, metavar="RUN|FILE", help="A run's folder, or an .npz with its .pkl."
)


@click.command()
@target_argument()
@directory_option
@_model
@click.option("--data", type=TEXT, metavar="DIR", help="The data; by default that of the run.")
@click.option(
    "--split", type=click.Choice(["dev", "test"]), help="The part of the data, where the evaluation has several."
)
@engine_options
@format_option
def evaluate(target: str, directory: str | None, split: str | None, form: str, **choices: Any) -> None:
    """Evaluate a trained or released model with TARGET's own evaluation, beside the paper's figures."""
    from lnpatch import console
    from lnpatch.commands import evaluate as command
    from lnpatch.console import evaluation
    from lnpatch.console import setup as environments
    from lnpatch.recipes import find

    recipe = find(target)
    options = {} if split is None else {"split": split}
    with environments.setup_progress() as progress:
        result = command.evaluate(recipe, recipe.directory(directory), options=options, progress=progress, **choices)
    if form == "json":
        console.print_json(evaluation.evaluation_json(result))
    else:
        console.print_notes(result.notes)
        evaluation.print_evaluation(result)


@click.command()
@target_argument()
@directory_option
@_model
@click.option("--text", type=TEXT, metavar="FILE", help="The sentences, one a line; by default those of a smoke run.")
@click.option("--output", "-o", type=TEXT, metavar="FILE.npy", default="vectors.npy", show_default=True)
@click.option(
    "--dictionary", type=TEXT, metavar="FILE", help="The dictionary of the model, where it is not in the run."
)
@click.option("--word2vec", type=TEXT, metavar="FILE", help="Word vectors for words that training has not seen.")
@click.option("--tokenized", is_flag=True, help="The sentences are tokens separated by blanks already.")
@engine_options
@format_option
def encode(
    target: str, directory: str | None, dictionary: str | None, word2vec: str | None, form: str, **choices: Any
) -> None:
    """Turn sentences into vectors with a trained or released model of TARGET."""
    from lnpatch import console
    from lnpatch.commands import encode as command
    from lnpatch.console import evaluation
    from lnpatch.console import setup as environments
    from lnpatch.recipes import find

    recipe = find(target)
    files = {"dictionary": dictionary, "word2vec": word2vec}
    options = {name: value for name, value in files.items() if value is not None}
    with environments.setup_progress() as progress:
        result = command.encode(recipe, recipe.directory(directory), options=options, progress=progress, **choices)
    if form == "json":
        console.print_json(evaluation.encoding_json(result))
    else:
        console.print_notes(result.notes)
        evaluation.print_encoding(result)


@click.command()
@target_argument()
@directory_option
@click.option("--output", type=TEXT, metavar="DIR", help="Write the copy here; by default it is kept in the cache.")
@click.option("--diff", "with_patch", is_flag=True, help="Show the difference between the checkout and the copy.")
@format_option
def port(target: str, directory: str | None, output: str | None, with_patch: bool, form: str) -> None:
    """Make a Python 3 copy of TARGET's checkout, for training on a machine of today; the checkout stays as it is."""
    from lnpatch import console
    from lnpatch.commands import port as command
    from lnpatch.console import port as view
    from lnpatch.recipes import find

    recipe = find(target)
    report = command.port(recipe, recipe.directory(directory), Path(output) if output else None, with_patch)
    if form == "json":
        console.print_json(view.port_json(report))
    else:
        console.print_notes(report.notes)
        view.print_port(report)


@click.command()
@format_option
def doctor(form: str) -> None:
    """Say what this machine has and lacks for each job, and the command that mends it."""
    from lnpatch import console
    from lnpatch.commands.doctor import cache_size, diagnose
    from lnpatch.console import setup as environments

    diagnoses, size = diagnose(), cache_size()
    if form == "json":
        console.print_json(environments.doctor_json(diagnoses, size))
    else:
        environments.print_doctor(diagnoses, size)
    if not diagnoses[0].ready:
        click.get_current_context().exit(ExitCode.ENVIRONMENT)
