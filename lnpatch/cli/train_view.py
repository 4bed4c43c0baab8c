"""A run while it goes on, on standard error: live in a terminal, as plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_duration, format_figures, make_console, print_remark, short_path
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

    def report_step(self, text: str) -> None:
        """Print what is being done before the trainer starts."""
        self._print(text)

    def start(self, plan: TrainPlan) -> None:
        """Print what is trained, and where."""
        info, limit = plan.info, plan.job.max_updates
        how = f"{info.runtime}, {_device_words(info)}{f', {limit} updates' if limit else ''}"
        self._print(f"training {info.target} with {info.cell} ({how}) in {short_path(plan.folder)}")

    def show_line(self, text: str) -> None:
        """Print nothing: the repository's own output is in the log."""

    def show_event(self, event: Event) -> None:
        """Print an event; updates only every two seconds."""
        if isinstance(event, Update):
            if time.monotonic() - self._last_printed < _PLAIN_SECONDS:
                return
            self._last_printed = time.monotonic()
        self._print(describe_event(event))

    def _print(self, text: str) -> None:
        print_remark(text)


def _device_words(info: RunInfo) -> str:
    """Name the device, and what its products are rounded to where that is less than float32."""
    return info.device if info.precision in ("", "float32") else f"{info.device}, products in {info.precision}"


class LiveView:
    """A panel with the cost, the speed, the time left, the last validation and the repository's last line."""

    def __init__(self) -> None:
        self._step = ""
        self._title = ""
        self._last_line = ""
        self._compiled = ""
        self._limit: int | None = None
        self._update: Update | None = None
        self._costs: list[float] = []
        self._validation: dict[str, float] = {}
        self._became_nan = False
        self._first_update: tuple[float, int] | None = None
        self._last_update_at = 0.0

    def report_step(self, text: str) -> None:
        """Show what is being done before the trainer starts."""
        self._step = text

    def start(self, plan: TrainPlan) -> None:
        """Show what is trained, and where."""
        info, limit = plan.info, plan.job.max_updates
        self._step = ""
        self._limit = limit + info.updates if limit is not None else None
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
            self._last_update_at = time.monotonic()
            self._first_update = self._first_update or (self._last_update_at, event.update)
        elif isinstance(event, Validation):
            self._validation.update(event.figures)
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
        if self._validation:
            rows.append("validation " + format_figures(self._validation))
        if self._became_nan:
            rows.append("the cost became NaN")
        rows += [line for line in (self._compiled, self._last_line[:200]) if line]
        if self._title:
            rows.append("Ctrl-C stops after the update and saves")
        return rows

    def _update_rows(self) -> list[str]:
        if self._update is None:
            return ["compiling"] if self._title else []
        count = f"update {self._update.update}{f' of {self._limit}' if self._limit else ''}"
        return [
            f"epoch {self._update.epoch}, {count}",
            f"cost {self._update.cost:.5g}  {_sparkline(self._costs)}",
            self._describe_speed(self._update),
        ]

    def _describe_speed(self, update: Update) -> str:
        text = f"{format_duration(update.seconds)} an update"
        first_at, first_number = self._first_update or (self._last_update_at, update.update)
        done, passed = update.update - first_number, self._last_update_at - first_at
        if done > 0 and passed > 0:
            text += f", {done / passed:.3g} updates/s with all around them"
            if self._limit is not None:
                text += f", {format_duration((self._limit - update.update) * passed / done)} left"
        return text


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
