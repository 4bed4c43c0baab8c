"""``lnpatch evaluate``: the repository's own evaluation of a trained or released model, beside what the paper reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import UsageError
from lnpatch.recipes.recipe import PaperRow, Recipe
from lnpatch.runtimes.environment import Progress
from lnpatch.training.data import find_data
from lnpatch.training.jobs import added_cells
from lnpatch.training.models import Model, find_model, require_layers
from lnpatch.training.patched import EngineOptions, find_job, open_patched
from lnpatch.training.run_job import run_job


@dataclass(frozen=True)
class Evaluation:
    """The figures of a model, with the rows of the paper's table that have the same ones."""

    target: str
    model: Model
    data: str
    figures: Mapping[str, float]
    paper: tuple[PaperRow, ...]
    notes: tuple[str, ...]


def evaluate(
    recipe: Recipe,
    directory: Path,
    model: str,
    *,
    data: str | None,
    options: Mapping[str, str],
    engine: EngineOptions,
    progress: Progress,
) -> Evaluation:
    """Evaluate *model*: an .npz file or the folder of a run.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    job, train = find_job(recipe, "evaluate"), find_job(recipe, "train")
    patched = open_patched(recipe, directory)
    found = find_model(model, train)
    require_layers(found, train, (*patched.layers(), *patched.added_cells()), str(directory))
    added = added_cells(patched, job, found.cells(train).values())
    for name in options:
        if name not in job.options:
            raise UsageError(f"The evaluation of {recipe.name} has no --{name}.")
    if data is None and found.run is not None and found.run.data:
        data = found.run.data
    place = find_data(recipe, job, patched.root, data, patched.applied.record.data_dir)
    taken = {**job.options, **options}
    outcome = run_job(patched, "evaluate", engine, progress, model=str(found.file), data=place, **taken, **added)
    # tiny data has nothing to do with the paper's figures
    paper = () if found.run is not None and found.run.smoke else job.paper
    return Evaluation(recipe.reference, found, place, outcome["figures"], paper, patched.notes)
