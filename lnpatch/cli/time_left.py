"""How long a training still takes, from the pace of its updates so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from lnpatch.training.output import Update


@dataclass
class TimeLeft:
    """Estimates the seconds left: up to the updates that were asked for, or to the end of the last epoch if that is sooner."""

    #: The update after which training ends; None without such a limit.
    limit: int | None = None
    #: How many epochs the trainer makes; None where that is not known.
    epochs: int | None = None
    _first: tuple[float, int] | None = field(default=None, init=False)
    _last: tuple[float, Update] | None = field(default=None, init=False)
    #: The first update that was seen of the current epoch, and the updates of the epoch before.
    _epoch_start: int | None = field(default=None, init=False)
    _per_epoch: int | None = field(default=None, init=False)

    def add(self, update: Update, now: float) -> None:
        """Take in an update that was reported at the time *now*, in seconds of any clock that goes forward."""
        self._first = self._first or (now, update.update)
        if self._last is not None and update.epoch != self._last[1].epoch:
            # the first epoch that is seen may have begun before; a single report in an epoch says nothing of its length
            if self._epoch_start is not None and update.epoch == self._last[1].epoch + 1:
                self._per_epoch = update.update - self._epoch_start
            self._epoch_start = update.update
        elif self._last is None and update.epoch == 0:
            self._epoch_start = update.update
        self._last = now, update

    @property
    def pace(self) -> float | None:
        """Updates in a second, with all that goes on around them; None before there are two."""
        if self._first is None or self._last is None:
            return None
        passed, done = self._last[0] - self._first[0], self._last[1].update - self._first[1]
        return done / passed if passed > 0 and done > 0 else None

    @property
    def seconds(self) -> float | None:
        """The seconds left; None where nothing says how many updates there will be."""
        ends = [end for end in (self.limit, self._last_update()) if end is not None]
        if not ends or self.pace is None or self._last is None:
            return None
        return max(0.0, (min(ends) - self._last[1].update) / self.pace)

    def _last_update(self) -> int | None:
        """Return the number of the last update of the last epoch, all epochs being as long as the last whole one."""
        if self.epochs is None or self._per_epoch is None or self._epoch_start is None or self._last is None:
            return None
        return self._epoch_start - 1 + (self.epochs - self._last[1].epoch) * self._per_epoch
