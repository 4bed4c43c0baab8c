"""Find runs and studies below a folder: how they stand, without reading all of what they have reported."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lnpatch.errors import LnpatchError
from lnpatch.study.plan import StudyRun
from lnpatch.study.progress import Best, Progress, find_best_validation, read_progress
from lnpatch.study.study_folder import STUDY, Study, StudyFolder, read_study
from lnpatch.training.run_folder import LOG, RUN
from lnpatch.training.update_log import UPDATES

#: Folders below the one that is looked at; runs and studies lie three or four deep.
_DEEPEST = 6


@dataclass(frozen=True)
class RunEntry:
    """A run as it is listed."""

    #: Its folder, as it is reached from the one that was looked at.
    folder: Path
    target: str
    cell: str
    #: None where the repository's random numbers were left alone.
    seed: int | None
    #: One of the states of a run, or ``to-do`` for one that its study has not begun.
    state: str
    updates: int = 0
    #: The update after which it is done; None where it ends by itself.
    max_updates: int | None = None
    #: The mean of the last costs that were reported.
    cost: float | None = None
    best: Best | None = None
    smoke: bool = False
    #: ``theano`` or ``pytensor``, and ``cpu`` or ``gpu``.
    runtime: str = ""
    device: str = ""
    #: When it began and ended, in UTC; empty where it has not.
    started: str = ""
    finished: str = ""
    #: Seconds since something was last written there; None for one that is not begun.
    age: float | None = None
    reason: str = ""
    #: The folder of the study that it belongs to; None for one of its own.
    study: Path | None = None


@dataclass(frozen=True)
class StudyEntry:
    """A study as it is listed."""

    folder: Path
    target: str
    cells: tuple[str, ...]
    seeds: tuple[int, ...]
    #: How many runs it has, and how many of them are done.
    runs: int
    done: int


@dataclass
class Listing:
    """What there is below a folder; :func:`list_runs` finds it."""

    runs: list[RunEntry] = field(default_factory=list)
    studies: list[StudyEntry] = field(default_factory=list)
    #: Remarks for people: what cannot be read.
    notes: list[str] = field(default_factory=list)


def list_runs(folder: Path) -> Listing:
    """List the runs and studies in a folder and below it, in the order of their paths.

    A study's runs are listed where they are, and those that it has not begun as well. Checkouts, and folders whose name
    begins with a dot, are not looked into.
    """
    listing = Listing()
    studies: dict[Path, Study] = {}
    for place in _find_folders(folder, _DEEPEST):
        if (place / STUDY).is_file():
            _read_study(place, studies, listing)
        else:
            study = next((one for one in place.parents if one in studies), None)
            _read_run(place, study, listing)
    for place, study_read in studies.items():
        _add_study(place, study_read, listing)
    listing.runs.sort(key=lambda run: run.folder)
    return listing


def _find_folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders of studies, then their runs, and of runs of their own."""
    names = _list_folder(folder)
    if RUN in names or STUDY in names:
        yield folder
    if RUN in names or not depth:
        return
    for name, is_folder in sorted(names.items()):
        # a checkout may be large, and has no runs; a study's own has no run's name either
        if is_folder and not name.startswith(".") and ".git" not in _list_folder(folder / name):
            yield from _find_folders(folder / name, depth - 1)


def _list_folder(folder: Path) -> dict[str, bool]:
    """Return the names in a folder, and whether each is a folder and no link; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}


def _read_study(folder: Path, studies: dict[Path, Study], listing: Listing) -> None:
    try:
        study = read_study(folder)
    except LnpatchError as error:
        listing.notes.append(error.message)
        return
    if study is not None:
        studies[folder] = study


def _read_run(folder: Path, study: Path | None, listing: Listing) -> None:
    try:
        progress = read_progress(folder)
        listing.runs.append(_make_entry(progress, study, find_best_validation(folder)))
    except LnpatchError as error:
        listing.notes.append(error.message)
    except OSError as error:
        listing.notes.append(f"{error.filename or folder}: {error.strerror or error}")


def _make_entry(progress: Progress, study: Path | None, best: Best | None) -> RunEntry:
    info, folder = progress.info, progress.folder
    assert info is not None  # there is a run.json
    return RunEntry(
        folder,
        info.target,
        info.cell,
        info.seed,
        progress.state,
        progress.updates,
        info.max_updates,
        progress.cost,
        best,
        info.smoke,
        info.runtime,
        info.device,
        info.started,
        info.finished or "",
        max(0.0, time.time() - _last_written(folder)),
        info.reason,
        study,
    )


def _add_study(folder: Path, study: Study, listing: Listing) -> None:
    """Add a study, and those of its runs that are not begun."""
    plan, place = study.plan, StudyFolder(folder)
    known = {run.folder: run for run in listing.runs}
    done = 0
    for run in plan.runs:
        entry = known.get(place.run(run))
        if entry is None:
            listing.runs.append(_not_begun(place.run(run), study, run, folder))
        else:
            done += entry.state == "done"
    listing.studies.append(StudyEntry(folder, plan.target, plan.cells, plan.seeds, len(plan.runs), done))


def _not_begun(folder: Path, study: Study, run: StudyRun, place: Path) -> RunEntry:
    plan = study.plan
    return RunEntry(
        folder,
        plan.target,
        run.cell,
        run.seed,
        "to-do",
        max_updates=plan.max_updates or None,
        smoke=plan.smoke,
        runtime=plan.runtime,
        device=plan.device,
        study=place,
    )


def _last_written(folder: Path) -> float:
    """Return when something was last written in a run's folder, in seconds since the epoch."""
    files = [folder / name for name in (RUN, LOG, UPDATES)]
    return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
