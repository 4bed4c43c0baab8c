"""What a run's trackers are told: the events of its trainer as figures by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lnpatch.trackers.open_trackers import Trackers
from lnpatch.trackers.tracker import TrackedRun
from lnpatch.training.output import BatchWords, Event, Update, Validation

if TYPE_CHECKING:
    from lnpatch.training.prepare import TrainPlan


def describe_tracked(plan: TrainPlan) -> TrackedRun:
    """Return a run as its trackers are told of it."""
    info = plan.info
    parameters = {
        **info.settings,
        "target": info.target,
        "cell": info.cell,
        "baseline": info.baseline,
        "seed": info.seed,
        "smoke": info.smoke,
        "runtime": info.runtime,
        "backend": info.backend,
        "device": info.device,
        "precision": info.precision,
        "commit": info.commit,
        "data_sha256": info.data_sha256,
        **{f"version {name}": version for name, version in info.versions.items()},
    }
    return TrackedRun(plan.folder, info.target, info.cell, parameters, info.updates, plan.reported)


@dataclass
class FigureTracking:
    """Passes the events of a trainer on to the trackers of its run."""

    trackers: Trackers
    #: The words of a batch whose update is not reported yet.
    _words: BatchWords | None = field(default=None, init=False)

    def record_event(self, event: Event) -> None:
        """Pass on an update or a validation."""
        if isinstance(event, BatchWords):
            self._words = event
        elif isinstance(event, Update):
            self.trackers.record(event.update, self._update_figures(event))
        elif isinstance(event, Validation):
            figures = {f"validation/{name}": value for name, value in event.figures.items() if math.isfinite(value)}
            self.trackers.record(event.update, figures)

    def _update_figures(self, event: Update) -> Mapping[str, float]:
        figures = {"train/cost": event.cost, "train/seconds_per_update": event.seconds}
        if self._words is not None and self._words.update == event.update and self._words.words > 0:
            figures["train/cost_per_word"] = event.cost / self._words.words
        return {name: value for name, value in figures.items() if math.isfinite(value)}
