"""The command line: each command reads its arguments, makes one call and hands the result to the console.

Nothing heavy is imported before a command runs, so that ``lnpatch --help`` starts as fast as click does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import click

from lnpatch import __version__
from lnpatch.errors import ExitCode, FileError, LnpatchError, StoppedError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="lnpatch")
def cli() -> None:
    """Patch layer normalization into the Theano repositories of the 2016 paper, review the patch, take it back.

    TARGET is a known repository (see `lnpatch targets`), one of its aliases, or the path of a recipe file.

    Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
    """


class _Text(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value that is not empty, as it is when a shell variable is not set."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value, if there is one."""
        if not value:
            self.fail("the value is empty", param, ctx)
        return value


_TEXT = _Text()


def _target(required: bool = True) -> Callable[[F], F]:
    return click.argument("target", required=required, type=_TEXT)


_directory = click.option(
    "--dir", "directory", type=_TEXT, metavar="DIR", help="The checkout; by default the repository's name, here."
)
_cell = click.option(
    "--cell", type=_TEXT, metavar="NAME", help="The cell to inject: lngru or lnlstm; by default the paper's."
)
_data_dir = click.option(
    "--data-dir", type=_TEXT, metavar="DIR", help="Where the data is, for targets that have it in their source."
)
_no_repairs = click.option("--no-repairs", is_flag=True, help="Leave out what mends the repository itself.")
_format = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@cli.command()
@_format
def targets(form: str) -> None:
    """List the known targets: what each recipe does and what it needs."""
    from lnpatch import console
    from lnpatch.targets import known

    if form == "json":
        console.print_json({"targets": [console.recipe_json(recipe, None) for recipe in known()]})
    else:
        console.print_targets(known())


@cli.command()
@_target()
@_cell
@_format
def show(target: str, cell: str | None, form: str) -> None:
    """Show one recipe, resolved: repository, edits, repairs, released files, commands."""
    from lnpatch import console
    from lnpatch.targets import find

    recipe = find(target)
    if form == "json":
        console.print_json(console.recipe_json(recipe, cell))
    else:
        console.print_recipe(recipe, cell)


@cli.command()
@_target()
@_directory
@click.option("--from", "source", type=_TEXT, metavar="URL|PATH", help="Clone this instead of the recipe's address.")
@click.option(
    "--ref", type=_TEXT, metavar="REV", help="Check out this revision of a new clone instead of the recipe's commit."
)
@_cell
@_data_dir
@_no_repairs
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--commit", is_flag=True, help="Commit the patch on a branch of its own, ready for a pull request.")
@_format
def apply(
    target: str,
    directory: str | None,
    source: str | None,
    ref: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    dry_run: bool,
    commit: bool,
    form: str,
) -> None:
    """Patch TARGET's checkout; it is cloned at the recipe's commit if it is not there."""
    from lnpatch import console
    from lnpatch.commands import apply as command
    from lnpatch.options import Options
    from lnpatch.targets import find

    recipe = find(target)
    options = Options(cell, data_dir, not no_repairs)
    with console.clone_progress() as progress:
        report = command.apply(
            recipe,
            recipe.directory(directory),
            options,
            progress,
            source=source,
            ref=ref,
            dry_run=dry_run,
            commit=commit,
        )
    if form == "json":
        console.print_json(console.change_json(report))
    else:
        console.print_notes(report.notes)
        console.print_change(report)


@cli.command()
@_target()
@_directory
@_cell
@_data_dir
@_no_repairs
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference.")
@_format
def diff(
    target: str,
    directory: str | None,
    cell: str | None,
    data_dir: str | None,
    no_repairs: bool,
    exit_code: bool,
    form: str,
) -> None:
    """Show what apply would do to TARGET's checkout, or what it did, as a patch that `git apply` takes."""
    from lnpatch import console
    from lnpatch.commands import diff as command
    from lnpatch.options import Options
    from lnpatch.targets import find

    recipe = find(target)
    report = command.diff(recipe, recipe.directory(directory), Options(cell, data_dir, not no_repairs))
    if form == "json":
        console.print_json(console.diff_json(report))
    else:
        console.print_notes(report.notes)
        console.print_diff(report.patch)
    if exit_code and report.patch:
        click.get_current_context().exit(ExitCode.FAILED)


@cli.command()
@_target()
@_directory
@_format
def revert(target: str, directory: str | None, form: str) -> None:
    """Take the patch out of TARGET's checkout, keeping what was changed since."""
    from lnpatch import console
    from lnpatch.commands import revert as command
    from lnpatch.targets import find

    recipe = find(target)
    report = command.revert(recipe, recipe.directory(directory))
    if form == "json":
        console.print_json(console.change_json(report))
    else:
        console.print_notes(report.notes)
        console.print_change(report)


@cli.command()
@_target(required=False)
@_directory
@click.option("--exit-code", is_flag=True, help="Exit with 1 unless everything is applied, as lnpatch wrote it.")
@_format
def status(target: str | None, directory: str | None, exit_code: bool, form: str) -> None:
    """Say how far TARGET is in its checkout; without TARGET, all that are found."""
    from lnpatch import console
    from lnpatch.commands import status as command
    from lnpatch.patch import PatchState
    from lnpatch.targets import find

    if target is None:
        reports = command.status_of_all(Path(directory) if directory is not None else None)
        document: dict[str, Any] = {"targets": [console.report_json(report) for report in reports]}
    else:
        recipe = find(target)
        reports = [command.status(recipe, recipe.directory(directory))]
        document = console.report_json(reports[0])
    if form == "json":
        console.print_json(document)
    else:
        for report in reports:
            console.print_notes(report.notes)
        console.print_status(reports)
    if exit_code and not (reports and all(report.state is PatchState.APPLIED for report in reports)):
        click.get_current_context().exit(ExitCode.FAILED)


@cli.command()
@click.option("--dir", "directory", type=_TEXT, metavar="DIR", help="Lay the demo out here and keep it, patched.")
@_cell
@_format
def demo(directory: str | None, cell: str | None, form: str) -> None:
    """Show the whole story offline, on an embedded repository: patch, review, check, take back."""
    from lnpatch import console
    from lnpatch.demo import run

    result = run(Path(directory) if directory is not None else None, cell)
    if form == "json":
        console.print_json(result.as_json())
    else:
        console.print_demo(result)
    if not result.passed:
        click.get_current_context().exit(ExitCode.FAILED)


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
