"""``lnpatch encode``: sentences to vectors with a trained or released model, by the repository's own encoder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.commands.locate import Folder, Target, locate, locate_recipe
from lnpatch.errors import DataMissingError, UsageError
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.open_runtime import open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.torch_package import require_torch
from lnpatch.training.model_files import copy_model_files, describe_missing, find_model_files
from lnpatch.training.models import Model, find_model, require_cells
from lnpatch.training.patched import find_job, open_patched, require_model
from lnpatch.training.run_job import run_model_job
from lnpatch.training.sentences import read_sentences, write_sentences


@dataclass(frozen=True)
class Encoding:
    """Vectors that were written: float32 [sentences, dim], in the order of the lines."""

    target: str
    model: Path
    output: Path
    #: (sentences, dim)
    shape: tuple[int, ...]
    #: Remarks for people.
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Text:
    """What is encoded, and the files that go with it."""

    file: Path
    tokenized: bool
    options: Mapping[str, str]


def encode(
    target: Target = None,
    directory: Folder = None,
    *,
    model: str | os.PathLike[str] | None = None,
    text: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] = "vectors.npy",
    options: Mapping[str, str] | None = None,
    tokenized: bool = False,
    runtime: RuntimeOptions | None = None,
    report_step: ReportStep = lambda text: None,
) -> Encoding:
    """Encode the lines of a file and write their vectors to an .npy file.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        model: an .npz file with its .pkl, or the folder of a run; None is refused, once the target is known to have the job.
        text: the sentences, one a line; None takes the tiny ones of a smoke run.
        output: where the vectors go.
        options: further files that the encoder takes, by name; a run's own are found in its folder.
        tokenized: the sentences are tokens separated by blanks already.
        runtime: which Python, backend and device; by default what is there. ``torch`` needs no checkout.
        report_step: called with what is being done, then with each line that the encoder prints.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    if runtime is not None and runtime.runtime == "torch":
        return _encode_with_torch(locate_recipe(target), model, text, output, options or {}, tokenized)
    location = locate(target, directory)
    recipe = location.recipe
    job, train = find_job(recipe, "encode"), find_job(recipe, "train")
    named = require_model(model)
    patched = open_patched(recipe, location.directory)
    loaded = find_model(named, train)
    require_cells(loaded, train, patched.cells, str(location.directory))
    sentences = _find_text(recipe, job, loaded, text, tokenized, options or {})
    files = find_model_files(recipe, job, loaded, sentences.options)
    notes = [*patched.notes, *describe_missing(job, files)]
    vectors = _output_file(Path(output))
    cells = list(loaded.cells(train).values())
    with _fill_options(loaded, sentences, files) as filled:
        job_options = {**filled, "output": str(vectors), "tokenized": sentences.tokenized}
        opened = open_runtime(runtime or RuntimeOptions(), recipe, "encode", report_step)
        result = run_model_job(patched, "encode", opened, report_step, cells, job_options)
    return Encoding(recipe.reference, loaded.file, vectors, tuple(result["shape"]), tuple(notes))


def _encode_with_torch(
    recipe: Recipe,
    model: str | os.PathLike[str] | None,
    text: str | os.PathLike[str] | None,
    output: str | os.PathLike[str],
    options: Mapping[str, str],
    tokenized: bool,
) -> Encoding:
    """Encode with the model that an export makes; see :func:`encode`."""
    job, train = find_job(recipe, "encode"), find_job(recipe, "train")
    exported = find_job(recipe, "export")
    named = require_model(model)
    require_torch("--runtime torch")
    from lnpatch.pretrained.use import encode_sentences  # PyTorch takes a second

    loaded = find_model(named, train)
    sentences = _find_text(recipe, job, loaded, text, tokenized, options)
    files = find_model_files(recipe, job, loaded, sentences.options)
    vectors = _output_file(Path(output))
    lines = read_sentences(sentences.file)
    shape = encode_sentences(exported, loaded, files, sentences.file, lines, sentences.tokenized, vectors)
    return Encoding(recipe.reference, loaded.file, vectors, shape, tuple(describe_missing(job, files)))


@contextmanager
def _fill_options(model: Model, text: _Text, files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Fill in what the launcher reads: copies of the model, its pickles and the sentences, as they were checked.

    Raises:
        LnpatchError: one of the files is refused.
    """
    sentences = read_sentences(text.file)
    with copy_model_files(model, files) as options, tempfile.TemporaryDirectory(prefix="lnpatch-text-") as folder:
        lines = Path(folder) / "sentences.txt"
        write_sentences(sentences, lines)
        yield {**options, "input": str(lines), "named": {**options["named"], str(lines): str(text.file)}}


def _find_text(
    recipe: Recipe,
    job: Job,
    model: Model,
    text: str | os.PathLike[str] | None,
    tokenized: bool,
    options: Mapping[str, str],
) -> _Text:
    """Find the sentences: those of a file, or the tiny ones of a smoke run.

    Raises:
        UsageError: nothing says which.
        DataMissingError: the file is not there, or empty.
    """
    if text is None:
        if model.run is None or not model.run.smoke or not job.smoke.data:
            raise UsageError("Nothing says what to encode.", "--text names a file with one sentence a line.")
        tiny = model.folder / "data"
        text, tokenized = tiny / job.smoke.data, True
        options = {**{name: str(tiny / file) for name, file in job.smoke.options.items()}, **options}
    file = Path(text).expanduser().absolute()
    if not (file.is_file() and file.stat().st_size):
        missing = ["the file itself, or what should be in it"]
        raise DataMissingError(recipe.reference, str(file), missing, "one sentence a line")
    return _Text(file, tokenized, options)


def _output_file(output: Path) -> Path:
    """Return the .npy file to write, its folder made if need be."""
    file = output.expanduser().absolute()
    if file.suffix != ".npy":
        file = file.with_name(file.name + ".npy")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
