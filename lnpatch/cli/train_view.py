"""A run while it goes on, on standard error: live in a terminal, as plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, format_figures, make_console, print_remark, short_path
from lnpatch.cli.time_left import TimeLeft
from lnpatch.curves.series import higher_is_better
from lnpatch.training.output import (
    BatchWords,
    CostBecameNaN,
    Evaluated,
    Event,
    PeakMemory,
    Saving,
    ShapeCompiled,
    Update,
    Validation,
)

if TYPE_CHECKING:
    from lnpatch.training.prepare import TrainPlan
    from lnpatch.training.run_folder import RunInfo
    from lnpatch.training.train_view import TrainView

#: The frames of a spinner, one for each refresh.
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

#: At most one plain line of updates in so many seconds.
_PLAIN_SECONDS = 2.0


@contextmanager
def train_view() -> Iterator[TrainView]:
    """Show a run: live in a terminal, as plain lines elsewhere."""
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield PlainView()
        return
    view = LiveView()
    with rich.Live(get_renderable=view.render, console=console, refresh_per_second=4, transient=True):
        yield view


class PlainView:
    """Lines: the steps before, the updates now and then, every validation and compilation."""

    def __init__(self) -> None:
        self._last_printed = 0.0
        self._left = TimeLeft()
        self._best = BestFigures()

    def report_step(self, text: str) -> None:
        """Print what is being done before the trainer starts."""
        self._print(text)

    def start(self, plan: TrainPlan) -> None:
        """Print what is trained, and where."""
        info, limit = plan.info, plan.job.max_updates
        self._left = _time_left(plan)
        how = f"{info.runtime}, {_device_words(info)}{f', {limit} updates' if limit else ''}"
        self._print(f"training {info.target} with {info.cell} ({how}) in {short_path(plan.folder)}")

    def show_line(self, text: str) -> None:
        """Print nothing: the repository's own output is in the log."""

    def show_event(self, event: Event) -> None:
        """Print an event; updates only every two seconds, with the time left."""
        words = describe_event(event)
        if isinstance(event, Update):
            self._left.add(event, time.monotonic())
            if time.monotonic() - self._last_printed < _PLAIN_SECONDS:
                return
            self._last_printed = time.monotonic()
            if self._left.seconds is not None:
                words += f", {format_duration(self._left.seconds)} left"
        elif isinstance(event, Validation):
            self._best.add(event)
            words += self._best.describe(event)
        self._print(words)

    def _print(self, text: str) -> None:
        print_remark(text)


@dataclass
class BestFigures:
    """The best validation figures so far, and where each was reached."""

    _best: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, event: Validation) -> None:
        """Take in the figures of a validation."""
        for name, value in event.figures.items():
            best = self._best.get(name)
            if best is None or (value > best[0] if higher_is_better(name) else value < best[0]):
                self._best[name] = value, event.update

    def describe(self, event: Validation) -> str:
        """Return, for people, the best of the figures of a validation that it has not reached; empty where there are none."""
        better = [
            f"{name} {value:.4g} after update {update}"
            for name, (value, update) in self._best.items()
            if name in event.figures and update != event.update
        ]
        return f" (best so far: {', '.join(better)})" if better else ""


def _time_left(plan: TrainPlan) -> TimeLeft:
    """Return what estimates the time left of a run that starts, or goes on."""
    limit = plan.job.max_updates
    return TimeLeft(None if limit is None else limit + plan.info.updates, plan.epochs)


def _device_words(info: RunInfo) -> str:
    """Name the device, and what its products are rounded to where that is less than float32."""
    return info.device if info.precision in ("", "float32") else f"{info.device}, products in {info.precision}"


