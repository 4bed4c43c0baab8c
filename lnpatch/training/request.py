"""What a user asks of a training, and whether it can be done: every check that needs no runtime, before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lnpatch.errors import DataChangedError, NotARunError, UsageError
from lnpatch.recipes.job import Job, Smoke
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.trackers.open_trackers import require_trackers
from lnpatch.training.data import CheckedData, check_data, find_data
from lnpatch.training.held_out import HeldOutPlan, normalise_choice, plan_held_out
from lnpatch.training.models import check_run
from lnpatch.training.patched import Patched, find_job
from lnpatch.training.run_folder import RunInfo, read_info
from lnpatch.training.settings import Setting, Value, parse_settings, read_settings

#: The seed of smoke runs, so that two of them see the same data in the same order.
_SMOKE_SEED = 2016


@dataclass(frozen=True)
class TrainOptions:
    """What a user may choose about a run."""

    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    #: The cell to train; None for the one that the patch has brought.
    cell: str | None = None
    #: The path of the data.
    data: str | None = None
    #: Whether to train on tiny data made for it, with small dimensions.
    smoke: bool = False
    #: Hyperparameters, as ``KEY=VALUE``.
    settings: tuple[str, ...] = ()
    #: The updates after which the trainer is stopped.
    max_updates: int | None = None
    #: The seed of the repository's random numbers.
    seed: int | None = None
    #: The run's folder.
    output: str | None = None
    #: The folder in which a new run gets one of its own, where *output* does not say which.
    runs: str = "runs"
    #: Whether to resume the run in *output*.
    resume: bool = False
    #: What is passed on to the repository's own command line.
    arguments: tuple[str, ...] = ()
    #: Whether the outcome says which parameters the updates have changed.
    compares_parameters: bool = False
    #: What is kept out of training: a share of the corpus, such as ``5%``, or the path of a text.
    held_out: str | None = None
    #: The updates from one computation of its cost to the next; None for the recipe's.
    held_out_every: int | None = None
    #: The experiment trackers that are told of it while it trains.
    log_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainRequest:
    """What a user has asked for, found right; nothing is made for it yet."""

    patched: Patched
    #: The recipe's job.
    job: Job
    #: What was chosen: by the user, by the run that is resumed, and else by the recipe.
    options: TrainOptions
    #: The cell to train.
    cell: str
    #: The hyperparameters that differ from the repository's own.
    settings: Mapping[str, Value]
    #: The hyperparameters that the trainer has.
    known: Mapping[str, Setting]
    #: The user's data; empty where tiny data is made.
    data: CheckedData
    #: The recipe's tiny training, where this is one.
    smoke: Smoke | None
    #: Whether tiny data is made.
    makes_data: bool
    #: The run that is resumed; None for a new one.
    earlier: RunInfo | None
    #: What is kept out of training; None where that is nothing.
    held_out: HeldOutPlan | None

    @property
    def values(self) -> dict[str, Value]:
        """All hyperparameters that the trainer will have."""
        return {**{name: setting.default for name, setting in self.known.items()}, **self.settings}


def check_request(patched: Patched, options: TrainOptions, report_step: ReportStep) -> TrainRequest:
    """Check what was asked for, as far as that can be done without a runtime; nothing is made.

    Args:
        report_step: called with what is being done.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    require_trackers(options.log_to)
    recipe, job = patched.recipe, find_job(patched.recipe, "train")
    earlier = _read_earlier_run(recipe, options) if options.resume else None
    if earlier is not None:
        options = _options_as_before(options, earlier)
        require_trackers(options.log_to)
    cell = patched.choose_cell(options.cell)
    known = read_settings(patched.checkout, job)
    chosen = _parse_choices(recipe, job, options, known)
    smoke = job.smoke if options.smoke else None
    settings = {**(dict(earlier.settings) if earlier else smoke.settings if smoke else {}), **chosen}
    makes_data = smoke is not None and bool(recipe.launcher and job.data)
    held_out = plan_held_out(recipe, job, options.held_out, options.held_out_every, smoke)
    data = CheckedData()
    if not makes_data:
        path = find_data(recipe, job, patched.root, options.data, patched.applied.record.data_dir)
        defaults = {name: setting.default for name, setting in known.items()}
        data = check_data(job, path, {**defaults, **settings}, report_step)
        if earlier is not None:
            _require_same_data(earlier, data)
        elif held_out is not None:
            held_out.check(data.sentences, {**defaults, **settings})
    seed = options.seed if options.seed is not None else (_SMOKE_SEED if smoke else None)
    if seed is not None:
        settings = {**dict.fromkeys(job.seed_settings, seed), **settings}
    options = replace(options, cell=cell, data=data.path or None, seed=seed)
    return TrainRequest(patched, job, options, cell, settings, known, data, smoke, makes_data, earlier, held_out)


