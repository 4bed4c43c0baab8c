"""What a tracker is told of a run, and what it has to do; plain data, without any tracker's package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lnpatch.schema import Scalar

#: Each tracker's package, as it is imported; the extra of pyproject.toml has the tracker's name.
PACKAGES: Mapping[str, str] = {"tensorboard": "tensorboardX", "wandb": "wandb", "mlflow": "mlflow"}


@dataclass(frozen=True)
class TrackedRun:
    """A run that begins, or goes on."""

    #: The run's folder, an absolute path; what a tracker keeps of it stays there.
    folder: Path
    target: str
    cell: str
    #: Hyperparameters, and what else tells it from other runs.
    parameters: Mapping[str, Scalar | None]
    #: The update that it goes on from; 0 for a new run.
    resumed_at: int = 0
    #: The last update that its earlier parts have reported, some of them after *resumed_at*; 0 for a new run.
    reported: int = 0

    @property
    def name(self) -> str:
        """What it is called among others of its target: its folder, and the one around it."""
        return "/".join(self.folder.parts[-2:])


class Tracker(Protocol):
    """Sends the figures of one run somewhere. Any exception ends the tracking, and nothing else."""

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        """Take in figures of an update, by names such as ``train/cost``."""

    def finish(self, state: str, reason: str) -> None:
        """Take in how the run has ended, and have all figures where they go."""

    def where(self) -> str:
        """Return, for people, how to see them."""
