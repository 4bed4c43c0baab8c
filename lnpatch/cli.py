"""The command line: each command reads its arguments, makes one call and hands the result to the console.

Nothing heavy is imported before a command runs, so that ``lnpatch --help`` starts as fast as click does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lnpatch import __version__
from lnpatch.errors import ExitCode, FileError, LnpatchError, StoppedError, UsageError

if TYPE_CHECKING:
    from lnpatch.runtime.handoff import EngineOptions

F = TypeVar("F", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lnpatch")
def cli() -> None:
    """Patch layer normalization into the Theano repositories of the 2016 paper, review the patch, take it back.

    TARGET is a known repository (see `lnpatch targets`), one of its aliases, or the path of a recipe file.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
    """


class _Text(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value that is not empty, as it is when a shell variable is not set."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if there is one."""
        if not value:
            self.fail("the value is empty", param, ctx)
        return value


_TEXT = _Text()


def _target(required: bool = True) -> Callable[[F], F]:
    return click.argument("target", required=required, type=_TEXT)


_directory = click.option(
    "--dir", "directory", type=_TEXT, metavar="DIR", help="The checkout; by default the repository's name, here."
)
_cell = click.option(
    "--cell", type=_TEXT, metavar="NAME", help="The cell to inject: lngru or lnlstm; by default the paper's."
)
_data_dir = click.option(
    "--data-dir", type=_TEXT, metavar="DIR", help="Where the data is, for targets that have it in their source."
)
_no_repairs = click.option("--no-repairs", is_flag=True, help="Leave out what mends the repository itself.")
_format = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@cli.command()
@_format
def targets(form: str) -> None:
    """List the known targets: what each recipe does and what it needs."""
    from lnpatch import console
    from lnpatch.targets import known

    if form == "json":
        console.print_json({"targets": [console.recipe_json(recipe, None) for recipe in known()]})
    else:
        console.print_targets(known())


@cli.command()
@_target()
@_cell
@_format
def show(target: str, cell: str | None, form: str) -> None:
    """Show one recipe, resolved: repository, edits, repairs, released files, commands."""
    from lnpatch import console
    from lnpatch.targets import find

    recipe = find(target)
    if form == "json":
        console.print_json(console.recipe_json(recipe, cell))
    else:
        console.print_recipe(recipe, cell)


@cli.command()
@_target()
@_directory
@click.option("--from", "source", type=_TEXT, metavar="URL|PATH", help="Clone this instead of the recipe's address.")
@click.option(
    "--ref", type=_TEXT, metavar="REV", help="Check out this revision of a new clone instead of the recipe's commit."
)
@_cell
@_data_dir
@_no_repairs
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--commit", is_flag=True, help="Commit the patch on a branch of its own, ready for a pull request.")
@_format
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
    from lnpatch.options import Options
    from lnpatch.targets import find

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


@cli.command()
@_target()
@_directory
@_cell
@_data_dir
@_no_repairs
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference.")
@_format
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
    from lnpatch.options import Options
    from lnpatch.targets import find

    recipe = find(target)
    report = command.diff(recipe, recipe.directory(directory), Options(cell, data_dir, not no_repairs))
    if form == "json":
        console.print_json(console.diff_json(report))
    else:
        console.print_notes(report.notes)
        console.print_diff(report.patch)
    if exit_code and report.patch:
        click.get_current_context().exit(ExitCode.FAILED)


@cli.command()
@_target()
@_directory
@_format
def revert(target: str, directory: str | None, form: str) -> None:
    """Take the patch out of TARGET's checkout, keeping what was changed since."""
    from lnpatch import console
    from lnpatch.commands import revert as command
    from lnpatch.targets import find

    recipe = find(target)
    report = command.revert(recipe, recipe.directory(directory))
    if form == "json":
        console.print_json(console.change_json(report))
    else:
        console.print_notes(report.notes)
        console.print_change(report)


@cli.command()
@_target(required=False)
@_directory
@click.option("--exit-code", is_flag=True, help="Exit with 1 unless everything is applied, as lnpatch wrote it.")
@_format
def status(target: str | None, directory: str | None, exit_code: bool, form: str) -> None:
    """Say how far TARGET is in its checkout; without TARGET, all that are found."""
    from lnpatch import console
    from lnpatch.commands import status as command
    from lnpatch.patch import PatchState
    from lnpatch.targets import find

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


