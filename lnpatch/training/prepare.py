"""Make what a trainer needs: the runtime, the run's folder, the code, tiny data; and go back to where a run was saved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch import __version__
from lnpatch.errors import FileError, JobFailedError, LnpatchError, RunBusyError, StoppedError, UsageError
from lnpatch.recipes.job import Job, Smoke
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.open_runtime import OpenRuntime, open_runtime
from lnpatch.training.jobs import LAUNCH, HeldOutText, SmokeDataJob, TrainJob, fill_run_settings, make_train_job
from lnpatch.training.patched import Patched
from lnpatch.training.request import TrainOptions, TrainRequest, check_request
from lnpatch.training.resume import ResumePoint, find_resume_point, go_back
from lnpatch.training.run_folder import (
    OUTCOME,
    SAVED,
    RunInfo,
    RunState,
    make_run_folder,
    read_info,
    time_now,
    write_info,
)
from lnpatch.training.run_lock import LOCK, Holder, RunLock, lock_run, this_process
from lnpatch.training.settings import Value
from lnpatch.training.shell_command import make_shell_command, name_recipe

#: The packages whose versions belong to a run.
_VERSIONS = ("python", "theano", "pytensor", "jax", "numpy", "scipy")

#: The folder of tiny data in a run's folder.
_SMOKE_DATA = "data"


@dataclass(frozen=True)
class TrainPlan:
    """A run that is ready to start, and written down; :func:`lnpatch.training.train_run.run_plan` starts it."""

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
    #: How many epochs the trainer makes, if nothing ends it before; None where its recipe does not say.
    epochs: int | None = None
    #: The last update that earlier parts of the run have reported, lost ones included.
    reported: int = 0

    @property
    def launch(self) -> Launch:
        """The process that trains."""
        return self.runtime.launch(LAUNCH, self.job)


def prepare_training(
    patched: Patched, options: TrainOptions, report_step: ReportStep, runtime: OpenRuntime | None = None
) -> TrainPlan:
    """Check what was asked for, then make what the trainer needs.

    The run is written down before anything is made in its folder, so that it can be resumed wherever it is killed.

    Args:
        report_step: called with what is being done.
        runtime: one that is open already, for the job ``train`` of the same recipe.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; a mistake in what was asked for is found before anything is made.
    """
    request = check_request(patched, options, report_step)
    job, earlier = request.job, request.earlier
    runtime = runtime or open_runtime(request.options.runtime, patched.recipe, "train", report_step)
    folder = _run_folder(patched.recipe, request.options)
    process = this_process(time_now())
    try:
        lock = lock_run(folder, process)
    except OSError as error:
        raise FileError(str(folder / LOCK), error.strerror or str(error)) from error
    try:
        point, elapsed = _go_back(folder, job, earlier, report_step) if earlier else (None, 0.0)
        limit = _update_limit(request, point)
        info = replace(_describe_run(request, runtime, folder, process, point, limit), elapsed=elapsed)
        with _written_down(folder, info):
            train_job = _make_job(request, runtime, folder, point, limit)
    except BaseException:
        lock.release()
        raise
    notes = (*patched.notes, *runtime.notes, *request.data.notes, *(point.notes() if point else ()))
    return TrainPlan(
        folder, info, runtime, train_job, job, notes, lock, _count_epochs(request), point.reported if point else 0
    )


def _count_epochs(request: TrainRequest) -> int | None:
    """Return how many epochs the trainer makes with what was asked for; None where that is not known."""
    name = request.job.epochs_setting
    known = request.known.get(name)
    value = request.settings.get(name, known.default if known is not None else None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _make_job(
    request: TrainRequest, runtime: OpenRuntime, folder: Path, point: ResumePoint | None, max_updates: int | None
) -> TrainJob:
    """Make the code and the data that the trainer reads, and return what the launcher is given.

    Raises:
        LnpatchError: the code cannot be converted, or tiny data not be made.
    """
    patched, job, options, smoke = request.patched, request.job, request.options, request.smoke
    code = runtime.prepare_code(patched.checkout, folder)
    if request.makes_data:
        make_smoke_data(runtime, folder / _SMOKE_DATA)
    place = _smoke_data(folder, smoke) if smoke and request.makes_data else request.data.place_in(folder)
    held_out: HeldOutText | None = None
    if request.held_out is not None:
        described = place if request.makes_data else request.data.path
        place, held_out = request.held_out.place(folder, described, request.values, request.data.sentences)
    own = _lnpatch_settings(job, request.cell, folder, place, resumes=point is not None and point.update > 0)
    return make_train_job(
        patched,
        job,
        code,
        {**request.settings, **own},
        request.known,
        cell=request.cell,
        result=folder / OUTCOME,
        data=place,
        arguments=options.arguments,
        max_updates=max_updates,
        seed=options.seed,
        compares_parameters=options.compares_parameters,
        updates_before=point.update if point else 0,
        saved=folder / SAVED,
        held_out=held_out,
    )


@contextmanager
def _written_down(folder: Path, info: RunInfo) -> Iterator[None]:
    """Write a run down, and what has kept its trainer from being started where the block fails.

    Raises:
        FileError: it cannot be written.
    """
    try:
        write_info(folder, info)
    except OSError as error:
        raise FileError(str(error.filename or folder), error.strerror or str(error)) from error
    try:
        yield
    except BaseException as error:
        state, reason = RunState.FAILED, error.message if isinstance(error, LnpatchError) else str(error)
        if isinstance(error, (KeyboardInterrupt, StoppedError)):
            state, reason = RunState.STOPPED, "stopped before the trainer was started"
        with suppress(OSError):  # which may be what has failed
            write_info(folder, replace(info, state=state, reason=reason, finished=time_now()))
        raise


def make_smoke_data(runtime: OpenRuntime, folder: Path) -> Path:
    """Make tiny data in the repository's own format, once for a run, and return its folder.

    Raises:
        JobFailedError: the launcher has failed.
        StoppedError: the user, or a batch scheduler, has stopped it.
    """
    if folder.is_dir():
        return folder
    # a folder that is cut short must not be taken for the data when the run is resumed
    temporary = folder.with_name(folder.name + ".tmp")
    job = SmokeDataJob(directory=folder.parent, launcher=runtime.recipe.launcher, folder=temporary)
    outcome = runtime.run(LAUNCH, job, lambda line: None)
    if outcome.interrupted:
        raise StoppedError
    if outcome.status:
        raise JobFailedError(runtime.recipe.reference, "making tiny data", outcome.status, outcome.tail)
    temporary.rename(folder)
    return folder


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


def _run_folder(recipe: Recipe, options: TrainOptions) -> Path:
    """Return the folder of the run that is resumed, or make one."""
    if options.resume:
        return Path(str(options.output)).absolute()
    return make_run_folder(options.output, options.runs, recipe.name, str(options.cell), options.smoke).absolute()


def _smoke_data(folder: Path, smoke: Smoke) -> str:
    """Return the path of the tiny data in a run's folder."""
    return os.fspath(folder / _SMOKE_DATA / smoke.data).rstrip("/")


