"""What one run of a study still needs, and the processes that do it: the same on this machine and on a node of a cluster."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from lnpatch.errors import FileError, NotARunError
from lnpatch.files import LockTakenError, hold_lock, is_held
from lnpatch.recipes.job import Job
from lnpatch.training.evaluations import EVALUATION
from lnpatch.training.resume import find_resume_point
from lnpatch.training.run_folder import RUN, RunInfo, RunState, read_info
from lnpatch.training.run_lock import LOCK, is_locked
from lnpatch.training.shell_command import ShellCommand

_logger = logging.getLogger(__name__)

#: What a training has made before it writes its ``run.json``, and makes again.
_LEFT_OVERS = ("code", "data", "data.tmp", LOCK)


class Step(StrEnum):
    """What a run needs next."""

    TRAIN = "train"
    RESUME = "resume"
    EVALUATE = "evaluate"
    #: Another process works on it.
    WAIT = "wait"
    #: It has come to its end.
    NOTHING = "nothing"


@dataclass(frozen=True)
class RunTask:
    """A run of a study, with the commands that take it further."""

    #: The run's name, ``lngru-1``.
    name: str
    #: Its folder, an absolute path.
    folder: Path
    #: The recipe's job.
    job: Job
    #: By the step: what trains, resumes and, where the target has an evaluation, evaluates.
    commands: Mapping[Step, ShellCommand]
    #: The file that takes what they say.
    log: Path
    #: The file that takes the evaluation's figures as they are printed.
    evaluation_output: Path
    #: The file that is locked while one of them runs.
    lock: Path
    #: The update after which its training ends, as the study has it now; None where the trainer ends by itself.
    max_updates: int | None = None

    def next_step(self) -> Step:
        """Find out what the run needs next.

        Raises:
            NotARunError: its folder holds something else.
        """
        if is_held(self.lock):
            return Step.WAIT
        if not (self.folder / RUN).exists():
            return Step.WAIT if is_locked(self.folder) else Step.TRAIN
        info = read_info(self.folder)
        if info.state is RunState.RUNNING:
            return Step.WAIT
        if info.state is RunState.NAN:  # it would become NaN again
            return Step.NOTHING
        if not self.has_come_to_its_end(info):
            return Step.RESUME
        return Step.EVALUATE if Step.EVALUATE in self.commands and not self._is_evaluated() else Step.NOTHING

    def has_come_to_its_end(self, info: RunInfo) -> bool:
        """Return whether a run that does not run any more has made all of its updates, and has saved a model of the last."""
        was_to_make = info.max_updates
        if was_to_make is not None and was_to_make <= info.updates < (self.max_updates or 0):
            return False  # the study has been given more since
        if info.state is RunState.DONE:
            return True
        if was_to_make is None:
            return False
        try:
            # stopped, or killed, after its last update: there is nothing to resume
            return find_resume_point(self.folder, self.job, info).update >= max(was_to_make, self.max_updates or 0)
        except NotARunError:  # its model is damaged, which a resume says in full
            return False

    def _is_evaluated(self) -> bool:
        """Return whether there are figures of the model as it is now."""
        figures, model = self.folder / EVALUATION, self.folder / self.job.model
        return figures.exists() and model.exists() and figures.stat().st_mtime >= model.stat().st_mtime


@dataclass
class StepProcess:
    """A process that does a step; made by :func:`start_step`."""

    task: RunTask
    step: Step
    process: subprocess.Popen[bytes]
    _interrupts: int = field(default=0, init=False)

    def poll(self) -> int | None:
        """Return the exit status; None while it runs."""
        return self.process.poll()

    def has_ended(self) -> bool:
        """Return whether it has ended, and leave its status to :meth:`poll`, which this may have interrupted."""
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # polled by now
            return True

    def stop(self, number: int) -> None:
        """Pass a signal on; the first Ctrl-C saves the model, the second ends, the third kills."""
        if number == signal.SIGINT:
            self._interrupts += 1
            number = signal.SIGINT if self._interrupts < 3 else signal.SIGKILL
        if not self.has_ended():
            os.kill(self.process.pid, number)


def start_step(task: RunTask, step: Step, variables: Mapping[str, str], cpus: Sequence[int] = ()) -> StepProcess | None:
    """Start the process of a step; None where another one works on the run by now.

    Args:
        variables: environment variables beyond those of the command.
        cpus: the processors that it may use; any, without.

    Raises:
        FileError: a folder or a file cannot be written.
    """
    command = task.commands[step]
    try:
        with ExitStack() as stack:
            for folder in (task.log.parent, task.lock.parent, task.folder.parent):
                folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(hold_lock(task.lock))
            if step is Step.TRAIN:
                _clear_left_overs(task.folder)
            log = stack.enter_context(task.log.open("ab"))
            output = stack.enter_context(task.evaluation_output.open("wb")) if step is Step.EVALUATE else log
            log.write(f"$ {command.line}\n".encode(errors="surrogateescape"))
            log.flush()
            _logger.debug("$ %s", shlex.join(map(str, command.words)))
            process = subprocess.Popen(
                command.words,
                env={**os.environ, **command.variables, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                # out of reach of the terminal's Ctrl-C, which is passed on
                start_new_session=True,
                # the lock is the process's own: where this one is killed, the run stays locked until that one has ended
                pass_fds=(lock.descriptor,),
            )
            if cpus and hasattr(os, "sched_setaffinity"):
                with suppress(OSError):  # it has ended already, or the system forbids it
                    os.sched_setaffinity(process.pid, cpus)
    except LockTakenError:
        return None
    except OSError as error:
        raise FileError(str(error.filename or task.log), error.strerror or str(error)) from error
    return StepProcess(task, step, process)


def find_error(log: Path) -> str:
    """Return what the last process that has written to a log has failed with; empty where it did not say so."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 65536))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        if line.startswith("error: "):
            return line.removeprefix("error: ")[:500]
        if line.startswith("$ "):  # the command itself
            return ""
    return ""


def _clear_left_overs(folder: Path) -> None:
    """Remove what a training has left that was killed before it wrote its ``run.json``; anything else stays."""
    for name in _LEFT_OVERS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
