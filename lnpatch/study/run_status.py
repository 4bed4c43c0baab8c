"""A run of a study as people and scripts see it: how far it is, what has kept it from going on, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lnpatch.study.plan import StudyRun
from lnpatch.study.progress import Best


@dataclass(frozen=True)
class RunStatus:
    """How a run of a study stands."""

    run: StudyRun
    #: Its folder, an absolute path.
    folder: Path
    #: One of the states of a run, or ``to-do``, ``queued``, ``evaluating``, ``not-evaluated``.
    state: str
    #: The last update that was reported.
    updates: int = 0
    #: The update after which it is done; None where it ends by itself.
    max_updates: int | None = None
    #: The mean cost of the last updates.
    cost: float | None = None
    best: Best | None = None
    #: Why it has failed or was stopped; what its evaluation has said where that failed.
    reason: str = ""
    #: The job of a cluster that does it.
    job: str = ""
    #: The figures of its model, by task.
    evaluation: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's name, ``lngru-1``."""
        return self.run.name
