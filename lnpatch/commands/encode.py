"""``lnpatch encode``: sentences to vectors with a trained or released model, by the repository's own encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import DataMissingError, UsageError
from lnpatch.recipes.recipe import Job, Recipe
from lnpatch.runtimes.environment import Progress
from lnpatch.training.jobs import added_cells
from lnpatch.training.models import find_model, require_layers
from lnpatch.training.patched import EngineOptions, find_job, open_patched
from lnpatch.training.run_job import run_job


@dataclass(frozen=True)
class Encoding:
    """Vectors that were written: float32 [sentences, dim], in the order of the lines."""

    target: str
    model: Path
    output: Path
    shape: tuple[int, ...]
    notes: tuple[str, ...]


def encode(
    recipe: Recipe,
    directory: Path,
    model: str,
    text: str | None,
    output: str,
    *,
    options: Mapping[str, str],
    tokenized: bool,
    engine: EngineOptions,
    progress: Progress,
) -> Encoding:
    """Encode the lines of the file *text* and write their vectors to *output*, an .npy file.

    Args:
        text: None takes the tiny sentences of a smoke run.
        options: further files that the job takes, by name; a run's own are found in its folder.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    job, train = find_job(recipe, "encode"), find_job(recipe, "train")
    patched = open_patched(recipe, directory)
    found = find_model(model, train)
    require_layers(found, train, (*patched.layers(), *patched.added_cells()), str(directory))
    added = added_cells(patched, job, found.cells(train).values())
    if text is None:
        if found.run is None or not found.run.smoke or not job.smoke.data:
            raise UsageError("Nothing says what to encode.", "--text names a file with one sentence a line.")
        tiny = found.folder / "data"
        text, tokenized = str(tiny / job.smoke.data), True
        options = {**{name: str(tiny / file) for name, file in job.smoke.options.items()}, **options}
    source = Path(text).expanduser().absolute()
    if not (source.is_file() and source.stat().st_size):
        raise DataMissingError(
            recipe.reference, str(source), ["the file itself, or what should be in it"], "one sentence a line"
        )
    target = Path(output).expanduser().absolute()
    if target.suffix != ".npy":
        target = target.with_name(target.name + ".npy")
    target.parent.mkdir(parents=True, exist_ok=True)
    files = _files(recipe, job, found.folder, options)
    outcome = run_job(
        patched,
        "encode",
        engine,
        progress,
        model=str(found.file),
        input=str(source),
        output=str(target),
        tokenized=tokenized,
        **files,
        **added,
    )
    return Encoding(recipe.reference, found.file, target, tuple(outcome["shape"]), patched.notes)


def _files(recipe: Recipe, job: Job, run: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The further files of the job: those given, else those that a run has made.

    Raises:
        UsageError: one is needed and not given, or one is given that the job does not take.
        DataMissingError: one is not there.
    """
    for name in given:
        if name not in job.options:
            raise UsageError(f"{recipe.name} takes no --{name} to encode.")
    files: dict[str, str] = {}
    for name, default in job.options.items():
        value = given.get(name) or default.replace("{run}", str(run))
        if not value:
            raise UsageError(f"{recipe.name} needs --{name} to encode: {job.data.get(name, 'a file')}.")
        path = Path(value).expanduser().absolute()
        if not path.is_file():
            raise DataMissingError(recipe.reference, str(path), [f"--{name}"], job.data.get(name, name))
        files[name] = str(path)
    return files
