"""A failure as the user sees it: in words on standard error, or as one JSON document on standard output."""

from __future__ import annotations

import io
import os
import sys

import click

from lnpatch.cli.console import print_error, print_line
from lnpatch.cli.failure_report import describe_error, write_failure_report
from lnpatch.errors import ExitCode, FileError, LnpatchError, StoppedError, UnexpectedError, UsageError


def show_failure(error: BaseException, words: list[str], as_json: bool) -> int:
    """Show a failure of the command line *words*, and return the exit code.

    Raises:
        BaseException: *error* itself, if it is about standard output, which ``main`` sees to.
    """
    if isinstance(error, click.UsageError) and not as_json:
        _show_usage(error)
        return ExitCode.USAGE
    if isinstance(error, OSError) and _output_is_broken():
        raise error
    known = _as_lnpatch_error(error) or _make_unexpected(error, words)
    print_error(known, as_json)
    return known.exit_code


def _show_usage(error: click.UsageError) -> None:
    """Print a mistake with the usage of the command, which only click knows."""
    text = _Screen()
    error.show(text)
    print_line(text.getvalue().rstrip("\n"), sys.stderr)


class _Screen(io.StringIO):
    """Takes what click says of a mistake, in which is what was typed; from a file click would drop a part of it."""

    def isatty(self) -> bool:
        return True


def _as_lnpatch_error(error: BaseException) -> LnpatchError | None:
    """Return the failure in lnpatch's own words; None for one that nobody has thought of."""
    if isinstance(error, LnpatchError):
        return error
    if isinstance(error, click.UsageError):
        return UsageError(error.format_message(), "lnpatch --help")
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return StoppedError()
    if isinstance(error, OSError) and error.filename is not None:
        return FileError(_describe_file(error.filename), error.strerror or str(error))
    return None


def _describe_file(name: object) -> str:
    """Return the name in an ``OSError``, which may be bytes, or the number of an open file."""
    return os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else str(name)


def _make_unexpected(error: BaseException, words: list[str]) -> UnexpectedError:
    name, reason = describe_error(error)
    return UnexpectedError(name, reason, write_failure_report(error, words))


def _output_is_broken() -> bool:
    """Return whether what was printed so far cannot be written, so that an ``OSError`` is most likely about that."""
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False
