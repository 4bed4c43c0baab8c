"""``lnpatch train``: the repository's own training, on data of the user's or on tiny data, as a run with a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.runtimes.choose import choose_runtime
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.schema import Scalar
from lnpatch.training.patched import Patched, open_patched
from lnpatch.training.prepare import prepare_training
from lnpatch.training.request import TrainOptions, check_request
from lnpatch.training.run_folder import propose_run_folder, read_info
from lnpatch.training.shell_command import ShellCommand, make_setup_command, make_shell_command
from lnpatch.training.train_run import TrainResult, run_plan
from lnpatch.training.train_view import SilentView, TrainView

#: Hyperparameters: by name, or as ``KEY=VALUE``.
Settings = Mapping[str, Scalar | None] | Sequence[str]


@dataclass(frozen=True)
class TrainCommand:
    """A training that can be started elsewhere, or later; nothing is made for it yet."""

    #: What starts it.
    command: ShellCommand
    #: The folder that the run will have, an absolute path.
    run: Path
    target: str
    cell: str
    #: ``theano`` or ``pytensor``.
    runtime: str
    #: The environment that it will run in; None where it will be built first.
    environment: Environment | None
    #: The command line that builds the environment.
    setup: str
    #: Remarks for people.
    notes: tuple[str, ...]


def train(
    target: Target = None,
    directory: Folder = None,
    *,
    cell: str | None = None,
    data: str | os.PathLike[str] | None = None,
    smoke: bool = False,
    settings: Settings = (),
    max_updates: int | None = None,
    seed: int | None = None,
    output: str | os.PathLike[str] | None = None,
    runs: str | os.PathLike[str] = "runs",
    resume: bool = False,
    arguments: Sequence[str] = (),
    held_out: str | os.PathLike[str] | None = None,
    held_out_every: int | None = None,
    log_to: Sequence[str] = (),
    runtime: RuntimeOptions | None = None,
    view: TrainView | None = None,
) -> TrainResult:
    """Train the patched checkout of a target with the repository's own trainer, in a new run or one that is resumed.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        cell: the cell to train, such as ``gru`` for the baseline; None for the one that the patch has brought.
        data: the training data, a file or a folder, as the repository wants it.
        smoke: train on tiny data made for it, with small dimensions: a minute or so.
        settings: hyperparameters that differ from the repository's own.
        max_updates: the updates after which the trainer is stopped, and the model saved.
        seed: the seed of the repository's random numbers.
        output: the run's folder; by default ``TARGET/CELL-DATE`` in *runs*.
        runs: the folder of runs that *output* names none for.
        resume: resume the run in *output*, by the repository's own reload.
        arguments: what is passed on to the repository's own command line.
        held_out: what is kept out of training, so that its cost is a validation: a share of the corpus, ``5%``, or a text.
        held_out_every: the updates from one computation of that cost to the next; by default the recipe's.
        log_to: experiment trackers that are told of it while it trains: ``tensorboard``, ``wandb``, ``mlflow``.
        runtime: which Python, backend and device; by default what is there.
        view: shows the run while it goes on; by default nothing is shown.

    Raises:
        TrainingFailedError: the trainer has failed, or its cost became NaN; the run's folder says more.
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    options = TrainOptions(
        runtime=runtime or RuntimeOptions(),
        cell=cell,
        data=os.fspath(data) if data is not None else None,
        smoke=smoke,
        settings=_as_assignments(settings),
        max_updates=max_updates,
        seed=seed,
        output=os.fspath(output) if output is not None else None,
        runs=os.fspath(runs),
        resume=resume,
        arguments=tuple(arguments),
        held_out=os.fspath(held_out) if held_out is not None else None,
        held_out_every=held_out_every,
        log_to=tuple(dict.fromkeys(log_to)),
    )
    view = view or SilentView()
    patched = _open_patched(target, directory, options)
    return run_plan(prepare_training(patched, options, view.report_step), view)


def train_command(
    target: Target = None,
    directory: Folder = None,
    *,
    report_step: ReportStep = lambda text: None,
    **options: Any,
) -> TrainCommand:
    """Return the command that trains as :func:`train` would, for a batch scheduler; nothing is built or made.

    Args:
        report_step: called with what is being done.
        options: those of :class:`TrainOptions`.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; what the training would be refused for before it makes anything.
    """
    asked = TrainOptions(**options)
    patched = _open_patched(target, directory, asked)
    request = check_request(patched, asked, report_step)
    recipe, chosen = patched.recipe, request.options
    runtime = choose_runtime(chosen.runtime, recipe, "train")
    if chosen.resume:
        folder = Path(str(chosen.output))
    else:
        folder = propose_run_folder(chosen.output, chosen.runs, recipe.name, request.cell, chosen.smoke)
    return TrainCommand(
        make_shell_command(recipe, patched.root, chosen, runtime.name, folder.absolute()),
        folder.absolute(),
        recipe.name,
        request.cell,
        runtime.name,
        runtime.find_environment(recipe, "train"),
        make_setup_command(recipe, chosen.runtime, runtime.name),
        (*patched.notes, *request.data.notes),
    )


def _open_patched(target: Target, directory: Folder, options: TrainOptions) -> Patched:
    """Open the checkout that is meant: where nothing else says it, that of the run that is resumed."""
    if options.resume and options.output is not None and target is None and directory is None:
        earlier = read_info(Path(options.output))
        if earlier.recipe and Path(earlier.checkout).is_dir():
            target, directory = earlier.recipe, earlier.checkout
    location = locate(target, directory)
    return open_patched(location.recipe, location.directory)


def _as_assignments(settings: Settings) -> tuple[str, ...]:
    if isinstance(settings, Mapping):
        return tuple(f"{name}={value}" for name, value in settings.items())
    return tuple(settings)