class LiveView:
    """A panel with the cost, the speed, the time left, the last validation and the repository's last line."""

    def __init__(self) -> None:
        self._step = ""
        self._title = ""
        self._why = ""
        self._last_line = ""
        self._compiled = ""
        self._update: Update | None = None
        self._costs: list[float] = []
        self._validation: Validation | None = None
        self._best = BestFigures()
        self._became_nan = False
        self._left = TimeLeft()
        self._started_at = 0.0

    def report_step(self, text: str) -> None:
        """Show what is being done before the trainer starts."""
        self._step = text

    def start(self, plan: TrainPlan) -> None:
        """Show what is trained, and where."""
        info = plan.info
        self._step = ""
        self._why = f"{plan.runtime.name}: {plan.runtime.reason}" if plan.runtime.reason else ""
        self._left = _time_left(plan)
        self._started_at = time.monotonic()
        self._title = (
            f"{info.target} · {info.cell} · {info.runtime} on {_device_words(info)} · {short_path(plan.folder)}"
        )

    def show_line(self, text: str) -> None:
        """Show the repository's last line."""
        self._last_line = text

    def show_event(self, event: Event) -> None:
        """Show what the trainer reports."""
        if isinstance(event, Update):
            self._update = event
            self._costs = [*self._costs[-59:], event.cost]
            self._left.add(event, time.monotonic())
        elif isinstance(event, Validation):
            earlier = self._validation.figures if self._validation is not None else {}
            self._validation = Validation(event.update, {**earlier, **event.figures})
            self._best.add(event)
        elif isinstance(event, ShapeCompiled):
            self._compiled = describe_event(event)
        elif isinstance(event, CostBecameNaN):
            self._became_nan = True

    def render(self) -> rich.Panel:
        """Return what is shown now."""
        text = rich.Text("\n".join(self._rows()) or "starting", no_wrap=True, overflow="ellipsis")
        return rich.Panel(text, title=rich.Text(self._title))

    def _rows(self) -> list[str]:
        rows = [self._step] if self._step else []
        rows += self._update_rows()
        if self._validation is not None:
            rows.append(f"validation {format_figures(self._validation.figures)}{self._best.describe(self._validation)}")
        if self._became_nan:
            rows.append("the cost became NaN")
        rows += [line for line in (self._compiled, self._last_line[:200]) if line]
        if self._title:
            rows.append("Ctrl-C stops after the update and saves; a second one stops at once")
        return rows

    def _update_rows(self) -> list[str]:
        if self._update is None:
            return [*filter(None, [self._why]), self._compiling_row()] if self._title else []
        count = f"update {self._update.update}{f' of {self._left.limit}' if self._left.limit else ''}"
        return [
            f"epoch {self._update.epoch}, {count}",
            f"cost {self._update.cost:.5g}  {_sparkline(self._costs)}",
            self._describe_speed(self._update),
        ]

    def _describe_speed(self, update: Update) -> str:
        text = f"{format_duration(update.seconds)} an update"
        if self._left.pace is not None:
            text += f", {self._left.pace:.3g} updates/s with all around them"
        if self._left.seconds is not None:
            text += f", {format_duration(self._left.seconds)} left"
        return text

    def _compiling_row(self) -> str:
        """Return a sign of life for the minutes in which a graph is compiled and nothing is reported."""
        seconds = time.monotonic() - self._started_at
        return f"{_SPINNER[int(seconds * 4) % len(_SPINNER)]} compiling for {seconds:.0f} s"


def describe_event(event: Event) -> str:
    """Return an event in one line."""
    if isinstance(event, Update):
        seconds = format_duration(event.seconds)
        return f"epoch {event.epoch} update {event.update} cost {event.cost:.5g} {seconds}"
    if isinstance(event, CostBecameNaN):
        return f"the cost became NaN at update {event.update}"
    if isinstance(event, ShapeCompiled | Evaluated | PeakMemory):
        return str(event)
    if isinstance(event, BatchWords):
        return f"{event.words:g} words in the batch of update {event.update}"
    if isinstance(event, Saving):
        return f"saving after update {event.update}"
    return f"validation after update {event.update}: {format_figures(event.figures)}"


def _sparkline(values: list[float]) -> str:
    """Return the values as a line of blocks; ``?`` for NaN and infinities."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    span = high / 8 - low / 8 or 1.0  # of eighths, since the difference of two large numbers may be infinite
    blocks = (min(7, int(value / span - low / span)) if math.isfinite(value) else None for value in values)
    return "".join("?" if block is None else "▁▂▃▄▅▆▇█"[block] for block in blocks)
