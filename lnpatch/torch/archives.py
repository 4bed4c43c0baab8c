"""Parameters of cells from and to the repositories' .npz files."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor

from lnpatch.errors import FileError, ModelMismatchError
from lnpatch.files import atomic_write
from lnpatch.pickles.archive import copy_archive
from lnpatch.torch.cells import CELLS, RecurrentCell

#: The names of parameters of all cells: another cell's beside a prefix mean that the model is of that cell.
_NAMES = frozenset(name for cell in CELLS.values() for name in cell.shapes(1, 1))


def read_parameters(
    path: str | os.PathLike[str], prefixes: Sequence[str], cell: type[RecurrentCell], directions: int
) -> list[dict[str, Tensor]]:
    """Read the parameters of cells, strict by name and shape.

    Args:
        prefixes: one for each cell, of each layer forwards, then backwards.
        directions: 2 if the layers are bidirectional.

    Raises:
        LnpatchError: see :meth:`lnpatch.torch.layers.RecurrentLayer.from_npz`.
    """
    arrays = read_arrays(path)
    differences: list[str] = []
    found = []
    sizes: tuple[int, int] | None = None
    for number, prefix in enumerate(prefixes):
        own = {name: arrays[key] for name in _NAMES if (key := f"{prefix}_{name}") in arrays}
        if not own:
            known = sorted({match[1] for key in arrays if (match := re.fullmatch(r"(.+)_U", key))})
            there = f"; there is: {', '.join(known)}" if known else ""
            differences.append(f"there is no layer {prefix!r}{there}")
            continue
        sizes = sizes or _read_sizes(own, cell)
        nin = sizes[0] if number < directions else directions * sizes[1]
        shapes = cell.shapes(nin, sizes[1])
        differences += compare_arrays(prefix, own, shapes)
        found.append({name: torch.from_numpy(own[name]) for name in shapes if name in own})
    if differences:
        raise ModelMismatchError(str(path), tuple(differences))
    return found


def write_parameters(
    path: str | os.PathLike[str],
    cells: Mapping[str, RecurrentCell],
    base: str | os.PathLike[str] | None,
) -> None:
    """Write the parameters of cells by prefix, and the other arrays of *base*.

    Raises:
        LnpatchError: the base cannot be used, or the file not be written.
    """
    arrays: dict[str, Any] = {} if base is None else {**read_arrays(base)}
    for prefix, cell in cells.items():
        for name, parameter in cell.named_parameters():
            arrays[f"{prefix}_{name}"] = parameter.detach().cpu().numpy()
    try:
        written = io.BytesIO()
        numpy.savez(written, **arrays)
        atomic_write(Path(path), written.getvalue())
    except OSError as error:
        raise FileError(os.fspath(path), f"cannot be written ({error})") from error


def read_arrays(path: str | os.PathLike[str]) -> dict[str, numpy.ndarray[Any, Any]]:
    """Read an .npz file that may come from a stranger: names, shapes and sizes are checked before its numbers are read.

    Raises:
        LnpatchError: it is refused, damaged, or cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="lnpatch-model-") as folder:
        copy = Path(folder) / "model.npz"
        copy_archive(Path(path), copy)
        with numpy.load(copy, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}


def _read_sizes(arrays: Mapping[str, numpy.ndarray[Any, Any]], cell: type[RecurrentCell]) -> tuple[int, int]:
    """Return the sizes of input and state that the first matrices have; 1 where they are no matrices."""
    width = cell.shapes(1, 1)["W"][1]
    nin, gates = arrays["W"].shape if "W" in arrays and arrays["W"].ndim == 2 else (1, width)
    dim = arrays["U"].shape[0] if "U" in arrays and arrays["U"].ndim == 2 else max(1, gates // width)
    return nin, dim


def compare_arrays(
    prefix: str, arrays: Mapping[str, numpy.ndarray[Any, Any]], shapes: Mapping[str, tuple[int, ...]]
) -> list[str]:
    """Return what of the arrays of a cell, by their names without its prefix, is missing, too much, or of another shape."""
    others = sorted(name for name in arrays if name not in shapes)
    missing = [name for name in shapes if name not in arrays]
    if others or missing:
        kind = next((key for key, cell in CELLS.items() if set(cell.shapes(1, 1)) == set(arrays)), None)
        if kind is not None:
            return [f"{prefix} is of the cell {kind}"]
    differences = [f"{prefix}_{name} is not there" for name in missing]
    differences += [f"nothing takes {prefix}_{name}" for name in others]
    differences += [
        f"{prefix}_{name} is {list(arrays[name].shape)}, and not {list(shape)}"
        for name, shape in shapes.items()
        if name in arrays and arrays[name].shape != shape
    ]
    return differences
