"""What runs have left on disk: the folder of a run, a statistics pickle of attentive-reader, a log of a training."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lnpatch.curves.progress import Progress, number
from lnpatch.curves.series import Run, Series
from lnpatch.errors import FileError, NoUpdatesError, RunFormatError, RunNotFoundError
from lnpatch.pickles.load import load_pickle
from lnpatch.training.output import OutputParser, Validation
from lnpatch.training.run_folder import LOG, RUN, UPDATES, read_info

#: The format of a run's folder that is known here.
_FORMAT = 1

#: Validation happens every so many updates in attentive-reader unless it is told otherwise.
_VALID_EVERY = 1000

#: The lists of a statistics pickle, by the figure that they hold.
_STATS_COST = "train_cost_ave"
_STATS_VALIDATION = {"error": "valid_errs", "cost": "valid_costs"}

#: The cell among the options that a trainer prints when it starts.
_CELL_OPTION = re.compile(r"'(?:encoder|unit_type)': u?'(\w+)'")


def read(source: str, valid_every: int | None = None) -> Run:
    """The run at *source*.

    Args:
        source: a run's folder or one of lnpatch's files in it, a statistics pickle (``.pkl``), or a log.
        valid_every: the updates between two entries of a statistics pickle; by default what its name says.

    Raises:
        RunNotFoundError: there is nothing.
        NotARunError: it is a folder, but no run's.
        RunFormatError: it cannot be read as what it seems to be.
        NoUpdatesError: nothing has been recorded yet.
        LnpatchError: what :mod:`lnpatch.pickles.load` says of a pickle.
    """
    path = Path(source)
    try:
        if path.is_dir():
            run = _read_folder(source, path)
        elif not path.exists():
            raise RunNotFoundError(source)
        elif path.name in (RUN, UPDATES, LOG) and (path.parent / RUN).is_file():
            run = _read_folder(source, path.parent)
        elif path.suffix in (".pkl", ".pickle"):
            run = _read_stats(source, path, valid_every)
        else:
            run = _read_log(source, path)
    except OSError as error:
        raise FileError(str(error.filename or source), error.strerror or str(error)) from error
    if not run.updates:
        raise NoUpdatesError(source, run.state)
    return run


# A run's folder


def _read_folder(source: str, folder: Path) -> Run:
    info = read_info(folder)
    if info.format != _FORMAT:
        raise RunFormatError(str(folder), f"its format is {info.format}, and this lnpatch knows {_FORMAT}")
    progress = Progress(source)
    lines = folder / UPDATES
    if lines.exists():
        for entry in _entries(lines, progress.notes):
            progress.add(entry)
    conditions = {"runtime": info.runtime, "device": info.device, "smoke": info.smoke}
    # settings in words are paths, names and the cell itself
    numbers = {key: value for key, value in sorted(info.settings.items()) if isinstance(value, (int, float))}
    return progress.run(
        target=info.target,
        cell=info.cell,
        baseline=info.baseline,
        state=info.state,
        conditions=conditions | numbers,
    )


def _entries(file: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines. The last line may be half written; another that is broken gets a note."""
    broken = 0
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                entry = json.loads(line)
            except ValueError:
                entry = None
            if isinstance(entry, dict):
                yield entry
            elif line.strip() and line.endswith(b"\n"):
                broken = broken or number
    if broken:
        notes.append(f"{file}: broken lines were left out, the first is line {broken}.")


# Statistics of attentive-reader


def _read_stats(source: str, path: Path, valid_every: int | None) -> Run:
    """A ``stats_*.npz.pkl``: a dictionary of lists with one entry at each validation."""
    stats = load_pickle(path)
    if not isinstance(stats, Mapping):
        raise RunFormatError(source, f"it holds a {type(stats).__name__}, not the statistics of a training")
    columns = {name: _column(stats.get(key)) for name, key in _STATS_VALIDATION.items()}
    costs = _column(stats.get(_STATS_COST))
    if not costs and not any(columns.values()):
        keys = ", ".join((_STATS_COST, *_STATS_VALIDATION.values()))
        raise RunFormatError(source, f"it has none of the lists {keys}")
    notes = []
    every = valid_every or _named_frequency(path.name)
    if not every:
        every = _VALID_EVERY
        notes.append(
            f"{source}: taken as validated every {every} updates, as the repository does; --valid-every says else."
        )

    def series(values: array[float]) -> Series:
        return Series(array("d", range(every, every * (len(values) + 1), every)), values)

    cell = _named_cell(path.name)
    validation = {name: series(values) for name, values in columns.items() if values}
    return Run(source, "attentive-reader", cell, _is_plain(cell), series(costs), validation, notes=tuple(notes))


def _column(values: object) -> array[float]:
    return array("d", map(number, values)) if isinstance(values, Iterable) else array("d")


def _named_frequency(name: str) -> int:
    found = re.search(r"validFre(?:q)?_(\d+)", name)
    return int(found[1]) if found else 0


def _named_cell(name: str) -> str:
    """The cell in a file's name, in which ``lstm_s1`` is the model's name and the encoder's unit comes before it."""
    found = (
        re.search(r"encoderq_([a-z]+)", name)
        or re.search(r"([lb]n(?:lstm|gru))", name)
        or re.search(r"(lstm|gru)", name)
    )
    return found[1] if found else ""


# Logs


def _read_log(source: str, path: Path) -> Run:
    """What a repository printed while it trained. Its validation figures tell which repository it was, if any does."""
    from lnpatch.recipes import known

    with path.open("rb") as start:
        if b"\0" in start.read(4096):
            raise RunFormatError(source, "it is no text")
    parsers = {
        recipe.name: OutputParser(job.validation)
        for recipe in known()
        for job in recipe.jobs.values()
        if job.validation
    }
    progress = Progress(source)
    plain = OutputParser()
    target = cell = ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            for event in plain.parse(line):
                progress.take(event)
            for name, parser in parsers.items():
                for event in parser.parse(line):
                    if isinstance(event, Validation):
                        target = target or name
                        progress.take(event)
            if not cell and (option := _CELL_OPTION.search(line)):
                cell = option[1]
    if not progress.updates:
        raise RunFormatError(source, "it has no line of a training, `Epoch 0 Update 1 Cost 2.5 UD 0.1`")
    cell = cell or _named_cell(path.name)
    return progress.run(target=target, cell=cell, baseline=_is_plain(cell))


def _is_plain(cell: str) -> bool:
    """Whether a cell is a baseline, where nothing is recorded of it."""
    return cell in ("gru", "lstm")
