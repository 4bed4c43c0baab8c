"""``lnpatch runs``: the runs and studies below a folder, and how they stand."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from lnpatch.errors import RunNotFoundError, TargetNotFoundError
from lnpatch.recipes import find_recipe
from lnpatch.study.listing import Listing, RunEntry, list_runs


def runs(
    folder: str | os.PathLike[str] = ".",
    *,
    targets: Collection[str] = (),
    cells: Collection[str] = (),
    states: Collection[str] = (),
) -> Listing:
    """List the runs and studies below *folder*; of the runs those alone that are asked for.

    Args:
        targets: names or aliases of targets; all, without.
        cells: cells; all, without.
        states: states of runs, such as ``done``; all, without.

    Raises:
        RunNotFoundError: there is no such folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise RunNotFoundError(str(folder))
    listing = list_runs(place)
    names = {_target_name(target) for target in targets}

    def is_meant(run: RunEntry) -> bool:
        chosen = ((names, run.target), (cells, run.cell), (states, run.state))
        return all(not values or value in values for values, value in chosen)

    listing.runs = [run for run in listing.runs if is_meant(run)]
    listing.studies = [study for study in listing.studies if not names or study.target in names]
    return listing


def _target_name(target: str) -> str:
    """Return a target's name; of one that is not known here, as a run of somebody's recipe may have, what was typed."""
    try:
        return find_recipe(target).name
    except TargetNotFoundError:
        return target
