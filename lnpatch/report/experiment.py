"""What a report is made of. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lnpatch.curves.series import RunSeries
from lnpatch.recipes.job import PaperRow


@dataclass(frozen=True)
class ReportRun:
    """One training, and what its model came to."""

    cell: str
    seed: int
    #: ``done``, ``running``, ``failed``, ...
    state: str
    #: What it has recorded; None where there is nothing yet.
    series: RunSeries | None
    #: The figures of its model, by task.
    evaluation: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: Why it is not done.
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """A setting of the paper, beside the one here."""

    name: str
    paper: str
    here: str


@dataclass(frozen=True)
class Experiment:
    """A comparison of cells, to be reported."""

    #: The recipe's name.
    target: str
    #: What the model is, in the paper's words.
    title: str
    #: The publication.
    paper: str
    #: In the order of the tables, baselines first.
    cells: tuple[str, ...]
    runs: tuple[ReportRun, ...]
    #: What was published for the same evaluation; none beside tiny data.
    rows: tuple[PaperRow, ...]
    #: What differs from the paper's training.
    differences: tuple[Difference, ...]
    #: The command that does all of it again.
    command: str
    #: The same, step by step.
    steps: tuple[str, ...]
    #: The machine, by what it is that is said of it.
    machine: Mapping[str, str]
    #: Versions by name.
    versions: Mapping[str, str]
    #: The checkouts: the commit and the SHA-256 of the patch.
    sources: tuple[str, ...]
    #: Whether it was trained on tiny data made for it.
    smoke: bool = False
    #: Remarks for people.
    notes: tuple[str, ...] = ()
