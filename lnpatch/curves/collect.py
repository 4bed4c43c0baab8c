"""Collect what a training reports, line by line, into series: updates that count on, and seconds of training."""

from __future__ import annotations

import math
import statistics
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lnpatch.curves.series import RunSeries, Series
from lnpatch.training.output import CostBecameNaN, Event, Update, Validation


def _new_column() -> array[float]:
    return array("d")  # a quarter of a list's memory: runs have a million updates


@dataclass
class _ValidationColumns:
    """The reports of one validation figure; a column each."""

    updates: array[float] = field(default_factory=_new_column)
    values: array[float] = field(default_factory=_new_column)
    elapsed: array[float] = field(default_factory=_new_column)


class RunCollector:
    """Collects the reports of one training, in their order; :meth:`make_series` ends it.

    A training that was resumed by hand counts its updates from 1 again; here they count on.
    """

    def __init__(self, source: str) -> None:
        self.notes: list[str] = []
        self._source = source
        self._nan_at = 0.0
        self._updates, self._costs, self._words, self._own_seconds, self._elapsed = (_new_column() for _ in range(5))
        self._validation: dict[str, _ValidationColumns] = defaultdict(_ValidationColumns)
        self._last_update = self._update_offset = 0.0
        self._last_elapsed = self._elapsed_offset = 0.0
        self._compile_seconds = 0.0

    @property
    def updates(self) -> int:
        """The last update of which there was a report."""
        return int(self._last_update)

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Add one line of a run's ``updates.jsonl``; what is not known in it is passed over.

        An update has ``update``, ``cost``, ``seconds`` (of this update) and ``elapsed`` (since the first report); perhaps
        ``words`` that the cost is summed over, and ``compile``, the seconds of ``elapsed`` that went into compiling since the
        update before. A validation has ``update``, ``elapsed`` and ``validation``, a mapping from names to figures.
        """
        update = finite_number(entry.get("update"))
        figures = entry.get("validation")
        if math.isnan(update) or not (isinstance(figures, Mapping) or "cost" in entry):
            return
        update, elapsed = self._count_on(update, finite_number(entry.get("elapsed")))
        compiling = finite_number(entry.get("compile"))
        if compiling > 0:
            self._compile_seconds += compiling
        elapsed -= self._compile_seconds
        if isinstance(figures, Mapping):
            self._add_validation(update, elapsed, figures)
        else:
            self._words.append(finite_number(entry.get("words")))
            self._add_update(update, elapsed, finite_number(entry["cost"]), finite_number(entry.get("seconds")))

    def add_event(self, event: Event) -> None:
        """Add what the parser of a log made of a line."""
        if isinstance(event, CostBecameNaN):
            self._nan_at = self._nan_at or event.update
        elif isinstance(event, Update):
            self.add_entry({"update": event.update, "cost": event.cost, "seconds": event.seconds})
        elif isinstance(event, Validation):
            self.add_entry({"update": event.update, "validation": event.figures})

    def _add_validation(self, update: float, elapsed: float, figures: Mapping[str, Any]) -> None:
        for name, value in figures.items():
            columns = self._validation[str(name)]
            columns.updates.append(update)
            columns.values.append(finite_number(value))
            columns.elapsed.append(elapsed)

    def _add_update(self, update: float, elapsed: float, cost: float, seconds: float) -> None:
        if math.isnan(cost):
            self._nan_at = self._nan_at or update
        self._updates.append(update)
        self._costs.append(cost)
        self._own_seconds.append(seconds)
        self._elapsed.append(elapsed)

    def make_series(
        self,
        *,
        target: str,
        cell: str,
        baseline: bool,
        state: str = "",
        conditions: Mapping[str, Any] | None = None,
        seed: int | None = None,
        data: str = "",
        data_sha256: str = "",
    ) -> RunSeries:
        """Make the run's series of all that was added."""
        if self._nan_at:
            self.notes.append(f"{self._source}: the cost is not a number at update {self._nan_at:.0f}.")
        own_seconds = [seconds for seconds in self._own_seconds if math.isfinite(seconds)]
        median = statistics.median(own_seconds) if own_seconds else None
        clock, cost_seconds = self._choose_clock(median)
        return RunSeries(
            self._source,
            target,
            cell,
            baseline,
            Series(self._updates, self._costs, cost_seconds),
            self._make_validation(clock, cost_seconds),
            state=state,
            clock=clock,
            seconds_per_update=median,
            conditions=conditions or {},
            notes=tuple(self.notes),
            seed=seed,
            data=data,
            data_sha256=data_sha256,
            words=self._words if self._words and all(words > 0 for words in self._words) else None,
            compile_seconds=self._compile_seconds,
        )

    def _make_validation(self, clock: str, cost_seconds: Sequence[float] | None) -> dict[str, Series]:
        """Return the validation figures, timed by the clock that times the costs."""
        start = self._elapsed[0] - cost_seconds[0] if clock == "wall" and cost_seconds else 0.0
        validation: dict[str, Series] = {}
        for name, columns in self._validation.items():
            seconds: list[float] | None = None
            if clock == "wall" and all(map(math.isfinite, columns.elapsed)):
                seconds = [elapsed - start for elapsed in columns.elapsed]
            elif cost_seconds:
                seconds = _interpolate_seconds(columns.updates, self._updates, cost_seconds)
            validation[name] = Series(columns.updates, columns.values, seconds)
        return validation

    def _count_on(self, update: float, elapsed: float) -> tuple[float, float]:
        """Return the update and the seconds of a report, counted over all parts of the training.

        Updates that go back tell that the training was resumed. Seconds that did not go back with them count on already.
        """
        if update + self._update_offset < self._last_update:
            self.notes.append(f"{self._source}: it was resumed after update {self.updates}, and counted on from there.")
            self._update_offset = self._last_update
            if elapsed + self._elapsed_offset < self._last_elapsed:
                self._elapsed_offset = self._last_elapsed
        self._last_update = update + self._update_offset
        elapsed += self._elapsed_offset
        if math.isfinite(elapsed):
            self._last_elapsed = elapsed
        return self._last_update, elapsed

    def _choose_clock(self, median: float | None) -> tuple[str, list[float] | None]:
        """Return which seconds are known, and those of training up to each update that was reported.

        The wall clock starts with the first report, so what came before it counts with the *median* of an update.
        """
        if self._updates and all(map(math.isfinite, self._elapsed)):
            start = self._elapsed[0] - (median or 0.0) * self._updates[0]
            return "wall", [elapsed - start for elapsed in self._elapsed]
        if self._updates and all(map(math.isfinite, self._own_seconds)):
            seconds, total, last_update = [], 0.0, 0.0
            for update, own in zip(self._updates, self._own_seconds, strict=True):
                # some trainers report every n-th update only, with the seconds of that one
                total += own * (update - last_update)
                last_update = update
                seconds.append(total)
            return "updates", seconds
        return "", None


def finite_number(value: object) -> float:
    """Return a finite number, also from an array that holds just one; NaN for everything else."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        number = float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:  # JSON's and Python's integers have no bound
        return math.nan
    return number if math.isfinite(number) else math.nan


def _interpolate_seconds(
    at_updates: Iterable[float], updates: Sequence[float], seconds: Sequence[float]
) -> list[float]:
    """Return the seconds up to *at_updates*, in proportion between *updates*, whose *seconds* are known, and beyond them."""
    result, index = [], 0
    for update in at_updates:
        while index < len(updates) and updates[index] <= update:
            index += 1
        before, start = (updates[index - 1], seconds[index - 1]) if index else (0.0, 0.0)
        # beyond the last report the training is taken to go on at the speed of all before
        after, end = (updates[index], seconds[index]) if index < len(updates) else (2 * before, 2 * start)
        result.append(start + (end - start) * (update - before) / (after - before))
    return result