def _read_earlier_run(recipe: Recipe, options: TrainOptions) -> RunInfo:
    """Read the run that is to be resumed.

    Raises:
        UsageError: nothing says which.
        NotARunError: it is not a run, or one of another target.
        LnpatchError: an archive or a pickle in it is refused.
    """
    if options.output is None:
        raise UsageError("--resume needs the run to resume.", "Name its folder with --output.")
    folder = Path(options.output)
    info = read_info(folder)
    if info.target != recipe.name:
        raise NotARunError(str(folder), f"it is a run of {info.target}, not of {recipe.name}", ())
    check_run(folder)
    return info


def _require_same_data(earlier: RunInfo, data: CheckedData) -> None:
    """Refuse to go on with other data than the run began with.

    Raises:
        DataChangedError: its checksum is another one.
    """
    if earlier.data_sha256 and data.sha256 and earlier.data_sha256 != data.sha256:
        raise DataChangedError(data.path, earlier.data_sha256, data.sha256)


def _options_as_before(options: TrainOptions, earlier: RunInfo) -> TrainOptions:
    """Return the options with what the earlier part of the run says, where nothing else is said now.

    Raises:
        UsageError: they ask for another cell or seed, or hold other sentences out.
    """
    if options.cell not in (None, earlier.cell):
        raise UsageError(f"The run trains {earlier.cell}; it cannot be resumed with {options.cell}.")
    if options.seed is not None and earlier.seed not in (None, options.seed):
        raise UsageError(
            f"The run has the seed {earlier.seed}; it cannot be resumed with {options.seed}.",
            "Leave --seed out, or begin a new run.",
        )
    if options.held_out is not None and normalise_choice(options.held_out) != earlier.held_out:
        began = f"with {earlier.held_out}" if earlier.held_out else "without held-out sentences"
        raise UsageError(
            f"The run began {began}; it cannot be resumed with --held-out {options.held_out}.",
            "Leave --held-out out, or begin a new run.",
        )
    runtime = options.runtime
    if runtime.runtime == "auto":
        runtime = replace(runtime, runtime=earlier.runtime)
    if runtime.runtime == earlier.runtime:
        backend = earlier.backend or "auto" if runtime.backend == "auto" else runtime.backend
        # --device says cpu where nobody says anything
        runtime = replace(runtime, backend=backend, device="gpu" if earlier.device == "gpu" else runtime.device)
        if runtime.device == earlier.device and runtime.precision == "auto":
            runtime = replace(runtime, precision=earlier.precision or "auto")
    return replace(
        options,
        cell=earlier.cell,
        data=options.data or (earlier.data if earlier.data and not earlier.smoke else None),
        smoke=earlier.smoke,
        runtime=runtime,
        seed=options.seed if options.seed is not None else earlier.seed,
        arguments=options.arguments or earlier.arguments,
        held_out=earlier.held_out or None,
        held_out_every=options.held_out_every or earlier.held_out_every,
        log_to=options.log_to or earlier.log_to,
    )


def _parse_choices(recipe: Recipe, job: Job, options: TrainOptions, known: Mapping[str, Setting]) -> dict[str, Value]:
    """Parse the hyperparameters that the user has set.

    Raises:
        UsageError: arguments for a command line that the trainer does not have.
        SettingError, SettingValueError: there is no such hyperparameter, or it takes no such value.
    """
    reserved = (*job.cell_settings, *job.run_settings, *job.resume_settings)
    chosen = parse_settings(options.settings, known, reserved, recipe.reference)
    if options.arguments and ":" in job.entry:
        raise UsageError(
            f"The trainer of {recipe.name} has no command line for {' '.join(options.arguments)}.",
            "--set KEY=VALUE gives it hyperparameters.",
        )
    return chosen
