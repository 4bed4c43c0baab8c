"""The command line: each command reads its arguments, makes one call and hands the result to the console.

Nothing heavy is imported before a command runs, so that ``lnpatch --help`` starts as fast as click does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from lnpatch import __version__
from lnpatch.cli import patching, results, training
from lnpatch.errors import ExitCode, FileError, LnpatchError, StoppedError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lnpatch")
def cli() -> None:
    """Patch layer normalization into the Theano repositories of the 2016 paper, review the patch, take it back.

    TARGET is a known repository (see `lnpatch targets`), one of its aliases, or the path of a recipe file.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
    """


for _command in (
    patching.targets,
    patching.show,
    patching.apply,
    patching.diff,
    patching.revert,
    patching.status,
    training.setup,
    training.check,
    training.train,
    training.evaluate,
    training.encode,
    results.curves,
    results.download,
    training.port,
    training.doctor,
    patching.demo,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = _wants_json(given)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _terminate)
    if sys.stdout is None:  # it was closed by the caller
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        code = _run(given, as_json)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone; say nothing more, not at exit either
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return ExitCode.FAILED
    except OSError as error:  # our output could not be written
        sys.stderr.write(f"error: {error}\n")
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return ExitCode.FAILED
    return code


def _run(arguments: list[str], as_json: bool) -> int:
    """Run the command line; every failure is shown as the user wants it."""
    try:
        result = cli.main(arguments, prog_name="lnpatch", standalone_mode=False)
        return result if isinstance(result, int) else ExitCode.OK
    except LnpatchError as error:
        return _failed(error, as_json)
    except click.UsageError as error:
        if as_json:
            return _failed(UsageError(error.format_message(), "lnpatch --help"), as_json)
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return _failed(StoppedError(), as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            raise
        return _failed(FileError(os.fspath(error.filename), error.strerror or str(error)), as_json)


def _failed(error: LnpatchError, as_json: bool) -> int:
    from lnpatch import console

    console.print_error(error, as_json)
    return error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether --format json was given, also where the rest of the command line cannot be read."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _terminate(signum: int, frame: object) -> None:
    """End as after Ctrl-C, so that nothing is left half done."""
    raise KeyboardInterrupt
