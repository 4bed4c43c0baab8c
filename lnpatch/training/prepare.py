"""All that comes before a trainer starts: checks of what was asked for, the runtime, the run's folder, tiny data."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lnpatch import __version__
from lnpatch.errors import DataChangedError, FileError, JobFailedError, NotARunError, RunBusyError, UsageError
from lnpatch.recipes.job import Job, Smoke
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.open_runtime import OpenRuntime, open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.data import CheckedData, check_data, find_data
from lnpatch.training.held_out import HeldOutPlan, normalise_choice, plan_held_out
from lnpatch.training.jobs import LAUNCH, HeldOutText, SmokeDataJob, TrainJob, fill_run_settings, make_train_job
from lnpatch.training.models import check_run
from lnpatch.training.patched import Patched, find_job
from lnpatch.training.resume import ResumePoint, find_resume_point, go_back
from lnpatch.training.run_folder import (
    LOG,
    OUTCOME,
    SAVED,
    RunInfo,
    RunState,
    make_run_folder,
    read_info,
    time_now,
    write_info,
)
from lnpatch.training.run_lock import LOCK, RunLock, lock_run, this_process
from lnpatch.training.settings import Setting, Value, parse_settings, read_settings

#: The packages whose versions belong to a run.
_VERSIONS = ("python", "theano", "pytensor", "jax", "numpy", "scipy")

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


@dataclass(frozen=True)
class TrainPlan:
    """A run that is ready to start; :func:`lnpatch.training.train_run.run_plan` starts it."""

    #: The run's folder, an absolute path.
    folder: Path
    #: What ``run.json`` says when the trainer starts; ``updates`` and ``elapsed`` are those of the part that is resumed.
    info: RunInfo
    runtime: OpenRuntime
    #: What the launcher is given.
    job: TrainJob
    #: The recipe's job.
    recipe_job: Job
    #: Remarks for people.
    notes: tuple[str, ...]
    #: What keeps others from training in the folder.
    lock: RunLock

    @property
    def launch(self) -> Launch:
        """The process that trains."""
        return self.runtime.launch(LAUNCH, self.job)


def prepare_training(
    patched: Patched, options: TrainOptions, report_step: ReportStep, runtime: OpenRuntime | None = None
) -> TrainPlan:
    """Check what was asked for, then make what the trainer needs.

    Args:
        report_step: called with what is being done.
        runtime: one that is open already, for the job ``train`` of the same recipe.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; a mistake in what was asked for is found before anything is made.
    """
    recipe, job = patched.recipe, find_job(patched.recipe, "train")
    earlier = _read_earlier_run(recipe, options) if options.resume else None
    if earlier is not None:
        options = _options_as_before(options, earlier)
    cell = patched.choose_cell(options.cell)
    known = read_settings(patched.checkout, job)
    chosen = _parse_choices(recipe, job, options, known)
    smoke = job.smoke if options.smoke else None
    settings = {**(dict(earlier.settings) if earlier else smoke.settings if smoke else {}), **chosen}
    makes_data = smoke is not None and bool(recipe.launcher and job.data)
    held_out = plan_held_out(recipe, job, options.held_out, options.held_out_every, smoke)
    defaults = {name: setting.default for name, setting in known.items()}
    data = CheckedData()
    if not makes_data:
        path = find_data(recipe, job, patched.root, options.data, patched.applied.record.data_dir)
        data = check_data(job, path, {**defaults, **settings}, report_step)
        if earlier is not None:
            _require_same_data(earlier, data)
        elif held_out is not None:
            held_out.check(data.sentences, {**defaults, **settings})
    runtime = runtime or open_runtime(options.runtime, recipe, "train", report_step)
    folder = _run_folder(recipe, cell, options)
    started = time_now()
    try:
        lock = lock_run(folder, this_process(started))
    except OSError as error:
        raise FileError(str(folder / LOCK), error.strerror or str(error)) from error
    try:
        point, elapsed = _go_back(folder, job, earlier, report_step) if earlier else (None, 0.0)
        code = runtime.prepare_code(patched.checkout, folder)
        place = data.place_in(folder)
        if smoke and makes_data:
            place = os.fspath(make_smoke_data(runtime, folder / "data") / smoke.data).rstrip("/")
        described = place if makes_data else data.path
        text: HeldOutText | None = None
        if held_out is not None:
            place, text = held_out.place(folder, described, {**defaults, **settings}, data.sentences)
        own = _lnpatch_settings(job, cell, folder, place, resumes=point is not None and point.update > 0)
        train_job = make_train_job(
            patched,
            job,
            code,
            {**settings, **own},
            known,
            cell=cell,
            result=folder / OUTCOME,
            data=place,
            arguments=options.arguments,
            max_updates=_update_limit(options, smoke),
            seed=options.seed if options.seed is not None else (_SMOKE_SEED if smoke else None),
            compares_parameters=options.compares_parameters,
            updates_before=point.update if point else 0,
            saved=folder / SAVED,
            lock=folder / LOCK,
            held_out=text,
        )
    except BaseException:
        lock.release()
        raise
    info = _describe_run(patched, runtime, train_job, options, cell, settings, described, held_out)
    info = replace(info, data_sha256=data.sha256, started=earlier.started if earlier else started)
    if point is not None:
        info = replace(info, updates=point.update, elapsed=elapsed)
    notes = (*patched.notes, *runtime.notes, *data.notes, *(point.notes() if point else ()))
    return TrainPlan(folder, info, runtime, train_job, job, notes, lock)


def make_smoke_data(runtime: OpenRuntime, folder: Path) -> Path:
    """Make tiny data in the repository's own format, once for a run, and return its folder.

    Raises:
        JobFailedError: the launcher has failed.
    """
    if folder.is_dir():
        return folder
    # a folder that is cut short must not be taken for the data when the run is resumed
    temporary = folder.with_name(folder.name + ".tmp")
    job = SmokeDataJob(directory=folder.parent, launcher=runtime.recipe.launcher, folder=temporary)
    outcome = runtime.run(LAUNCH, job, lambda line: None)
    if outcome.status:
        raise JobFailedError(runtime.recipe.reference, "making tiny data", outcome.status, outcome.tail)
    temporary.rename(folder)
    return folder


def shell_command(plan: TrainPlan) -> str:
    """Write down the run and return the line that starts it elsewhere, its output into the run's log."""
    write_info(plan.folder, plan.info)
    plan.lock.release()  # the line takes it
    return f"{plan.launch.shell_line()} >> {shlex.quote(str(plan.folder / LOG))} 2>&1"


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


