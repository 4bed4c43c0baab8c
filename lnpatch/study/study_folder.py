"""A study's folder: ``study.json``, written as a whole, what lies where beside it, and who works on it.

``runs/CELL-SEED/`` are the runs, ``logs/`` what the processes say that train and evaluate, ``checkout`` the patched
repository (``checkout-CELL`` for a further injected cell), ``cluster/`` the scripts and logs of jobs. ``study.lock`` is held
by the process that works on the study, and ``locks/CELL-SEED`` by the one that works on a run: it outlives the former.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.errors import FileError, NotAStudyError, StudyBusyError, StudyPlaceError
from lnpatch.files import LockTakenError, atomic_write, hold_lock, is_held
from lnpatch.schema import Reader, Scalar
from lnpatch.study.plan import StudyPlan, StudyRun
from lnpatch.training.run_folder import time_now
from lnpatch.training.run_lock import Holder, parse_holder, this_process

STUDY = "study.json"

_LOCK = "study.lock"

#: The version of the format.
_FORMAT = 1

#: Bytes of a ``study.json``; lnpatch writes some thousands.
_LARGEST = 10_000_000


@dataclass(frozen=True)
class StudyCheckout:
    """The repository that the study trains, as it was when the study began."""

    #: Its folder, an absolute path.
    folder: str
    #: The cell that its patch has brought.
    cell: str
    #: What is checked out.
    commit: str
    #: The SHA-256 of the patch.
    patch_sha256: str


@dataclass(frozen=True)
class Submission:
    """Jobs that a cluster was given."""

    #: As ``--on`` names it.
    cluster: str
    #: The job of each run, by the run's name: ``12_0``.
    jobs: dict[str, str]
    #: When, in UTC.
    submitted: str
    #: What was asked of the cluster.
    parameters: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """What ``study.json`` says."""

    plan: StudyPlan
    checkouts: tuple[StudyCheckout, ...]
    #: Versions of lnpatch, Python and packages.
    versions: dict[str, str]
    submissions: tuple[Submission, ...] = ()
    #: When it began, in UTC.
    created: str = ""
    format: int = _FORMAT

    @property
    def patched_cells(self) -> tuple[str, ...]:
        """The cells that its checkouts are patched with."""
        return tuple(checkout.cell for checkout in self.checkouts)


@dataclass(frozen=True)
class StudyFolder:
    """Where the parts of a study are."""

    path: Path

    def run(self, run: StudyRun) -> Path:
        """The folder of a run."""
        return self.path / "runs" / run.name

    def log(self, run: StudyRun) -> Path:
        """What the processes of a run say."""
        return self.path / "logs" / f"{run.name}.log"

    def evaluation_output(self, run: StudyRun) -> Path:
        """What the evaluation of a run prints, a JSON document."""
        return self.path / "logs" / f"{run.name}-evaluation.json"

    def run_lock(self, run: StudyRun) -> Path:
        """What is locked while a process works on a run."""
        return self.path / "locks" / run.name

    def checkout(self, cell: str, first: bool) -> Path:
        """The study's own checkout that is patched with a cell; *first* for that of the first one."""
        return self.path / ("checkout" if first else f"checkout-{cell}")

    @property
    def cluster(self) -> Path:
        """Scripts, pickles and logs of jobs."""
        return self.path / "cluster"


def read_study(folder: Path) -> Study | None:
    """Read what a study's folder says about it; None where there is no study, and nothing else.

    Raises:
        NotAStudyError: its ``study.json`` is not one that lnpatch writes.
        StudyPlaceError: there is something else.
    """
    file = folder / STUDY
    try:
        if not os.path.lexists(file):
            _require_room(folder)
            return None
        if not file.is_file() or file.stat().st_size > _LARGEST:
            raise NotAStudyError(str(folder), [f"{file} is no file that lnpatch writes"])
        table = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(str(error.filename or file), error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NotAStudyError(str(folder), [f"{file} cannot be read: {reason}"]) from error
    return _parse_study(folder, table)


def write_study(folder: Path, study: Study) -> None:
    """Write ``study.json``, whole or not at all.

    Raises:
        FileError: it cannot be written.
    """
    try:
        atomic_write(folder / STUDY, (json.dumps(asdict(study), indent=2) + "\n").encode())
    except OSError as error:
        raise FileError(str(folder / STUDY), error.strerror or str(error)) from error


@contextmanager
def hold_study(folder: Path) -> Iterator[None]:
    """Keep other processes from working on a study, in a folder that is made if it is not there.

    Raises:
        StudyBusyError: another one does.
        FileError: the folder or the lock cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with hold_lock(folder / _LOCK) as lock:
            os.ftruncate(lock.descriptor, 0)
            os.pwrite(lock.descriptor, json.dumps(asdict(this_process(time_now()))).encode(), 0)
            yield
    except LockTakenError as error:
        raise StudyBusyError(str(folder), str(read_study_holder(folder) or "Another process")) from error
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(folder)):
            raise
        raise FileError(str(error.filename), error.strerror or str(error)) from error


def read_study_holder(folder: Path) -> Holder | None:
    """Return the process that works on a study; None where none does."""
    file = folder / _LOCK
    try:
        return parse_holder(json.loads(file.read_bytes()[:10_000])) if is_held(file) else None
    except (OSError, ValueError, RecursionError):
        return None


def _parse_study(folder: Path, table: Any) -> Study:
    """Return what a ``study.json`` says.

    Raises:
        NotAStudyError: a key is missing, or has a value that lnpatch does not write.
    """
    if isinstance(table, dict) and isinstance(table.get("format"), int) and table["format"] > _FORMAT:
        raise NotAStudyError(str(folder), [f"its format is {table['format']}; this lnpatch reads {_FORMAT}"])
    reader = Reader()
    study = reader.table(Study, table)
    if study is None:
        raise NotAStudyError(str(folder), list(map(str, reader.problems)))
    names = [run.name for run in study.plan.runs]
    if not names or not study.checkouts or not all(cell.isidentifier() for cell in study.plan.cells):
        raise NotAStudyError(str(folder), [f"{folder / STUDY} has no cells, no seeds or no checkout"])
    return study


def _require_room(folder: Path) -> None:
    """Refuse a folder that has something else in it than what a study leaves that was stopped before it began.

    Raises:
        StudyPlaceError: it has.
    """
    if not folder.exists():
        return
    if not folder.is_dir() or any(
        path.name != _LOCK and not path.name.startswith(("checkout", ".lnpatch-")) for path in folder.iterdir()
    ):
        raise StudyPlaceError(str(folder))
