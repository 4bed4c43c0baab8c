"""``lnpatch check``: the patched layers against a float64 NumPy reference, and one update of the repository's own model."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.errors import TrainingFailedError
from lnpatch.runtimes.open_runtime import OpenRuntime, open_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.jobs import CHECK_LAYERS, CheckLayersJob
from lnpatch.training.patched import Patched, find_job, open_patched
from lnpatch.training.prepare import prepare_training
from lnpatch.training.request import TrainOptions
from lnpatch.training.run_job import require_result
from lnpatch.training.train_run import TrainResult, run_plan
from lnpatch.training.train_view import SilentView, TrainView


@dataclass(frozen=True)
class CheckRow:
    """One check."""

    #: What it checks.
    name: str
    passed: bool
    #: The type that it computes in.
    dtype: str = ""
    #: How many cases it tries.
    cases: int = 0
    #: The largest error in any of them.
    largest_error: float | None = None
    #: The largest error that is allowed.
    tolerance: float | None = None
    seconds: float = 0.0
    #: What went wrong, where it has not passed.
    detail: str = ""


@dataclass(frozen=True)
class CheckResult:
    """All checks of a target."""

    target: str
    cell: str
    runtime: str
    #: What the checks ran with.
    versions: dict[str, str]
    rows: tuple[CheckRow, ...]
    #: Remarks for people.
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every check has passed."""
        return all(row.passed for row in self.rows)


def check(
    target: Target = None,
    directory: Folder = None,
    *,
    quick: bool = False,
    runtime: RuntimeOptions | None = None,
    view: TrainView | None = None,
    on_row: Callable[[CheckRow], None] = lambda row: None,
) -> CheckResult:
    """Check the layers of a patched checkout, then one update of its model.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        quick: try fewer cases.
        runtime: which Python, backend and device; by default what is there.
        view: shows what is being done; by default nothing is shown.
        on_row: called with each row as soon as it is known.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; a check that fails is a row, not an error.
    """
    location = locate(target, directory)
    recipe, options, view = location.recipe, runtime or RuntimeOptions(), view or SilentView()
    if (
        options.precision == "auto"
    ):  # TF32, which a GPU trains in, has errors of 5e-4; those of a wrong layer may be as small
        options = replace(options, precision="float32")
    find_job(recipe, "train")
    patched = open_patched(recipe, location.directory)
    opened = open_runtime(options, recipe, "train", view.report_step)
    rows: list[CheckRow] = []

    def add_row(row: CheckRow) -> None:
        rows.append(row)
        on_row(row)

    view.report_step(f"checking the layers of {recipe.name}")
    versions = _check_layers(patched, opened, quick, add_row)
    add_row(_check_update(patched, opened, options, view))
    notes = (*patched.notes, *opened.notes)
    return CheckResult(recipe.reference, patched.patched_cell, opened.name, versions, tuple(rows), notes)


def _check_layers(
    patched: Patched, runtime: OpenRuntime, quick: bool, add_row: Callable[[CheckRow], None]
) -> dict[str, str]:
    """Run the checks of ``templates/layer_checks/check_layers.py``; return the versions that they ran with.

    Raises:
        JobFailedError: they could not be run to the end.
    """
    folder, module = patched.layers_module(runtime.job)
    with tempfile.TemporaryDirectory(prefix="lnpatch-check-") as temporary:
        code = runtime.prepare_code(patched.checkout, Path(temporary))
        job = CheckLayersJob(
            directory=code / folder,
            layers=module,
            cell=patched.patched_cell,
            result=Path(temporary) / "result.json",
            quick=quick,
        )

        def read_line(line: str) -> None:
            row = _parse_row(line)
            if row is not None:
                add_row(row)

        outcome = runtime.run(CHECK_LAYERS, job, read_line)
    require_result(outcome, patched.recipe.reference, "check")
    versions: dict[str, str] = outcome.result["versions"]
    return versions


def _check_update(patched: Patched, runtime: OpenRuntime, options: RuntimeOptions, view: TrainView) -> CheckRow:
    """Make one update of the repository's own model, of tiny size, on tiny data: a finite cost, and parameters that move."""
    name = "one update of the repository's model"
    with tempfile.TemporaryDirectory(prefix="lnpatch-check-") as folder:
        train_options = TrainOptions(
            runtime=options, smoke=True, max_updates=1, output=folder, compares_parameters=True
        )
        try:
            plan = prepare_training(patched, train_options, view.report_step, runtime)
            result = run_plan(plan, view)
        except TrainingFailedError as error:
            return CheckRow(name, False, "float32", detail=error.message)
    detail = _find_fault(result)
    count = result.parameters.get("count", 0)
    return CheckRow(name, not detail, "float32", count, seconds=result.seconds_per_update or 0.0, detail=detail)


def _find_fault(result: TrainResult) -> str:
    """Return what is wrong with an update; empty where nothing is."""
    if not result.parameters:
        return "the trainer ended before the update did"
    if unchanged := result.parameters["unchanged"]:
        return f"no change in {', '.join(unchanged)}"
    finite = result.first_cost is not None and math.isfinite(result.first_cost) and result.parameters["finite"]
    return "" if finite else "the cost or a parameter is not a finite number"


def _parse_row(line: str) -> CheckRow | None:
    """Return the row that the script has printed, None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        table = json.loads(line)
        return CheckRow(**{name: table[name] for name in CheckRow.__dataclass_fields__ if name in table})
    except (ValueError, TypeError):
        return None
