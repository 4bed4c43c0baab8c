"""What a person sees of environments and runs: progress on standard error, the outcome on standard output."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.cache import cache_root
from lnpatch.console import _console
from lnpatch.runtime.output import Event, NotANumber, Update, Validation

if TYPE_CHECKING:
    from lnpatch.commands.check import CheckResult, CheckRow
    from lnpatch.commands.encode import Encoding
    from lnpatch.commands.evaluate import Evaluation
    from lnpatch.commands.train import TrainResult, View
    from lnpatch.doctor import Diagnosis
    from lnpatch.runs import RunInfo
    from lnpatch.runtime.environment import Environment, Progress

#: At most one plain line of updates in so many seconds.
_PLAIN_SECONDS = 2.0

#: How the module over PyTensor begins to say that JAX has compiled for another shape.
_COMPILED = "compiled shape"


@contextmanager
def setup_progress() -> Iterator[Progress]:
    """Shows what is being done: a spinner in a terminal, lines elsewhere."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield lambda text: console.print(text)
        return
    with console.status("") as status:
        yield lambda text: status.update(text)


def print_environment(environment: Environment, was_there: bool) -> None:
    """Where an environment is, and what is in it."""
    console = _console()
    console.print(f"{'Ready, as it was' if was_there else 'Ready'}: {environment.python}")
    console.print("  " + ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items())))


def environment_json(environment: Environment, was_there: bool) -> dict[str, Any]:
    """An environment, for scripts."""
    return {
        "python": str(environment.python),
        "folder": str(environment.folder),
        "packages": dict(environment.packages),
        "built": not was_there,
    }


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
        console.print(f"  model {_short(result.folder / info.model)}")
    console.print(f"  run {_short(result.folder)}")


def print_command(line: str, folder: Path) -> None:
    """The line that starts a run elsewhere: on standard output, alone."""
    sys.stdout.write(line + "\n")
    _console(stderr=True).print(f"Its log goes to {_short(folder)}, which `lnpatch curves` reads.", style="dim")


def print_next_steps(result: TrainResult, jobs: tuple[str, ...]) -> None:
    """Commands that go on from a run."""
    console = _console(stderr=True)
    run = shlex.quote(_short(result.folder))
    if result.info.model:
        for job in jobs:
            console.print(f"next: lnpatch {job} {result.info.target} --model {run}", style="dim")
    console.print(f"next: lnpatch curves {run}", style="dim")


@contextmanager
def check_view() -> Iterator[tuple[View, Callable[[CheckRow], None]]]:
    """Shows checks while they run, on standard error: each as it is done."""
    with setup_progress() as progress:
        yield (
            QuietView(progress),
            lambda row: progress(f"{'passed' if row.passed else 'FAILED'}: {row.name} {row.dtype}".rstrip()),
        )


class QuietView:
    """Only what is done before a run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def progress(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress(text)

    def start(self, folder: Path, info: RunInfo, max_updates: int | None) -> None:
        """See :class:`lnpatch.commands.train.View`."""
        self._progress(f"training {info.target} for one update")

    def line(self, text: str) -> None:
        """See :class:`lnpatch.commands.train.View`."""

    def event(self, event: Event) -> None:
        """See :class:`lnpatch.commands.train.View`."""


def check_json(result: CheckResult) -> dict[str, Any]:
    """All checks, for scripts."""
    return asdict(result) | {"passed": result.passed}


def print_check(result: CheckResult) -> None:
    """A table of all checks with their figures, then what those that failed have to say."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    console.print(f"{result.target}, {result.cell}, {result.runtime} ({versions})")
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for name in ("check", "type", "cases", "largest error", "allowed", "seconds", ""):
        table.add_column(name, justify="left" if name in ("check", "type", "") else "right")
    for row in result.rows:
        error = "" if row.largest_error is None else f"{row.largest_error:.2g}"
        allowed = "" if row.tolerance is None else f"{row.tolerance:.2g}"
        state = Text("passed", "green") if row.passed else Text("FAILED", "bold red")
        table.add_row(row.name, row.dtype, str(row.cases), error, allowed, f"{row.seconds:.1f}", state)
    console.print(table)
    for row in result.rows:
        if not row.passed and row.detail:
            console.print(Text(f"{row.name} {row.dtype}: ", "bold red") + Text(row.detail))
    console.print("All checks passed." if result.passed else "Some checks have FAILED.")


def evaluation_json(result: Evaluation) -> dict[str, Any]:
    """The figures of an evaluation, for scripts."""
    return {
        "target": result.target,
        "model": str(result.model.file),
        "data": result.data,
        "figures": dict(result.figures),
        "paper": [asdict(row) for row in result.paper],
        "notes": list(result.notes),
    }


def print_evaluation(result: Evaluation) -> None:
    """The figures of a model, over those of the paper."""
    from rich import box
    from rich.table import Table

    console = _console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("")
    rows = [(_short(result.model.file), result.figures), *((f"paper: {row.row}", row.figures) for row in result.paper)]
    names = sorted(result.figures, key=_figure_order)
    for name in names:
        table.add_column(name, justify="right")
    for title, figures in rows:
        table.add_row(title, *(f"{figures[name]:.4g}" if name in figures else "" for name in names))
    console.print(table)


def doctor_json(diagnoses: list[Diagnosis], cache: int) -> dict[str, Any]:
    """What the machine has and lacks, for scripts."""
    jobs = [asdict(diagnosis) | {"ready": diagnosis.ready} for diagnosis in diagnoses]
    return {"jobs": jobs, "cache": {"folder": str(cache_root()), "bytes": cache}}


def print_doctor(diagnoses: list[Diagnosis], cache: int) -> None:
    """What the machine has and lacks for each job."""
    from rich.text import Text

    console = _console()
    for diagnosis in diagnoses:
        state = ("ready", "bold green") if diagnosis.ready else ("not ready", "bold red")
        console.print(Text.assemble((diagnosis.job, "bold"), f" ({diagnosis.what}): ", state))
        for finding in diagnosis.findings:
            mark, style = (
                ("ok", "green") if finding.there else (("--", "yellow") if not finding.needed else ("no", "red"))
            )
            detail = f": {finding.detail}" if finding.detail else ""
            console.print(Text.assemble("  ", (mark, style), f" {finding.name}{detail}"))
            if finding.mend and not finding.there:
                console.print(f"       {finding.mend}", style="dim")
    console.print(f"cache: {cache / 1e6:.0f} MB in {cache_root()}; it can be removed at any time")


def _figure_order(name: str) -> tuple[str, int, str]:
    """Direction first, then rank: r1, r5, r10, then the others."""
    group, _, rank = name.rpartition("_")
    order = ["r1", "r5", "r10", "medr", "meanr"]
    return group, order.index(rank) if rank in order else len(order), rank


def encoding_json(result: Encoding) -> dict[str, Any]:
    """What was encoded, for scripts."""
    return {
        "target": result.target,
        "model": str(result.model),
        "output": str(result.output),
        "shape": list(result.shape),
        "notes": list(result.notes),
    }


def print_encoding(result: Encoding) -> None:
    """Where the vectors are."""
    count, size = result.shape
    _console().print(f"{count} sentences, vectors of {size} numbers (float32): {_short(result.output)}")


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
            f"training {info.target} with {info.cell} ({info.runtime}, {info.device}{limit}) in {_short(folder)}"
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
        self._title = f"{info.target} · {info.cell} · {info.runtime} on {info.device} · {_short(folder)}"

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


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
