"""Figures over the course of a run, and what is computed of them: running mean, final mean, best value, thinning."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Series:
    """One figure over the course of a run: columns of one length, in the order of training.

    Attributes:
        updates: the update after which each value was taken, counted from 1.
        values: the figure; NaN where it was not finite.
        seconds: of training up to there; None where the run did not record them.
    """

    updates: Sequence[float]
    values: Sequence[float]
    seconds: Sequence[float] | None = None

    def __len__(self) -> int:
        return len(self.updates)


@dataclass(frozen=True)
class Run:
    """What one run has recorded.

    Attributes:
        source: the path, as the user gave it.
        target: the recipe's name; empty where it is not known.
        cell: ``lngru``, ``gru``, ...; empty where it is not known.
        baseline: whether it trains the plain cell.
        state: ``done``, ``running``, ...; empty where it is not recorded.
        clock: what the seconds are: ``wall`` with validation and loading of data, ``updates`` alone, or empty.
        cost: the training cost; may be empty.
        validation: the validation figures by name; may be empty.
        seconds_per_update: the median of the updates' own seconds; None where they were not recorded.
        conditions: what has to agree for two runs to be compared: runtime, device, numeric settings.
        notes: remarks for people.
    """

    source: str
    target: str
    cell: str
    baseline: bool
    cost: Series
    validation: Mapping[str, Series]
    state: str = ""
    clock: str = ""
    seconds_per_update: float | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def updates(self) -> int:
        """The last update that was reported."""
        return int(
            max((series.updates[-1] for series in (self.cost, *self.validation.values()) if len(series)), default=0)
        )

    @property
    def seconds(self) -> float | None:
        """The seconds of training up to the last report."""
        known = [series.seconds[-1] for series in (self.cost, *self.validation.values()) if series.seconds]
        return max(known, default=None)


def cell_title(cell: str) -> str:
    """A cell as the paper writes it: ``LN-GRU`` for ``lngru``."""
    normalized = re.fullmatch(r"([lb]n)(.+)", cell)
    return "-".join(normalized.groups()).upper() if normalized else cell.upper()


def higher_is_better(metric: str) -> bool:
    """Whether a validation figure grows as a model gets better: recall and accuracy do; errors, costs and ranks do not."""
    return re.search(r"(^|_)(r\d+|acc(uracy)?)$", metric) is not None


def best(series: Series, metric: str) -> int | None:
    """The index of the first best value; None where there is none."""
    sign = -1.0 if higher_is_better(metric) else 1.0
    finite = [index for index, value in enumerate(series.values) if math.isfinite(value)]
    return min(finite, key=lambda index: sign * series.values[index], default=None)


def final_mean(series: Series, share: float = 0.1) -> float | None:
    """The mean of the last *share* of the values, of one at least; None where none of them is finite."""
    last = series.values[-max(1, round(share * len(series))) :]
    finite = [value for value in last if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else None


def running_mean(series: Series, window: int) -> list[float]:
    """The mean of the values within *window* updates, half before and half after; NaN where none of them is finite."""
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
            if abs(gone) > 1e6 * abs(total):  # a spike took the digits of the rest with it
                total = math.fsum(value for value in values[start:stop] if math.isfinite(value))
        means.append(total / count if count else math.nan)
    return means


def default_window(runs: Sequence[Run]) -> int:
    """A window for running means, in updates, the same for all runs: a fiftieth of the shortest, but ten if it has room.

    Batches of skip-thoughts differ in length and so in cost, some sevenfold: a few updates say little.
    """
    shortest = int(min((run.cost.updates[-1] for run in runs if len(run.cost)), default=1))
    return max(1, round(shortest / 50), min(10, shortest // 4))


def thin(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """At most about *limit* points that look like the whole: of each stretch the least and the greatest, in their order.

    Points that are not finite are left out.
    """
    finite = [index for index, value in enumerate(y) if math.isfinite(value)]
    if len(finite) > limit:
        stretch = math.ceil(2 * len(finite) / limit)
        kept = {finite[0], finite[-1]}
        for start in range(0, len(finite), stretch):
            part = finite[start : start + stretch]
            kept |= {min(part, key=y.__getitem__), max(part, key=y.__getitem__)}
        finite = sorted(kept)
    return [x[index] for index in finite], [y[index] for index in finite]
