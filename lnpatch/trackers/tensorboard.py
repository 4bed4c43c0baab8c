"""TensorBoard: event files in the run's folder, by tensorboardX, which needs neither TensorFlow nor PyTorch."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

import tensorboardX
from tensorboardX.summary import hparams

from lnpatch.trackers.tracker import TrackedRun

#: The folder of the event files in the run's.
_FOLDER = "tensorboard"


class TensorBoardTracker:
    """Writes event files; ``tensorboard --logdir runs`` compares the runs below a folder."""

    def __init__(self, run: TrackedRun) -> None:
        self._folder = run.folder / _FOLDER
        self._run = run
        self._last: dict[str, float] = {}
        # TensorBoard leaves out what earlier files have from that step on: updates that were reported and then lost
        purge = run.resumed_at + 1 if run.resumed_at or run.reported else None
        self._writer = tensorboardX.SummaryWriter(
            # files are named by the second, and a part of a run may be shorter
            str(self._folder),
            purge_step=purge,
            flush_secs=5,
            filename_suffix=f".{os.getpid()}-{run.resumed_at}",
        )
        rows = "\n".join(f"| {name} | {value} |" for name, value in run.parameters.items())
        self._writer.add_text("run", f"| | |\n|---|---|\n{rows}", run.resumed_at)

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        """Write figures of an update."""
        self._last.update(figures)
        for name, value in figures.items():
            self._writer.add_scalar(name, value, update)

    def finish(self, state: str, reason: str) -> None:
        """Write how the run has ended, and its hyperparameters beside its last figures, for the tab that compares them."""
        self._writer.add_text("outcome", f"{state}: {reason}" if reason else state)
        hyperparameters = {name: "" if value is None else value for name, value in self._run.parameters.items()}
        for summary in hparams(hyperparameters, self._last):  # SummaryWriter.add_hparams would begin another file
            self._writer.file_writer.add_summary(summary)
        self._writer.close()

    def where(self) -> str:
        """Return the command that shows the figures."""
        return f"tensorboard --logdir {shlex.quote(str(self._folder))}"
