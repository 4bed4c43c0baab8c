"""The files that a job takes beside a model: those that a user names, else those that its run has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lnpatch.errors import DataMissingError, UsageError
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.training.models import Model, safe_copy
from lnpatch.training.word_vectors import inspect_word_vectors

#: The options that name a pickle, and the one that names word vectors.
_PICKLES, _WORD_VECTORS = ("dictionary",), "word2vec"


def find_model_files(
    recipe: Recipe, job: Job, model: Model, options: Mapping[str, str], verb: str = "encode"
) -> dict[str, str]:
    """Find the files that the job's options name: by name, their paths; empty for one to do without.

    Args:
        model: the model; its folder is ``{run}`` in the recipe, and the data of its run ``{data}``.
        options: what the user names; the files of the job's other options are those that the run has made.
        verb: what they are for, in messages.

    Raises:
        UsageError: one is needed and not named, or one is named that the job does not take.
        DataMissingError: one is not there.
    """
    names = [name for name in job.options if name in job.data]
    for name in options:
        if name not in names:
            raise UsageError(f"{recipe.name} takes no --{name} to {verb}.")
    files: dict[str, str] = {}
    for name in names:
        value = options.get(name) or _fill_in(job.options[name], model)
        if not value and name in job.without:
            files[name] = ""
            continue
        if not value:
            raise UsageError(f"{recipe.name} needs --{name} to {verb}: {job.data[name]}.")
        path = Path(value).expanduser().absolute()
        if not path.is_file():
            raise DataMissingError(recipe.reference, str(path), [f"--{name}"], job.data[name])
        files[name] = str(path)
    return files


def _fill_in(path: str, model: Model) -> str:
    """Return the path that the recipe says; empty where it is in the data of a run, and there is none."""
    data = model.run.data if model.run is not None else ""
    if "{data}" in path and not data:
        return ""
    return path.replace("{run}", str(model.folder)).replace("{data}", data)


def describe_missing(job: Job, files: Mapping[str, str]) -> list[str]:
    """Return, for people, what it means that the job has to do without some of its files."""
    return [f"Without --{name}, {job.without[name]}." for name in job.without if not files[name]]


@contextmanager
def copy_model_files(model: Model, files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Fill in what the launcher reads of a model and its files: copies of it and of its pickles, as they were checked.

    Raises:
        LnpatchError: one of the files is refused.
    """
    options: dict[str, Any] = dict(files)
    if files.get(_WORD_VECTORS):
        options["word2vec_binary"] = inspect_word_vectors(Path(files[_WORD_VECTORS])).binary
    pickles = {name: path for name, path in files.items() if name in _PICKLES and path}
    with safe_copy(model, pickles) as (copy, copies):
        named = {str(copy): str(model.file)} | {copies[name]: path for name, path in pickles.items()}
        yield {**options, **copies, "model": str(copy), "named": named}