def _engine_options(command: F) -> F:
    """The options that choose an engine, given to the command as one ``engine``."""

    @wraps(command)
    def call(runtime: str, python: str | None, backend: str, device: str, **others: Any) -> Any:
        from lnpatch.runtime.handoff import EngineOptions

        return command(engine=EngineOptions(runtime, python, backend, device), **others)

    for option in (
        click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True),
        click.option(
            "--engine",
            "backend",
            type=click.Choice(["auto", "c", "jax"]),
            default="auto",
            show_default=True,
            help="What PyTensor computes with.",
        ),
        click.option("--python", type=_TEXT, metavar="PATH", help="The Python to build the environment from."),
        click.option(
            "--runtime",
            type=click.Choice(["auto", "theano", "pytensor"]),
            default="auto",
            show_default=True,
            help="Python 2.7 with Theano, or Python 3 with PyTensor.",
        ),
    ):
        call = option(call)
    return call  # type: ignore[return-value]


@cli.command()
@_target()
@_engine_options
@_format
def setup(target: str, engine: EngineOptions, form: str) -> None:
    """Build or mend the environment that trains TARGET."""
    from lnpatch.commands import setup as command
    from lnpatch.console import print_json, training
    from lnpatch.targets import find

    recipe = find(target)
    with training.setup_progress() as progress:
        environment, was_there = command.setup(recipe, engine, progress)
    if form == "json":
        print_json(training.environment_json(environment, was_there))
    else:
        training.print_environment(environment, was_there)


@cli.command()
@_target()
@_directory
@_engine_options
@click.option(
    "--cell",
    type=_TEXT,
    metavar="NAME",
    help="The layer to train, such as gru for the baseline; by default the patch's.",
)
@click.option("--data", type=_TEXT, metavar="DIR|FILE", help="The training data.")
@click.option("--smoke", is_flag=True, help="Train on tiny data made for it, with small dimensions: a minute or so.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    type=_TEXT,
    metavar="KEY=VALUE",
    help="A hyperparameter of the trainer; may be repeated.",
)
@click.option("--max-updates", type=click.IntRange(min=1), metavar="N", help="Stop after so many updates, and save.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The seed of the repository's random numbers.")
@click.option("--output", type=_TEXT, metavar="DIR", help="The run's folder; by default runs/TARGET/CELL-DATE.")
@click.option("--resume", is_flag=True, help="Go on with the run in --output, by the repository's own reload.")
@click.option(
    "--print-command", is_flag=True, help="Print the one line that trains, for a batch scheduler, and do not run it."
)
@_format
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
def train(target: str, directory: str | None, print_command: bool, form: str, **choices: Any) -> None:
    """Train TARGET's patched checkout with the repository's own trainer."""
    from lnpatch import console
    from lnpatch.commands import train as command
    from lnpatch.console import training
    from lnpatch.targets import find

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


@cli.command()
@_target()
@_directory
@_engine_options
@click.option("--quick", is_flag=True, help="Fewer cases.")
@_format
def check(target: str, directory: str | None, form: str, **choices: Any) -> None:
    """Check TARGET's patched layers against a float64 NumPy reference, and one update of its model."""
    from lnpatch import console
    from lnpatch.commands import check as command
    from lnpatch.console import training
    from lnpatch.targets import find

    recipe = find(target)
    with training.check_view() as (view, on_row):
        result = command.check(recipe, recipe.directory(directory), view=view, on_row=on_row, **choices)
    if form == "json":
        console.print_json(training.check_json(result))
    else:
        console.print_notes(result.notes)
        training.print_check(result)
    if not result.passed:
        click.get_current_context().exit(ExitCode.FAILED)


_model = click.option(
    "--model", required=True, type=_TEXT, metavar="RUN|FILE", help="A run's folder, or an .npz with its .pkl."
)


