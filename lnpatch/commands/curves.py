"""``lnpatch curves``: runs against each other, summed up and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.curves import plot
from lnpatch.curves.panels import Panel, make_panels
from lnpatch.curves.read import read_run_series
from lnpatch.curves.summary import CurvesSummary, summarise_runs
from lnpatch.errors import FileError, NothingToDrawError
from lnpatch.files import atomic_write


@dataclass(frozen=True)
class CurvesReport:
    """What was read of the runs, and the files that were written."""

    summary: CurvesSummary
    panels: tuple[Panel, ...]
    figures: tuple[str, ...]


def curves(
    sources: Sequence[str],
    figures: Sequence[Path] = (),
    *,
    metric: str | None = None,
    window: int | None = None,
    valid_every: int | None = None,
) -> CurvesReport:
    """Compare the runs at *sources*, and draw them into the files *figures*.

    Args:
        metric: the validation figure to show.
        window: of the running means of costs, in updates.
        valid_every: the updates between two entries of a statistics pickle.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; no file was written, or changed in part.
    """
    formats = [plot.figure_format(path) for path in figures]
    if figures:
        plot.load_matplotlib()  # says that it is missing before large runs are read
    summary = summarise_runs([read_run_series(source, valid_every) for source in sources], metric, window)
    panels = make_panels(summary)
    if figures and not panels:
        raise NothingToDrawError(sources)
    if figures:
        for path, data in zip(figures, plot.render_figure(panels, formats), strict=True):
            try:
                atomic_write(path, data)
            except OSError as error:
                raise FileError(str(path), error.strerror or str(error)) from error
    return CurvesReport(summary, tuple(panels), tuple(map(str, figures)))
