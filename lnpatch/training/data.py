"""The data that a job needs: where it is, and whether it is whole before anything heavy starts."""

from __future__ import annotations

import os
from pathlib import Path

from lnpatch.errors import DataMissingError, UsageError
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe


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
