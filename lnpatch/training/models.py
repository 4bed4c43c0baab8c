"""A model that evaluation or encoding takes: its files, its hyperparameters, and whether it fits the checkout."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.errors import BadModelError, ModelMissingError
from lnpatch.pickles.archive import check_archive, copy_archive
from lnpatch.pickles.load import load_pickle, read_hyperparameters, read_pickle_bytes
from lnpatch.recipes.job import Job
from lnpatch.training.run_folder import RUN, RunInfo, read_info


@dataclass(frozen=True)
class Model:
    """A model of the repository's, in its own format."""

    #: The .npz.
    file: Path
    #: Its hyperparameters, as its .pkl has them.
    options: Mapping[str, Any]
    #: The run that made it, where one has.
    run: RunInfo | None = None
    #: Its .pkl, as it was when the hyperparameters were read.
    pickle: bytes = field(default=b"", repr=False)

    def cells(self, train: Job) -> dict[str, str]:
        """Return the names of its cells, by the options of the job *train* that hold them."""
        options = {name: self.options.get(name) for name in train.cell_options or train.cell_settings}
        return {name: cell for name, cell in options.items() if isinstance(cell, str)}

    @property
    def folder(self) -> Path:
        """The folder that it lies in, with what belongs to it."""
        return self.file.parent


def find_model(named: str, job: Job) -> Model:
    """Find the model that a user names: an .npz file, the same without the ending, or the folder of a run.

    Raises:
        ModelMissingError: a file is not there.
        BadModelError: a file is truncated or is not what it should be.
        LnpatchError: the .pkl is refused (see :mod:`lnpatch.pickles`).
    """
    path = Path(named).expanduser().absolute()
    run = None
    if path.is_dir() and (path / RUN).exists():
        run = read_info(path)
        path /= job.model
        if not path.exists():
            raise ModelMissingError(str(path), f"the run has saved no model (it is {run.state})")
    elif not path.exists() and path.with_name(path.name + ".npz").exists():
        path = path.with_name(path.name + ".npz")
    if not path.is_file():
        raise ModelMissingError(
            str(path), "there is no such file" if not path.is_dir() else "it is a folder, not a model"
        )
    check_archive(path)
    pickle = _find_pickle(path)
    data = read_pickle_bytes(pickle)
    return Model(path, read_hyperparameters(data, str(pickle)), run, data)


@contextmanager
def safe_copy(model: Model, files: Mapping[str, str] | None = None) -> Iterator[tuple[Path, dict[str, str]]]:
    """Copy a model, and further pickles that belong to it, to a folder of its own for as long as a job needs them.

    The repository's code loads what was checked here, whatever becomes of the files themselves meanwhile.

    Args:
        files: paths of pickles, by any name.

    Yields:
        the copy of the .npz, which has its .pkl beside it under both of its names, and the paths of the other copies by name.

    Raises:
        LnpatchError: one of them is refused (see :mod:`lnpatch.pickles`).
    """
    with tempfile.TemporaryDirectory(prefix="lnpatch-model-") as folder:
        copy = Path(folder) / "model.npz"
        copy_archive(model.file, copy)
        for name in ("model.npz.pkl", "model.pkl"):
            (Path(folder) / name).write_bytes(model.pickle)
        copies: dict[str, str] = {}
        for name, path in (files or {}).items():
            data = read_pickle_bytes(Path(path))
            load_pickle(data, path)
            copies[name] = os.path.join(folder, f"{name}.pkl")
            Path(copies[name]).write_bytes(data)
        yield copy, copies


def check_run(folder: Path) -> None:
    """Check every archive and pickle in a run's folder, from which the repository's code resumes.

    Raises:
        LnpatchError: one of them is refused, cut off or damaged.
    """
    for path in sorted(folder.glob("*.npz")):
        check_archive(path)
    for path in sorted(folder.glob("*.pkl")):
        load_pickle(path)


def require_cells(model: Model, train: Job, cells: Sequence[str], directory: str) -> None:
    """Refuse a model whose cells the checkout does not have.

    Args:
        train: the job that has trained it, which names the options that hold a cell's name.

    Raises:
        BadModelError: it has another cell.
    """
    for name, cell in model.cells(train).items():
        if cell not in cells:
            advice = f"It needs a checkout patched with --cell {cell}; this one, {directory}, has {', '.join(cells)}."
            raise BadModelError(str(model.file), f"the model was trained with {name} {cell}", advice)


def _find_pickle(path: Path) -> Path:
    """Find the hyperparameters: PATH.npz.pkl or PATH.pkl."""
    beside = [path.with_name(path.name + ".pkl"), path.with_suffix(".pkl")]
    pickle = next((file for file in beside if file.is_file()), None)
    if pickle is None:
        names = " or ".join(file.name for file in beside)
        raise ModelMissingError(str(path), f"its hyperparameters are not beside it ({names})")
    return pickle
