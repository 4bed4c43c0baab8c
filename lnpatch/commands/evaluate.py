"""``lnpatch evaluate``: the repository's own evaluation of a trained or released model, beside what the paper reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import UsageError
from lnpatch.runtime.data import find_data
from lnpatch.runtime.handoff import choose_runtime, find_job, open_patched
from lnpatch.runtime.jobs import other_job
from lnpatch.runtime.models import Model, find_model, require_layers
from lnpatch.runtime.scripts import run_job
from lnpatch.targets.recipe import PaperRow, Recipe


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
    runtime: str,
    python: str | None,
    device: str,
    progress: Callable[[str], None],
) -> Evaluation:
    """Evaluate *model*: an .npz file or the folder of a run.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    job, train = find_job(recipe, "evaluate"), find_job(recipe, "train")
    patched = open_patched(recipe, directory)
    found = find_model(model, train)
    require_layers(found, train, patched.layers(), str(directory))
    for name in options:
        if name not in job.options:
            raise UsageError(f"The evaluation of {recipe.name} has no --{name}.")
    if data is None and found.run is not None and found.run.data:
        data = found.run.data
    place = find_data(recipe, job, patched.root, data, patched.applied.record.data_dir)
    engine = choose_runtime(runtime, python)
    environment = engine.ensure(recipe, progress)
    code = engine.code(recipe, patched.checkout)
    outcome = run_job(
        recipe,
        engine,
        environment,
        job,
        code,
        lambda result: other_job(
            recipe, "evaluate", code, result, model=str(found.file), data=place, **{**job.options, **options}
        ),
        device=device,
        progress=progress,
    )
    paper = (
        () if found.run is not None and found.run.smoke else job.paper
    )  # tiny data has nothing to do with the paper's
    return Evaluation(recipe.reference, found, place, outcome["figures"], paper, patched.notes)
