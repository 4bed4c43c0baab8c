"""``lnpatch curves``: runs against each other, summed up and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.curves import plot
from lnpatch.curves.long_table import render_csv
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
    """Compare the runs at *sources*, and draw them into the files *figures*; one that ends in ``.csv`` gets their numbers.

    Args:
        metric: the validation figure to show.
        window: of the running means of costs, in updates.
        valid_every: the updates between two entries of a statistics pickle.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; no file was written, or changed in part.
    """
    formats = {path: plot.figure_format(path) for path in figures if not _is_table(path)}
    if formats:
        plot.load_matplotlib()  # says that it is missing before large runs are read
    runs = [read_run_series(source, valid_every) for source in sources]
    summary = summarise_runs(runs, metric, window)
    panels = make_panels(summary)
    if formats and not panels:
        raise NothingToDrawError(sources)
    drawn = plot.render_figure(panels, list(formats.values()), summary.title) if formats else []
    contents = dict(zip(formats, drawn, strict=True)) | {path: render_csv(runs) for path in figures if _is_table(path)}
    for path in figures:
        try:
            atomic_write(path, contents[path])
        except OSError as error:
            raise FileError(str(path), error.strerror or str(error)) from error
    return CurvesReport(summary, tuple(panels), tuple(map(str, figures)))


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv"