def _go_back(folder: Path, job: Job, earlier: RunInfo, report_step: ReportStep) -> tuple[ResumePoint, float]:
    """Go back to the last save of a run, now that no process of this machine trains in its folder; return the seconds up to it.

    Raises:
        RunBusyError: another machine may train there, whose locks do not reach this one.
        FileError: its updates cannot be cut off.
    """
    holder = earlier.holder
    if earlier.state is RunState.RUNNING and holder is not None and not holder.is_here():
        raise RunBusyError(str(folder), str(holder), seems=True)
    info = read_info(folder)
    point = find_resume_point(folder, job, info)
    try:
        elapsed = go_back(folder, point)
    except OSError as error:
        raise FileError(str(error.filename or folder), error.strerror or str(error)) from error
    for note in point.notes():
        report_step(note)
    # a validation that followed the last update has taken its time, too
    return point, max(elapsed, info.elapsed) if point.update == info.updates else elapsed


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


def _run_folder(recipe: Recipe, cell: str, options: TrainOptions) -> Path:
    """Return the folder of the run that is resumed, or make one."""
    if options.resume:
        return Path(str(options.output)).absolute()
    return make_run_folder(options.output, recipe.name, cell, options.smoke).absolute()


def _lnpatch_settings(job: Job, cell: str, folder: Path, data: str, *, resumes: bool) -> dict[str, Value]:
    """Return the hyperparameters that lnpatch sets itself: the cell, where the run goes, and that it is resumed."""
    return {
        **dict.fromkeys(job.cell_settings, cell),
        **fill_run_settings(job.run_settings, folder, data),
        **(fill_run_settings(job.resume_settings, folder) if resumes else {}),
    }


def _update_limit(options: TrainOptions, smoke: Smoke | None) -> int | None:
    if options.max_updates is not None:
        return options.max_updates
    return smoke.max_updates if smoke else None


def _describe_run(
    patched: Patched,
    runtime: OpenRuntime,
    job: TrainJob,
    options: TrainOptions,
    cell: str,
    settings: Mapping[str, Value],
    data: str,
    held_out: HeldOutPlan | None,
) -> RunInfo:
    """Return what ``run.json`` says of a new run."""
    recipe = patched.recipe
    packages = {name: version for name in _VERSIONS if (version := runtime.environment.version(name))}
    return RunInfo(
        target=recipe.name,
        cell=cell,
        baseline=cell not in recipe.cells,
        runtime=runtime.name,
        device=options.runtime.device,
        smoke=options.smoke,
        checkout=str(patched.root),
        commit=patched.checkout.head() or "",
        modified=bool(patched.notes),
        command=runtime.launch(LAUNCH, job).shell_line(),
        settings=settings,
        arguments=options.arguments,
        versions={"lnpatch": __version__, **packages},
        data=data,
        seed=job.seed,
        backend=options.runtime.backend,
        held_out=held_out.described if held_out else "",
        held_out_every=held_out.every if held_out else None,
    )
