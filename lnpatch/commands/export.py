"""``lnpatch export``: a trained or released model for PyTorch, safetensors or ONNX, checked against the repository's own code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.errors import UsageError
from lnpatch.pretrained.comparison import Comparison
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.open_runtime import open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.torch_package import require_torch
from lnpatch.training.model_files import describe_missing, find_model_files
from lnpatch.training.models import find_model, require_cells
from lnpatch.training.patched import find_job, open_patched, require_model

#: What a model may be exported to; the first is the default.
FORMATS = ("torch", "safetensors", "onnx")


@dataclass(frozen=True)
class Export:
    """A model that was exported."""

    target: str
    #: The .npz.
    model: Path
    #: The folder that it was written to.
    folder: Path
    #: The names of the files in it.
    files: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    #: Remarks for people.
    notes: tuple[str, ...]


def export(
    target: Target = None,
    directory: Folder = None,
    *,
    model: str | os.PathLike[str] | None = None,
    formats: Sequence[str] = FORMATS[:1],
    output: str | os.PathLike[str] | None = None,
    files: Mapping[str, str] | None = None,
    runtime: RuntimeOptions | None = None,
    report_step: ReportStep = lambda text: None,
) -> Export:
    """Write a model to a folder of its own, once it has computed what the repository's own code computes.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        model: an .npz file with its .pkl, or the folder of a run; None is refused, once the target is known to have the job.
        formats: some of :data:`FORMATS`: ``torch`` is weights and code, ``safetensors`` weights alone, ``onnx`` graphs.
        output: the folder, which is made; by default ``export`` in the current one.
        files: further files that the model takes, by name; a run's own are found in its folder.
        runtime: which Python, backend and device the repository's code runs on; by default what is there.
        report_step: called with what is being done.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; nothing is left then.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise UsageError(f"A model is exported to {', '.join(FORMATS)}, and not to {', '.join(unknown) or 'nothing'}.")
    location = locate(target, directory)
    recipe = location.recipe
    job, train = find_job(recipe, "export"), find_job(recipe, "train")
    named = require_model(model)
    require_torch("lnpatch export")
    from lnpatch.pretrained.build import build_model  # PyTorch takes a second, and may not be there
    from lnpatch.pretrained.card import write_card
    from lnpatch.pretrained.compare import INPUTS, compare_outputs, compute_outputs, make_inputs, run_repository
    from lnpatch.pretrained.onnx import require_onnx, run_onnx, write_onnx
    from lnpatch.pretrained.write import new_folder, write_code, write_configuration, write_weights

    if "onnx" in formats:
        require_onnx()
    patched = open_patched(recipe, location.directory)
    loaded = find_model(named, train)
    require_cells(loaded, train, patched.cells, str(location.directory))
    found = find_model_files(recipe, job, loaded, files or {}, "export")
    folder = Path(output or "export").expanduser().absolute()
    with new_folder(folder) as partial:
        built = build_model(job.architecture, loaded, found)
        opened = open_runtime(runtime or RuntimeOptions(), recipe, "export", report_step)
        cells = loaded.cells(train)
        report_step(f"comparing {INPUTS} outputs with the repository's own code ({opened.name})")
        inputs = make_inputs(built)
        own = compute_outputs(built, inputs)
        theirs = run_repository(patched, loaded, found, inputs, opened, report_step, list(cells.values()))
        comparisons = [Comparison(opened.name, INPUTS, compare_outputs(str(loaded.file), own, theirs))]
        names = write_configuration(built, partial)
        if "torch" in formats or "safetensors" in formats:
            names += write_weights(built, partial)
        if "torch" in formats:
            names += write_code(built, recipe.title, partial)
        if "onnx" in formats:
            report_step("writing and running ONNX")
            names += write_onnx(built, partial)
            outputs = run_onnx(built, inputs, partial)
            comparisons.append(Comparison("onnxruntime", INPUTS, compare_outputs(str(loaded.file), own, outputs)))
        card = write_card(built, loaded, recipe, cells, names, comparisons)
        (partial / "README.md").write_text(card, encoding="utf-8")
    notes = (*patched.notes, *opened.notes, *describe_missing(job, found))
    return Export(recipe.reference, loaded.file, folder, (*names, "README.md"), tuple(comparisons), notes)