@cli.command()
@_target()
@_directory
@_model
@click.option("--data", type=_TEXT, metavar="DIR", help="The data; by default that of the run.")
@click.option(
    "--split", type=click.Choice(["dev", "test"]), help="The part of the data, where the evaluation has several."
)
@_engine_options
@_format
def evaluate(target: str, directory: str | None, split: str | None, form: str, **choices: Any) -> None:
    """Evaluate a trained or released model with TARGET's own evaluation, beside the paper's figures."""
    from lnpatch import console
    from lnpatch.commands import evaluate as command
    from lnpatch.console import training
    from lnpatch.targets import find

    recipe = find(target)
    options = {} if split is None else {"split": split}
    with training.setup_progress() as progress:
        result = command.evaluate(recipe, recipe.directory(directory), options=options, progress=progress, **choices)
    if form == "json":
        console.print_json(training.evaluation_json(result))
    else:
        console.print_notes(result.notes)
        training.print_evaluation(result)


@cli.command()
@_target()
@_directory
@_model
@click.option("--text", type=_TEXT, metavar="FILE", help="The sentences, one a line; by default those of a smoke run.")
@click.option("--output", "-o", type=_TEXT, metavar="FILE.npy", default="vectors.npy", show_default=True)
@click.option(
    "--dictionary", type=_TEXT, metavar="FILE", help="The dictionary of the model, where it is not in the run."
)
@click.option("--word2vec", type=_TEXT, metavar="FILE", help="Word vectors for words that training has not seen.")
@click.option("--tokenized", is_flag=True, help="The sentences are tokens separated by blanks already.")
@_engine_options
@_format
def encode(
    target: str, directory: str | None, dictionary: str | None, word2vec: str | None, form: str, **choices: Any
) -> None:
    """Turn sentences into vectors with a trained or released model of TARGET."""
    from lnpatch import console
    from lnpatch.commands import encode as command
    from lnpatch.console import training
    from lnpatch.targets import find

    recipe = find(target)
    files = {"dictionary": dictionary, "word2vec": word2vec}
    options = {name: value for name, value in files.items() if value is not None}
    with training.setup_progress() as progress:
        result = command.encode(recipe, recipe.directory(directory), options=options, progress=progress, **choices)
    if form == "json":
        console.print_json(training.encoding_json(result))
    else:
        console.print_notes(result.notes)
        training.print_encoding(result)


@cli.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=_TEXT)
@click.option(
    "-o",
    "--output",
    "figures",
    multiple=True,
    type=_TEXT,
    metavar="FILE",
    help="Draw the curves into FILE: .png, .svg or .pdf; may be given several times.",
)
@click.option(
    "--metric",
    type=_TEXT,
    metavar="NAME",
    help="The validation figure; by default error, cost or t2i_r1, whichever is there.",
)
@click.option(
    "--smooth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Running means of the cost over N updates; by default a fiftieth of the shortest run, or 10.",
)
@click.option(
    "--valid-every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Updates between two entries of a statistics pickle; by default what its name says.",
)
@click.option("--plot/--no-plot", default=None, help="Plot in the terminal; by default where there is one.")
@_format
def curves(
    runs: tuple[str, ...],
    figures: tuple[str, ...],
    metric: str | None,
    smooth: int | None,
    valid_every: int | None,
    plot: bool | None,
    form: str,
) -> None:
    """Compare training runs: cost and validation over updates and over time.

    RUN is a folder that `lnpatch train` made, a statistics pickle of attentive-reader, or a training log.
    """
    from lnpatch import console
    from lnpatch.commands import curves as command
    from lnpatch.console import curves as view

    if plot and form == "json":
        raise UsageError("--plot is for people; it does not go with --format json.")
    report = command.curves(
        runs, [Path(file) for file in figures], metric=metric, window=smooth, valid_every=valid_every
    )
    if form == "json":
        console.print_json(view.curves_json(report))
    else:
        view.print_curves(report, plot)


