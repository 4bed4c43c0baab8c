"""``lnpatch demo``: the whole story on the embedded repository, offline; and its training with both cells."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.commands.apply import apply
from lnpatch.commands.curves import CurvesReport, curves
from lnpatch.commands.diff import diff
from lnpatch.commands.revert import revert
from lnpatch.commands.status import status
from lnpatch.commands.train import train
from lnpatch.curves.plot import load_matplotlib
from lnpatch.errors import PlotLibraryError
from lnpatch.recipes import Recipe, find_recipe
from lnpatch.runtimes.find_python2 import compile_errors, find_python2
from lnpatch.source import check_syntax
from lnpatch.training.run_folder import make_run_folder
from lnpatch.training.train_run import TrainResult
from lnpatch.training.train_view import TrainView

#: The updates of a demo training: all of its 20 epochs.
_UPDATES = 80

_FIGURE = "curves.svg"


@dataclass(frozen=True)
class DemoStep:
    """One step of the demo."""

    #: What was done.
    title: str
    #: Whether it came out right.
    passed: bool = True
    #: What there is to see, a line each.
    details: tuple[str, ...] = ()
    #: A patch to be seen.
    patch: bytes = b""


@dataclass(frozen=True)
class DemoResult:
    """The steps of a demo."""

    #: The folder of the repository.
    directory: str
    #: Whether it is still there, patched.
    kept: bool
    steps: tuple[DemoStep, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every step came out right."""
        return all(step.passed for step in self.steps)


@dataclass(frozen=True)
class DemoTraining:
    """The two runs of a demo training, and how they compare."""

    #: Baseline, then layer-normalized cell.
    runs: tuple[TrainResult, TrainResult]
    curves: CurvesReport


def run_demo(directory: Path | None, cell: str | None) -> DemoResult:
    """Lay out the demo repository, patch it, check it, and take the patch back; with *directory* it is kept, patched.

    Raises:
        LnpatchError: as ``apply`` and ``revert``, when *directory* holds something else already, for instance.
    """
    recipe = find_recipe("demo")
    with _demo_folder(directory) as root:
        apply(recipe, root, cell=cell, dry_run=True)  # refuse before anything is laid out
        report = apply(recipe, root, cell=cell)
        steps = [DemoStep(f"Laid out a repository in the style of 2016 at {root}", details=(_list_files(root),))]
        edits = tuple(f"{edit.path}: {edit.finding.kind} {edit.finding.name}" for edit in report.edits)
        steps.append(DemoStep(f"Patched it with {report.cell}: lnpatch apply demo", details=edits))
        patch = diff(recipe, root, cell=cell).patch
        steps.append(DemoStep("Reviewed the patch: lnpatch diff demo", bool(patch), patch=patch))
        steps.append(_check_grammar(root, sorted({edit.path for edit in report.edits})))
        again = apply(recipe, root, cell=cell)
        steps.append(DemoStep("Patched it a second time: nothing to do", not again.written))
        if directory is None:
            steps.append(_take_back(recipe, root))
    return DemoResult(str(root), directory is not None, tuple(steps))


def train_demo(directory: Path | None, cell: str | None, view: TrainView) -> DemoTraining:
    """Train the demo in *directory*, or in a temporary checkout; the runs stay in ``runs/demo``, with a figure.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    recipe = find_recipe("demo")
    values = recipe.values(cell)
    with _demo_folder(directory) as root:
        apply(recipe, root, cell=cell)
        folder = make_run_folder(None, "runs", recipe.name, values["cell"], False)
        baseline, normalized = (
            train(
                recipe,
                root,
                cell=name,
                smoke=True,
                max_updates=_UPDATES,
                output=folder / name,
                view=view,
            )
            for name in (values["baseline"], values["cell"])
        )
    runs = (baseline, normalized)
    return DemoTraining(runs, curves([str(run.folder) for run in runs], _figures(folder)))


@contextmanager
def _demo_folder(directory: Path | None) -> Iterator[Path]:
    """Give the folder of the demo: the one that is named, else one that is removed again."""
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="lnpatch-demo-") as folder:
        yield Path(folder) / "demo"


def _list_files(root: Path) -> str:
    return ", ".join(sorted(path.name for path in root.iterdir() if path.name != ".git"))


def _check_grammar(root: Path, paths: list[str]) -> DemoStep:
    """Check every edited file by the grammar of Python 2.7."""
    python = find_python2()
    if python is not None:
        problems = compile_errors(python, [root / path for path in paths])
        title = f"Compiled the patched files with the real Python 2.7 ({python})"
        return DemoStep(title, not problems, tuple(problems))
    for path in paths:
        check_syntax((root / path).read_bytes(), path)
    return DemoStep("Checked the patched files by the grammar of Python 2.7 (there is no Python 2.7 here to ask)")


def _take_back(recipe: Recipe, root: Path) -> DemoStep:
    """Take the patch back: every byte has to be that of the commit."""
    revert(recipe, root)
    state = status(recipe, root).state
    dirty = Checkout.open(root, recipe.name).dirty_files(["."])
    passed = state == "not-applied" and not dirty
    return DemoStep("Took the patch back: lnpatch revert demo; every byte is as before", passed, tuple(dirty))


def _figures(folder: Path) -> list[Path]:
    """Return the figure to draw, where there is something to draw it with."""
    try:
        load_matplotlib()
    except PlotLibraryError:
        return []
    return [folder / _FIGURE]
