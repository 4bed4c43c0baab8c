"""``lnpatch evaluate``: the repository's own evaluation of a trained or released model, beside what the paper reports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.errors import UsageError
from lnpatch.recipes.job import PaperRow
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.data import find_data
from lnpatch.training.models import Model, find_model, require_cells, safe_copy
from lnpatch.training.patched import find_job, open_patched
from lnpatch.training.run_job import run_model_job


@dataclass(frozen=True)
class Evaluation:
    """The figures of a model."""

    target: str
    model: Model
    #: The path of the data.
    data: str
    #: By name, as the evaluation gives them.
    figures: Mapping[str, float]
    #: The rows of the paper's table that have the same figures.
    paper: tuple[PaperRow, ...]
    #: Remarks for people.
    notes: tuple[str, ...]


def evaluate(
    target: Target = None,
    directory: Folder = None,
    *,
    model: str | os.PathLike[str],
    data: str | os.PathLike[str] | None = None,
    options: Mapping[str, str] | None = None,
    runtime: RuntimeOptions | None = None,
    report_step: ReportStep = lambda text: None,
) -> Evaluation:
    """Evaluate a model with the repository's own evaluation.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        model: an .npz file with its .pkl, or the folder of a run.
        data: the data; by default that of the run.
        options: what the evaluation takes beyond that, such as the ``split``.
        runtime: which Python, backend and device; by default what is there.
        report_step: called with what is being done, then with each line that the evaluation prints.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    location = locate(target, directory)
    recipe = location.recipe
    job, train = find_job(recipe, "evaluate"), find_job(recipe, "train")
    patched = open_patched(recipe, location.directory)
    loaded = find_model(os.fspath(model), train)
    require_cells(loaded, train, patched.cells, str(location.directory))
    for name in options or {}:
        if name not in job.options:
            raise UsageError(f"The evaluation of {recipe.name} has no --{name}.")
    named = os.fspath(data) if data is not None else (loaded.run.data or None if loaded.run else None)
    place = find_data(recipe, job, patched.root, named, patched.applied.record.data_dir)
    cells = list(loaded.cells(train).values())
    with safe_copy(loaded) as (copy, _):
        job_options = {
            "model": str(copy),
            "named": {str(copy): str(loaded.file)},
            "data": place,
            **job.options,
            **(options or {}),
        }
        result = run_model_job(patched, "evaluate", runtime or RuntimeOptions(), report_step, cells, job_options)
    # tiny data has nothing to do with the paper's figures
    paper = () if loaded.run is not None and loaded.run.smoke else job.paper
    return Evaluation(recipe.reference, loaded, place, result["figures"], paper, patched.notes)
