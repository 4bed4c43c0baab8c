"""What a person sees of checks, evaluations and encodings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.console import _console
from lnpatch.console.setup import setup_progress
from lnpatch.console.training import short_path
from lnpatch.training.output import Event

if TYPE_CHECKING:
    from lnpatch.commands.check import CheckResult, CheckRow
    from lnpatch.commands.encode import Encoding
    from lnpatch.commands.evaluate import Evaluation
    from lnpatch.commands.train import View
    from lnpatch.runtimes.environment import Progress
    from lnpatch.training.run_folder import RunInfo


@contextmanager
def check_view() -> Iterator[tuple[View, Callable[[CheckRow], None]]]:
    """Shows checks while they run, on standard error: each as it is done."""
    with setup_progress() as progress:
        yield (
            QuietView(progress),
            lambda row: progress(f"{'passed' if row.passed else 'FAILED'}: {row.name} {row.dtype}".rstrip()),
        )


class QuietView:
    """Only what is done before a run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def progress(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress(text)

    def start(self, folder: Path, info: RunInfo, max_updates: int | None) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress(f"training {info.target} for one update")

    def line(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""

    def event(self, event: Event) -> None:
        """See :class:`lnpatch.commands.train.View`."""


def check_json(result: CheckResult) -> dict[str, Any]:
    """All checks, for scripts."""
    return asdict(result) | {"passed": result.passed}


def print_check(result: CheckResult) -> None:
    """A table of all checks with their figures, then what those that failed have to say."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    console.print(f"{result.target}, {result.cell}, {result.runtime} ({versions})")
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for name in ("check", "type", "cases", "largest error", "allowed", "seconds", ""):
        table.add_column(name, justify="left" if name in ("check", "type", "") else "right")
    for row in result.rows:
        error = "" if row.largest_error is None else f"{row.largest_error:.2g}"
        allowed = "" if row.tolerance is None else f"{row.tolerance:.2g}"
        state = Text("passed", "green") if row.passed else Text("FAILED", "bold red")
        table.add_row(row.name, row.dtype, str(row.cases), error, allowed, f"{row.seconds:.1f}", state)
    console.print(table)
    for row in result.rows:
        if not row.passed and row.detail:
            console.print(Text(f"{row.name} {row.dtype}: ", "bold red") + Text(row.detail))
    console.print("All checks passed." if result.passed else "Some checks have FAILED.")


def evaluation_json(result: Evaluation) -> dict[str, Any]:
    """The figures of an evaluation, for scripts."""
    return {
        "target": result.target,
        "model": str(result.model.file),
        "data": result.data,
        "figures": dict(result.figures),
        "paper": [asdict(row) for row in result.paper],
        "notes": list(result.notes),
    }


def print_evaluation(result: Evaluation) -> None:
    """The figures of a model, over those of the paper."""
    from rich import box
    from rich.table import Table

    console = _console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("")
    rows = [
        (short_path(result.model.file), result.figures),
        *((f"paper: {row.row}", row.figures) for row in result.paper),
    ]
    names = sorted(result.figures, key=_figure_order)
    for name in names:
        table.add_column(name, justify="right")
    for title, figures in rows:
        table.add_row(title, *(f"{figures[name]:.4g}" if name in figures else "" for name in names))
    console.print(table)


def _figure_order(name: str) -> tuple[str, int, str]:
    """Direction first, then rank: r1, r5, r10, then the others."""
    group, _, rank = name.rpartition("_")
    order = ["r1", "r5", "r10", "medr", "meanr"]
    return group, order.index(rank) if rank in order else len(order), rank


def encoding_json(result: Encoding) -> dict[str, Any]:
    """What was encoded, for scripts."""
    return {
        "target": result.target,
        "model": str(result.model),
        "output": str(result.output),
        "shape": list(result.shape),
        "notes": list(result.notes),
    }


def print_encoding(result: Encoding) -> None:
    """Where the vectors are."""
    count, size = result.shape
    _console().print(f"{count} sentences, vectors of {size} numbers (float32): {short_path(result.output)}")
