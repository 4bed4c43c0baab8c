"""``lnpatch train``: the repository's own training, on data of the user's or on tiny data, as a run with a folder of its own."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from lnpatch import __version__
from lnpatch.errors import JobFailedError, NotARunError, TrainingFailedError, UsageError
from lnpatch.recipes.recipe import Job, Recipe
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.padding import with_padding
from lnpatch.training.data import find_data
from lnpatch.training.jobs import added_cells, as_text, fill, smoke_job, train_job
from lnpatch.training.output import Event, OutputParser, Update, Validation
from lnpatch.training.patched import EngineOptions, Runtime, choose_runtime, find_job, open_patched
from lnpatch.training.run_folder import (
    COMPARED,
    LOG,
    OUTCOME,
    RunInfo,
    RunState,
    RunWriter,
    last_reported,
    new_folder,
    now,
    read_info,
    write_info,
)
from lnpatch.training.settings import parse_settings, trainer_settings

#: The packages whose versions belong to a run.
_VERSIONS = ("python", "theano", "pytensor", "jax", "numpy", "scipy")

#: The seed of smoke runs, so that two of them see the same data in the same order.
_SMOKE_SEED = 2016


@dataclass(frozen=True)
class TrainOptions:
    """What a user may choose about a run."""

    engine: EngineOptions = field(default_factory=EngineOptions)
    cell: str | None = None
    data: str | None = None
    smoke: bool = False
    settings: tuple[str, ...] = ()
    max_updates: int | None = None
    seed: int | None = None
    output: str | None = None
    resume: bool = False
    arguments: tuple[str, ...] = ()
    #: Whether to say, beside the model, which parameters the updates have changed.
    compare: bool = False


@dataclass(frozen=True)
class TrainResult:
    """How a run has ended, and remarks."""

    folder: Path
    info: RunInfo
    first_cost: float | None = None
    last_cost: float | None = None
    seconds_per_update: float | None = None
    validation: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class View(Protocol):
    """Shows a run while it goes on."""

    def progress(self, text: str) -> None:
        """What is being done before the training starts."""

    def start(self, folder: Path, info: RunInfo, max_updates: int | None) -> None:
        """The trainer starts."""

    def line(self, text: str) -> None:
        """A line of the trainer's output."""

    def event(self, event: Event) -> None:
        """What the trainer reports."""


