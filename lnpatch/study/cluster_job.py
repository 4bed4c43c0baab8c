"""One run of a study as a job of a cluster; what submitit unpickles on a node. It imports no submitit, JAX or Theano itself.

Ahead of a time limit, or of a preemption, the scheduler sends a signal, upon which submitit calls :meth:`ClusterJob.checkpoint`
and queues the job again: the training is told to stop, and saves. Queued again, it resumes by the repository's own reload.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lnpatch.errors import FolderNotSharedError, TrainingFailedError
from lnpatch.study.local import LocalWork
from lnpatch.study.places import find_places
from lnpatch.study.progress import read_progress
from lnpatch.study.run_task import RunTask, Step, find_error
from lnpatch.training.run_folder import RUN, RunState, read_info

#: The signal that the scheduler sends ahead of an end. lnpatch and its launcher save at it, whichever process it reaches.
PREEMPTION_SIGNAL = "USR1"

#: Seconds that a job which was told to end waits to be ended; after them it was preempted with a longer grace.
_PATIENCE = 90.0

#: How often in a row a job is cut off without an update, until it is not queued again: its time limit is too short.
_MOST_IDLE = 5


@dataclass
class ClusterJob:
    """Takes a run to its end, when it is called."""

    task: RunTask
    #: ``cpu`` or ``gpu``.
    device: str
    #: A file in the study's folder that was made when the job was submitted.
    mark: Path
    #: The update that its run was at when the job was last queued again, and how often that was so in a row.
    update: int = 0
    idle: int = 0
    _work: LocalWork | None = field(default=None, init=False, repr=False)

    def __call__(self) -> None:
        """Train or resume, then evaluate.

        Raises:
            FolderNotSharedError: this is another folder than that of the machine which has submitted the job.
            TrainingFailedError: the run has not come to its end.
        """
        self._require_shared()
        self._work = LocalWork([self.task], find_places(self.device, 1), lambda: None, lambda: None)
        self._work.run()
        if self._was_stopped():
            self._wait_for_the_end()
        if self.task.next_step() is not Step.NOTHING:
            reason = self._work.failures.get(self.task.name) or find_error(self.task.log) or "the run has not ended"
            raise TrainingFailedError(self.task.name, str(self.task.folder), reason, ())

    def checkpoint(self) -> Any:
        """Have the training save and stop, and return what is to be queued again; called by submitit at a signal.

        None where the job has come no further in several times.
        """
        from submitit.core.utils import DelayedSubmission

        if self._work is not None:
            self._work.stop(signal.SIGTERM)
            while not self._work.has_ended():
                time.sleep(0.05)
        update = read_progress(self.task.folder).updates
        idle = self.idle + 1 if update == self.update else 0
        if idle == _MOST_IDLE:
            with self.task.log.open("a", encoding="utf-8") as log:
                log.write(f"error: cut off {idle} times without an update or an evaluation; it needs more --time\n")
            return None
        return DelayedSubmission(replace(self, update=update, idle=idle))

    def _require_shared(self) -> None:
        if not self.mark.exists():
            raise FolderNotSharedError(str(self.mark.parent.parent), os.uname().nodename)

    def _was_stopped(self) -> bool:
        """Return whether the training was told to stop by somebody else than :meth:`checkpoint`, and has saved."""
        return (self.task.folder / RUN).exists() and read_info(self.task.folder).state is RunState.STOPPED

    def _wait_for_the_end(self) -> None:
        """Wait until the scheduler ends a job that it has sent SIGTERM: one that ends by itself would not be queued again.

        A cancelled job is killed within seconds. One that still lives after a while was preempted, with a long grace: it
        asks submitit to queue it again.
        """
        time.sleep(_PATIENCE)
        os.kill(os.getpid(), getattr(signal, f"SIG{PREEMPTION_SIGNAL}"))
