"""Do the runs of a study on this machine: as many at once as there are places for, each in a process of its own."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from lnpatch.errors import LnpatchError
from lnpatch.study.places import Place
from lnpatch.study.run_task import RunTask, Step, StepProcess, start_step

#: Seconds between two looks at the processes.
_INTERVAL = 0.1

#: Seconds between two looks at how far the runs are, and at those that others work on.
_SHOW_EVERY = 1.0


@dataclass
class LocalWork:
    """The runs that are done here; :meth:`run` does them."""

    tasks: Sequence[RunTask]
    places: Sequence[Place]
    #: Called about once a second while runs go on.
    show: Callable[[], None]
    #: Called when the processes were told to stop.
    show_stopping: Callable[[], None]
    #: What has kept lnpatch itself from starting a run, or from keeping its figures, by the run's name.
    failures: dict[str, str] = field(default_factory=dict, init=False)
    #: Whether it was told to stop.
    stopped: bool = field(default=False, init=False)
    _queue: deque[RunTask] = field(init=False)
    _running: dict[int, StepProcess] = field(default_factory=dict, init=False)
    #: The steps that were begun here, by the run's name: none is tried twice, since it would fail again.
    _begun: set[tuple[str, Step]] = field(default_factory=set, init=False)

    def run(self) -> None:
        """Do what the runs need, until all have ended, or were told to stop by :meth:`stop`.

        A run that another process works on is waited for.
        """
        self._queue = deque(self.tasks)
        next_look = 0.0
        try:
            while self._running or (self._queue and not self.stopped):
                is_due = time.monotonic() >= next_look
                if self._reap() or is_due:
                    self._fill_places()
                if is_due:
                    self.show()
                    next_look = time.monotonic() + _SHOW_EVERY
                time.sleep(_INTERVAL)
        finally:
            for process in self._running.values():
                process.stop(signal.SIGTERM)

    def stop(self, number: int) -> None:
        """Pass a signal on to the processes, as a handler of signals does: they save, a second Ctrl-C ends them at once."""
        self.stopped = True
        for process in self._running.values():
            process.stop(number)
        self.show_stopping()

    def has_ended(self) -> bool:
        """Return whether no process is left; for a handler of signals, which may have cut :meth:`run` short anywhere."""
        return all(process.has_ended() for process in self._running.values())

    def _reap(self) -> bool:
        """Take up the runs whose processes have ended; return whether there are any."""
        before = len(self._running)
        for place, process in list(self._running.items()):
            if process.poll() is not None:
                del self._running[place]
                self._queue.appendleft(process.task)
        return len(self._running) < before

    def _fill_places(self) -> None:
        """Start what can be started; drop the runs that have ended, and keep those that others work on."""
        for _ in range(len(self._queue)):
            free = [number for number in range(len(self.places)) if number not in self._running]
            if self.stopped or not free:
                return
            task = self._queue.popleft()
            with self._keep_failures(task):
                self._take_on(task, free[0])

    def _take_on(self, task: RunTask, place: int) -> None:
        step = task.next_step()
        if step is Step.NOTHING or (task.name, _kind(step)) in self._begun:
            return
        process = None
        if step is not Step.WAIT:
            process = start_step(task, step, self.places[place].variables, self.places[place].cpus)
        if process is None:
            self._queue.append(task)
            return
        self._begun.add((task.name, _kind(step)))
        self._running[place] = process

    @contextmanager
    def _keep_failures(self, task: RunTask) -> Iterator[None]:
        """Drop a run that cannot go on, and go on with the others."""
        try:
            yield
        except LnpatchError as error:
            self.failures[task.name] = error.message


def _kind(step: Step) -> Step:
    """Return what counts as the same step: a training that has failed is not resumed at once."""
    return Step.TRAIN if step is Step.RESUME else step
