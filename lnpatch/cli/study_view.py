"""A study while it goes on, on standard error: a bar for each run in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_remark

if TYPE_CHECKING:
    from lnpatch.study.run_status import RunStatus
    from lnpatch.study.study_view import StudyView

#: Seconds between two plain lines of one run whose state is the same.
_LINE_EVERY = 30.0

_STOPPING = "stopping: the models are being saved; Ctrl-C again ends at once"


@contextmanager
def study_view() -> Iterator[StudyView]:
    """Show a study: live in a terminal, as plain lines elsewhere."""
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield PlainStudyView()
        return
    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TextColumn("{task.fields[words]}", markup=False),
    )
    with rich.Progress(*columns, console=console, transient=True) as bars:
        yield LiveStudyView(bars)


class PlainStudyView:
    """Lines: each change of a run's state, and now and then how far it is."""

    def __init__(self) -> None:
        #: By the run's name; those that were done before are no news.
        self._states: dict[str, str] = {}
        self._printed: dict[str, float] = {}

    def report_step(self, text: str) -> None:
        """Print what is being done before the runs start."""
        print_remark(text)

    def show_runs(self, runs: Sequence[RunStatus]) -> None:
        """Print the runs of which there is news."""
        now = time.monotonic()
        for run in runs:
            changed = run.state not in (self._states.get(run.name), "to-do" if self._states else "done")
            due = run.state == "running" and now - self._printed.get(run.name, now) >= _LINE_EVERY
            if changed or due:
                print_remark(f"{run.name}: {describe_run(run)}")
                self._printed[run.name] = now
            self._states[run.name] = run.state

    def show_stopping(self) -> None:
        """Print that the runs are stopping."""
        print_remark(_STOPPING)


class LiveStudyView:
    """A bar for each run."""

    def __init__(self, bars: rich.Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}
        self._step = bars.add_task("", total=None, words="")

    def report_step(self, text: str) -> None:
        """Show what is being done before the runs start."""
        self._bars.update(self._step, words=text)

    def show_runs(self, runs: Sequence[RunStatus]) -> None:
        """Show how far all runs are."""
        self._bars.update(self._step, visible=False)
        for run in runs:
            if run.name not in self._tasks:
                self._tasks[run.name] = self._bars.add_task(run.name, total=None, words="", start=False)
            whole = run.updates if run.state == "done" else run.max_updates
            self._bars.update(self._tasks[run.name], total=whole, completed=run.updates, words=describe_run(run))

    def show_stopping(self) -> None:
        """Show that the runs are stopping."""
        self._bars.console.print(_STOPPING)


def describe_run(run: RunStatus) -> str:
    """Return in a line how a run stands."""
    words = run.state
    if run.updates:
        words += f", update {run.updates}{f' of {run.max_updates}' if run.max_updates else ''}"
    if run.cost is not None:
        words += f", cost {run.cost:.4g}"
    if run.best is not None:
        words += f", best {run.best.name} {run.best.value:.4g}"
    if run.job:
        words += f", job {run.job}"
    return words + (f": {run.reason}" if run.reason else "")
