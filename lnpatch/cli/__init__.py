"""The command line: a module for each command reads its options, makes one call, and shows the result as text or JSON.

A command's module is imported when the command is run, and what takes long to import with it, so that ``lnpatch --help``
starts as fast as click does.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

import click

from lnpatch import __version__
from lnpatch.cli.help import Group
from lnpatch.cli.verbosity_options import reset_verbosity
from lnpatch.source.reading import listen_to_slow_reading

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandEntry(NamedTuple):
    """Where a command is, under which heading, and its summary for ``lnpatch --help``: the first paragraph of its own help."""

    module: str
    heading: str
    summary: str


COMMANDS = {
    "demo": CommandEntry("demo", "Patch", "Show the whole story offline, on an embedded repository."),
    "apply": CommandEntry("apply", "Patch", "Patch TARGET's checkout; clone it if it is not there."),
    "diff": CommandEntry("diff", "Patch", "Show what apply would do, or what it did, as a patch."),
    "revert": CommandEntry("revert", "Patch", "Take the patch out, keeping what was changed since."),
    "status": CommandEntry("status", "Patch", "Say how far targets are in their checkouts."),
    "port": CommandEntry("port", "Patch", "Make a Python 3 copy of a checkout."),
    "check": CommandEntry("check", "Train", "Check the patched layers, and one update of the model."),
    "train": CommandEntry("train", "Train", "Train a patched checkout with the repository's own trainer."),
    "reproduce": CommandEntry("reproduce", "Train", "Compare baseline and LN as the paper does, and write a report."),
    "evaluate": CommandEntry("evaluate", "Train", "Evaluate a model, beside what was published."),
    "encode": CommandEntry("encode", "Train", "Turn sentences into vectors with a model."),
    "export": CommandEntry("export", "Train", "Write a model for PyTorch, with code that needs no lnpatch."),
    "download": CommandEntry("download", "Train", "Get TARGET's released models, data and logs."),
    "targets": CommandEntry("recipes", "Look", "List the known targets."),
    "show": CommandEntry("recipes", "Look", "Show one recipe: repository, edits, released files, jobs."),
    "runs": CommandEntry("runs", "Look", "List runs and studies, and how they stand."),
    "curves": CommandEntry("curves", "Look", "Compare training runs: cost and validation."),
    "setup": CommandEntry("setup", "Machine", "Build or mend the environment that trains TARGET."),
    "doctor": CommandEntry("doctor", "Machine", "Say what this machine has and lacks for each job."),
    "cache": CommandEntry("cache", "Machine", "Show or prune what lnpatch keeps on this machine."),
    "completion": CommandEntry("completion", "Machine", "Print the script that completes lnpatch in a shell."),
}


#: What lnpatch says where no command is named.
_FIRST_STEPS = """\
lnpatch patches layer normalization into the Theano repositories of the 2016 paper.

  lnpatch demo                   the whole story on an embedded repository: seconds, offline
  lnpatch apply skip-thoughts    clone and patch a real one; then lnpatch diff, revert
  lnpatch reproduce demo         baseline and LN trained and compared, with a report: minutes
  lnpatch doctor                 what this machine has for training, and what it lacks
  lnpatch --help                 all commands"""

#: Is there where a shell asks what may stand at a place of the command line: click's own convention.
_COMPLETES = "_LNPATCH_COMPLETE"


class _PipeError(Exception):
    """A broken pipe, past click, which takes each for that of our output and exits without a word."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class LazyGroup(Group):
    """A group whose commands are imported when they are run."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise _PipeError(error) from error
            raise

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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so; click's own would import each command for its summary."""
        from click.shell_completion import CompletionItem  # only where a shell asks

        begun = [(name, entry.summary) for name, entry in COMMANDS.items() if name.startswith(incomplete)]
        items = [CompletionItem(name, help=summary) for name, summary in begun]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings; click's own would import each of them for its summary."""
        width = max(map(len, COMMANDS))
        for heading, entries in groupby(COMMANDS.items(), lambda item: item[1].heading):
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), entry.summary) for name, entry in entries])


