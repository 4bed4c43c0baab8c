"""What a person sees of runs: how they go on standard error, the outcome on standard output."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.console import _console
from lnpatch.training.output import Event, NotANumber, Update, Validation

if TYPE_CHECKING:
    from lnpatch.commands.train import TrainResult, View
    from lnpatch.training.run_folder import RunInfo

#: At most one plain line of updates in so many seconds.
_PLAIN_SECONDS = 2.0

#: How the module over PyTensor begins to say that JAX has compiled for another shape.
_COMPILED = "compiled shape"


def train_json(result: TrainResult) -> dict[str, Any]:
    """A run that has ended, for scripts."""
    return {
        **asdict(result.info),
        "run": str(result.folder),
        "first_cost": result.first_cost,
        "last_cost": result.last_cost,
        "seconds_per_update": result.seconds_per_update,
        "validation": dict(result.validation),
        "notes": list(result.notes),
    }


def print_run(result: TrainResult) -> None:
    """How a run has ended."""
    console = _console()
    info = result.info
    what = "Stopped" if info.state == "stopped" else "Trained"
    line = f"{what} {info.target} with {info.cell} for {info.updates} updates"
    if result.seconds_per_update is not None:
        line += f", {_seconds(result.seconds_per_update)} an update"
    console.print(f"{line}{': ' + info.reason if info.reason else ''}")
    if result.first_cost is not None and result.last_cost is not None:
        console.print(f"  cost {result.first_cost:.4g} -> {result.last_cost:.4g} (mean of the last 5 reported)")
    if result.validation:
        console.print("  last validation: " + _figures(result.validation))
    if info.model:
        console.print(f"  model {short_path(result.folder / info.model)}")
    console.print(f"  run {short_path(result.folder)}")


def print_command(line: str, folder: Path) -> None:
    """The line that starts a run elsewhere: on standard output, alone."""
    sys.stdout.write(line + "\n")
    _console(stderr=True).print(f"Its log goes to {short_path(folder)}, which `lnpatch curves` reads.", style="dim")


def print_next_steps(result: TrainResult, jobs: tuple[str, ...]) -> None:
    """Commands that go on from a run."""
    console = _console(stderr=True)
    run = shlex.quote(short_path(result.folder))
    if result.info.model:
        for job in jobs:
            console.print(f"next: lnpatch {job} {result.info.target} --model {run}", style="dim")
    console.print(f"next: lnpatch curves {run}", style="dim")


@contextmanager
def train_view() -> Iterator[View]:
    """Shows a run: live in a terminal, as plain lines elsewhere; all of it on standard error."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield PlainView()
        return
    from rich.live import Live

    view = LiveView()
    with Live(get_renderable=view.render, console=console, refresh_per_second=4, transient=True):
        yield view


class PlainView:
    """Lines: what is done before, the updates now and then, every validation."""

    def __init__(self) -> None:
        self._printed = 0.0
        self._started = False

    def progress(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._print(text)

    def start(self, folder: Path, info: RunInfo, max_updates: int | None) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        limit = f", {max_updates} updates" if max_updates else ""
        self._print(
            f"training {info.target} with {info.cell} ({info.runtime}, {info.device}{limit}) in {short_path(folder)}"
        )

    def line(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        if text.startswith(_COMPILED):
            self._print(text)

    def event(self, event: Event) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        if isinstance(event, Update):
            if time.monotonic() - self._printed < _PLAIN_SECONDS:
                return
            self._printed = time.monotonic()
        self._print(_event(event))

    def _print(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class LiveView:
    """A panel with the cost, the speed, the time left, the last validation and the repository's last line."""

    def __init__(self) -> None:
        self._progress = ""
        self._last_line = ""
        self._compiled = ""
        self._update: Update | None = None
        self._validation: dict[str, float] = {}
        self._title = ""
        self._limit: int | None = None
        self._first: tuple[float, int] | None = None
        self._at = 0.0
        self._costs: list[float] = []
        self._nan = False

    def progress(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress = text

    def start(self, folder: Path, info: RunInfo, max_updates: int | None) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress = ""
        self._limit = max_updates + info.updates if max_updates is not None else None
        self._title = f"{info.target} · {info.cell} · {info.runtime} on {info.device} · {short_path(folder)}"

    def line(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        if text.startswith(_COMPILED):
            self._compiled = text
        else:
            self._last_line = text

    def event(self, event: Event) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        if isinstance(event, Update):
            self._update = event
            self._costs = [*self._costs[-59:], event.cost]
            self._at = time.monotonic()
            self._first = self._first or (self._at, event.update)
        elif isinstance(event, Validation):
            self._validation.update(event.figures)
        else:
            self._nan = True

    def render(self) -> Any:
        """What is shown now."""
        from rich.panel import Panel
        from rich.text import Text

        rows: list[str] = []
        if self._progress:
            rows.append(self._progress)
        if self._update is not None:
            rows.append(
                f"epoch {self._update.epoch}, update {self._update.update}{f' of {self._limit}' if self._limit else ''}"
            )
            rows.append(f"cost {self._update.cost:.5g}  {_spark(self._costs)}")
            rows.append(self._speed())
        elif self._title:
            rows.append("compiling")
        if self._validation:
            rows.append("validation " + _figures(self._validation))
        if self._nan:
            rows.append("the cost is not a number any more")
        if self._compiled:
            rows.append(self._compiled)
        if self._last_line:
            rows.append(self._last_line[:200])
        if self._title:
            rows.append("Ctrl-C stops after the update and saves")
        return Panel(Text("\n".join(rows) or "starting", no_wrap=True, overflow="ellipsis"), title=Text(self._title))

    def _speed(self) -> str:
        assert self._update is not None
        assert self._first is not None
        done, passed = self._update.update - self._first[1], self._at - self._first[0]
        text = f"{_seconds(self._update.seconds)} an update"
        if done > 0 and passed > 0:
            text += f", {done / passed:.3g} updates/s with all around them"
            if self._limit is not None:
                text += f", {_duration((self._limit - self._update.update) * passed / done)} left"
        return text


def _event(event: Event) -> str:
    if isinstance(event, Update):
        return f"epoch {event.epoch} update {event.update} cost {event.cost:.5g} {_seconds(event.seconds)}"
    if isinstance(event, NotANumber):
        return f"the cost is not a number any more at update {event.update}"
    return f"validation after update {event.update}: {_figures(event.figures)}"


def _figures(figures: Any) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 0.1 else f"{seconds * 1000:.3g} ms"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _spark(values: list[float]) -> str:
    """The values as a line of blocks."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[min(7, int(8 * (value - low) / span))] if value == value else "?" for value in values)


def short_path(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
