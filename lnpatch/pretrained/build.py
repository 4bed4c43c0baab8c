"""A PyTorch model from a model of a repository: strict by name and shape, with its vocabulary and its configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from lnpatch.errors import BadModelError, ModelMismatchError
from lnpatch.pretrained.modeling.attentive_reader import AttentiveReader
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.pretrained.modeling.order_embeddings import OrderEmbeddings
from lnpatch.pretrained.modeling.skip_thoughts import SkipThoughts
from lnpatch.pretrained.vocabulary import read_dictionary, read_own_words
from lnpatch.pretrained.word_vectors import add_word_vectors
from lnpatch.torch.archives import compare_arrays, read_arrays
from lnpatch.torch.cells import CELLS
from lnpatch.training.models import Model

#: Arrays by name.
Arrays = Mapping[str, numpy.ndarray[Any, Any]]


@dataclass(frozen=True)
class Parts:
    """What a model is made of."""

    #: The class of the model.
    model: type[Pretrained]
    #: What config.json has beside the shapes: hyperparameters that say how it computes.
    config: Mapping[str, Any]
    #: By prefix: the name of the cell, the size of its input, and of its state.
    cells: Mapping[str, tuple[str, int, int]]
    #: The shapes of all other parameters, by name.
    shapes: Mapping[str, tuple[int, ...]]
    #: Of them, those that a model may lack.
    optional: frozenset[str] = frozenset()


def build_model(architecture: str, model: Model, files: Mapping[str, str]) -> Pretrained:
    """Build the PyTorch model.

    Args:
        architecture: what the recipe calls it; see :data:`ARCHITECTURES`.
        files: the paths of further files by name: ``dictionary``, ``word2vec``; empty for one that is not given.

    Raises:
        BadModelError: its hyperparameters are not those of such a model, or ask for what is not supported.
        ModelMismatchError: its parameters do not fit its hyperparameters.
        LnpatchError: one of the files is refused.
    """
    arrays = read_arrays(model.file)
    parts = ARCHITECTURES[architecture](_Options(model))
    _require_parameters(model.file, arrays, parts)
    words = _read_words(model, files, parts)
    shapes = {name: list(shape) for name, shape in parts.shapes.items() if name in arrays}
    tensors = {name: torch.from_numpy(numpy.array(arrays[name], dtype="float32")) for name in shapes}
    for prefix, (cell, _, _) in parts.cells.items():
        for name in CELLS[cell].shapes(1, 1):
            tensors[f"{prefix}.{name}"] = torch.from_numpy(numpy.array(arrays[f"{prefix}_{name}"], dtype="float32"))
    trained = len(words)
    if files.get("word2vec"):
        words, tensors["Wemb"] = add_word_vectors(words, tensors["Wemb"], Path(files["word2vec"]))
        shapes["Wemb"] = list(tensors["Wemb"].shape)
    cells = {prefix: list(cell) for prefix, cell in parts.cells.items()}
    config = {
        "architectures": [parts.model.__name__],
        "model_type": f"lnpatch-{architecture.replace('_', '-')}",
        "torch_dtype": "float32",
        "vocab_size": len(words),
        "trained_words": trained,
        **parts.config,
        "cells": cells,
        "shapes": shapes,
    }
    built = parts.model(config, words)
    built.load_state_dict(tensors)
    built.eval()
    return built


class _Options:
    """A model's hyperparameters, of which some have to be there and be of a kind."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def size(self, name: str) -> int:
        """Return a size."""
        value = self._model.options.get(name)
        if not isinstance(value, int) or value < 1:
            raise self.refuse(f"its hyperparameter {name} is {value!r}, and should be a size")
        return value

    def cell(self, name: str) -> str:
        """Return the name of a cell."""
        value = self._model.options.get(name)
        if value not in CELLS:
            raise self.refuse(f"its cell {name} is {value!r}, and one of {', '.join(CELLS)} can be exported")
        return str(value)

    def get(self, name: str, default: Any) -> Any:
        """Return any other hyperparameter, as a value of the default's type."""
        return type(default)(self._model.options.get(name, default))

    def refuse(self, reason: str) -> BadModelError:
        """Return the error that says so."""
        return BadModelError(str(self._model.file), reason)


def _skip_thoughts(options: _Options) -> Parts:
    words, vector, dim = options.size("n_words"), options.size("dim_word"), options.size("dim")
    cells = {"encoder": (options.cell("encoder"), vector, dim)}
    return Parts(SkipThoughts, {"dim": dim}, cells, {"Wemb": (words, vector)})


