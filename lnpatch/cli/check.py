"""``lnpatch check``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.configured import is_typed
from lnpatch.cli.console import make_console, print_json, print_notes, step_progress
from lnpatch.cli.help import RUNTIME, Command
from lnpatch.cli.options import directory_option, format_option, optional_target_argument, runtime_options
from lnpatch.errors import ExitCode
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.train_view import SilentView

if TYPE_CHECKING:
    from lnpatch.commands.check import CheckResult, CheckRow
    from lnpatch.runtimes.environment import ReportStep
    from lnpatch.training.prepare import TrainPlan


@click.command(
    cls=Command,
    example=("lnpatch apply demo\nlnpatch check demo --quick"),
    sections=RUNTIME,
)
@optional_target_argument
@directory_option
@runtime_options
@click.option("--quick", is_flag=True, help="Fewer cases.")
@format_option
@click.pass_context
def check(
    context: click.Context,
    target: str | None,
    directory: str | None,
    runtime: RuntimeOptions,
    quick: bool,
    form: str,
) -> None:
    """Check the patched layers, and one update of the model.

    The layers are compared with a float64 NumPy reference. Without TARGET, the checkout around this folder is meant, or
    the one patched checkout in it.
    """
    if not is_typed(
        context, "precision"
    ):  # what is configured is for training; layers are told from wrong ones in float32
        runtime = replace(runtime, precision=RuntimeOptions.precision)
    with _check_view() as (view, on_row):
        result = commands.check(target, directory, quick=quick, runtime=runtime, view=view, on_row=on_row)
    if form == "json":
        print_json(asdict(result) | {"passed": result.passed})
    else:
        print_notes(result.notes)
        _print_check(result)
    if not result.passed:
        context.exit(ExitCode.FAILED)


class _StepView(SilentView):
    """Shows only the steps: the one update of a check needs no more."""

    def __init__(self, report_step: ReportStep) -> None:
        self._report_step = report_step

    def report_step(self, text: str) -> None:
        self._report_step(text)

    def start(self, plan: TrainPlan) -> None:
        self._report_step(f"training {plan.info.target} for one update")


@contextmanager
def _check_view() -> Iterator[tuple[_StepView, Callable[[CheckRow], None]]]:
    """Show checks while they run, on standard error: each as it is done."""
    with step_progress() as report_step:
        yield (
            _StepView(report_step),
            lambda row: report_step(f"{'passed' if row.passed else 'FAILED'}: {row.name} {row.dtype}".rstrip()),
        )


def _print_check(result: CheckResult) -> None:
    """Print a table of all checks with their figures, then what those that failed have to say."""
    console = make_console()
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    console.print(f"{result.target}, {result.cell}, {result.runtime} ({versions})")
    table = rich.Table(box=rich.SIMPLE_HEAD, show_edge=False)
    for name in ("check", "type", "cases", "largest error", "allowed", "seconds", ""):
        table.add_column(name, justify="left" if name in ("check", "type", "") else "right")
    for row in result.rows:
        table.add_row(*_table_cells(row))
    console.print(table)
    for row in result.rows:
        if not row.passed and row.detail:
            console.print(rich.Text(f"{row.name} {row.dtype}: ", "bold red") + rich.Text(row.detail))
    console.print("All checks passed." if result.passed else "Some checks have FAILED.")


def _table_cells(row: CheckRow) -> list[str | rich.Text]:
    error = "" if row.largest_error is None else f"{row.largest_error:.2g}"
    allowed = "" if row.tolerance is None else f"{row.tolerance:.2g}"
    state = rich.Text("passed", "green") if row.passed else rich.Text("FAILED", "bold red")
    return [row.name, row.dtype, str(row.cases), error, allowed, f"{row.seconds:.1f}", state]
