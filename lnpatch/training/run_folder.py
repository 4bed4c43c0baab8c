"""A run's folder: what was run, on what, how it went, and every update that the repository reported.

``run.json`` says what it is and how it ended, ``log.txt`` is the whole output, ``updates.jsonl`` has one JSON object for
each reported update (``epoch, update, cost, seconds, elapsed``) and validation (``update, elapsed, validation``), where
``seconds`` are the update's own and ``elapsed`` those since the run's first report; ``compile`` says how many of them since the
update before went into compiling, and ``words`` over how many words the cost is summed, where it is a sum over words. The model lies beside them, and
``saved.json``, which says the update that it belongs to. ``run.lock`` is locked as long as a process trains there.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from lnpatch.errors import NotARunError, RunExistsError
from lnpatch.files import atomic_write
from lnpatch.suggest import close_matches
from lnpatch.training.output import Update, Validation
from lnpatch.training.run_lock import LOCK, Holder, is_locked, read_holder
from lnpatch.training.update_log import UPDATES, UpdateLog

RUN, LOG, SAVED = "run.json", "log.txt", "saved.json"

#: Left by the launcher: how the trainer has ended.
OUTCOME = "outcome.json"

#: Bytes of a ``run.json``; lnpatch writes some thousands.
_LARGEST_INFO = 10_000_000

#: Seconds without a sign of life after which nothing is known of a run on another machine.
_SIGN_OF_LIFE = 600.0


class RunState(StrEnum):
    """How a run is going, or has ended."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    NAN = "nan"
    #: It says that it runs, and its process is not there any more. Never written: a killed process writes nothing.
    KILLED = "killed"
    #: It says that it runs, on another machine or under an earlier lnpatch, and has not been heard of for a while.
    UNKNOWN = "unknown"


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
    #: The line for a shell that does what has started it, or its last part: of this lnpatch, or of the launcher alone where
    #: an earlier lnpatch made the run.
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
    #: Why it has failed or was stopped, or is done with fewer updates than were asked for.
    reason: str = ""
    #: The updates made, those before a resume counted in.
    updates: int = 0
    #: Seconds from the first report to the last.
    elapsed: float = 0.0
    #: The version of this format.
    format: int = 1
    #: The process that trains, or has trained; None where an earlier lnpatch did not say.
    pid: int | None = None
    #: The machine that it is on.
    host: str = ""
    #: When the system says that the process began, which tells it from a later one with its number.
    process_start: str = ""
    #: The seed of the repository's random numbers; None where they were left alone.
    seed: int | None = None
    #: What PyTensor computes with, as ``--backend`` says it.
    backend: str = ""
    #: The SHA-256 of the data, of all its files; empty for tiny data.
    data_sha256: str = ""
    #: What the factors of matrix products are rounded to, as ``--precision`` says it; empty under an earlier lnpatch.
    precision: str = ""
    #: The recipe, as a command line names it from anywhere: by its name, or as an absolute path.
    recipe: str = ""
    #: The update after which it is done; None where it ends by itself.
    max_updates: int | None = None
    #: What is kept out of training: a share of the data, such as ``5%``, or the path of a text; empty where nothing is.
    held_out: str = ""
    #: The updates from one computation of its cost to the next.
    held_out_every: int | None = None
    #: The experiment trackers that are told of it, as ``--log-to`` names them.
    log_to: tuple[str, ...] = ()

    @property
    def holder(self) -> Holder | None:
        """The process that trains, or has trained."""
        return None if self.pid is None else Holder(self.pid, self.host, self.started, self.process_start)


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


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run's folder: what it is, and every update and validation that it has reported so far.

    Raises:
        NotARunError: it is not a run of lnpatch's.
    """
    path = Path(folder)
    info = read_info(path)
    updates: list[Update] = []
    validations: list[Validation] = []
    for entry in UpdateLog(path / UPDATES).entries():
        if "cost" in entry:
            epoch = entry.get("epoch")
            cost, seconds = read_number(entry["cost"]), read_number(entry.get("seconds"))
            updates.append(Update(epoch if type(epoch) is int else 0, entry["update"], cost, seconds))
        else:
            figures = {name: read_number(value) for name, value in entry["validation"].items()}
            validations.append(Validation(entry["update"], figures))
    return Run(path, info, tuple(updates), tuple(validations))


def read_number(value: object) -> float:
    """Return a number of JSON; NaN for anything else."""
    try:
        return float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:  # JSON's integers have no bound
        return math.nan


def write_info(folder: Path, info: RunInfo) -> None:
    """Write ``run.json``, whole or not at all."""
    atomic_write(folder / RUN, (json.dumps(asdict(info), indent=2) + "\n").encode())


def read_info(folder: Path) -> RunInfo:
    """Read what a run's folder says about it; a run whose process is not there any more is told as killed.

    Raises:
        NotARunError: it is not a run of lnpatch's.
    """
    file = folder / RUN
    if not file.exists():
        siblings = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise NotARunError(str(folder), "there is no run.json in it", close_matches(folder.name, siblings))
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_INFO:
            raise ValueError("it is no file that lnpatch writes")
        info = parse_info(json.loads(file.read_text(encoding="utf-8-sig")))
    except json.JSONDecodeError as error:
        reason = f"{file}:{error.lineno}: its run.json cannot be read: {error.msg}"
        raise NotARunError(str(folder), reason, ()) from error
    except (OSError, ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise NotARunError(str(folder), f"{file}: its run.json cannot be read: {reason}", ()) from error
    return _find_state(folder, info) if info.state is RunState.RUNNING else info


def parse_info(table: Any) -> RunInfo:
    """Return what a ``run.json`` says.

    Raises:
        ValueError: a key is missing, or has a value that lnpatch does not write.
    """
    if not isinstance(table, dict):
        raise ValueError("expected a table")
    values: dict[str, Any] = {}
    for name, spec in RunInfo.__dataclass_fields__.items():
        if name in table:
            expected, is_right = _INFO_TYPES[str(spec.type)]
            if not is_right(table[name]):
                raise ValueError(f"{name}: expected {expected}, found {_shorten(table[name])}")
            values[name] = table[name]
        elif name in _REQUIRED:
            raise ValueError(f"{name} is missing")
    if values.get("model") and (Path(values["model"]).name != values["model"] or values["model"] == ".."):
        raise ValueError(f"model: expected the name of a file in the folder, found {_shorten(values['model'])}")
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return RunInfo(**{**values, **lists, "state": RunState(values["state"])})


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, str)) or (type(value) is int and abs(value) < 2**63)


#: For each type of a field what it has to be, in words and as a test.
_INFO_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", _is_text),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "int": ("a number from 0", _is_count),
    "int | None": ("a number from 0, or null", lambda value: value is None or _is_count(value)),
    "float": (
        "a finite number from 0",
        lambda value: type(value) in (int, float) and read_number(value) >= 0 and math.isfinite(read_number(value)),
    ),
    "str | None": ("a string or null", lambda value: value is None or _is_text(value)),
    "RunState": ("one of " + ", ".join(RunState), lambda value: _is_text(value) and value in list(RunState)),
    "tuple[str, ...]": ("a list of strings", lambda value: isinstance(value, list) and all(map(_is_text, value))),
    "Mapping[str, str]": (
        "a table of strings",
        lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    ),
    "Mapping[str, Any]": (
        "a table of numbers, words and truth values",
        lambda value: isinstance(value, dict) and all(map(_is_scalar, value.values())),
    ),
}

#: The keys without which a ``run.json`` is none.
_REQUIRED = ("target", "cell", "baseline", "runtime", "device", "smoke", "checkout", "commit", "modified", "command",
             "settings", "arguments", "versions", "state")  # fmt: skip


def _shorten(value: object) -> str:
    """Return a value of JSON as it can be shown."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # an integer of too many digits
        return "something else"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _find_state(folder: Path, info: RunInfo) -> RunInfo:
    """Return what is so of a run that says that it runs."""
    if is_locked(folder):
        return info
    if (ended := _read_outcome(folder, info)) is not None:
        return ended
    holder = info.holder or read_holder(folder)
    if holder is not None and holder.is_here():
        return info if holder.is_alive() else replace(info, state=RunState.KILLED, reason=f"{holder} was killed")
    if (age := time.time() - _last_sign_of_life(folder)) < _SIGN_OF_LIFE:
        return info
    where = str(holder) if holder else f"a process that began {info.started}"
    reason = f"it was last trained by {where}, and has not been heard of for {age / 60:.0f} minutes"
    return replace(info, state=RunState.UNKNOWN, reason=reason)


