"""Runs as a table in the long format, one value a line, for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence

from lnpatch.curves.series import RunSeries, Series, take_costs_per_word

#: What each line has: ``elapsed`` are seconds of training, empty where they were not recorded.
COLUMNS = ("run", "cell", "seed", "update", "elapsed", "series", "value")


def render_csv(runs: Sequence[RunSeries]) -> bytes:
    """Return all that *runs* recorded as CSV in UTF-8: costs, costs per word where words are known, validation figures.

    A value that is not finite is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in runs:
        seed = "" if run.seed is None else run.seed
        for name, series in _name_series(run):
            seconds: Sequence[float | None] = series.seconds or [None] * len(series)
            for update, elapsed, value in zip(series.updates, seconds, series.values, strict=True):
                writer.writerow((run.source, run.cell, seed, int(update), _cell(elapsed), name, _cell(value)))
    return text.getvalue().encode("utf-8", "backslashreplace")


def _name_series(run: RunSeries) -> Iterator[tuple[str, Series]]:
    yield "cost", run.cost
    (per_word,) = take_costs_per_word([run])
    if per_word.per_word:
        yield "cost_per_word", per_word.cost
    for name, series in run.validation.items():
        yield f"validation_{name}", series


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.10g}"
