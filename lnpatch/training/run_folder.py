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
from lnpatch.suggest import close_matches
from lnpatch.training.output import Event, NotANumber, Update, Validation

RUN, LOG, UPDATES = "run.json", "log.txt", "updates.jsonl"

#: Left by the launcher: how the trainer has ended, and which parameters have changed.
OUTCOME, COMPARED = "outcome.json", "compared.json"


class RunState(StrEnum):
    """How a run is or has ended."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    NAN = "nan"


@dataclass(frozen=True)
class RunInfo:
    """What ``run.json`` says. ``command`` runs it again; ``settings`` are those given to the trainer."""

    target: str
    cell: str
    baseline: bool
    runtime: str
    device: str
    smoke: bool
    checkout: str
    commit: str
    modified: bool
    command: str
    settings: Mapping[str, Any]
    arguments: tuple[str, ...]
    versions: Mapping[str, str]
    data: str = ""
    model: str = ""
    started: str = ""
    finished: str | None = None
    state: RunState = RunState.RUNNING
    reason: str = ""
    updates: int = 0
    elapsed: float = 0.0
    format: int = 1


@dataclass
class RunWriter:
    """Writes a run that is under way. ``elapsed`` and the numbers of updates go on from an earlier part of it."""

    folder: Path
    info: RunInfo
    offset: int = 0
    elapsed_before: float = 0.0
    _first: float | None = field(default=None, init=False)
    last: Update | None = field(default=None, init=False)
    nan_at: int | None = field(default=None, init=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the first report, over all parts of the run."""
        return self.elapsed_before + (time.monotonic() - self._first if self._first is not None else 0.0)

    @contextmanager
    def files(self) -> Iterator[tuple[IO[bytes], IO[str]]]:
        """The log and the updates, open to be written on."""
        with (
            (self.folder / LOG).open("ab") as log,
            (self.folder / UPDATES).open("a+", encoding="utf-8", errors="replace") as updates,
        ):
            if self.offset:  # what a killed run has left of a line stays one of its own
                updates.seek(0)
                if not updates.read().endswith("\n"):
                    updates.write("\n")
            yield log, updates

    def record(self, event: Event, updates: IO[str]) -> None:
        """Take note of what the trainer reports."""
        if self._first is None:
            self._first = time.monotonic()
        elapsed = round(self.elapsed, 3)
        if isinstance(event, NotANumber):
            self.nan_at = event.update
            return
        if isinstance(event, Update):
            self.last = event
            entry: dict[str, Any] = asdict(event) | {"elapsed": elapsed}
        else:
            assert isinstance(event, Validation)
            entry = {"update": event.update, "elapsed": elapsed, "validation": event.figures}
        updates.write(json.dumps(entry) + "\n")
        updates.flush()


def write_info(folder: Path, info: RunInfo) -> None:
    """Write ``run.json``, whole or not at all."""
    path = folder / RUN
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(info), indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_info(folder: Path) -> RunInfo:
    """What a run's folder says about it.

    Raises:
        NotARunError: it is no run of lnpatch's.
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
    """The last update that a run has reported, and the seconds up to it; a run that was killed has said no more than that."""
    last = (0, 0.0)
    try:
        with (folder / UPDATES).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                    last = (int(entry["update"]), float(entry["elapsed"]))
                except (ValueError, KeyError, TypeError):  # cut off
                    continue
    except FileNotFoundError:
        pass
    return last


def new_folder(given: str | None, target: str, cell: str, smoke: bool) -> Path:
    """A folder for a new run: the one given, else ``runs/TARGET/CELL-DATE``; made, and empty.

    Raises:
        RunExistsError: there is something in it.
    """
    if given is not None:
        folder = Path(given)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunExistsError(str(folder), (folder / RUN).exists())
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = f"{cell}-smoke-{stamp}" if smoke else f"{cell}-{stamp}"
    for number in range(1, 1000):
        folder = Path("runs") / target / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise RunExistsError(str(Path("runs") / target / name), False)


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
