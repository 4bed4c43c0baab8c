"""A run's folder: what was run, on what, how it went, and every update that the repository reported.

``run.json`` says what it is and how it ended, ``log.txt`` is the whole output, ``updates.jsonl`` has one JSON object for
each reported update (``epoch, update, cost, seconds, elapsed``) and validation (``update, elapsed, validation``), where
``seconds`` are the update's own and ``elapsed`` those since the run's first report. The model lies beside them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from lnpatch.errors import NotARunError, RunExistsError
from lnpatch.files import atomic_write
from lnpatch.suggest import close_matches
from lnpatch.training.output import CostBecameNaN, Event, ShapeCompiled, Update, Validation

RUN, LOG, UPDATES = "run.json", "log.txt", "updates.jsonl"

#: Left by the launcher: how the trainer has ended.
OUTCOME = "outcome.json"


class RunState(StrEnum):
    """How a run is going, or has ended."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    NAN = "nan"


@dataclass(frozen=True)
class RunInfo:
    """What ``run.json`` says."""

    target: str
    cell: str
    #: Whether the cell is not a layer-normalized one.
    baseline: bool
    #: ``theano`` or ``pytensor``.
    runtime: str
    #: ``cpu`` or ``gpu``.
    device: str
    #: Whether it trains on tiny data made for it.
    smoke: bool
    #: The folder of the checkout.
    checkout: str
    #: What was checked out there.
    commit: str
    #: Whether patched files were changed by hand.
    modified: bool
    #: One line for a shell that trains again.
    command: str
    #: The hyperparameters that were set.
    settings: Mapping[str, Any]
    #: What was passed on to the repository's own command line.
    arguments: tuple[str, ...]
    #: Versions of lnpatch, Python and packages.
    versions: Mapping[str, str]
    #: The path of the data.
    data: str = ""
    #: The model's file in the run's folder; empty as long as nothing is saved.
    model: str = ""
    #: When it began, in UTC.
    started: str = ""
    #: When it ended, None while it runs.
    finished: str | None = None
    state: RunState = RunState.RUNNING
    #: Why it has failed or was stopped.
    reason: str = ""
    #: The updates made, those before a resume counted in.
    updates: int = 0
    #: Seconds from the first report to the last.
    elapsed: float = 0.0
    #: The version of this format.
    format: int = 1


@dataclass(frozen=True)
class Run:
    """A run as its folder has it; :func:`read_run` reads one."""

    folder: Path
    info: RunInfo
    #: The updates that were reported, in order.
    updates: tuple[Update, ...]
    #: The validations that were reported, in order.
    validations: tuple[Validation, ...]

    @property
    def costs(self) -> tuple[float, ...]:
        """The cost before each reported update."""
        return tuple(update.cost for update in self.updates)


@dataclass
class RunWriter:
    """Writes down a run that is under way."""

    folder: Path
    #: The number of the last update of an earlier part of the run.
    offset: int = 0
    #: The seconds of the earlier part.
    elapsed_before: float = 0.0
    last: Update | None = field(default=None, init=False)
    nan_at: int | None = field(default=None, init=False)
    _first_report: float | None = field(default=None, init=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the first report, over all parts of the run."""
        return self.elapsed_before + (time.monotonic() - self._first_report if self._first_report is not None else 0.0)

    @contextmanager
    def open_files(self) -> Iterator[tuple[IO[bytes], IO[str]]]:
        """Open the log and the updates to be appended to."""
        with (
            (self.folder / LOG).open("ab") as log,
            (self.folder / UPDATES).open("a+", encoding="utf-8", errors="replace") as updates,
        ):
            if self.offset:  # a run that was killed may have left half a line, which must not spoil the next one
                updates.seek(0)
                if not updates.read().endswith("\n"):
                    updates.write("\n")
            yield log, updates

    def record_event(self, event: Event, updates: IO[str]) -> None:
        """Write down what the trainer reports."""
        if isinstance(event, ShapeCompiled):
            return
        if self._first_report is None:
            self._first_report = time.monotonic()
        elapsed = round(self.elapsed, 3)
        if isinstance(event, CostBecameNaN):
            self.nan_at = event.update
            return
        if isinstance(event, Update):
            self.last = event
            entry: dict[str, Any] = asdict(event) | {"elapsed": elapsed}
        else:
            entry = {"update": event.update, "elapsed": elapsed, "validation": event.figures}
        updates.write(json.dumps(entry) + "\n")
        updates.flush()


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run's folder: what it is, and every update and validation that it has reported so far.

    Raises:
        NotARunError: it is not a run of lnpatch's.
    """
    path = Path(folder)
    info = read_info(path)
    updates: list[Update] = []
    validations: list[Validation] = []
    for entry in _read_entries(path):
        try:
            if "cost" in entry:
                updates.append(Update(entry["epoch"], entry["update"], float(entry["cost"]), float(entry["seconds"])))
            elif "validation" in entry:
                validations.append(Validation(entry["update"], dict(entry["validation"])))
        except (KeyError, TypeError, ValueError) as error:
            raise NotARunError(str(path), f"{UPDATES} has a line that lnpatch did not write: {error!r}", ()) from error
    return Run(path, info, tuple(updates), tuple(validations))


def write_info(folder: Path, info: RunInfo) -> None:
    """Write ``run.json``, whole or not at all."""
    atomic_write(folder / RUN, (json.dumps(asdict(info), indent=2) + "\n").encode())


def read_info(folder: Path) -> RunInfo:
    """Read what a run's folder says about it.

    Raises:
        NotARunError: it is not a run of lnpatch's.
    """
    try:
        table = json.loads((folder / RUN).read_text(encoding="utf-8"))
        known = {name: table[name] for name in RunInfo.__dataclass_fields__ if name in table}
        return RunInfo(**{**known, "state": RunState(table["state"]), "arguments": tuple(table["arguments"])})
    except FileNotFoundError as error:
        siblings = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise NotARunError(str(folder), "there is no run.json in it", close_matches(folder.name, siblings)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotARunError(str(folder), f"its run.json cannot be read: {error}", ()) from error


def last_reported(folder: Path) -> tuple[int, float]:
    """Return the last update that a run has reported, and the seconds up to it: all that a run that was killed has said."""
    last = (0, 0.0)
    for entry in _read_entries(folder):
        try:
            last = (int(entry["update"]), float(entry["elapsed"]))
        except (ValueError, KeyError, TypeError):
            continue
    return last


def make_run_folder(folder: str | None, target: str, cell: str, smoke: bool) -> Path:
    """Make an empty folder for a new run: the one that is named, else ``runs/TARGET/CELL-DATE``.

    Raises:
        RunExistsError: there is something in it.
    """
    if folder is not None:
        path = Path(folder)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunExistsError(str(path), (path / RUN).exists())
        path.mkdir(parents=True, exist_ok=True)
        return path
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = f"{cell}-smoke-{stamp}" if smoke else f"{cell}-{stamp}"
    for number in range(1, 1000):  # several runs may begin within one second
        path = Path("runs") / target / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise RunExistsError(str(Path("runs") / target / name), False)


def time_now() -> str:
    """Return the time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_entries(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the lines of ``updates.jsonl``; one that was cut off when the run was killed is left out."""
    try:
        with (folder / UPDATES).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry
    except FileNotFoundError:
        return
