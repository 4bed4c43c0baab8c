"""``lnpatch demo --train``: the embedded repository trained twice, with the plain cell and with the normalized one."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lnpatch.commands.apply import apply
from lnpatch.commands.curves import CurvesReport, curves
from lnpatch.commands.train import TrainOptions, TrainResult, View, train
from lnpatch.curves.plot import load_matplotlib
from lnpatch.errors import NoPython2Error, PlotLibraryError
from lnpatch.patch.options import Options
from lnpatch.recipes import find
from lnpatch.recipes.recipe import Recipe
from lnpatch.training.patched import EngineOptions, choose_runtime
from lnpatch.training.run_folder import new_folder

#: All of its 20 epochs.
_UPDATES = 80

_FIGURE = "curves.svg"


@dataclass(frozen=True)
class DemoTraining:
    """The two runs, baseline first, and how they compare."""

    runs: tuple[TrainResult, TrainResult]
    curves: CurvesReport


def train_demo(directory: Path | None, cell: str | None, view: View) -> DemoTraining:
    """Train the demo in *directory*, or in a temporary checkout; the runs stay in ``runs/demo``, with a figure.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    recipe = find("demo")
    values = recipe.values(cell)
    engine = _engine_at_hand(recipe)
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lnpatch-demo-"))) / "demo"
        apply(recipe, directory, Options(cell), lambda *_: None)
        folder = new_folder(None, recipe.name, values["cell"], False)
        baseline, normalized = (
            train(
                recipe,
                directory,
                TrainOptions(engine=engine, cell=name, smoke=True, max_updates=_UPDATES, output=str(folder / name)),
                view,
            )
            for name in (values["baseline"], values["cell"])
        )
    runs = (baseline, normalized)
    return DemoTraining(runs, curves([str(run.folder) for run in runs], _figures(folder)))


def _engine_at_hand(recipe: Recipe) -> EngineOptions:
    """An engine that is installed already, the faster one first; else the one that would be built."""
    for name in ("pytensor", "theano"):
        options = EngineOptions(runtime=name)
        try:
            if choose_runtime(options).find(recipe, "train") is not None:
                return options
        except NoPython2Error:
            continue
    return EngineOptions()


def _figures(folder: Path) -> list[Path]:
    """The figure, where there is something to draw it with."""
    try:
        load_matplotlib()
    except PlotLibraryError:
        return []
    return [folder / _FIGURE]
