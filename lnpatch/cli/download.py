"""``lnpatch download``: a bar for each file in a terminal, lines elsewhere; then what is in place, and what is not."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import format_size, make_console, print_error, print_json, print_next, print_notes
from lnpatch.cli.help import Command
from lnpatch.cli.options import TEXT, format_option, target_argument

if TYPE_CHECKING:
    from lnpatch.commands.download import DownloadReport
    from lnpatch.downloads.artefact import DownloadedArtefact
    from lnpatch.downloads.partial_file import DownloadWatcher
    from lnpatch.recipes import Artefact

#: Seconds between two lines about one file, where standard error is not a terminal.
_LINE_EVERY = 10.0

_TRUST = {
    "recipe": "checksum as in the recipe",
    "recorded": "checksum as recorded",
    "first-seen": "checksum recorded now",
}


@click.command(
    cls=Command,
    example="lnpatch download order-embeddings",
    sections={"Files": ("dest", "mirror", "trust_new")},
)
@target_argument
@click.argument("names", nargs=-1, type=TEXT, metavar="[NAME]...")
@click.option("--dest", type=TEXT, metavar="DIR", help="Where the files go; by default data/TARGET, here.")
@click.option(
    "--mirror", type=TEXT, metavar="BASE", help="An address or a folder that has the files under their names."
)
@click.option("--trust-new", is_flag=True, help="Accept files whose checksum has changed.")
@format_option
@click.pass_context
def download(
    context: click.Context,
    target: str,
    names: tuple[str, ...],
    dest: str | None,
    mirror: str | None,
    trust_new: bool,
    form: str,
) -> None:
    """Get TARGET's released models, data and logs.

    All of them, or those that `lnpatch show TARGET` calls NAME.
    """
    folder = Path(dest) if dest is not None else None
    with _download_progress() as watch:
        report = commands.download(target, names, folder, watch, mirror=mirror, trust_new=trust_new)
    if form == "json":
        print_json(_download_json(report))
    else:
        _print_downloads(report)
    if report.error:
        context.exit(report.error.exit_code)


@contextmanager
def _download_progress() -> Iterator[Callable[[Artefact], DownloadWatcher]]:
    """Make the watcher of each file, on standard error."""
    try:
        if sys.stderr.isatty():
            with _bars() as bars:
                yield lambda artefact: _Bar(artefact.name, bars)
        else:
            yield lambda artefact: _Lines(artefact.name)
    except KeyboardInterrupt:
        print_notes(["the partial file is kept; the same command resumes it, where the server can."])
        raise


def _bars() -> rich.Progress:
    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
    )
    return rich.Progress(*columns, rich.TimeRemainingColumn(), console=make_console(stderr=True), transient=True)


class _Bar:
    """One file's bar; it comes with the first byte, so that its speed leaves out what was there before."""

    def __init__(self, name: str, bars: rich.Progress) -> None:
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
        of = f" of {format_size(total)}" if total else ""
        make_console(stderr=True).print(f"{self.name}: {format_size(done)}{of}")

    def note(self, text: str) -> None:
        print_notes([f"{self.name}: {text}"])


def _download_json(report: DownloadReport) -> dict[str, Any]:
    """Return the files that are in place; ``error`` is there where some are not."""
    document: dict[str, Any] = {
        "target": report.target,
        "dest": report.directory,
        "files": [asdict(file) for file in report.files],
    }
    return document | ({"error": report.error.as_json()} if report.error else {})


def _print_downloads(report: DownloadReport) -> None:
    """Print a table of the files that are in place, and the failures behind it."""
    if report.files:
        table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for file in report.files:
            table.add_row(file.name, file.path, format_size(file.size), _describe_state(file))
        make_console().print(table)
    if archives := [file.path for file in report.files if file.path.endswith(".zip")]:
        print_next(*(shlex.join(["python3", "-m", "zipfile", "-e", path, str(Path(path).parent)]) for path in archives))
    if report.error:
        print_error(report.error, as_json=False)


def _describe_state(file: DownloadedArtefact) -> str:
    state = "there already" if file.state == "present" else "downloaded"
    return f"{state}, {_TRUST[file.trust]} ({file.sha256[:12]})"
