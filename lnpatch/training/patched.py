"""What every job of the hand-off starts from: the patched checkout, the cell, the engine, and the code that it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.edits.inject import InjectDefinitions
from lnpatch.edits.register import RegisterLayer
from lnpatch.errors import LayerMissingError, NoJobError, NotAppliedError, UsageError
from lnpatch.patch.applied import Applied, find_applied, open_checkout
from lnpatch.patch.plan import PatchState
from lnpatch.recipes.recipe import Job, Recipe
from lnpatch.runtimes.environment import Environment, Progress
from lnpatch.runtimes.find_python2 import find_python2, is_python2
from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.theano import TheanoRuntime


class Runtime(Protocol):
    """An engine that runs a repository's code."""

    @property
    def name(self) -> str:
        """As ``--runtime`` names it."""

    def find(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """The environment for one of the recipe's jobs, for all of them if it is None; None if it is not there and whole."""

    def ensure(self, recipe: Recipe, job: str | None, progress: Progress) -> Environment:
        """The environment, built if need be."""

    def code(self, recipe: Recipe, checkout: Checkout, into: Path) -> Path:
        """The folder with the code that this engine runs: the checkout, or a copy of it for another Python in *into*."""

    def launch(
        self,
        recipe: Recipe,
        environment: Environment,
        script: str,
        arguments: tuple[str, ...],
        directory: Path,
        *,
        device: str = "cpu",
        options: tuple[str, ...] = (),
        path: Sequence[str] = (),
    ) -> Launch:
        """A launch of one of the engine's scripts in *directory*."""


#: Those of ``templates/launcher/launch_baseline.py``.
ADDED_CELLS = ("lstm",)


@dataclass(frozen=True)
class Patched:
    """A checkout with the patch of a recipe in it, and remarks."""

    recipe: Recipe
    checkout: Checkout
    applied: Applied
    notes: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The checkout's folder, as an absolute path."""
        return self.checkout.root.absolute()

    def layers(self) -> tuple[str, ...]:
        """The names in the checkout's table of layers."""
        from lnpatch.source import Source
        from lnpatch.syntax import DictTable, find_table

        names: list[str] = []
        for edit in self.recipe.edits:
            if isinstance(edit, RegisterLayer) and (data := self.checkout.read(edit.file)) is not None:
                table = find_table(Source.read(data, edit.file).module, edit.table)
                if isinstance(table, DictTable):
                    names += [entry.key for entry in table.entries]
        return tuple(dict.fromkeys(names))

    def added_cells(self) -> tuple[str, ...]:
        """The plain cells that the launcher adds in memory, since the repository has none to compare an LN cell with."""
        baselines = {cell.baseline for cell in self.recipe.cells.values()}
        takes_state = any(
            "state_argument/{cell}" in edit.templates
            for edit in self.recipe.edits
            if isinstance(edit, InjectDefinitions)
        )
        return tuple(name for name in ADDED_CELLS if name in baselines and name not in self.layers() and takes_state)

    def layers_module(self, job: Job) -> tuple[str, str]:
        """The folder to import the layers module from, and its name there.

        Raises:
            UsageError: the recipe registers no layer.
        """
        file = next((edit.file for edit in self.recipe.edits if isinstance(edit, RegisterLayer)), None)
        if file is None:
            raise UsageError(f"The recipe {self.recipe.reference} registers no layer.")
        for folder in (*job.path, job.directory):
            prefix = f"{folder}/" if folder else ""
            if file.startswith(prefix):
                return folder, file[len(prefix) :].removesuffix(".py").replace("/", ".")
        return "", file.removesuffix(".py").replace("/", ".")

    def cell(self, given: str | None) -> str:
        """The cell to run: the patch's own, unless another layer of the checkout is asked for.

        Raises:
            LayerMissingError: the checkout has no such layer.
        """
        if given is None or given == self.applied.record.cell:
            return self.applied.record.cell
        layers = (*self.layers(), *self.added_cells())
        if given not in layers:
            can_apply = given in self.recipe.cells
            raise LayerMissingError(given, str(self.checkout.root), layers, self.recipe.reference, can_apply)
        return given


def open_patched(recipe: Recipe, directory: Path) -> Patched:
    """The checkout at *directory*, patched with *recipe*.

    Raises:
        NotAppliedError: it is not, or only in part.
    """
    checkout, notes = open_checkout(recipe, directory)
    applied = find_applied(checkout, recipe)
    if applied is None or (applied.state is PatchState.PARTIAL and not _is_all_there(applied)):
        state = "not applied" if applied is None else "a part of the patch is missing"
        raise NotAppliedError(recipe.reference, str(directory), state)
    if applied.state is not PatchState.APPLIED:
        notes.append("The patched files were changed since `lnpatch apply`; they are run as they are.")
    return Patched(recipe, checkout, applied, tuple(notes))


def _is_all_there(applied: Applied) -> bool:
    """Whether nothing of a patch is missing, though a definition of it may have been changed by hand."""
    states = {edit.finding.state for edit in applied.plan.edits} if applied.plan else set()
    return states <= {EditState.IN_PLACE, EditState.COLLISION}


def find_job(recipe: Recipe, name: str) -> Job:
    """One of the recipe's jobs.

    Raises:
        NoJobError: it has none of that name.
    """
    if name not in recipe.jobs:
        raise NoJobError(recipe.reference, name, tuple(recipe.jobs))
    return recipe.jobs[name]


@dataclass(frozen=True)
class EngineOptions:
    """What a user may choose about the engine: see the options of the same names."""

    runtime: str = "auto"
    python: str | None = None
    engine: str = "auto"
    device: str = "cpu"


def runtimes() -> dict[str, Callable[[EngineOptions], Runtime]]:
    """The runtimes by name."""
    return {
        "theano": lambda options: TheanoRuntime(options.python),
        "pytensor": lambda options: PyTensorRuntime(options.python, options.engine, options.device),
    }


def choose_runtime(options: EngineOptions) -> Runtime:
    """The runtime that is asked for.

    ``auto`` takes the repositories' own where there is a Python 2.7, and PyTensor's for a GPU: Theano knows no current card.

    Raises:
        UsageError: the options do not go together.
    """
    name = options.runtime
    if name == "auto":
        modern = (
            options.engine != "auto"
            or options.device == "gpu"
            or (find_python2() is None and not _is_given_python2(options.python))
        )
        name = "pytensor" if modern else "theano"
    if name == "theano" and options.engine != "auto":
        raise UsageError(f"--engine {options.engine} belongs to --runtime pytensor; Theano has its own.")
    return runtimes()[name](options)


def _is_given_python2(python: str | None) -> bool:
    return python is not None and is_python2(Path(python))
