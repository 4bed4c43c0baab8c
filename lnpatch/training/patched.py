"""A patched checkout, as training, evaluation, encoding and checks need it: resolved once, when it is opened."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lnpatch import syntax
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.edits.inject import InjectDefinitions
from lnpatch.edits.register import RegisterLayer
from lnpatch.errors import LayerMissingError, NoJobError, NotAppliedError, UsageError
from lnpatch.patch.applied import Applied, find_applied, open_checkout
from lnpatch.patch.patch_state import PatchState
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.source import Source

#: The plain cells that ``templates/launcher/launch_baseline.py`` can add.
_ADDABLE_CELLS = ("lstm",)


@dataclass(frozen=True)
class Patched:
    """A checkout with the patch of a recipe in it."""

    recipe: Recipe
    checkout: Checkout
    applied: Applied
    #: The file with the table of layers, relative to the checkout; empty where the recipe registers no layer.
    layers_file: str
    #: The names in that table.
    layers: tuple[str, ...]
    #: The plain cells that the launcher adds in memory, since the repository has none to compare an LN cell with.
    added_cells: tuple[str, ...]
    #: Remarks for people.
    notes: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The checkout's folder, as an absolute path."""
        return self.checkout.root.absolute()

    @property
    def patched_cell(self) -> str:
        """The cell that the patch has brought."""
        return self.applied.record.cell

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells that can be trained here."""
        return (*self.layers, *self.added_cells)

    def choose_cell(self, cell: str | None) -> str:
        """Return the cell to run: the patch's own, unless another layer of the checkout is asked for.

        Raises:
            LayerMissingError: the checkout has no such layer.
        """
        if cell is None or cell == self.patched_cell:
            return self.patched_cell
        if cell not in self.cells:
            can_apply = cell in self.recipe.cells
            raise LayerMissingError(cell, str(self.checkout.root), self.cells, self.recipe.reference, can_apply)
        return cell

    def missing_cells(self, cells: Collection[object]) -> tuple[str, ...]:
        """Return those of *cells* that the repository lacks and the launcher can add."""
        return tuple(cell for cell in self.added_cells if cell in cells)

    def layers_module(self, job: Job) -> tuple[str, str]:
        """Return the folder to import the layers module from when *job* runs, and the module's name there.

        Raises:
            UsageError: the recipe registers no layer.
        """
        if not self.layers_file:
            raise UsageError(f"The recipe {self.recipe.reference} registers no layer.")
        for folder in (*job.path, job.directory):
            prefix = f"{folder}/" if folder else ""
            if self.layers_file.startswith(prefix):
                return folder, _module_name(self.layers_file[len(prefix) :])
        return "", _module_name(self.layers_file)


def open_patched(recipe: Recipe, directory: Path) -> Patched:
    """Open the checkout at *directory*, which has to be patched with *recipe*, and read its table of layers.

    Raises:
        NotAppliedError: the patch is not there, or only a part of it.
        SourceSyntaxError: the file with the layers cannot be read as Python.
    """
    checkout, notes = open_checkout(recipe, directory)
    applied = find_applied(checkout, recipe)
    if applied is None or (applied.state is PatchState.PARTIAL and not _has_every_edit(applied)):
        state = "not applied" if applied is None else "a part of the patch is missing"
        raise NotAppliedError(recipe.reference, str(directory), state)
    if applied.state is not PatchState.APPLIED:
        notes.append("The patched files were changed since `lnpatch apply`; they are run as they are.")
    registrations = [edit for edit in recipe.edits if isinstance(edit, RegisterLayer)]
    layers = _read_layers(checkout, registrations)
    layers_file = registrations[0].file if registrations else ""
    return Patched(recipe, checkout, applied, layers_file, layers, _addable_cells(recipe, layers), tuple(notes))


def find_job(recipe: Recipe, name: str) -> Job:
    """Return one of the recipe's jobs.

    Raises:
        NoJobError: it has none of that name.
    """
    if name not in recipe.jobs:
        raise NoJobError(recipe.reference, name, tuple(recipe.jobs))
    return recipe.jobs[name]


def require_model(model: str | os.PathLike[str] | None) -> str:
    """Return the model that was named.

    Raises:
        UsageError: none was.
    """
    if model is None:
        raise UsageError("Nothing says which model.", "--model names a run's folder, or an .npz with its .pkl.")
    return os.fspath(model)


def _has_every_edit(applied: Applied) -> bool:
    """Return whether nothing of a patch is missing, though a definition of it may have been changed by hand."""
    states = {edit.finding.state for edit in applied.plan.edits} if applied.plan else set()
    return states <= {EditState.IN_PLACE, EditState.COLLISION, EditState.NOT_NEEDED}


def _read_layers(checkout: Checkout, registrations: Collection[RegisterLayer]) -> tuple[str, ...]:
    """Return the names in the tables that a recipe registers layers in."""
    names: list[str] = []
    for edit in registrations:
        data = checkout.read(edit.file)
        if data is not None:
            table = syntax.find_table(Source.read(data, edit.file).module, edit.table)
            names += [entry.key for entry in table.entries] if isinstance(table, syntax.DictTable) else []
    return tuple(dict.fromkeys(names))


def _addable_cells(recipe: Recipe, layers: Collection[str]) -> tuple[str, ...]:
    """Return the plain cells that an LN cell of the recipe varies, the repository lacks, and the launcher can add."""
    baselines = {cell.baseline for cell in recipe.cells.values()}
    # the launcher's LSTM takes its initial state as an argument, as the layers do where this template is injected
    takes_state = any(
        "state_argument/{cell}" in edit.templates for edit in recipe.edits if isinstance(edit, InjectDefinitions)
    )
    return tuple(cell for cell in _ADDABLE_CELLS if takes_state and cell in baselines and cell not in layers)


def _module_name(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")
