"""``lnpatch status``: how far targets are in their checkouts."""

from __future__ import annotations

from pathlib import Path

from lnpatch.checkout.record import recorded_recipes
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.plan import Plan, make_plan
from lnpatch.patch.report import Report, make_report
from lnpatch.recipes import Recipe, find, known


def status(recipe: Recipe, directory: Path) -> Report:
    """How far *recipe* is in the checkout at *directory*.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    checkout, notes = open_checkout(recipe, directory)
    return examine(recipe, checkout, notes)


def examine(recipe: Recipe, checkout: Checkout, notes: list[str]) -> Report:
    """The status in a checkout that is open."""
    applied = find_applied(checkout, recipe)
    if applied is not None:
        edits = applied.plan.edits if applied.plan else applied.edits
        return make_report(recipe, checkout, applied.record.cell, applied.state, edits, notes)
    cells = [recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)]
    plan = max((make_plan(recipe, recipe.values(cell), checkout) for cell in cells), key=_in_place)
    return make_report(recipe, checkout, plan.cell, plan.state, plan.edits, notes)


def status_of_all(directory: Path | None) -> list[Report]:
    """The status of every target that is found: in *directory*, else here and in the default folders below this one.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    if directory is None and not Path(".git").exists():
        folders = [(recipe, Path(recipe.repository.directory)) for recipe in known()]
        return [status(recipe, folder) for recipe, folder in folders if (folder / ".git").exists()]
    checkout = Checkout.open(directory or Path(), "")
    recorded = [reference for reference in recorded_recipes(checkout) if _is_there(reference)]
    if recorded:
        return [status(find(reference), checkout.root) for reference in recorded]
    reports = [status(recipe, checkout.root) for recipe in known() if _has_files(recipe, checkout)]
    return [report for report in reports if all(edit.finding.state is not EditState.NOT_FOUND for edit in report.edits)]


def _is_there(reference: str) -> bool:
    """Whether a recorded recipe can still be read: one of lnpatch's own, or a file."""
    return any(recipe.name == reference for recipe in known()) or Path(reference).is_file()


def _has_files(recipe: Recipe, checkout: Checkout) -> bool:
    return all(checkout.read(edit.file) is not None for edit in recipe.edits)


def _in_place(plan: Plan) -> int:
    return sum(edit.finding.state is EditState.IN_PLACE for edit in plan.edits)
