"""Write the report of a study into its folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.curves.summary import CurvesSummary, summarise_runs
from lnpatch.curves.words import compare_in_words
from lnpatch.errors import FileError, PlotLibraryError
from lnpatch.files import atomic_write
from lnpatch.report.compose import compose
from lnpatch.report.experiment import Experiment
from lnpatch.report.figure import draw_figure
from lnpatch.report.html import render_html
from lnpatch.report.markdown import render_markdown
from lnpatch.report.results import render_table

#: The file of the figure, beside the report.
_FIGURE = Path("figures") / "curves.svg"


@dataclass(frozen=True)
class WrittenReport:
    """What a report has come to."""

    #: ``report.html``, ``report.md``, ``table.csv`` and the figure.
    files: tuple[Path, ...] = ()
    #: How the cells compare, a sentence each.
    findings: tuple[str, ...] = ()


def write_report(folder: Path, experiment: Experiment) -> WrittenReport:
    """Write ``report.html``, ``report.md``, ``table.csv`` and the figure into *folder*.

    Each is replaced as a whole. Without matplotlib there is no figure, and the report says so.

    Raises:
        FileError: one cannot be written.
    """
    series = [run.series for run in experiment.runs if run.series is not None]
    summary = summarise_runs(series) if series else None
    figure, missing = _draw(summary)
    if missing:
        experiment = replace(experiment, notes=(*experiment.notes, missing))
    document = compose(experiment, summary, drawn=figure is not None)
    contents = {
        Path("report.html"): render_html(document, figure[1] if figure else "").encode("utf-8", "backslashreplace"),
        Path("report.md"): render_markdown(document, _FIGURE.as_posix() if figure else "").encode(
            "utf-8", "backslashreplace"
        ),
        Path("table.csv"): render_table(experiment, summary),
    }
    if figure:
        contents[_FIGURE] = figure[0]
    for name, data in contents.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, data)
        except OSError as error:
            raise FileError(str(path), error.strerror or str(error)) from error
    findings = tuple(compare_in_words(summary)) if summary is not None else ()
    return WrittenReport(tuple(folder / name for name in contents), findings)


def _draw(summary: CurvesSummary | None) -> tuple[tuple[bytes, str] | None, str]:
    """Return the figure, and why there is none."""
    if summary is None:
        return None, ""
    try:
        return draw_figure(summary), ""
    except PlotLibraryError as error:
        return None, f"There is no figure: {error.message}"
