"""The command line: a module for each command reads its options, makes one call, and shows the result as text or JSON.

A command's module is imported when the command is run, and what takes long to import with it, so that ``lnpatch --help``
starts as fast as click does.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import NamedTuple

import click

from lnpatch import __version__


class CommandEntry(NamedTuple):
    """Where a command is, and its summary for ``lnpatch --help``: the first paragraph of its own help."""

    module: str
    summary: str


COMMANDS = {
    "targets": CommandEntry("recipes", "List the known targets."),
    "show": CommandEntry("recipes", "Show one recipe: repository, edits, released files, jobs."),
    "apply": CommandEntry("apply", "Patch TARGET's checkout; clone it if it is not there."),
    "diff": CommandEntry("diff", "Show what apply would do, or what it did, as a patch."),
    "revert": CommandEntry("revert", "Take the patch out, keeping what was changed since."),
    "status": CommandEntry("status", "Say how far targets are in their checkouts."),
    "setup": CommandEntry("setup", "Build or mend the environment that trains TARGET."),
    "check": CommandEntry("check", "Check the patched layers, and one update of the model."),
    "train": CommandEntry("train", "Train a patched checkout with the repository's own trainer."),
    "evaluate": CommandEntry("evaluate", "Evaluate a model, beside the paper's figures."),
    "encode": CommandEntry("encode", "Turn sentences into vectors with a model."),
    "curves": CommandEntry("curves", "Compare training runs: cost and validation."),
    "download": CommandEntry("download", "Get TARGET's released models, data and logs."),
    "port": CommandEntry("port", "Make a Python 3 copy of a checkout."),
    "doctor": CommandEntry("doctor", "Say what this machine has and lacks for each job."),
    "demo": CommandEntry("demo", "Show the whole story offline, on an embedded repository."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"lnpatch.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; click's own would import each of them for its summary."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lnpatch")
def cli() -> None:
    """Patch layer normalization into the Theano repositories of the 2016 paper, review the patch, take it back.

    TARGET is a known repository (see `lnpatch targets`), one of its aliases, or the path of a recipe file. Where it is
    optional, the checkout around the current folder says it, or the one patched checkout in it.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    if sys.stdout is None:  # it was closed by the caller
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what its encoding lacks is shown as an escape, not as a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run_command(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone; say nothing more, not at exit either
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 1
    except OSError as error:  # our output could not be written
        sys.stderr.write(f"error: {error}\n")
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 1
    return code


def _run_command(words: list[str]) -> int:
    """Run a command and return its exit code; every failure is shown as the user wants it."""
    try:
        result = cli.main(words, prog_name="lnpatch", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        # the errors take 20 ms to import, which a command that goes well does without
        from lnpatch.cli.failure import show_failure

        code = show_failure(error, as_json=_wants_json(words))
        if code is None:
            raise
        return code


def _wants_json(words: Sequence[str]) -> bool:
    """Return whether --format json was given, also where the rest of the command line cannot be read."""
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _interrupt(signum: int, frame: object) -> None:
    """End as after Ctrl-C, so that nothing is left half done."""
    raise KeyboardInterrupt
