"""A model as ONNX, with any number of samples and of steps, and that file run by onnxruntime."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from lnpatch.errors import PackageMissingError
from lnpatch.errors.install_hint import how_to_install
from lnpatch.pretrained.compare import INPUTS, Inputs
from lnpatch.pretrained.modeling.attentive_reader import AttentiveReader
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.pretrained.modeling.order_embeddings import OrderEmbeddings

#: The files of a model's graphs, by what each computes.
SENTENCES, IMAGES, READER = "sentences.onnx", "images.onnx", "reader.onnx"

_LONGEST = 1 << 20


def require_onnx() -> None:
    """Refuse to go on without the packages.

    Raises:
        PackageMissingError: one is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise PackageMissingError("--to onnx", str(error.name), how_to_install("onnx")) from error


def write_onnx(model: Pretrained, folder: Path) -> list[str]:
    """Write the graphs of a model to a folder; return the names of the files."""
    steps, samples = torch.export.Dim("steps", max=_LONGEST), torch.export.Dim("samples", max=_LONGEST)
    words = {0: steps, 1: samples}
    # numbers and masks that are no special case of theirs: PyTorch would take a size of 1 for a constant
    numbers, mask = torch.zeros(5, 3, dtype=torch.int64), torch.ones(5, 3)
    if isinstance(model, AttentiveReader):
        asked = {0: torch.export.Dim("question_steps", max=_LONGEST), 1: samples}
        shapes = {"passage": words, "passage_mask": words, "question": asked, "question_mask": asked}
        inputs = (numbers, mask, numbers[:4].clone(), mask[:4].clone())
        _export(model, inputs, shapes, ["probabilities"], folder / READER)
        return [READER]
    _export(model, (numbers, mask), {"words": words, "mask": words}, ["vectors"], folder / SENTENCES)
    if not isinstance(model, OrderEmbeddings):
        return [SENTENCES]
    features = torch.zeros(3, model.config["shapes"]["ff_image_W"][0])
    _export(_Images(model), (features,), {"features": {0: samples}}, ["vectors"], folder / IMAGES)
    return [SENTENCES, IMAGES]


def run_onnx(model: Pretrained, inputs: Inputs, folder: Path) -> dict[str, numpy.ndarray[Any, Any]]:
    """Return the outputs of the graphs in a folder, by the names that :func:`compute_outputs` has for them."""
    numbers = [model.find_numbers(text) for text in inputs.texts]
    if isinstance(model, AttentiveReader):
        given = (*model.pad(numbers[:INPUTS]), *model.pad(numbers[INPUTS:]))
        return {"probabilities": _run(folder / READER, given)}
    sentences = _run(folder / SENTENCES, model.pad(numbers))
    if isinstance(model, OrderEmbeddings):
        images = _run(folder / IMAGES, (torch.from_numpy(inputs.features),))
        scores = model.score(torch.from_numpy(sentences), torch.from_numpy(images)).numpy()
        return {"sentences": sentences, "images": images, "scores": scores}
    return {"sentences": sentences}


class _Images(nn.Module):
    """The encoder of images, as a module of its own."""

    def __init__(self, model: OrderEmbeddings) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> Tensor:
        return self.model.place(features @ self.model.ff_image_W + self.model.ff_image_b)


def _export(
    module: nn.Module, inputs: tuple[Tensor, ...], shapes: Mapping[str, Any], outputs: list[str], file: Path
) -> None:
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:  # of packages that it does without
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module.eval(),
                inputs,
                dynamo=True,
                verbose=False,
                input_names=list(shapes),
                output_names=outputs,
                dynamic_shapes=tuple(shapes.values()),
            )
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    program.save(file)


def _run(file: Path, inputs: tuple[Tensor, ...]) -> numpy.ndarray[Any, Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    (output,) = session.run(None, {name: given.numpy() for name, given in zip(names, inputs, strict=True)})
    return numpy.asarray(output)