@click.group(
    cls=LazyGroup,
    example="lnpatch reproduce demo",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="lnpatch")
@click.pass_context
def cli(context: click.Context) -> None:
    """Patch layer normalization into the Theano repositories of the 2016 paper, review the patch, take it back.

    TARGET is a known repository (see `lnpatch targets`), one of its aliases, or the path of a recipe file. Where it is
    optional, the checkout around the current folder says it, or the one patched checkout in it.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
    """
    if context.invoked_subcommand is None:
        from lnpatch.cli.console import print_line

        print_line(_FIRST_STEPS, sys.stdout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("SIGTERM", "SIGUSR1", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has SIGHUP
            signal.signal(number, _interrupt)
    _prepare_streams()
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _show_thread_failure
    try:
        code = _run_command(words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone; say nothing more, not at exit either
        _silence_output()
        return 1
    except OSError as error:  # our output could not be written
        _silence_output()
        _write_last_words(error, as_json=False)
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- a failure to show a failure
        _write_last_words(error, _wants_json(words))
        return 1
    return code


def _run_command(words: list[str]) -> int:
    """Run a command and return its exit code; every failure is shown as the user wants it."""
    reset_verbosity()
    try:
        with listen_to_slow_reading(_show_slow_reading):
            if _COMPLETES in os.environ:
                from lnpatch.cli.completion import register_shells

                register_shells()
            result = cli.main(words, prog_name="lnpatch", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 -- a panic of libcst's parser, which is Rust, is no Exception
        # the errors take 20 ms to import, which a command that goes well does without
        from lnpatch.cli.failure import show_failure

        return show_failure(error.error if isinstance(error, _PipeError) else error, words, _wants_json(words))


def _show_thread_failure(failure: threading.ExceptHookArgs) -> None:
    """Say in a line what has ended a thread, such as the one that refreshes a progress bar; the command goes on."""
    if isinstance(failure.exc_value, Exception):
        from lnpatch.cli.failure import show_failure

        show_failure(failure.exc_value, sys.argv[1:], as_json=False)


def _prepare_streams() -> None:
    """Have streams that take any text: none may be closed, or of an encoding that lacks a sign of a path or a table."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed by the caller
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _silence_output() -> None:
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def _write_last_words(error: BaseException, as_json: bool) -> None:
    """Say in one line that even a failure could not be shown; nothing is imported, since there may be no memory left."""
    name = type(error).__name__
    try:
        if as_json:
            details = '{"kind": "UnexpectedError", "message": "%s", "hint": "", "exit_code": 1, "details": {}}'
            sys.stdout.write('{"schema": 1, "error": ' + details % name + "}\n")
            sys.stdout.flush()
        else:
            words = ascii(error.strerror)[1:-1] if isinstance(error, OSError) and error.strerror else name
            sys.stderr.write(f"error: {words}\n")
    except OSError:
        _silence_output()


def _show_slow_reading(name: str, size: int) -> None:
    """Say, for people, that a file is being read which takes longer than a second."""
    from lnpatch.cli.console import print_remark

    print_remark(f"reading {name} ({size / 1e6:.1f} MB)")


def _wants_json(words: Sequence[str]) -> bool:
    """Return whether ``--format json`` was given, also where the rest of the command line cannot be read; the last one counts."""
    own = words[: words.index("--")] if "--" in words else words
    form = ""
    for word, following in pairwise([*own, ""]):
        if word.startswith("--format="):
            form = word.removeprefix("--format=")
        elif word == "--format":
            form = following
    return form == "json"


def _interrupt(signum: int, frame: object) -> None:
    """End as after Ctrl-C, so that nothing is left half done."""
    raise KeyboardInterrupt
