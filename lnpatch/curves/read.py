"""Read what a run left on disk: its folder, a statistics pickle of attentive-reader, or a log of a training."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

from lnpatch.curves.collect import RunCollector, finite_number
from lnpatch.curves.series import RunSeries, Series
from lnpatch.errors import FileError, NoUpdatesError, RunFormatError, RunNotFoundError
from lnpatch.pickles.load import load_pickle
from lnpatch.training.output import OutputParser, Validation
from lnpatch.training.run_folder import LOG, RUN, RunState, read_info
from lnpatch.training.update_log import UPDATES, UpdateLog, read_lines

#: The format of a run's folder that is read here.
_FORMAT = 1

#: The updates between two validations in attentive-reader unless it is told otherwise.
_VALID_EVERY = 1000

#: The lists of a statistics pickle: of the training cost, and of the validation figures by their names.
_STATS_COST = "train_cost_ave"
_STATS_VALIDATION = {"error": "valid_errs", "cost": "valid_costs"}

#: Bytes of a line of a log that are looked at.
_LONGEST_LINE = 8192

#: The cell among the options that a trainer prints when it starts, as Python 2 or 3 prints a dictionary.
_CELL_OPTION = re.compile(r"'(?:encoder|unit_type)': u?'(\w{1,100})'")


def read_run_series(source: str, valid_every: int | None = None) -> RunSeries:
    """Read the run at *source*.

    Args:
        source: a run's folder or one of lnpatch's files in it, a statistics pickle (``.pkl``), or a log.
        valid_every: the updates between two entries of a statistics pickle; by default what its name says.

    Raises:
        RunNotFoundError: there is nothing.
        NotARunError: it is a folder, but not a run's.
        RunFormatError: it cannot be read as what it seems to be.
        NoUpdatesError: nothing has been recorded yet.
        LnpatchError: a pickle is refused or broken; see :func:`lnpatch.pickles.load.load_pickle`.
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
            run = _read_statistics(source, path, valid_every)
        else:
            run = _read_log(source, path)
    except OSError as error:
        raise FileError(str(error.filename or source), error.strerror or str(error)) from error
    if not run.updates:
        raise NoUpdatesError(source, run.state)
    return run


# A run's folder


def _read_folder(source: str, folder: Path) -> RunSeries:
    info = read_info(folder)
    if info.format != _FORMAT:
        raise RunFormatError(
            str(folder), f"its format is {info.format}, and this version of lnpatch reads format {_FORMAT}"
        )
    collector = RunCollector(source)
    log = UpdateLog(folder / UPDATES)
    for entry in log.entries():
        collector.add_entry(entry)
    collector.notes.extend(log.notes())
    if info.state in (RunState.KILLED, RunState.UNKNOWN):
        collector.notes.append(f"{source}: {info.reason}.")
    conditions = {"runtime": info.runtime, "device": info.device, "smoke": info.smoke}
    if info.precision:
        conditions["precision"] = info.precision
    # settings in words are left out: they are paths, names and the cell itself, which differ between runs to compare; and so
    # do seeds, which the run itself has
    numbers = {
        key: value
        for key, value in sorted(info.settings.items())
        if isinstance(value, (int, float)) and "seed" not in key
    }
    return collector.make_series(
        target=info.target,
        cell=info.cell,
        baseline=info.baseline,
        state=info.state,
        conditions=conditions | numbers,
        seed=info.seed,
        data=Path(info.data).name,
        data_sha256=info.data_sha256,
    )


# Statistics of attentive-reader


def _read_statistics(source: str, path: Path, valid_every: int | None) -> RunSeries:
    """Read a ``stats_*.npz.pkl``: a dictionary of lists with one entry at each validation."""
    statistics = load_pickle(path)
    if not isinstance(statistics, Mapping):
        raise RunFormatError(source, f"it holds a {type(statistics).__name__}, not the statistics of a training")
    columns = {name: _make_column(statistics.get(key)) for name, key in _STATS_VALIDATION.items()}
    costs = _make_column(statistics.get(_STATS_COST))
    if not costs and not any(columns.values()):
        keys = ", ".join((_STATS_COST, *_STATS_VALIDATION.values()))
        raise RunFormatError(source, f"it has none of the lists {keys}")
    notes = []
    every = valid_every or _find_frequency(path.name)
    if not every:
        every = _VALID_EVERY
        notes.append(
            f"{source}: assumed one validation every {every} updates, the repository's default; "
            "--valid-every sets another number."
        )

    def make_series(values: array[float]) -> Series:
        return Series(array("d", range(every, every * (len(values) + 1), every)), values)

    cell = _find_cell(path.name)
    validation = {name: make_series(values) for name, values in columns.items() if values}
    return RunSeries(
        source, "attentive-reader", cell, _is_plain(cell), make_series(costs), validation, notes=tuple(notes)
    )


def _make_column(values: object) -> array[float]:
    return array("d", map(finite_number, values)) if isinstance(values, Iterable) else array("d")


def _find_frequency(name: str) -> int:
    """Return the updates between two validations that a file's name tells, 0 if it tells none."""
    match = re.search(r"validFre(?:q)?_(\d+)", name)
    return int(match[1]) if match else 0


def _find_cell(name: str) -> str:
    """Return the cell in a file's name, empty if there is none.

    attentive-reader's names end in ``lstm_s1`` whatever the cell is: the encoder's own option, which comes before, counts.
    """
    match = (
        re.search(r"encoderq_([a-z]+)", name)
        or re.search(r"([lb]n(?:lstm|gru))", name)
        or re.search(r"(lstm|gru)", name)
    )
    return match[1] if match else ""


# Logs


def _read_log(source: str, path: Path) -> RunSeries:
    """Read what a repository printed while it trained; the form of its validation figures tells which repository it was."""
    from lnpatch.recipes import known_recipes  # only a log needs the recipes, which take 40 ms to import

    if not path.is_file():  # a pipe would never end
        raise RunFormatError(source, "it is neither a file nor a folder")
    with path.open("rb") as start:
        if b"\0" in start.read(4096):
            raise RunFormatError(source, "it is not a text file")
    parsers = {
        recipe.name: OutputParser(job.validation)
        for recipe in known_recipes()
        for job in recipe.jobs.values()
        if job.validation
    }
    collector = RunCollector(source)
    update_parser = OutputParser()
    target = cell = ""
    with path.open("rb") as stream:
        for _, raw in read_lines(stream):
            line = raw[:_LONGEST_LINE].decode("utf-8", "replace")
            for event in update_parser.parse(line):
                collector.add_event(event)
            for name, parser in parsers.items():
                for event in parser.parse(line):
                    if isinstance(event, Validation):
                        target = target or name
                        collector.add_event(event)
            if not cell and (option := _CELL_OPTION.search(line)):
                cell = option[1]
    if not collector.updates:
        raise RunFormatError(source, "it has no line of a training, such as `Epoch 0 Update 1 Cost 2.5 UD 0.1`")
    cell = cell or _find_cell(path.name)
    return collector.make_series(target=target, cell=cell, baseline=_is_plain(cell))


def _is_plain(cell: str) -> bool:
    """Tell whether a cell is a baseline, for files that do not record it."""
    return cell in ("gru", "lstm")