def train(recipe: Recipe, directory: Path, options: TrainOptions, view: View) -> TrainResult:
    """Train, in a new run or one that is gone on with.

    Raises:
        TrainingFailedError: the trainer has failed, or its cost is no number any more; the run's folder says more.
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    prepared = prepare(recipe, directory, options, view)
    run = prepared.folder
    writer = RunWriter(run, prepared.info, prepared.offset, prepared.elapsed)
    parser = OutputParser(prepared.job.validation, prepared.offset)
    write_info(run, prepared.info)
    view.start(run, prepared.info, prepared.max_updates)
    costs: list[float] = []
    seconds: list[float] = []
    validation: dict[str, float] = {}
    tail: list[str] = []

    from lnpatch.runtimes.process import run as run_process

    with writer.files() as (log, updates):

        def on_line(raw: bytes) -> None:
            log.write(raw)
            log.flush()
            text = raw.decode("utf-8", "replace").rstrip()
            tail[:] = [*tail[-14:], text]
            view.line(text)
            for event in parser.parse(text):
                writer.record(event, updates)
                view.event(event)
                if isinstance(event, Update):
                    costs.append(event.cost)
                    seconds.append(event.seconds)
                elif isinstance(event, Validation):
                    validation.update(event.figures)

        status = run_process(prepared.launch, on_line)
    info = _ended(prepared, writer, status)
    write_info(run, info)
    if info.state is RunState.NAN:
        raise TrainingFailedError(recipe.reference, str(run), info.reason, ())
    if info.state is RunState.FAILED:
        raise TrainingFailedError(recipe.reference, str(run), info.reason, [line for line in tail if line][-8:])
    later = sorted(seconds[1:]) or seconds  # the first one is slower
    return TrainResult(
        run,
        info,
        costs[0] if costs else None,
        sum(costs[-5:]) / len(costs[-5:]) if costs else None,
        later[len(later) // 2] if later else None,
        validation,
        prepared.notes,
    )


@dataclass(frozen=True)
class Prepared:
    """A run that is ready to start."""

    folder: Path
    info: RunInfo
    job: Job
    launch: Launch
    max_updates: int | None
    offset: int
    elapsed: float
    notes: tuple[str, ...]


def prepare(recipe: Recipe, directory: Path, options: TrainOptions, view: View) -> Prepared:
    """All that comes before the trainer: checks of what was asked for, the engine, the run's folder, tiny data.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    job = find_job(recipe, "train")
    patched = open_patched(recipe, directory)
    earlier = _earlier(recipe, options) if options.resume else None
    if earlier is not None:
        options = _as_before(options, earlier)
    cell = patched.cell(options.cell)
    known = trainer_settings(patched.checkout, job)
    reserved = (*job.cell_settings, *job.run_settings, *job.resume_settings)
    chosen = parse_settings(options.settings, known, reserved, recipe.reference)
    if options.arguments and ":" in job.entry:
        raise UsageError(
            f"The trainer of {recipe.name} has no command line for {' '.join(options.arguments)}.",
            "--set KEY=VALUE gives it hyperparameters.",
        )
    smoke = job.smoke if options.smoke else None
    makes_data = smoke is not None and bool(recipe.launcher and job.data)
    data = "" if makes_data else find_data(recipe, job, patched.root, options.data, patched.applied.record.data_dir)
    runtime = choose_runtime(options.engine)
    environment = runtime.ensure(recipe, "train", view.progress)
    offset, elapsed = 0, 0.0
    if earlier is not None:
        run = Path(str(options.output)).absolute()
        reported = last_reported(run)
        offset, elapsed = max(earlier.updates, reported[0]), max(earlier.elapsed, reported[1])
    else:
        run = new_folder(options.output, recipe.name, cell, options.smoke).absolute()
    code = runtime.code(recipe, patched.checkout, run)
    if smoke and makes_data:
        data = os.fspath(make_smoke_data(recipe, runtime, environment, run / "data") / smoke.data).rstrip("/")
    settings: dict[str, Any] = {**(dict(earlier.settings) if earlier else smoke.settings if smoke else {}), **chosen}
    given = {
        **settings,
        **dict.fromkeys(job.cell_settings, cell),
        **fill(job.run_settings, run, data),
        **(fill(job.resume_settings, run) if earlier else {}),
    }
    limit = options.max_updates if options.max_updates is not None else (smoke.max_updates if smoke else None)
    seed = options.seed if options.seed is not None else (_SMOKE_SEED if smoke else None)
    wanted = train_job(
        recipe,
        job,
        code,
        run,
        given,
        known,
        data=data,
        arguments=options.arguments,
        max_updates=limit,
        seed=seed,
        result=run / OUTCOME,
        compared=run / COMPARED if options.compare else None,
        added=added_cells(patched, job, (cell,)),
    )
    launch = runtime.launch(
        recipe,
        environment,
        "launcher/launch.py",
        (as_text(wanted),),
        code / job.directory,
        device=options.engine.device,
        options=job.python_options,
        path=wanted["path"],
    )
    defaults = {name: setting.default for name, setting in known.items()}
    launch = with_padding(launch, job.padding, {**defaults, **given})
    info = RunInfo(
        target=recipe.name,
        cell=cell,
        baseline=cell not in recipe.cells,
        runtime=runtime.name,
        device=options.engine.device,
        smoke=options.smoke,
        checkout=str(patched.root),
        commit=patched.checkout.head() or "",
        modified=bool(patched.notes),
        command=launch.line(),
        settings=settings,
        arguments=options.arguments,
        versions={"lnpatch": __version__, **{name: v for name in _VERSIONS if (v := environment.version(name))}},
        data=data,
        started=earlier.started if earlier else now(),
        updates=offset,
        elapsed=elapsed,
    )
    return Prepared(run, info, job, launch, limit, offset, elapsed, patched.notes)


