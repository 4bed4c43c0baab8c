"""``lnpatch status``: how far targets are in their checkouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.commands.locate import Folder, Location, Target, locate, locations_around, patched_checkouts_in
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.report import Report, make_report
from lnpatch.patch.targets_in import best_plan, targets_in
from lnpatch.recipes import Recipe, known_recipes


def status(target: Target = None, directory: Folder = None) -> Report:
    """Report how far a target is in its checkout.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    return _report(locate(target, directory))


def status_of_all(directory: Folder = None) -> list[Report]:
    """Report every target that can be found: in *directory*, else in the checkout around, else in the folders here.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    if directory is not None:
        checkout = Checkout.open(Path(directory), "")
        return [_report(Location(recipe, Path(directory))) for recipe in targets_in(checkout)]
    return [_report(location) for location in locations_around() or _locations_here()]


def report_status(recipe: Recipe, checkout: Checkout, notes: Sequence[str]) -> Report:
    """Report the status in a checkout that is open."""
    applied = find_applied(checkout, recipe)
    if applied is not None:
        edits = applied.plan.edits if applied.plan else applied.edits
        if applied.unread is not None:
            notes = [*notes, f"{applied.unread.message}; what has become of the edits was not looked at."]
        return make_report(recipe, checkout, applied.record.cell, applied.state, edits, notes)
    plan = best_plan(recipe, checkout)
    return make_report(recipe, checkout, plan.cell, plan.state, plan.edits, notes)


def _report(location: Location) -> Report:
    checkout, notes = open_checkout(location.recipe, location.directory)
    return report_status(location.recipe, checkout, notes)


def _locations_here() -> list[Location]:
    """Return the known targets in the folders that ``git clone`` would choose, and patched checkouts under other names."""
    known = [Location(recipe, Path(recipe.repository.directory)) for recipe in known_recipes()]
    cloned = [location for location in known if (location.directory / ".git").exists()]
    folders = {location.directory for location in cloned}
    return cloned + [location for location in patched_checkouts_in(Path()) if location.directory not in folders]
