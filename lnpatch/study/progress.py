"""How far a run is, told without reading all of it: its ``run.json``, and the end of its ``updates.jsonl``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.curves.series import higher_is_better
from lnpatch.training.run_folder import RUN, RunInfo, read_info, read_number
from lnpatch.training.update_log import UPDATES, read_last_entries, read_validations

#: The validation figures of which the first that a run has is shown, as by ``lnpatch curves``.
_METRICS = ("error", "cost", "t2i_r1")


@dataclass(frozen=True)
class Best:
    """The best validation figure of a run."""

    name: str
    value: float
    #: The update after which it was reached first.
    update: int


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    folder: Path
    #: What its ``run.json`` says; None where it has none.
    info: RunInfo | None
    #: The last update that was reported.
    updates: int = 0
    #: The mean of the last tenth of the costs, or of as many of them as the end of the file holds; None without any.
    cost: float | None = None

    @property
    def state(self) -> str:
        """How it goes, or has ended: one of :class:`RunState`, or ``to-do``."""
        return str(self.info.state) if self.info is not None else "to-do"

    @property
    def max_updates(self) -> int | None:
        """The update after which it is done; None where it ends by itself, or is not begun."""
        return self.info.max_updates if self.info is not None else None


def read_progress(folder: Path) -> Progress:
    """Read how far the run in *folder* is.

    Raises:
        NotARunError: its ``run.json`` is not one that lnpatch writes.
        OSError: its updates cannot be read.
    """
    info = read_info(folder) if (folder / RUN).exists() else None
    entries = read_last_entries(folder / UPDATES) if info is not None else []
    updates = [entry for entry in entries if "cost" in entry]
    reported = updates[-1]["update"] if updates else 0
    last = updates[-max(1, round(reported / 10)) :]
    costs = [cost for entry in last if math.isfinite(cost := read_number(entry["cost"]))]
    # where not every update is reported, run.json knows more; while it runs, it says where this part began
    made = max(reported, info.updates) if info is not None else 0
    return Progress(folder, info, made, math.fsum(costs) / len(costs) if costs else None)


def find_best_validation(folder: Path) -> Best | None:
    """Return the best validation of a run, by the figure that ``lnpatch curves`` shows; None without any.

    Raises:
        OSError: its updates cannot be read.
    """
    best: dict[str, Best] = {}
    for entry in read_validations(folder / UPDATES):
        for name, value in _finite_figures(entry["validation"]).items():
            if name not in best or _is_better(name, value, best[name].value):
                best[name] = Best(name, value, entry["update"])
    names = [name for name in _METRICS if name in best] or list(best)
    return best[names[0]] if names else None


def _finite_figures(figures: Mapping[str, object]) -> dict[str, float]:
    values = {name: read_number(value) for name, value in figures.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _is_better(name: str, value: float, other: float) -> bool:
    return value > other if higher_is_better(name) else value < other
