"""The data of an evaluation that has several tasks: which of them can be done, and whether their files are what they should be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import BadDataError, DataMissingError, FileError, UsageError
from lnpatch.recipes.job import Job, Task
from lnpatch.recipes.recipe import Recipe
from lnpatch.suggest import close_matches


@dataclass(frozen=True)
class TaskData:
    """A folder with the files of tasks."""

    folder: Path
    #: The tasks to do, in order.
    tasks: tuple[str, ...]
    #: Remarks for people.
    notes: tuple[str, ...] = ()


def choose_tasks(recipe: Recipe, job: Job, named: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks that a user names, each once; all of them where none is named.

    Raises:
        UsageError: there is no such task.
    """
    if named and not job.tasks:
        raise UsageError(f"The evaluation of {recipe.name} has no tasks to choose from.", "Leave --task out.")
    for name in named:
        if name not in job.tasks:
            near = close_matches(name, job.tasks)
            did_you_mean = f" Did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(
                f"The evaluation of {recipe.name} has no task {name!r}.{did_you_mean}",
                f"It has {', '.join(job.tasks)}.",
            )
    return tuple(dict.fromkeys(named)) or tuple(job.tasks)


def find_task_data(recipe: Recipe, job: Job, place: str | os.PathLike[str], named: Sequence[str]) -> TaskData:
    """Find and check the files of the tasks that a user names; without any, of all whose files are there.

    Raises:
        UsageError: there is no such task.
        DataMissingError: files of a task that is named are not there, or those of every task.
        BadDataError: a file is not what the repository reads.
        FileError: a file cannot be read.
    """
    folder = Path(place).expanduser().absolute()
    chosen = choose_tasks(recipe, job, named)
    missing = {name: [file for file in job.tasks[name].files if not _has_content(folder / file)] for name in chosen}
    if not folder.is_dir():
        raise DataMissingError(recipe.reference, str(folder), ["the folder itself"], _describe(job, chosen))
    whole = tuple(name for name in chosen if not missing[name])
    if (named and len(whole) < len(chosen)) or not whole:
        listed = [f"{file} ({name})" for name in chosen for file in missing[name]]
        raise DataMissingError(recipe.reference, str(folder), listed, _describe(job, chosen))
    for name in whole:
        _check_files(folder, job.tasks[name])
    left_out = [name for name in chosen if missing[name]]
    notes = (
        (f"{folder} has no files for {', '.join(left_out)}, which {_is_or_are(left_out)} left out.",)
        if left_out
        else ()
    )
    return TaskData(folder, whole, notes)


def _is_or_are(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _describe(job: Job, tasks: Sequence[str]) -> str:
    """Return, for people, what the tasks need."""
    return "; ".join(f"{name}: {', '.join(job.tasks[name].files)}" for name in tasks)


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _check_files(folder: Path, task: Task) -> None:
    """Check the text files of a task, which the repository reads line by line without looking.

    Raises:
        BadDataError: a line has too few columns, or nothing in it.
        FileError: a file cannot be read.
    """
    for name in task.files:
        if not name.endswith(".npy"):
            try:
                _check_lines(folder / name, task)
            except OSError as error:
                raise FileError(str(folder / name), error.strerror or str(error)) from error


def _check_lines(path: Path, task: Task) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                raise BadDataError(str(path), "a NUL byte: it is no text", number, "A text in UTF-16 has them.")
            if not line.strip():
                if not task.skips_blank_lines:
                    raise BadDataError(str(path), "a line without a word", number, "Take it out.")
                continue
            columns = line.strip().count(b"\t") + 1
            if columns < task.columns:
                reason = f"{columns} column{'s' if columns > 1 else ''}, and the repository reads {task.columns}"
                raise BadDataError(str(path), reason, number, "The columns are separated by tabs.")
