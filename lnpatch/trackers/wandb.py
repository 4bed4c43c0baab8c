"""Weights & Biases: offline in the run's folder, to be sent by ``wandb sync``, unless WANDB_MODE says something else."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping

import wandb

from lnpatch.trackers.run_state import read_state, write_state
from lnpatch.trackers.tracker import TrackedRun

_NAME = "wandb"


class WandbTracker:
    """Logs to one W&B run, which keeps its id when the training is resumed.

    W&B's own variables hold: WANDB_MODE, WANDB_PROJECT, WANDB_ENTITY and the rest.
    """

    def __init__(self, run: TrackedRun) -> None:
        identity = read_state(run.folder, _NAME).get("id") or secrets.token_hex(8)
        write_state(run.folder, _NAME, {"id": identity})
        #: W&B takes no step that it has had: what was lost and is trained again is there already.
        self._logged = run.reported
        self._is_offline = os.environ.get("WANDB_MODE", "offline") == "offline"
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or f"lnpatch-{run.target}",
            id=identity,
            name=run.name,
            group=run.cell,
            dir=os.fspath(run.folder),
            config=dict(run.parameters),
            mode="offline" if self._is_offline else None,
            resume="allow",
            settings=wandb.Settings(silent=True, console="off", disable_git=True, disable_code=True),
        )

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        """Log figures of an update; those of one step become one row."""
        if update > self._logged:
            self._run.log(dict(figures), step=update)

    def finish(self, state: str, reason: str) -> None:
        """Log how the run has ended; a run that was stopped is none that has failed."""
        self._run.summary.update({"state": state, "reason": reason})
        self._run.finish(exit_code=0 if state in ("done", "stopped") else 1)

    def where(self) -> str:
        """Return the command that sends the figures, or their address."""
        if not self._is_offline and self._run.url:
            return str(self._run.url)
        # one folder for each part of a run that was resumed; the later ones add to the first
        parts = os.path.dirname(os.path.dirname(self._run.dir))
        return f"wandb sync --append {shlex.quote(parts)}/offline-run-*"