def _lnpatch_settings(job: Job, cell: str, folder: Path, data: str, *, resumes: bool) -> dict[str, Value]:
    """Return the hyperparameters that lnpatch sets itself: the cell, where the run goes, and that it is resumed."""
    return {
        **dict.fromkeys(job.cell_settings, cell),
        **fill_run_settings(job.run_settings, folder, data),
        **(fill_run_settings(job.resume_settings, folder) if resumes else {}),
    }


def _update_limit(request: TrainRequest, point: ResumePoint | None) -> int | None:
    """Return the updates after which this part of the run ends; None for no limit.

    Raises:
        UsageError: the run has all the updates already that were asked for.
    """
    options, earlier = request.options, request.earlier
    if options.max_updates is not None:
        left = options.max_updates - (point.update if point else 0)
        if left <= 0 and point is not None:
            raise UsageError(
                f"The run has {point.update} updates already; --max-updates {options.max_updates} counts all of them.",
                f"To train on: --max-updates {point.update + max(options.max_updates, 1)}",
            )
        return left
    if earlier is not None and point is not None and earlier.max_updates is not None:
        left = earlier.max_updates - point.update
        if left > 0:  # it was killed or stopped before its end; one that has come there is resumed to go beyond
            return left
    return request.smoke.max_updates if request.smoke else None


def _describe_run(
    request: TrainRequest,
    runtime: OpenRuntime,
    folder: Path,
    process: Holder,
    point: ResumePoint | None,
    max_updates: int | None,
) -> RunInfo:
    """Return what ``run.json`` says when the run begins, or goes on."""
    patched, options, smoke, earlier = request.patched, request.options, request.smoke, request.earlier
    recipe = patched.recipe
    packages = {name: version for name in _VERSIONS if (version := runtime.environment.version(name))}
    updates = point.update if point else 0
    return RunInfo(
        target=recipe.name,
        cell=request.cell,
        baseline=request.cell not in recipe.cells,
        runtime=runtime.name,
        device=options.runtime.device,
        smoke=options.smoke,
        checkout=str(patched.root),
        commit=patched.checkout.head() or "",
        modified=bool(patched.notes),
        command=make_shell_command(recipe, patched.root, options, runtime.name, folder).line,
        settings=request.settings,
        arguments=options.arguments,
        versions={"lnpatch": __version__, **packages},
        data=_smoke_data(folder, smoke) if smoke and request.makes_data else request.data.path,
        model=request.job.model if (folder / request.job.model).exists() else "",
        started=earlier.started if earlier else process.started,
        updates=updates,
        pid=process.pid,
        host=process.host,
        process_start=process.process_start,
        seed=options.seed,
        backend=options.runtime.backend,
        precision=options.runtime.precision_of(runtime.name),
        data_sha256=request.data.sha256,
        recipe=name_recipe(recipe),
        max_updates=None if max_updates is None else updates + max_updates,
        held_out=request.held_out.described if request.held_out else "",
        held_out_every=request.held_out.every if request.held_out else None,
        log_to=options.log_to,
    )
