"""What ``lnpatch download`` shows: a bar for each file in a terminal, lines elsewhere; then what is in place, and what is not."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.console import _console, print_error, print_next, print_notes

if TYPE_CHECKING:
    from rich.progress import Progress

    from lnpatch.commands.download import DownloadReport
    from lnpatch.downloads.artefact import DownloadedArtefact
    from lnpatch.downloads.partial_file import DownloadWatcher
    from lnpatch.recipes import Artefact

#: Seconds between two lines about one file, where standard error is no terminal.
_LINE_EVERY = 10.0

_TRUST = {
    "recipe": "checksum as in the recipe",
    "recorded": "checksum as recorded",
    "first-seen": "checksum recorded now",
}


@contextmanager
def download_progress() -> Iterator[Callable[[Artefact], DownloadWatcher]]:
    """Makes the watcher of each file, on standard error."""
    try:
        if sys.stderr.isatty():
            with _bars() as bars:
                yield lambda artefact: _Bar(artefact.name, bars)
        else:
            yield lambda artefact: _Lines(artefact.name)
    except KeyboardInterrupt:
        print_notes(["the partial file is kept; the same command resumes it."])
        raise


def _bars() -> Progress:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=_console(stderr=True), transient=True)


class _Bar:
    """One file's bar; it comes with the first byte, so that its speed leaves out what was there before."""

    def __init__(self, name: str, bars: Progress) -> None:
        self.name = name
        self.bars = bars
        self.task: Any = None
        self.done = 0

    def advance(self, done: int, total: int) -> None:
        if self.task is None or done < self.done:
            if self.task is not None:
                self.bars.remove_task(self.task)
            self.task = self.bars.add_task(self.name, total=total or None, completed=done)
        else:
            self.bars.update(self.task, completed=done, total=total or None)
        self.done = done

    def note(self, text: str) -> None:
        self.bars.console.print(f"note: {self.name}: {text}")


class _Lines:
    """One file's lines: where it begins, every ten seconds, and when it is whole."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.next = 0.0

    def advance(self, done: int, total: int) -> None:
        if time.monotonic() < self.next and done != total:
            return
        self.next = time.monotonic() + _LINE_EVERY
        of = f" of {_size(total)}" if total else ""
        _console(stderr=True).print(f"{self.name}: {_size(done)}{of}")

    def note(self, text: str) -> None:
        print_notes([f"{self.name}: {text}"])


def download_json(report: DownloadReport) -> dict[str, Any]:
    """The files that are in place; ``error`` is there where some are not."""
    document: dict[str, Any] = {
        "target": report.target,
        "dest": report.directory,
        "files": [asdict(file) for file in report.files],
    }
    return document | ({"error": report.error.as_json()} if report.error else {})


def print_downloads(report: DownloadReport) -> None:
    """A table of the files that are in place, and the failures behind it."""
    from rich.table import Table

    if report.files:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for file in report.files:
            table.add_row(file.name, file.path, _size(file.size), _state(file))
        _console().print(table)
    if archives := [file.path for file in report.files if file.path.endswith(".zip")]:
        print_next(*(shlex.join(["python3", "-m", "zipfile", "-e", path, str(Path(path).parent)]) for path in archives))
    if report.error:
        print_error(report.error, as_json=False)


def _state(file: DownloadedArtefact) -> str:
    state = "there already" if file.state == "present" else "downloaded"
    return f"{state}, {_TRUST[file.trust]} ({file.sha256[:12]})"


def _size(count: int) -> str:
    """Bytes as people write them, in steps of 1000."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
