"""``lnpatch evaluate``: the repository's own evaluation of a trained or released model, beside what was published."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lnpatch.commands.locate import Folder, Target, locate, locate_recipe
from lnpatch.recipes.job import Job, PaperRow
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.open_runtime import open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.torch_package import require_torch
from lnpatch.training.evaluation_data import (
    DataOptions,
    EvaluationData,
    check_choices,
    find_split,
    open_evaluation_data,
)
from lnpatch.training.evaluations import make_recorder
from lnpatch.training.model_files import copy_model_files, describe_missing, find_model_files
from lnpatch.training.models import Model, find_model, require_cells
from lnpatch.training.output import Evaluated, LauncherEvent
from lnpatch.training.patched import find_job, open_patched, require_model
from lnpatch.training.run_job import run_model_job


@dataclass(frozen=True)
class TaskFigures:
    """The figures of a model in one task."""

    #: The task, such as ``sick``; the part of the data, such as ``test``, where the repository has one evaluation.
    task: str
    #: By name, as the evaluation gives them.
    figures: Mapping[str, float]
    seconds: float
    #: Published rows that have figures of this task; none beside tiny data.
    paper: tuple[PaperRow, ...]


@dataclass(frozen=True)
class Evaluation:
    """The figures of a model."""

    target: str
    model: Model
    #: The path of the data; empty for tiny data that was made for the evaluation.
    data: str
    #: In the order in which they were done.
    tasks: tuple[TaskFigures, ...]
    #: The file that the figures were written to, for a model of a run.
    file: Path | None
    #: Remarks for people.
    notes: tuple[str, ...]

    @property
    def figures(self) -> Mapping[str, float]:
        """All figures by name; those of several tasks as ``TASK_NAME``."""
        if len(self.tasks) == 1:
            return self.tasks[0].figures
        return {f"{one.task}_{name}": value for one in self.tasks for name, value in one.figures.items()}


def evaluate(
    target: Target = None,
    directory: Folder = None,
    *,
    model: str | os.PathLike[str] | None = None,
    data: str | os.PathLike[str] | None = None,
    tasks: Sequence[str] = (),
    split: str | None = None,
    smoke: bool = False,
    files: Mapping[str, str] | None = None,
    tokenized: bool = False,
    runtime: RuntimeOptions | None = None,
    report_step: ReportStep = lambda text: None,
) -> Evaluation:
    """Evaluate a model with the repository's own evaluation; for a model of a run, write the figures to its folder.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        model: an .npz file with its .pkl, or the folder of a run; None is refused, once the target is known to have the job.
        data: the data; by default that of the run.
        tasks: what to evaluate, where the repository has several evaluations; by default all of which the data is there.
        split: the part of the data, where the evaluation has several.
        smoke: evaluate on tiny data made for it.
        files: further files that the evaluation takes, by name; a run's own are found in its folder.
        tokenized: the sentences in the data are tokens separated by blanks already.
        runtime: which Python, backend and device; by default what is there. ``torch`` needs no checkout, has figures of
            models whose evaluation is to run them, and writes none to the run's folder.
        report_step: called with what is being done, then with each line that the evaluation prints.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; what has ended before is written down.
    """
    options = DataOptions(os.fspath(data) if data is not None else None, tuple(tasks), split, smoke)
    if runtime is not None and runtime.runtime == "torch":
        return _evaluate_with_torch(locate_recipe(target), model, options, files or {})
    location = locate(target, directory)
    recipe = location.recipe
    job, train = find_job(recipe, "evaluate"), find_job(recipe, "train")
    named = require_model(model)
    check_choices(recipe, job, options)
    patched = open_patched(recipe, location.directory)
    loaded = find_model(named, train)
    require_cells(loaded, train, patched.cells, str(location.directory))
    found = find_model_files(recipe, job, loaded, files or {}, "evaluate")
    opened = open_runtime(runtime or RuntimeOptions(), recipe, "evaluate", report_step)
    results: list[TaskFigures] = []
    with open_evaluation_data(patched, opened, loaded, options) as place:
        recorder = make_recorder(loaded, place, opened)

        def take_event(event: LauncherEvent) -> None:
            if isinstance(event, Evaluated):
                task = event.task or next(iter(place.files))
                rows = () if place.smoke else _paper_rows(job, event.task)
                results.append(TaskFigures(task, event.figures, event.seconds, rows))
                if recorder is not None:
                    recorder.record(task, event)

        with copy_model_files(loaded, found) as copied:
            if recorder is not None:
                recorder.require_same_model()
            cells = list(loaded.cells(train).values())
            job_options = {**copied, **_launcher_options(job, place, split, tokenized)}
            run_model_job(patched, "evaluate", opened, report_step, cells, job_options, take_event)
    notes = (*patched.notes, *opened.notes, *describe_missing(job, found), *place.notes)
    file = recorder.file if recorder is not None else None
    return Evaluation(recipe.reference, loaded, place.path if place.is_kept else "", tuple(results), file, notes)


def _evaluate_with_torch(
    recipe: Recipe, model: str | os.PathLike[str] | None, options: DataOptions, files: Mapping[str, str]
) -> Evaluation:
    """Evaluate with the model that an export makes; see :func:`evaluate`."""
    job, train = find_job(recipe, "evaluate"), find_job(recipe, "train")
    exported = find_job(recipe, "export")
    named = require_model(model)
    check_choices(recipe, job, options)
    require_torch("--runtime torch")
    from lnpatch.pretrained.use import evaluate_split, require_figures  # PyTorch takes a second

    require_figures(recipe)
    loaded = find_model(named, train)
    place = find_split(recipe, job, loaded, options)
    found = find_model_files(recipe, exported, loaded, _own_dictionary(exported, place.path) | dict(files), "evaluate")
    split = next(iter(place.files))
    figures, seconds = evaluate_split(exported, loaded, found, Path(place.path), split)
    rows = () if place.smoke else _paper_rows(job, "")
    tasks = (TaskFigures(split, figures, seconds, rows),)
    return Evaluation(recipe.reference, loaded, place.path, tasks, None, place.notes)


def _own_dictionary(exported: Job, data: str) -> dict[str, str]:
    """Return the dictionary of the data that is evaluated on, where the model takes one that is part of its data."""
    place = exported.options.get("dictionary", "")
    return {"dictionary": place.replace("{data}", data)} if "{data}" in place else {}


def _launcher_options(job: Job, data: EvaluationData, split: str | None, tokenized: bool) -> dict[str, Any]:
    """Return what the launcher's function takes beside the model and its files."""
    own = {name: value for name, value in job.options.items() if name not in job.data}
    return {
        **own,
        **({"split": split} if split is not None else {}),
        "data": data.path,
        "tasks": list(data.files) if job.tasks else [],
        "settings": {**job.settings, **(job.smoke.settings if data.smoke else {})},
        "tokenized": tokenized or data.smoke,
    }


def _paper_rows(job: Job, task: str) -> tuple[PaperRow, ...]:
    """Return the published rows that have figures of a task, with these alone."""
    rows = [replace(row, figures=row.tasks.get(task, {}) if task else row.figures, tasks={}) for row in job.paper]
    return tuple(row for row in rows if row.figures)