def _read_outcome(folder: Path, info: RunInfo) -> RunInfo | None:
    """Return how a trainer has ended whose lnpatch was killed."""
    try:
        outcome = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
        state, updates = RunState(outcome["state"]), outcome["updates"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return replace(info, state=state, updates=info.updates + updates) if _is_count(updates) else None


def _last_sign_of_life(folder: Path) -> float:
    """Return when a file of a run was last written, in seconds since the epoch."""
    files = [folder / name for name in (RUN, LOG, UPDATES, SAVED)]
    return max((file.stat().st_mtime for file in files if file.exists()), default=0.0)


def make_run_folder(folder: str | None, runs: str, target: str, cell: str, smoke: bool) -> Path:
    """Make an empty folder for a new run: the one that is named, else ``TARGET/CELL-DATE`` in the folder *runs*.

    Raises:
        RunExistsError: there is something in it.
    """
    if folder is not None:
        path = _require_empty(Path(folder))
        path.mkdir(parents=True, exist_ok=True)
        return path
    name = _name_run(cell, smoke)
    for number in range(1, 1000):  # several runs may begin within one second
        path = Path(runs) / target / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise RunExistsError(str(Path(runs) / target / name), False)


def propose_run_folder(folder: str | None, runs: str, target: str, cell: str, smoke: bool) -> Path:
    """Return the folder of a new run that will be made when the run begins: as :func:`make_run_folder`.

    Raises:
        RunExistsError: there is something in it.
    """
    if folder is not None:
        return _require_empty(Path(folder))
    # nothing keeps the name until then, and several may be proposed within one second
    return Path(runs) / target / f"{_name_run(cell, smoke)}-{secrets.token_hex(2)}"


def _require_empty(folder: Path) -> Path:
    """Return a folder that is not there, or has nothing in it.

    Raises:
        RunExistsError: there is something in it.
    """
    # a process that was killed before it wrote anything leaves its lock
    if folder.exists() and (not folder.is_dir() or any(file.name != LOCK for file in folder.iterdir())):
        raise RunExistsError(str(folder), (folder / RUN).exists())
    return folder


def _name_run(cell: str, smoke: bool) -> str:
    """Return the name of a new run."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return f"{cell}-smoke-{stamp}" if smoke else f"{cell}-{stamp}"


def time_now() -> str:
    """Return the time, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
