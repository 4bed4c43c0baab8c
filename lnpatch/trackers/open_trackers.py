"""Open the trackers of a run, and keep them away from its training: they may be slow, fail, or never answer."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lnpatch.errors import PackageMissingError
from lnpatch.errors.install_hint import how_to_install
from lnpatch.trackers.tracker import PACKAGES, TrackedRun, Tracker

_logger = logging.getLogger(__name__)

#: Each tracker's module and class here.
_CLASSES = {"tensorboard": "TensorBoardTracker", "wandb": "WandbTracker", "mlflow": "MlflowTracker"}

#: Seconds that a tracker has after the training to get rid of what it still has.
_LAST_SECONDS = 60.0


def require_trackers(names: Iterable[str]) -> None:
    """Refuse trackers whose packages are not installed, before anything is made.

    Raises:
        PackageMissingError: one is not there.
    """
    for name in names:
        if importlib.util.find_spec(PACKAGES[name]) is None:
            raise PackageMissingError(f"--log-to {name}", PACKAGES[name], how_to_install(name))


@dataclass(frozen=True)
class _End:
    """The last that a tracker is told."""

    state: str
    reason: str


@dataclass
class _Worker:
    """A tracker in a thread of its own: what it is told waits in a queue, so that the training never waits."""

    name: str
    run: TrackedRun
    report_step: Callable[[str], None]
    #: Where the figures are, once the tracker has started; or what has ended the tracking.
    note: str = ""
    _queue: queue.SimpleQueue[tuple[int, Mapping[str, float]] | _End] = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        # a daemon: where it hangs, lnpatch ends all the same
        self._thread = threading.Thread(target=self._work, name=f"tracker-{self.name}", daemon=True)
        self._thread.start()

    def tell(self, message: tuple[int, Mapping[str, float]] | _End) -> None:
        self._queue.put(message)

    def join(self) -> str:
        """Wait for the tracker to end, for a while; return the note."""
        self._thread.join(_LAST_SECONDS)
        if self._thread.is_alive():
            return f"{self.name} has not taken the last figures within {_LAST_SECONDS:.0f} s; the run's folder has all of them."
        return self.note

    def _work(self) -> None:
        try:
            module = importlib.import_module(f"lnpatch.trackers.{self.name}")
            tracker: Tracker = getattr(module, _CLASSES[self.name])(self.run)
            self.note = f"{self.name}: {tracker.where()}"
            while not isinstance(message := self._queue.get(), _End):
                tracker.record(*message)
            tracker.finish(message.state, message.reason)
        # whatever a tracker's package raises, be it its own or its network's: no training ends for it
        except Exception as error:
            _logger.debug("the tracker %s has failed", self.name, exc_info=error)
            first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
            self.note = f"Nothing more is logged to {self.name}: {first_line}"
            self.report_step(self.note)


class Trackers:
    """The trackers of a run that is under way."""

    def __init__(self, names: Iterable[str], run: TrackedRun, report_step: Callable[[str], None]) -> None:
        """Start them.

        Args:
            names: some of :data:`~lnpatch.trackers.tracker.PACKAGES`.
            report_step: called, from other threads, with what has ended a tracking.
        """
        self._workers = [_Worker(name, run, report_step) for name in names]

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        """Tell them the figures of an update; returns at once."""
        for worker in self._workers:
            worker.tell((update, figures))

    def finish(self, state: str, reason: str) -> tuple[str, ...]:
        """Tell them how the run has ended, and wait for them, a while; return what to say of them."""
        for worker in self._workers:
            worker.tell(_End(state, reason))
        return tuple(worker.join() for worker in self._workers)
