"""A model that evaluation or encoding takes: its files, its hyperparameters, and whether it fits the checkout."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.errors import BadModelError, ModelMissingError
from lnpatch.pickles.load import read_hyperparameters
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
    _require_whole(path)
    return Model(path, _read_options(path), run)


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


def _read_options(path: Path) -> Mapping[str, Any]:
    """Read the hyperparameters, from PATH.npz.pkl or PATH.pkl."""
    beside = [path.with_name(path.name + ".pkl"), path.with_suffix(".pkl")]
    pickle = next((file for file in beside if file.is_file()), None)
    if pickle is None:
        names = " or ".join(file.name for file in beside)
        raise ModelMissingError(str(path), f"its hyperparameters are not beside it ({names})")
    return read_hyperparameters(pickle)


def _require_whole(path: Path) -> None:
    """Refuse an .npz that a download or a disk has cut off: its directory stands at the end."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        advice = "Download or train it again; `lnpatch download` checks sizes and checksums."
        raise BadModelError(str(path), f"not a whole .npz file ({error})", advice) from error
    if broken is not None:
        raise BadModelError(str(path), f"its member {broken} is damaged", "Download or train it again.")
