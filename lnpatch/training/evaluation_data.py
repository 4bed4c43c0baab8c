"""What a model is evaluated on: the data that a user names, that of its run, or tiny data made for it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.errors import UsageError
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.open_runtime import OpenRuntime
from lnpatch.training.data import find_data
from lnpatch.training.models import Model
from lnpatch.training.patched import Patched
from lnpatch.training.prepare import make_smoke_data
from lnpatch.training.task_data import choose_tasks, find_task_data


@dataclass(frozen=True)
class DataOptions:
    """What a user may choose about the data of an evaluation."""

    #: The path of the data.
    data: str | None = None
    #: The tasks; all of which the data is there, where none is named.
    tasks: tuple[str, ...] = ()
    #: The part of the data, where the evaluation has several.
    split: str | None = None
    #: Whether to evaluate on tiny data made for it.
    smoke: bool = False


@dataclass(frozen=True)
class EvaluationData:
    """What a model is evaluated on."""

    #: The path of the data.
    path: str
    #: The names of the evaluations: tasks, or the part of the data; each with the files that it reads.
    files: Mapping[str, tuple[str, ...]]
    #: Whether it is tiny data.
    smoke: bool = False
    #: Whether it is there when the evaluation has ended.
    is_kept: bool = True
    #: Remarks for people.
    notes: tuple[str, ...] = ()


def check_choices(recipe: Recipe, job: Job, options: DataOptions) -> None:
    """Refuse options that do not go together, or that the evaluation does not have.

    Raises:
        UsageError: there is no such task or part of the data, or the data is named twice.
    """
    choose_tasks(recipe, job, options.tasks)
    if options.split is not None and not job.splits:
        raise UsageError(f"The evaluation of {recipe.name} has no --split.")
    if options.split is not None and options.split not in job.splits:
        raise UsageError(
            f"The evaluation of {recipe.name} has no split {options.split!r}.", f"It has {', '.join(job.splits)}."
        )
    if options.smoke and options.data is not None:
        raise UsageError("--smoke makes the data itself; leave one of --smoke and --data out.")


@contextmanager
def open_evaluation_data(
    patched: Patched, runtime: OpenRuntime, model: Model, options: DataOptions
) -> Iterator[EvaluationData]:
    """Find the data, or have it made, for as long as it is needed.

    Args:
        runtime: what makes tiny data.

    Raises:
        UsageError: nothing says where it is, or there is no tiny data for this model.
        LnpatchError: it is not there, or not what it should be.
    """
    job = runtime.job
    if not job.tasks:
        yield find_split(patched.recipe, job, model, options, patched)
    elif options.data is not None:
        yield _find_tasks(patched.recipe, job, options.data, options.tasks)
    elif (tiny := _tiny_data_of_run(job, model)) is not None:
        yield replace(_find_tasks(patched.recipe, job, tiny, options.tasks), smoke=True)
    elif options.smoke and job.smoke.data:
        with tempfile.TemporaryDirectory(prefix="lnpatch-tasks-") as folder:
            made = make_smoke_data(runtime, Path(folder) / "data") / job.smoke.data
            yield replace(_find_tasks(patched.recipe, job, made, options.tasks), smoke=True, is_kept=False)
    else:
        expected = job.data.get("tasks", "a folder")
        raise UsageError(
            f"{patched.recipe.name} needs data to evaluate on: {expected}.",
            "Give it with --data, or try --smoke, which needs none.",
        )


def _tiny_data_of_run(job: Job, model: Model) -> Path | None:
    """Return the tiny data that a run has made, if it is a run on such."""
    if model.run is None or not model.run.smoke or not job.smoke.data:
        return None
    folder = model.folder / "data" / job.smoke.data
    return folder if folder.is_dir() else None


def find_split(
    recipe: Recipe, job: Job, model: Model, options: DataOptions, patched: Patched | None = None
) -> EvaluationData:
    """Find the data of an evaluation that has no tasks.

    Args:
        patched: the checkout, whose own data is meant where neither the options nor the model's run says which; None where
            there is no checkout.

    Raises:
        UsageError: there is no tiny data.
        DataMissingError: a file is not there, or empty.
    """
    run = model.run
    is_tiny = run is not None and run.smoke and options.data is None
    if options.smoke and not is_tiny:
        raise UsageError(f"Only a run of --smoke has tiny data for {recipe.name}.", "Leave --smoke out.")
    split = options.split or job.options.get("split", "")
    files = (*job.files, *job.splits.get(split, ()))
    named = options.data or (run.data or None if run else None)
    if patched is None and named is None:
        raise UsageError(f"Nothing says what {recipe.name} is evaluated on.", "--data names the folder with the data.")
    root, data_dir = (patched.root, patched.applied.record.data_dir) if patched is not None else (Path(), None)
    path = find_data(recipe, replace(job, files=files), root, named, data_dir)
    return EvaluationData(path, {split or "evaluation": files}, is_tiny)


def _find_tasks(recipe: Recipe, job: Job, path: str | os.PathLike[str], named: Sequence[str]) -> EvaluationData:
    """Find the tasks that a folder has the data of; see :func:`find_task_data`."""
    found = find_task_data(recipe, job, path, named)
    files = {name: job.tasks[name].files for name in found.tasks}
    return EvaluationData(str(found.folder), files, notes=found.notes)
