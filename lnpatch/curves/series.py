"""What runs recorded, as columns of numbers, and what is computed of them: running mean, final mean, best value, thinning."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Series:
    """One figure over the course of a run: columns of one length, in the order of training."""

    #: The update after which each value was taken, counted from 1.
    updates: Sequence[float]
    #: The figure; NaN where it was not finite.
    values: Sequence[float]
    #: Seconds of training up to there; None where the run did not record them.
    seconds: Sequence[float] | None = None

    def __len__(self) -> int:
        return len(self.updates)


@dataclass(frozen=True)
class RunSeries:
    """All that one run recorded."""

    #: The path, as the user gave it.
    source: str
    #: The recipe's name; empty where it is not known.
    target: str
    #: ``lngru``, ``gru``, ...; empty where it is not known.
    cell: str
    #: Whether it trains the plain cell.
    baseline: bool
    #: The training cost; may be empty.
    cost: Series
    #: The validation figures by name; may be empty.
    validation: Mapping[str, Series]
    #: ``done``, ``running``, ...; empty where it is not recorded.
    state: str = ""
    #: What the seconds are: ``wall`` with validation and loading of data, ``updates`` alone, or empty.
    clock: str = ""
    #: The median of the updates' own seconds; None where they were not recorded.
    seconds_per_update: float | None = None
    #: What has to agree for two runs to be compared: runtime, device, numeric settings.
    conditions: Mapping[str, Any] = field(default_factory=dict)
    #: The seed of the repository's random numbers; None where it is not known.
    seed: int | None = None
    #: The name of the data's file or folder; empty where it is not known.
    data: str = ""
    #: The SHA-256 of the data; empty where it is not known.
    data_sha256: str = ""
    #: Over how many words each cost is summed; None where that is not known, or the cost is no such sum.
    words: Sequence[float] | None = None
    #: Whether *cost* is per word.
    per_word: bool = False
    #: Seconds that went into compiling between updates; they are not among the seconds of training.
    compile_seconds: float = 0.0
    #: Remarks for people.
    notes: tuple[str, ...] = ()

    @property
    def updates(self) -> int:
        """The last update that was reported, 0 if there is none."""
        last_updates = (series.updates[-1] for series in self._all_series() if len(series))
        return int(max(last_updates, default=0))

    @property
    def seconds(self) -> float | None:
        """Seconds of training up to the last report; None where the run did not record them."""
        return max((series.seconds[-1] for series in self._all_series() if series.seconds), default=None)

    def _all_series(self) -> tuple[Series, ...]:
        return self.cost, *self.validation.values()


def take_costs_per_word(runs: Sequence[RunSeries]) -> tuple[RunSeries, ...]:
    """Return the runs with their costs per word if all of them know their words; else as they are.

    Batches of skip-thoughts hold sentences of one length each, and their costs, sums over all words, differ sevenfold.
    """
    if not all(run.words for run in runs):
        return tuple(runs)
    return tuple(replace(run, cost=_divide(run.cost, run.words or ()), words=None, per_word=True) for run in runs)


def _divide(series: Series, divisors: Sequence[float]) -> Series:
    values = [value / divisor for value, divisor in zip(series.values, divisors, strict=True)]
    return replace(series, values=values)


def cell_title(cell: str) -> str:
    """Return a cell's name as the paper writes it: ``LN-GRU`` for ``lngru``."""
    normalized = re.fullmatch(r"([lb]n)(.+)", cell)
    return "-".join(normalized.groups()).upper() if normalized else cell.upper()


def higher_is_better(metric: str) -> bool:
    """Tell whether a validation figure grows as a model gets better: recall and accuracy do; errors, costs and ranks do not."""
    return re.search(r"(^|_)(r\d+|acc(uracy)?)$", metric) is not None


def find_best(series: Series, metric: str) -> int | None:
    """Return the index of the first of the best values; None where no value is finite."""
    sign = -1.0 if higher_is_better(metric) else 1.0
    finite = [index for index, value in enumerate(series.values) if math.isfinite(value)]
    return min(finite, key=lambda index: sign * series.values[index], default=None)


def running_mean(series: Series, window: int) -> list[float]:
    """Return for each value the mean of those within *window* updates, half before and half after it.

    It is NaN where none of them is finite. One pass over the values, whatever the window.
    """
    updates, values = series.updates, series.values
    means: list[float] = []
    start, stop, total, count = 0, 0, 0.0, 0
    for update in updates:
        while stop < len(values) and updates[stop] <= update + window / 2:
            if math.isfinite(values[stop]):
                total, count = total + values[stop], count + 1
            stop += 1
        while updates[start] < update - window / 2:
            if math.isfinite(gone := values[start]):
                total, count = total - gone, count - 1
            start += 1
            # a spike that leaves the window has cost the sum the digits of everything beside it: add up anew
            if abs(gone) > 1e6 * abs(total):
                total = math.fsum(value for value in values[start:stop] if math.isfinite(value))
        means.append(total / count if count else math.nan)
    return means


def default_window(runs: Sequence[RunSeries]) -> int:
    """Return a window for running means, in updates, the same for all runs: a fiftieth of the shortest, but ten if it has room.

    Batches of skip-thoughts differ in length and so in cost, some sevenfold: a few updates say little.
    """
    shortest = int(min((run.cost.updates[-1] for run in runs if len(run.cost)), default=1))
    return max(1, round(shortest / 50), min(10, shortest // 4))


def thin_points(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Return at most about *limit* points that look like the whole: the least and the greatest of each stretch, in order.

    Points that are not finite are left out.
    """
    finite = [index for index, value in enumerate(y) if math.isfinite(value)]
    if len(finite) > limit:
        stretch = math.ceil(2 * len(finite) / limit)
        kept = {finite[0], finite[-1]}
        for start in range(0, len(finite), stretch):
            indices = finite[start : start + stretch]
            kept |= {min(indices, key=y.__getitem__), max(indices, key=y.__getitem__)}
        finite = sorted(kept)
    return [x[index] for index in finite], [y[index] for index in finite]
