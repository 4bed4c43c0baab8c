"""From what a training reports, line by line, to the series of a run: updates that count on, and seconds of training."""

from __future__ import annotations

import math
import statistics
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lnpatch.curves.series import Run, Series
from lnpatch.training.output import CostBecameNaN, Event, Update, Validation


class Progress:
    """Collects the reports of one training.

    A training that was resumed by hand counts its updates from 1 again; here they count on.
    """

    def __init__(self, source: str) -> None:
        self.notes: list[str] = []
        self._source = source
        self._nan_at = 0.0
        self._updates, self._costs, self._own, self._elapsed = (array("d") for _ in range(4))
        self._validation: dict[str, tuple[array[float], array[float], array[float]]] = {}
        self._last_update = self._update_offset = 0.0
        self._last_elapsed = self._elapsed_offset = 0.0

    @property
    def updates(self) -> int:
        """The last update of which there was a report."""
        return int(self._last_update)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Take one line of a run's ``updates.jsonl``; what is not known in it is passed over.

        An update has ``update``, ``cost``, ``seconds`` (of this update) and ``elapsed`` (since the first report), a
        validation ``update``, ``elapsed`` and ``validation``, a mapping from names to figures.
        """
        update = number(entry.get("update"))
        figures = entry.get("validation")
        if math.isnan(update) or not (isinstance(figures, Mapping) or "cost" in entry):
            return
        update, elapsed = self._count_on(update, number(entry.get("elapsed")))
        if isinstance(figures, Mapping):
            for name, value in figures.items():
                columns = self._validation.setdefault(str(name), (array("d"), array("d"), array("d")))
                for column, item in zip(columns, (update, number(value), elapsed), strict=True):
                    column.append(item)
        else:
            cost = number(entry["cost"])
            if math.isnan(cost):
                self._nan_at = self._nan_at or update
            self._updates.append(update)
            self._costs.append(cost)
            self._own.append(number(entry.get("seconds")))
            self._elapsed.append(elapsed)

    def take(self, event: Event) -> None:
        """Take what the parser of a log has found."""
        if isinstance(event, CostBecameNaN):
            self._nan_at = self._nan_at or event.update
        elif isinstance(event, Update):
            self.add({"update": event.update, "cost": event.cost, "seconds": event.seconds})
        elif isinstance(event, Validation):
            self.add({"update": event.update, "validation": event.figures})

    def run(
        self,
        *,
        target: str,
        cell: str,
        baseline: bool,
        state: str = "",
        conditions: Mapping[str, Any] | None = None,
    ) -> Run:
        """The run, of all that was taken."""
        if self._nan_at:
            self.notes.append(f"{self._source}: the cost is not a number at update {self._nan_at:.0f}.")
        own = [seconds for seconds in self._own if math.isfinite(seconds)]
        median = statistics.median(own) if own else None
        clock, cost_seconds = self._clock(median)
        start = self._elapsed[0] - cost_seconds[0] if clock == "wall" and cost_seconds else 0.0
        validation: dict[str, Series] = {}
        for name, (updates, values, elapsed) in self._validation.items():
            seconds: list[float] | None = None
            if clock == "wall" and all(map(math.isfinite, elapsed)):
                seconds = [moment - start for moment in elapsed]
            elif cost_seconds:
                seconds = _seconds_at(updates, self._updates, cost_seconds)
            validation[name] = Series(updates, values, seconds)
        return Run(
            self._source,
            target,
            cell,
            baseline,
            Series(self._updates, self._costs, cost_seconds),
            validation,
            state=state,
            clock=clock,
            seconds_per_update=median,
            conditions=conditions or {},
            notes=tuple(self.notes),
        )

    def _count_on(self, update: float, elapsed: float) -> tuple[float, float]:
        """The update and the seconds of a report, over all parts of the training."""
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

    def _clock(self, median: float | None) -> tuple[str, list[float] | None]:
        """Which seconds are known, and those of training up to each update that was reported.

        The wall clock starts with the first report, so what came before it counts with the *median* of an update.
        """
        if self._updates and all(map(math.isfinite, self._elapsed)):
            start = self._elapsed[0] - (median or 0.0) * self._updates[0]
            return "wall", [elapsed - start for elapsed in self._elapsed]
        if self._updates and all(map(math.isfinite, self._own)):
            seconds, total, before = [], 0.0, 0.0
            for update, own in zip(self._updates, self._own, strict=True):
                total += own * (update - before)  # some trainers report every n-th update only
                before = update
                seconds.append(total)
            return "updates", seconds
        return "", None


def number(value: object) -> float:
    """A finite number, also from an array that holds just one; NaN for everything else."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        found = float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def _seconds_at(moments: Iterable[float], updates: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """The seconds up to some updates: in proportion between those of which they are known, and beyond the last."""
    found, index = [], 0
    for moment in moments:
        while index < len(updates) and updates[index] <= moment:
            index += 1
        before, start = (updates[index - 1], seconds[index - 1]) if index else (0.0, 0.0)
        after, end = (updates[index], seconds[index]) if index < len(updates) else (2 * before, 2 * start)
        found.append(start + (end - start) * (moment - before) / (after - before))
    return found
