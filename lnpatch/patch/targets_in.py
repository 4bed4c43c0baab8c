"""Which targets a checkout holds: those that lnpatch has patched, else those whose anchors are all there."""

from __future__ import annotations

from pathlib import Path

from lnpatch.checkout.record import recorded_recipes
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.errors import LnpatchError
from lnpatch.patch.plan import Plan, make_plan
from lnpatch.recipes import Recipe, find_recipe, known_recipes


def recorded_targets(checkout: Checkout) -> list[Recipe]:
    """Return the recipes that have a record in *checkout*, as far as they can still be read."""
    return [find_recipe(reference) for reference in recorded_recipes(checkout) if _can_be_read(reference)]


def recognized_targets(checkout: Checkout) -> list[Recipe]:
    """Return the known recipes whose every edit is possible in *checkout*, or in place: what ``apply`` would take."""
    return [recipe for recipe in known_recipes() if _is_recognized(recipe, checkout)]


def targets_in(checkout: Checkout) -> list[Recipe]:
    """Return the targets that *checkout* holds: those that are recorded, else those that are recognized."""
    return recorded_targets(checkout) or recognized_targets(checkout)


def resembles(recipe: Recipe, checkout: Checkout) -> bool:
    """Return whether *checkout* is meant by *recipe*'s name: it is recorded there, or it has the files and some anchors.

    A fork that lacks an anchor resembles its target, so that the message about it names the anchor; any other repository
    that happens to have a ``layers.py`` does not.
    """
    if any(recorded.name == recipe.name for recorded in recorded_targets(checkout)):
        return True
    states = _edit_states(recipe, checkout)
    return bool(states) and states != {EditState.NOT_FOUND}


def best_plan(recipe: Recipe, checkout: Checkout) -> Plan:
    """Return the plan for the cell of which most is in place, the paper's where nothing is."""
    cells = [recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)]
    plans = [make_plan(recipe, recipe.values(cell), checkout) for cell in cells]
    return max(plans, key=_edits_in_place)


def _can_be_read(reference: str) -> bool:
    """Return whether a recorded recipe is one of lnpatch's own, or a file that is still there."""
    return any(recipe.name == reference for recipe in known_recipes()) or Path(reference).is_file()


def _is_recognized(recipe: Recipe, checkout: Checkout) -> bool:
    states = _edit_states(recipe, checkout)
    return bool(states) and EditState.NOT_FOUND not in states


def _edit_states(recipe: Recipe, checkout: Checkout) -> set[EditState]:
    """Return what the recipe's edits find; nothing where a file of theirs is missing or cannot be read."""
    try:
        if any(checkout.read(edit.file) is None for edit in recipe.edits):
            return set()
        return {edit.finding.state for edit in best_plan(recipe, checkout).edits}
    except LnpatchError:  # not Python, or a link out of the checkout: another repository's file of the same name
        return set()


def _edits_in_place(plan: Plan) -> int:
    return sum(edit.finding.state is EditState.IN_PLACE for edit in plan.edits)
