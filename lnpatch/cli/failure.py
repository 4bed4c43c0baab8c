"""A failure as the user sees it: in words on standard error, or as one JSON document on standard output."""

from __future__ import annotations

import os

import click

from lnpatch.cli.console import print_error
from lnpatch.errors import ExitCode, FileError, LnpatchError, StoppedError, UsageError


def show_failure(error: BaseException, as_json: bool) -> int | None:
    """Show a failure and return the exit code; None, and nothing shown, for one that is not the user's to know of."""
    if isinstance(error, click.UsageError) and not as_json:
        error.show()  # with the usage of the command, which only click knows
        return ExitCode.USAGE
    known = _as_lnpatch_error(error)
    if known is None:
        return None
    print_error(known, as_json)
    return known.exit_code


def _as_lnpatch_error(error: BaseException) -> LnpatchError | None:
    if isinstance(error, LnpatchError):
        return error
    if isinstance(error, click.UsageError):
        return UsageError(error.format_message(), "lnpatch --help")
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return StoppedError()
    # without a file it is about our own output, which main sees to
    if isinstance(error, OSError) and error.filename is not None and not isinstance(error, BrokenPipeError):
        return FileError(os.fspath(error.filename), error.strerror or str(error))
    return None
