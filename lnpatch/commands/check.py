"""``lnpatch check``: the patched layers against a float64 NumPy reference, and one update of the repository's own model."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lnpatch.commands.train import TrainOptions, View, train
from lnpatch.errors import JobFailedError, StoppedError, TrainingFailedError
from lnpatch.recipes.recipe import Job, Recipe
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.process import run
from lnpatch.training.patched import EngineOptions, Patched, Runtime, choose_runtime, find_job, open_patched
from lnpatch.training.run_folder import COMPARED


@dataclass(frozen=True)
class CheckRow:
    """One check: how many cases, the largest error found and the one allowed; ``detail`` where it has not passed."""

    name: str
    passed: bool
    dtype: str = ""
    cases: int = 0
    largest_error: float | None = None
    tolerance: float | None = None
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class CheckResult:
    """All checks of a target."""

    target: str
    cell: str
    runtime: str
    versions: dict[str, str]
    rows: tuple[CheckRow, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all have."""
        return all(row.passed for row in self.rows)


def check(
    recipe: Recipe,
    directory: Path,
    *,
    engine: EngineOptions,
    quick: bool,
    view: View,
    on_row: Callable[[CheckRow], None],
) -> CheckResult:
    """Check the checkout's layers, then its training.

    Args:
        quick: fewer cases.
        on_row: called with each row as soon as it is known.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; a check that fails is a row, not an error.
    """
    job = find_job(recipe, "train")
    patched = open_patched(recipe, directory)
    runtime = choose_runtime(engine)
    environment = runtime.ensure(recipe, "train", view.progress)
    rows: list[CheckRow] = []

    def take(row: CheckRow) -> None:
        rows.append(row)
        on_row(row)

    view.progress(f"checking the layers of {recipe.name}")
    versions = _check_layers(patched, job, runtime, environment, engine.device, quick, take)
    take(_check_update(recipe, directory, engine, view))
    cell = patched.applied.record.cell
    return CheckResult(recipe.reference, cell, runtime.name, versions, tuple(rows), patched.notes)


def _check_layers(
    patched: Patched,
    job: Job,
    runtime: Runtime,
    environment: Environment,
    device: str,
    quick: bool,
    take: Callable[[CheckRow], None],
) -> dict[str, str]:
    """Run the checks of ``templates/layer_checks/check_layers.py``; the versions that they ran with.

    Raises:
        JobFailedError: they could not be run to the end.
    """
    recipe = patched.recipe
    folder, module = patched.layers_module(job)
    with tempfile.TemporaryDirectory(prefix="lnpatch-check-") as temporary:
        result, given = Path(temporary) / "result.json", Path(temporary) / "job.json"
        cell = patched.applied.record.cell
        wanted = {"layers": module, "cell": cell, "result": str(result), "quick": quick}
        given.write_text(json.dumps(wanted), encoding="utf-8")
        code = runtime.code(recipe, patched.checkout, Path(temporary))
        launch = runtime.launch(
            recipe, environment, "layer_checks/check_layers.py", (str(given),), code / folder, device=device
        )
        if quick:  # the optimized graph is left out, so none has to be compiled
            flags = f"mode=FAST_COMPILE,{launch.environment.get('THEANO_FLAGS', '')}"
            launch = replace(launch, environment={**launch.environment, "THEANO_FLAGS": flags})
        lines: list[str] = []

        def on_line(raw: bytes) -> None:
            text = raw.decode("utf-8", "replace").strip()
            row = _row(text)
            if row is not None:
                take(row)
            elif text:
                lines[:] = [*lines[-9:], text]

        status = run(launch, on_line)
        if status == 130 or status < 0:
            raise StoppedError()
        if not result.exists():
            raise JobFailedError(recipe.reference, "check", status, lines)
        versions: dict[str, str] = json.loads(result.read_text(encoding="utf-8"))["versions"]
        return versions


def _check_update(recipe: Recipe, directory: Path, engine: EngineOptions, view: View) -> CheckRow:
    """One update of the repository's own model, of tiny size, on tiny data: a finite cost, and parameters that move."""
    name = "one update of the repository's model"
    with tempfile.TemporaryDirectory(prefix="lnpatch-check-") as folder:
        options = TrainOptions(
            engine=engine,
            smoke=True,
            max_updates=1,
            output=folder,
            compare=True,
        )
        try:
            result = train(recipe, directory, options, view)
        except TrainingFailedError as error:
            return CheckRow(name, False, "float32", detail=error.message)
        compared: dict[str, Any] = json.loads((result.folder / COMPARED).read_text(encoding="utf-8"))
    still = compared["still"]
    finite = result.first_cost is not None and math.isfinite(result.first_cost) and compared["finite"]
    detail = "" if finite else "the cost or a parameter is not a number"
    if still:
        detail = f"no change in {', '.join(still)}"
    return CheckRow(
        name,
        finite and not still,
        "float32",
        compared["count"],
        seconds=result.seconds_per_update or 0.0,
        detail=detail,
    )


def _row(text: str) -> CheckRow | None:
    """A row that the script prints, None for any other line."""
    if not text.startswith("{"):
        return None
    try:
        table = json.loads(text)
        return CheckRow(**{name: table[name] for name in CheckRow.__dataclass_fields__ if name in table})
    except (ValueError, TypeError):
        return None
