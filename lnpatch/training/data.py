"""The data that a job needs: where it is, and whether it can be trained on, before anything heavy starts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.errors import DataMissingError, FileError, UsageError
from lnpatch.files import sha256_of_file
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import ReportStep
from lnpatch.training.captions import check_captions
from lnpatch.training.corpus import check_corpus, write_plain_corpus

#: The name of a corpus in a run's folder, where the user's own is not what both runtimes read alike.
_PLAIN_CORPUS = "corpus.txt"


@dataclass(frozen=True)
class CheckedData:
    """Data that can be trained on."""

    #: Its path; empty for a job that needs none.
    path: str = ""
    #: The SHA-256 of its file, or of the list of those of its files.
    sha256: str = ""
    #: The sentences of a corpus.
    sentences: int = 0
    #: Whether both runtimes read its file alike, as it is.
    plain: bool = True
    #: Remarks for people.
    notes: tuple[str, ...] = ()

    def place_in(self, folder: Path) -> str:
        """Return the path of what the trainer reads: of the data itself, or of a plain copy that is made in a run's folder.

        Raises:
            FileError: the copy cannot be written.
        """
        if self.plain:
            return self.path
        copy = folder / _PLAIN_CORPUS
        try:
            write_plain_corpus(Path(self.path), copy)
        except OSError as error:
            raise FileError(str(copy), error.strerror or str(error)) from error
        return str(copy)


def check_data(job: Job, path: str, settings: Mapping[str, Any], report_step: ReportStep) -> CheckedData:
    """Check data whose files are there, as far as the recipe says what they are.

    Args:
        path: what :func:`find_data` has returned.
        settings: the hyperparameters that the trainer will have.

    Raises:
        BadDataError: it cannot be trained on.
        FileError: it cannot be read.
    """
    if not path:
        return CheckedData()
    report_step(f"reading {path}")
    sentences, plain = 0, True
    notes: tuple[str, ...] = ()
    try:
        if job.corpus is not None:
            report = check_corpus(Path(path), job.corpus, settings)
            sentences, plain, notes = report.sentences, report.plain, report.notes
        if job.captions is not None:
            notes = check_captions(Path(path), job.captions, settings)
        return CheckedData(path, digest_data(Path(path), job.files), sentences, plain, notes)
    except OSError as error:
        raise FileError(str(error.filename or path), error.strerror or str(error)) from error


def digest_data(path: Path, files: tuple[str, ...]) -> str:
    """Return the SHA-256 of a file, or of a list of those of *files* in a folder.

    Raises:
        OSError: a file cannot be read.
    """
    if not files:
        return sha256_of_file(path)
    lines = (f"{sha256_of_file(path / name)}  {name}\n" for name in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def find_data(recipe: Recipe, job: Job, root: Path, named: str | None, data_dir: str | None) -> str:
    """Find the job's data and return its absolute path; empty for a job that needs none.

    Args:
        root: the checkout, in which the repository itself may look for data.
        named: what ``--data`` says.
        data_dir: what the patch has written into the source.

    Raises:
        UsageError: the job needs data and nothing says where it is.
        DataMissingError: a file is not there, or empty.
    """
    needed = {name: description for name, description in job.data.items() if name not in ("model", *job.options)}
    if not needed:
        return ""
    expected = "; ".join(needed.values())
    default = os.fspath(root / job.default_data) if job.default_data else None
    place = named or data_dir or default
    if place is None:
        raise UsageError(
            f"{recipe.name} needs data: {expected}.", "Give it with --data, or try --smoke, which needs none."
        )
    path = Path(os.path.abspath(os.path.expanduser(place)))
    missing = [name for name in job.files if not _has_content(path / name)] if job.files else []
    if job.files and not path.is_dir():
        missing = ["the folder itself"]
    if not job.files and not (path.is_file() and _has_content(path)):
        missing = ["it is a folder, not a file" if path.is_dir() else "the file itself, or what should be in it"]
    if missing:
        raise DataMissingError(recipe.reference, str(path), missing, expected)
    return str(path)


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