def _order_embeddings(options: _Options) -> Parts:
    words, vector, dim = options.size("n_words"), options.size("dim_word"), options.size("dim")
    cells = {"encoder": (options.cell("encoder"), vector, dim)}
    shapes = {"Wemb": (words, vector), "ff_image_W": (options.size("dim_image"), dim), "ff_image_b": (dim,)}
    config = {"dim": dim, "method": options.get("method", "order"), "abs": options.get("abs", False)}
    return Parts(OrderEmbeddings, config, cells, shapes)


def _attentive_reader(options: _Options) -> Parts:
    for name in ("use_sent_reps", "bn_everywhere", "popstat_eval"):
        if options.get(name, False):
            raise options.refuse(f"it was trained with {name}, which cannot be exported")
    dim, answer = options.size("dim"), options.size("dim_word_ans")
    flags = {name: options.get(name, False) for name in ("use_bidir", "use_dq_sims", "use_desc_skip_c_g", "use_elu_g")}
    width = dim * (2 if flags["use_bidir"] else 1)
    cells: dict[str, tuple[str, int, int]] = {}
    initial: dict[str, tuple[int, ...]] = {}
    for suffix in ("", "_r") if flags["use_bidir"] else ("",):
        cells[f"encoder_desc_word{suffix}"] = (options.cell("encoder_desc_word"), options.size("dim_word_desc"), dim)
        cells[f"encoder_q{suffix}"] = (options.cell("encoder_q"), options.size("dim_word_q"), dim)
        initial |= {f"encoder_desc_word{suffix}_h0": (dim,), f"encoder_q{suffix}_h0": (dim,)}
    shapes: dict[str, tuple[int, ...]] = {
        "Wemb_word": (options.size("n_words_q"), options.size("dim_word_desc")),
        **({"ff_att_bi_dq": (width, width)} if flags["use_dq_sims"] else {}),
        "ff_att_proj": (dim,),
        "ff_att_ctx_W": (width, dim),
        "ff_att_ctx_b": (dim,),
        "ff_att_q_W": (width, dim),
        **({"ff_out_mean_d_W": (width, answer)} if flags["use_desc_skip_c_g"] else {}),
        "ff_out_q_W": (width, answer),
        "ff_out_q_b": (answer,),
        "ff_out_ctx_W": (width, answer),
        "ff_logit_W": (answer, options.size("n_words_ans")),
        "ff_logit_b": (options.size("n_words_ans"),),
        **(initial if options.get("learn_h0", False) else {}),
    }
    # the repository did not save the initial states that it learns, before lnpatch loaded them: they were zeros
    return Parts(AttentiveReader, {"dim": dim, **flags}, cells, shapes, frozenset(initial))


#: What makes the parts of each architecture that a recipe may name, from the hyperparameters.
ARCHITECTURES: dict[str, Callable[[_Options], Parts]] = {
    "skip_thoughts": _skip_thoughts,
    "order_embeddings": _order_embeddings,
    "attentive_reader": _attentive_reader,
}


def _read_words(model: Model, files: Mapping[str, str], parts: Parts) -> list[str]:
    """Return the vocabulary: that in the model's own pickle, or in the dictionary beside it."""
    table = "Wemb" if "Wemb" in parts.shapes else "Wemb_word"
    count = parts.shapes[table][0]
    if files.get("dictionary"):
        return read_dictionary(Path(files["dictionary"]), count, model.file)
    return read_own_words(model, count)


def _require_parameters(file: Path, arrays: Arrays, parts: Parts) -> None:
    """Refuse a model that lacks one of the parameters, or has one of another shape or of another cell.

    Raises:
        ModelMismatchError: it does.
    """
    differences: list[str] = []
    for prefix, (cell, input_size, hidden_size) in parts.cells.items():
        own = {name[len(prefix) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{prefix}_")}
        names = {name for each in CELLS.values() for name in each.shapes(1, 1)}
        found = {name: array for name, array in own.items() if name in names}
        differences += compare_arrays(prefix, found, CELLS[cell].shapes(input_size, hidden_size))
    for name, shape in parts.shapes.items():
        if name not in arrays:
            differences += [] if name in parts.optional else [f"{name} is not there"]
        elif arrays[name].shape != shape:
            differences.append(f"{name} is {list(arrays[name].shape)}, and not {list(shape)}")
    if differences:
        raise ModelMismatchError(str(file), tuple(differences))