def make_smoke_data(recipe: Recipe, runtime: Runtime, environment: Environment, folder: Path) -> Path:
    """Tiny data in the repository's own format, made once for a run.

    Raises:
        JobFailedError: the launcher has failed.
    """
    from lnpatch.runtimes.process import run as run_process

    if folder.is_dir():
        return folder
    temporary = folder.with_name(folder.name + ".tmp")
    lines: list[str] = []
    text = as_text(smoke_job(recipe, temporary))
    launch = runtime.launch(recipe, environment, "launcher/launch.py", (text,), folder.parent)
    status = run_process(launch, lambda raw: lines.append(raw.decode("utf-8", "replace").rstrip()))
    if status:
        raise JobFailedError(recipe.reference, "making tiny data", status, lines[-8:])
    temporary.rename(folder)
    return folder


def _earlier(recipe: Recipe, options: TrainOptions) -> RunInfo:
    """The run to go on with.

    Raises:
        UsageError: nothing says which.
        NotARunError: it is none, or one of another target.
    """
    if options.output is None:
        raise UsageError("--resume goes on with a run.", "Name its folder with --output.")
    folder = Path(options.output)
    info = read_info(folder)
    if info.target != recipe.name:
        raise NotARunError(str(folder), f"it is a run of {info.target}, not of {recipe.name}", ())
    job = find_job(recipe, "train")
    if not (folder / job.model).exists() and not any(folder.glob("*.npz")):
        raise NotARunError(str(folder), "no model was saved in it to go on from", ())
    return info


def _as_before(options: TrainOptions, earlier: RunInfo) -> TrainOptions:
    """The options with what the earlier part of the run says, where nothing else is said now.

    Raises:
        UsageError: they ask for another cell.
    """
    if options.cell not in (None, earlier.cell):
        raise UsageError(f"The run trains {earlier.cell}; it cannot go on with {options.cell}.")
    data = options.data or (earlier.data if earlier.data and not earlier.smoke else None)
    return replace(
        options,
        cell=earlier.cell,
        data=data,
        smoke=earlier.smoke,
        engine=replace(options.engine, runtime=earlier.runtime) if options.engine.runtime == "auto" else options.engine,
        arguments=options.arguments or earlier.arguments,
    )


def _ended(prepared: Prepared, writer: RunWriter, status: int) -> RunInfo:
    """What is to be said of a run that has ended with *status*."""
    outcome: dict[str, Any] = {}
    path = prepared.folder / OUTCOME
    if path.exists():
        outcome = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
    state, reason = RunState.FAILED, f"the trainer has failed (exit status {status})"
    if writer.nan_at is not None:
        state, reason = RunState.NAN, f"the cost is not a number any more at update {writer.nan_at}"
    elif status == 130 or (status < 0 and not outcome):
        state, reason = RunState.STOPPED, "stopped before anything was saved"
    elif status == 0 and outcome:
        state, reason = RunState(outcome["state"]), ""
    reported = writer.last.update if writer.last else prepared.offset
    updates = prepared.offset + outcome["updates"] if outcome else reported
    model = prepared.folder / prepared.job.model
    return replace(
        prepared.info,
        state=state,
        reason=reason,
        finished=now(),
        updates=updates,
        elapsed=round(writer.elapsed, 3),
        model=prepared.job.model if model.exists() else "",
    )


def command_line(prepared: Prepared) -> str:
    """The line that starts a prepared run elsewhere, its output into the run's log."""
    write_info(prepared.folder, prepared.info)
    return f"{prepared.launch.line()} >> {shlex.quote(str(prepared.folder / LOG))} 2>&1"