@cli.command()
@_target()
@click.argument("names", nargs=-1, type=_TEXT, metavar="[NAME]...")
@click.option("--dest", type=_TEXT, metavar="DIR", help="Where the files go; by default data/TARGET, here.")
@click.option(
    "--mirror", type=_TEXT, metavar="BASE", help="An address or a folder that has the files under their names."
)
@click.option("--trust-new", is_flag=True, help="Take files for right that differ from when they were first seen.")
@_format
def download(
    target: str, names: tuple[str, ...], dest: str | None, mirror: str | None, trust_new: bool, form: str
) -> None:
    """Get TARGET's released models, data and logs: all of them, or those called NAME in `lnpatch show TARGET`."""
    from lnpatch import console
    from lnpatch.commands import download as command
    from lnpatch.console import downloads
    from lnpatch.targets import find

    recipe = find(target)
    directory = Path(dest) if dest is not None else None
    with downloads.download_progress() as watch:
        report = command.download(recipe, names, directory, watch, mirror=mirror, trust_new=trust_new)
    if form == "json":
        console.print_json(downloads.download_json(report))
    else:
        downloads.print_downloads(report)
    if report.error:
        click.get_current_context().exit(report.error.exit_code)


@cli.command()
@_format
def doctor(form: str) -> None:
    """Say what this machine has and lacks for each job, and the command that mends it."""
    from lnpatch import console
    from lnpatch.console import training
    from lnpatch.doctor import cache_size, diagnose

    diagnoses, size = diagnose(), cache_size()
    if form == "json":
        console.print_json(training.doctor_json(diagnoses, size))
    else:
        training.print_doctor(diagnoses, size)
    if not diagnoses[0].ready:
        click.get_current_context().exit(ExitCode.ENVIRONMENT)


@cli.command()
@_target()
@_directory
@click.option("--output", type=_TEXT, metavar="DIR", help="Write the copy here; by default it is kept in the cache.")
@click.option("--diff", "with_patch", is_flag=True, help="Show the difference between the checkout and the copy.")
@_format
def port(target: str, directory: str | None, output: str | None, with_patch: bool, form: str) -> None:
    """Make a Python 3 copy of TARGET's checkout, for training on a machine of today; the checkout stays as it is."""
    from lnpatch import console
    from lnpatch.commands import port as command
    from lnpatch.console import port as view
    from lnpatch.targets import find

    recipe = find(target)
    report = command.port(recipe, recipe.directory(directory), Path(output) if output else None, with_patch)
    if form == "json":
        console.print_json(view.port_json(report))
    else:
        console.print_notes(report.notes)
        view.print_port(report)


@cli.command()
@click.option("--dir", "directory", type=_TEXT, metavar="DIR", help="Lay the demo out here and keep it, patched.")
@_cell
@click.option("--train", "trains", is_flag=True, help="Train it as well, with the plain and the normalized cell.")
@_format
def demo(directory: str | None, cell: str | None, trains: bool, form: str) -> None:
    """Show the whole story offline, on an embedded repository: patch, review, check, take back; or train it."""
    from lnpatch import console
    from lnpatch.demo import run

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
    from lnpatch.console import curves, training
    from lnpatch.demo_training import train_demo

    with training.train_view() as view:
        trained = train_demo(directory, cell, view)
    if form == "json":
        runs = [training.train_json(result) for result in trained.runs]
        console.print_json({"runs": runs, "curves": curves.curves_json(trained.curves)})
        return
    for result in trained.runs:
        training.print_run(result)
    curves.print_curves(trained.curves, True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = _wants_json(given)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _terminate)
    if sys.stdout is None:  # it was closed by the caller
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        code = _run(given, as_json)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone; say nothing more, not at exit either
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return ExitCode.FAILED
    except OSError as error:  # our output could not be written
        sys.stderr.write(f"error: {error}\n")
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return ExitCode.FAILED
    return code


def _run(arguments: list[str], as_json: bool) -> int:
    """Run the command line; every failure is shown as the user wants it."""
    try:
        result = cli.main(arguments, prog_name="lnpatch", standalone_mode=False)
        return result if isinstance(result, int) else ExitCode.OK
    except LnpatchError as error:
        return _failed(error, as_json)
    except click.UsageError as error:
        if as_json:
            return _failed(UsageError(error.format_message(), "lnpatch --help"), as_json)
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return _failed(StoppedError(), as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            raise
        return _failed(FileError(os.fspath(error.filename), error.strerror or str(error)), as_json)


def _failed(error: LnpatchError, as_json: bool) -> int:
    from lnpatch import console

    console.print_error(error, as_json)
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether --format json was given, also where the rest of the command line cannot be read."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _terminate(signum: int, frame: object) -> None:
    """End as after Ctrl-C, so that nothing is left half done."""
    raise KeyboardInterrupt
