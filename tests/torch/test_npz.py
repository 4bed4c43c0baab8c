"""Models of the repositories into layers and back, and every file that is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numpy  # noqa: E402

from lnpatch.errors import ArchiveRefusedError, BadModelError, FileError, LnpatchError, ModelMismatchError  # noqa: E402
from lnpatch.torch import CELLS, GRU, LSTM, LayerNormGRU, LayerNormLSTM, RecurrentLayer  # noqa: E402

LAYERS: dict[str, type[RecurrentLayer]] = {"gru": GRU, "lstm": LSTM, "lngru": LayerNormGRU, "lnlstm": LayerNormLSTM}

INPUT, DIM = 4, 6


def make_arrays(cell: str, prefix: str, nin: int = INPUT, dim: int = DIM) -> dict[str, Any]:
    rng = numpy.random.default_rng(len(prefix))
    shapes = CELLS[cell].shapes(nin, dim)
    return {f"{prefix}_{name}": rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.npz"


@pytest.mark.parametrize("cell", LAYERS)
def test_there_and_back(cell: str, path: Path, tmp_path: Path) -> None:
    arrays = make_arrays(cell, "encoder")
    numpy.savez(path, **arrays, Wemb=numpy.zeros((3, INPUT), "float32"), **make_arrays("gru", "decoder_f"))
    layer = LAYERS[cell].from_npz(path, "encoder")
    assert (layer.input_size, layer.hidden_size) == (INPUT, DIM)
    for name, parameter in layer.l0.named_parameters():
        assert numpy.array_equal(parameter.detach().numpy(), arrays[f"encoder_{name}"])
    layer.to_npz(tmp_path / "written.npz", "encoder")
    with numpy.load(tmp_path / "written.npz") as written:
        assert list(written.files) == list(arrays)  # in the repositories' order, too
        assert all(numpy.array_equal(written[name], value) for name, value in arrays.items())


def test_back_into_the_model(path: Path, tmp_path: Path) -> None:
    arrays = {**make_arrays("lngru", "encoder"), "Wemb": numpy.ones((3, INPUT), "float32")}
    numpy.savez(path, **arrays)
    layer = LayerNormGRU.from_npz(path, "encoder")
    with torch.no_grad():
        layer.l0.bx += 1
    layer.to_npz(path, "encoder", base=path)
    with numpy.load(path) as written:
        changed = [name for name in arrays if not numpy.array_equal(written[name], arrays[name])]
        assert (set(written.files), changed) == (set(arrays), ["encoder_bx"])


def test_several_layers_and_directions(path: Path) -> None:
    prefixes = ["desc", "desc_r", "upper", "upper_r"]
    arrays = {
        **make_arrays("lnlstm", "desc"),
        **make_arrays("lnlstm", "desc_r"),
        **make_arrays("lnlstm", "upper", 2 * DIM),
        **make_arrays("lnlstm", "upper_r", 2 * DIM),
    }
    numpy.savez(path, **arrays)
    layer = LayerNormLSTM.from_npz(path, prefixes, bidirectional=True, batch_first=True)
    assert (layer.num_layers, layer.bidirectional, layer.batch_first) == (2, True, True)
    for prefix, cell in zip(prefixes, layer.cells(), strict=True):
        assert numpy.array_equal(cell.U.detach().numpy(), arrays[f"{prefix}_U"])
    layer.to_npz(path, prefixes)
    assert LayerNormLSTM.from_npz(path, prefixes, bidirectional=True).state_dict().keys() == layer.state_dict().keys()


def test_the_type_is_that_of_the_file_unless_another_is_asked_for(path: Path) -> None:
    numpy.savez(path, **{name: value.astype("float64") for name, value in make_arrays("gru", "encoder").items()})
    assert GRU.from_npz(path, "encoder").l0.W.dtype == torch.float64
    assert GRU.from_npz(path, "encoder", dtype=torch.float32).l0.W.dtype == torch.float32


def without(arrays: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arrays.items() if key != name}


LNGRU = make_arrays("lngru", "encoder")

#: What is wrong, the arrays, the layer, the prefix, and what the message has to say.
MISFITS = {
    "one is missing": (without(LNGRU, "encoder_s3"), LayerNormGRU, "encoder", "encoder_s3 is not there"),
    "another shape": (
        {**LNGRU, "encoder_Ux": numpy.zeros((DIM, DIM + 1))},
        LayerNormGRU,
        "encoder",
        "encoder_Ux is [6, 7], and not [6, 6]",
    ),
    "a vector for a matrix": (
        {**LNGRU, "encoder_W": numpy.zeros(3)},
        LayerNormGRU,
        "encoder",
        "encoder_W is [3], and not [1, 12]",
    ),
    "the model of a plain cell": (make_arrays("gru", "encoder"), LayerNormGRU, "encoder", "encoder is of the cell gru"),
    "the model of a normalized cell": (LNGRU, GRU, "encoder", "encoder is of the cell lngru"),
    "an LSTM": (make_arrays("lnlstm", "encoder"), LayerNormGRU, "encoder", "encoder is of the cell lnlstm"),
    "another prefix": (LNGRU, LayerNormGRU, "decoder", "there is no layer 'decoder'; there is: encoder"),
    "no layer": ({"Wemb": numpy.zeros(3)}, LayerNormGRU, "encoder", "there is no layer 'encoder'"),
    "one direction of two": (LNGRU, LayerNormGRU, ["encoder", "encoder_r"], "there is no layer 'encoder_r'"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_another_model(case: str, path: Path) -> None:
    arrays, layer, prefix, words = MISFITS[case]
    numpy.savez(path, **arrays)
    with pytest.raises(ModelMismatchError) as failure:
        layer.from_npz(path, prefix, bidirectional=not isinstance(prefix, str))
    assert words in failure.value.message


def cut(path: Path) -> None:
    numpy.savez(path, **LNGRU)
    path.write_bytes(path.read_bytes()[:-100])


def pickled(path: Path) -> None:
    numpy.savez(path, **LNGRU, other=numpy.array([{}], dtype=object))


#: What is wrong with the file, how it is made, and how it is refused.
DAMAGED = {
    "absent": (lambda path: None, FileError),
    "cut off": (cut, BadModelError),
    "no archive": (lambda path: path.write_bytes(b"model"), BadModelError),
    "a pickle in it": (pickled, ArchiveRefusedError),
    "a folder": (lambda path: path.mkdir(), FileError),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_another_file(case: str, path: Path) -> None:
    make, error = DAMAGED[case]
    make(path)
    with pytest.raises(error) as failure:
        LayerNormGRU.from_npz(path, "encoder")
    assert path.name in failure.value.message


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(LnpatchError):
        GRU(INPUT, DIM).to_npz(tmp_path / "absent" / "model.npz", "encoder")


def test_numbers_of_prefixes(path: Path) -> None:
    with pytest.raises(ValueError, match="2 cells, and 1 prefixes"):
        GRU(INPUT, DIM, bidirectional=True).to_npz(path, "encoder")
    with pytest.raises(ValueError, match="1 prefixes"):
        GRU.from_npz(path, "encoder", bidirectional=True)
