"""An exported model beside the repository's own code: the same inputs, and the largest difference of the outputs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from lnpatch.errors import ExportMismatchError
from lnpatch.pretrained.modeling.attentive_reader import AttentiveReader
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.pretrained.modeling.order_embeddings import OrderEmbeddings
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.open_runtime import OpenRuntime
from lnpatch.training.model_files import copy_model_files
from lnpatch.training.models import Model
from lnpatch.training.patched import Patched
from lnpatch.training.run_job import run_model_job

#: How many inputs are compared, and how far an output may be off.
INPUTS, TOLERANCE = 200, 1e-5

#: The longest text that is compared, in words.
_LONGEST = 30

#: Arrays by name.
Arrays = Mapping[str, numpy.ndarray[Any, Any]]


@dataclass(frozen=True)
class Inputs:
    """What both are given."""

    #: Texts of tokens with blanks between them; the questions of a reader come after its passages.
    texts: list[str]
    #: Features of images [N, F]; empty for a model that takes none.
    features: numpy.ndarray[Any, Any]


def make_inputs(model: Pretrained) -> Inputs:
    """Draw texts of 1 to 30 of the model's words, some of them unknown where the model takes those, and features."""
    rng = numpy.random.RandomState(2016)
    reader = isinstance(model, AttentiveReader)
    # Python 2.7 does not find a word of word2vec that is not ASCII in a text
    trained = model.config["trained_words"]
    candidates = [word for i, word in enumerate(model.words) if i < trained or word.isascii()]
    known = [word for word in candidates[1 if reader else 2 :] if word.split() == [word]]
    others = [] if reader else ["lnpatch-knows-no-such-word"] * max(1, len(known) // 20)
    words = known + others
    count = INPUTS * (2 if reader else 1)
    lengths = rng.randint(1, _LONGEST + 1, count)
    texts = [" ".join(words[i] for i in rng.randint(0, len(words), length)) for length in lengths]
    width = model.config["shapes"]["ff_image_W"][0] if isinstance(model, OrderEmbeddings) else 0
    return Inputs(texts, abs(rng.normal(size=(INPUTS, width))).astype("float32"))


def compute_outputs(model: Pretrained, inputs: Inputs) -> dict[str, numpy.ndarray[Any, Any]]:
    """Return the outputs of the exported model, by name, in the order of the inputs."""
    with torch.inference_mode():
        if isinstance(model, AttentiveReader):
            numbers = [model.find_numbers(text) for text in inputs.texts]
            passages, questions = numbers[:INPUTS], numbers[INPUTS:]
            outputs = {"probabilities": model(*model.pad(passages), *model.pad(questions))}
        elif isinstance(model, OrderEmbeddings):
            sentences = model.encode_sentences(inputs.texts)
            images = model.encode_images(torch.from_numpy(inputs.features))
            outputs = {"sentences": sentences, "images": images, "scores": model.score(sentences, images)}
        else:
            outputs = {"sentences": model.encode(inputs.texts)}
    return {name: output.numpy() for name, output in outputs.items()}


def run_repository(
    patched: Patched,
    model: Model,
    files: Mapping[str, str],
    inputs: Inputs,
    runtime: OpenRuntime,
    report_step: ReportStep,
    cells: Sequence[object],
) -> dict[str, numpy.ndarray[Any, Any]]:
    """Return the outputs of the repository's own code, by the same names.

    Args:
        runtime: one that was opened for the job ``export``.
        cells: the model's cells.

    Raises:
        LnpatchError: see :func:`lnpatch.training.run_job.run_model_job`.
    """
    with copy_model_files(model, files) as options, tempfile.TemporaryDirectory(prefix="lnpatch-export-") as folder:
        texts, features, outputs = (Path(folder) / name for name in ("texts.txt", "features.npy", "outputs.npz"))
        texts.write_text("".join(f"{text}\n" for text in inputs.texts), encoding="utf-8", errors="surrogateescape")
        numpy.save(features, inputs.features)
        given = {"texts": str(texts), "features": str(features), "outputs": str(outputs), "tokenized": True}
        run_model_job(patched, "export", runtime, report_step, cells, {**options, **given})
        with numpy.load(outputs) as found:
            return {name: found[name] for name in found.files}


def compare_outputs(model: str, own: Arrays, repository: Arrays) -> float:
    """Return the largest difference of two sets of outputs.

    Raises:
        ExportMismatchError: it is greater than :data:`TOLERANCE`, or there are other outputs.
    """
    if own.keys() != repository.keys() or any(own[name].shape != repository[name].shape for name in own):
        found = [{name: list(array.shape) for name, array in outputs.items()} for outputs in (own, repository)]
        raise ExportMismatchError(model, f"its outputs are {found[0]}, and the repository's {found[1]}")
    difference = max(float(abs(own[name] - repository[name]).max(initial=0)) for name in own)
    if not difference <= TOLERANCE:
        raise ExportMismatchError(model, f"an output is off by {difference:.2g}, and may be by {TOLERANCE:g}")
    return difference
