"""Which targets a checkout holds: those that lnpatch has patched, else those whose anchors are all there."""

from __future__ import annotations

from lnpatch.checkout.record import has_records, recorded_recipes
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.errors import (
    EditRefusedError,
    RecipeError,
    SourceSyntaxError,
    TargetNotFoundError,
    UnsafePathError,
)
from lnpatch.patch.plan import Plan, make_plan
from lnpatch.recipes import Recipe, find_recipe, known_recipes

#: What planning raises where a file is not what a recipe's repository has under that name.
_ANOTHER_FILE = (SourceSyntaxError, EditRefusedError, UnsafePathError)


def recorded_targets(checkout: Checkout) -> list[Recipe]:
    """Return the recipes that have a record in *checkout*, as far as they can still be read.

    Raises:
        RecordError: a reference of lnpatch's holds something that lnpatch did not write.
    """
    recipes = (_read_recorded(reference) for reference in recorded_recipes(checkout))
    return [recipe for recipe in recipes if recipe is not None]


def recognized_targets(checkout: Checkout) -> list[Recipe]:
    """Return the known recipes whose every edit is possible in *checkout*, or in place: what ``apply`` would take."""
    return [recipe for recipe in known_recipes() if _is_recognized(recipe, checkout)]


def targets_in(checkout: Checkout) -> list[Recipe]:
    """Return the targets that *checkout* holds: those that are recorded, else those that are recognized.

    Raises:
        RecordError: a reference of lnpatch's holds something that lnpatch did not write.
    """
    return recorded_targets(checkout) or recognized_targets(checkout)


def resembles(recipe: Recipe, checkout: Checkout) -> bool:
    """Return whether *checkout* is meant by *recipe*'s name: it has a record of it, or some of its anchors.

    A fork that lacks an anchor or a file resembles its target, so that the message about it names what is lacking. Any
    other repository that happens to have a ``layers.py`` does not, nor does one that another known recipe fits better.
    """
    if has_records(checkout, recipe.name):
        return True
    if not _has_some_file(recipe, checkout):
        return False
    try:
        states = {edit.finding.state for edit in best_plan(recipe, checkout).edits} - {EditState.NOT_NEEDED}
    except _ANOTHER_FILE:
        return has_files(recipe, checkout)
    if states == {EditState.NOT_FOUND}:
        return False
    return EditState.NOT_FOUND not in states or not any(
        other.name != recipe.name and _is_recognized(other, checkout) for other in known_recipes()
    )


def has_files(recipe: Recipe, checkout: Checkout) -> bool:
    """Return whether *checkout* has every file that the recipe edits; git is not asked."""
    try:
        return all(checkout.read(edit.file) is not None for edit in recipe.edits)
    except UnsafePathError:
        return False


def best_plan(recipe: Recipe, checkout: Checkout) -> Plan:
    """Return the plan for the cell of which most is in place, the paper's where nothing is."""
    cells = [recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)]
    plans = [make_plan(recipe, recipe.values(cell), checkout) for cell in cells]
    return max(plans, key=_edits_in_place)


def _read_recorded(reference: str) -> Recipe | None:
    """Return a recorded recipe; None for a file that is gone, or does not fit the schema any more."""
    try:
        return find_recipe(reference)
    except (TargetNotFoundError, RecipeError):
        return None


def _is_recognized(recipe: Recipe, checkout: Checkout) -> bool:
    if not has_files(recipe, checkout):
        return False
    try:
        return all(edit.finding.state is not EditState.NOT_FOUND for edit in best_plan(recipe, checkout).edits)
    except _ANOTHER_FILE:
        return False


def _has_some_file(recipe: Recipe, checkout: Checkout) -> bool:
    try:
        return any(checkout.read(edit.file) is not None for edit in recipe.edits)
    except UnsafePathError:
        return False


def _edits_in_place(plan: Plan) -> int:
    return sum(edit.finding.state is EditState.IN_PLACE for edit in plan.edits)
