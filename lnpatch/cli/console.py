"""What all commands share of their output. Standard output is data, standard error is for people; nothing else prints.

Text for people is made visible here: see :mod:`lnpatch.cli.visible_text`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.verbosity import is_quiet
from lnpatch.cli.visible_text import make_pasteable, make_visible
from lnpatch.cli.wrap_prose import wrap_prose

if TYPE_CHECKING:
    from lnpatch.errors import LnpatchError
    from lnpatch.runtimes.environment import ReportStep

#: Wide enough that nothing is folded or cut where no terminal sets the width.
_PIPE_WIDTH = 1000


def make_console(stderr: bool = False, quiet: bool | None = None) -> rich.Console:
    """Make a console for standard output, or for standard error.

    Args:
        quiet: whether it prints nothing; by default, of standard error, where ``-q`` was given.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    silent = stderr and is_quiet() if quiet is None else quiet
    return rich.Console(
        stderr=stderr, width=width, quiet=silent, highlight=False, markup=False, emoji=False, soft_wrap=True
    )


def print_prose(console: rich.Console, text: str, style: str = "") -> None:
    """Print text for people, broken between words in a terminal."""
    shown = wrap_prose(text, console.width) if console.is_terminal else text
    console.print(rich.Text(shown, style=style))


def print_line(text: str, stream: TextIO) -> None:
    """Print text without rich: where each line has to be there at once, and where rich is not to be imported."""
    stream.write(make_visible(text) + "\n")
    stream.flush()


def print_shell_line(line: str) -> None:
    """Print a command line on standard output: for a shell, byte for byte; in a terminal, so that it can be pasted."""
    sys.stdout.write((make_pasteable(line) if sys.stdout.isatty() else line) + "\n")


def print_remark(text: str) -> None:
    """Print a line for people on standard error at once, unless ``-q`` was given."""
    if not is_quiet():
        print_line(text, sys.stderr)


#: The version of all JSON documents: within it keys may come to a document, and none goes or means something else.
_SCHEMA = 1


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on standard output, with the version of all documents."""
    sys.stdout.write(json.dumps({"schema": _SCHEMA, **document}, indent=2, default=str) + "\n")


def print_error(error: LnpatchError, as_json: bool) -> None:
    """Print a failure: on standard error for people, as a JSON document on standard output for scripts."""
    if as_json:
        print_json({"error": error.as_json()})
        return
    console = make_console(stderr=True, quiet=False)
    console.print(rich.Text("error: ", style="bold red"), end="")
    print_prose(console, error.message)
    if error.hint:
        print_prose(console, error.hint, style="dim")


def print_notes(notes: Sequence[str]) -> None:
    """Print remarks for people, on standard error."""
    for note in notes:
        print_prose(make_console(stderr=True), f"note: {note}")


def print_next(*commands: str) -> None:
    """Print the commands that a user may want next, on standard error, a line each; their words are quoted for a shell."""
    console = make_console(stderr=True)
    for number, command in enumerate(commands):
        console.print(f"{'      ' if number else 'next: '}{make_pasteable(command)}")


def print_patch(patch: bytes, paged: bool = False) -> None:
    """Print a patch: byte for byte, but for people in a terminal, coloured if it has colours.

    Args:
        paged: in a terminal, by the page: where the patch is all that there is to see.
    """
    if sys.stdout.isatty():
        console, text = make_console(), patch.decode("utf-8", "replace")
        with console.capture() as captured:
            console.print(text if console.no_color else rich.render_diff(text), end="" if console.no_color else "\n")
        if paged:
            _page(captured.get())
        else:
            sys.stdout.write(captured.get())
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(patch)
    sys.stdout.buffer.flush()


def _page(text: str) -> None:
    """Show text, which is made visible already, by the pager that git's users have set; *core.pager* of a checkout is a stranger's."""
    pager = os.environ.get("GIT_PAGER", os.environ.get("PAGER"))
    if pager == "" or os.environ.get("TERM", "dumb") == "dumb":
        sys.stdout.write(text)
        return
    os.environ.setdefault("LESS", "FRX")  # as git has it: colours, and no page for what fits the screen
    if pager is not None:
        os.environ["PAGER"] = pager  # where click looks
    click.echo_via_pager(text, color=True)


@contextmanager
def step_progress() -> Iterator[ReportStep]:
    """Show what is being done, on standard error: a spinner in a terminal, lines elsewhere."""
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield lambda text: console.print(text)
        return
    with console.status("") as status:
        yield lambda text: status.update(rich.Text(text))  # of a string it would read markup


def short_path(path: Path) -> str:
    """Return a path as one would type it from here."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the current folder was removed
        return str(path)
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def format_count(count: int, noun: str) -> str:
    """Return a number with what it counts: ``1 seed``, ``3 seeds``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def format_duration(seconds: float) -> str:
    """Return seconds in the unit that people would use: ``34.5 ms``, ``1.2 s``, ``20.6 min``, ``3.4 h``, ``12.1 d``."""
    for least, size, unit in ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min")):
        if seconds >= least:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s" if seconds >= 0.1 else f"{seconds * 1000:.3g} ms"


def format_size(count: int) -> str:
    """Return bytes as people write them, in steps of 1000."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"


def format_figures(figures: Mapping[str, float]) -> str:
    """Return figures with their names, in one line."""
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
