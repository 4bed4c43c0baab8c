"""Models of the three repositories, as their trainers save them, with random parameters."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
import numpy

from lnpatch.torch.cells import CELLS

WORDS = ["the", "cat", "sees", "a", "dog", "na\u00efve", "\u03bb", "."]
#: Words with the end and the unknown one; the size of a word's vector, of a state, of an image.
N_WORDS, WORD, DIM, IMAGE = 2 + len(WORDS), 5, 6, 7


@dataclass
class MadeModel:
    """The files of a model, and what is in them."""

    file: Path
    arrays: dict[str, Any]
    options: dict[str, Any]
    #: The options of the command line that name further files.
    arguments: tuple[str, ...] = ()

    def write(self) -> None:
        """Write them anew, after a change."""
        numpy.savez(self.file, **self.arrays)
        beside = {"options": self.options, "worddict": dictionary()} if "method" in self.options else self.options
        self.file.with_name("model.npz.pkl").write_bytes(pickle.dumps(beside, 2))


def dictionary() -> dict[str, int]:
    """Words to numbers; as under Python 2, those that are not ASCII are byte strings that were read as Latin-1."""
    return {word.encode().decode("latin-1"): number for number, word in enumerate(WORDS, 2)}


def draw(*shape: int) -> Any:
    rng = numpy.random.default_rng(sum(shape))
    return (rng.normal(size=shape) / 2).astype("float32")


def cell_arrays(prefix: str, cell: str, size: int) -> dict[str, Any]:
    shapes = CELLS[cell].shapes(size, DIM)
    return {f"{prefix}_{name}": draw(*shape) + (name.startswith("s")) for name, shape in shapes.items()}


def make_model(folder: Path, target: str, cell: str, **options: Any) -> MadeModel:
    """Make a model of a target with a cell, and with further hyperparameters."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {"skip-thoughts": _skip_thoughts, "order-embeddings": _order_embeddings, "attentive-reader": _reader}
    model = made[target](folder, cell, options)
    model.options |= options
    model.write()
    return model


def _skip_thoughts(folder: Path, cell: str, options: dict[str, Any]) -> MadeModel:
    (folder / "dictionary.pkl").write_bytes(pickle.dumps(dictionary(), 2))
    arrays = {"Wemb": draw(N_WORDS, WORD), **cell_arrays("encoder", cell, WORD), **cell_arrays("decoder_f", cell, WORD)}
    arrays |= {"ff_logit_W": draw(DIM, N_WORDS), "history_errs": numpy.zeros(0)}
    sizes = {"n_words": N_WORDS, "dim_word": WORD, "dim": DIM, "encoder": cell, "decoder": cell}
    return MadeModel(folder / "model.npz", arrays, sizes, ("--dictionary", str(folder / "dictionary.pkl")))


def _order_embeddings(folder: Path, cell: str, options: dict[str, Any]) -> MadeModel:
    arrays = {"Wemb": draw(N_WORDS, WORD), **cell_arrays("encoder", cell, WORD)}
    arrays |= {"ff_image_W": draw(IMAGE, DIM), "ff_image_b": draw(DIM)}
    sizes = {"n_words": N_WORDS, "dim_word": WORD, "dim": DIM, "dim_image": IMAGE, "encoder": cell}
    return MadeModel(folder / "model.npz", arrays, {**sizes, "method": "order", "abs": True})


def _reader(folder: Path, cell: str, options: dict[str, Any]) -> MadeModel:
    ids = {word.encode().decode("latin-1"): number for number, word in enumerate(WORDS, 1)}
    (folder / "dict.pkl").write_bytes(pickle.dumps(ids, 2))
    n_words, directions = 1 + len(WORDS), ("", "_r") if options.get("use_bidir") else ("",)
    width = DIM * len(directions)
    arrays = {"Wemb_word": draw(n_words, WORD), "ff_att_bi_dq": draw(width, width), "ff_att_proj": draw(DIM)}
    for name in ("encoder_desc_word", "encoder_q"):
        for direction in directions:
            arrays |= cell_arrays(name + direction, cell, WORD)
            arrays[f"{name}{direction}_h0"] = draw(DIM)
    arrays |= {"ff_att_ctx_W": draw(width, DIM), "ff_att_ctx_b": draw(DIM), "ff_att_q_W": draw(width, DIM)}
    arrays |= {f"ff_out_{name}_W": draw(width, 4) for name in ("mean_d", "q", "ctx")} | {"ff_out_q_b": draw(4)}
    arrays |= {"ff_logit_W": draw(4, n_words), "ff_logit_b": draw(n_words), "history_errs": numpy.zeros(0)}
    sizes = {"dim": DIM, "dim_word_desc": WORD, "dim_word_q": WORD, "dim_word_ans": 4}
    sizes |= {"n_words_q": n_words, "n_words_ans": n_words}
    flags = {
        "use_dq_sims": 1,
        "use_desc_skip_c_g": 1,
        "use_bidir": 0,
        "use_elu_g": 0,
        "learn_h0": 1,
        "use_sent_reps": 0,
    }
    encoders = dict.fromkeys(("encoder_desc", "encoder_desc_word", "encoder_q"), cell)
    return MadeModel(
        folder / "model.npz", arrays, {**sizes, **flags, **encoders}, ("--dictionary", str(folder / "dict.pkl"))
    )


#: Every target and every cell of it.
MODELS = [
    ("skip-thoughts", "lngru"),
    ("skip-thoughts", "gru"),
    ("order-embeddings", "lngru"),
    ("order-embeddings", "lnlstm"),
    ("order-embeddings", "lstm"),
    ("attentive-reader", "lnlstm"),
    ("attentive-reader", "lstm"),
    ("attentive-reader", "lngru"),
    ("attentive-reader", "gru"),
]
