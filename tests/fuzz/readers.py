"""The readers of what strangers hand to lnpatch, each as a function of bytes that may raise nothing but LnpatchError."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lnpatch.configuration.read import OWN_FILE, PROJECT_FILE, mentions_lnpatch, read_configuration
from lnpatch.curves.read import read_run_series
from lnpatch.errors import LnpatchError
from lnpatch.pickles.archive import check_archive, copy_archive
from lnpatch.pickles.load import load_pickle, read_hyperparameters
from lnpatch.recipes import read_recipe
from lnpatch.source import Source
from lnpatch.training.output import OutputParser
from lnpatch.training.run_folder import read_run

#: What stands between the two files of a run's folder in one input.
BETWEEN_FILES = b"\n\x00\n"


def read_source(data: bytes) -> None:
    """Read a file of source, and write it back."""
    source = Source.read(data)
    assert source.write(source.module) == data
    assert source.write(source.module.with_changes(body=[*source.module.body])) == data


def read_recipe_file(data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file = Path(folder) / "recipe.toml"
        file.write_bytes(data)
        read_recipe(file)


def read_configuration_file(data: bytes) -> None:
    """Read a file of the user's own, which may have come with something else."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for name in (PROJECT_FILE, OWN_FILE):
            file = Path(folder) / name
            file.write_bytes(data)
            if mentions_lnpatch(file):
                read_configuration(file)


def read_pickle(data: bytes) -> None:
    """Read a pickle, and the hyperparameters in it."""
    repr(load_pickle(data))
    read_hyperparameters(data)


def read_archive(data: bytes) -> None:
    """Read a model's arrays, and copy them for a runtime."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file = Path(folder) / "model.npz"
        file.write_bytes(data)
        check_archive(file)
        copy_archive(file, Path(folder) / "copy.npz")


def read_run_folder(data: bytes) -> None:
    """Read the folder of a run: ``run.json``, then ``updates.jsonl``."""
    info, _, updates = data.partition(BETWEEN_FILES)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        (Path(folder) / "run.json").write_bytes(info)
        (Path(folder) / "updates.jsonl").write_bytes(updates)
        is_accepted(read_run_series, folder)
        read_run(folder)


def read_log(data: bytes) -> None:
    """Read what a training prints, line by line and as a file."""
    parser = OutputParser(validation=[r"Valid cost (?P<cost>\S+) error (?P<error>\S+)"])
    for line in data.decode("utf-8", "replace").splitlines():
        parser.parse(line)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        file = Path(folder) / "training.log"
        file.write_bytes(data)
        read_run_series(str(file))


#: Every reader by its name.
READERS: dict[str, Callable[[bytes], None]] = {
    "source": read_source,
    "recipe": read_recipe_file,
    "configuration": read_configuration_file,
    "pickle": read_pickle,
    "archive": read_archive,
    "run_folder": read_run_folder,
    "log": read_log,
}


def is_accepted(read: Callable[[Any], object], data: Any) -> bool:
    """Return whether *read* takes *data*; lnpatch's own errors are the way to refuse it, and they say something."""
    try:
        read(data)
    except LnpatchError as error:
        if not str(error):
            raise AssertionError(f"{type(error).__name__} says nothing") from error
        return False
    return True
