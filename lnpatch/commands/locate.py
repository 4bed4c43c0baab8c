"""Which target and which checkout a command means: what the user has named, else what is around the current folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.worktree import Checkout, enclosing_checkout
from lnpatch.errors import AmbiguousTargetError, LnpatchError, TargetUnknownError
from lnpatch.patch.applied import find_applied
from lnpatch.patch.targets_in import recorded_targets, resembles, targets_in
from lnpatch.recipes import Recipe, find_recipe

#: A target as a caller may name it: a name, an alias, a recipe file, or a recipe; None for the one that is around.
Target = str | os.PathLike[str] | Recipe | None

#: A folder as a caller may name it; None for the default.
Folder = str | os.PathLike[str] | None


@dataclass(frozen=True)
class Location:
    """A target and the folder of its checkout, which may not be there yet."""

    recipe: Recipe
    directory: Path


def locate(target: Target, directory: Folder = None) -> Location:
    """Find out which target and which checkout are meant.

    A named target without a folder means the checkout around the current folder, if that is one of this target; else the
    folder that ``git clone`` would choose, here. Without a target, the checkout in *directory* says it, or the one around
    the current folder, or the one patched checkout beside it.

    Raises:
        TargetNotFoundError: there is no target of that name.
        TargetUnknownError: no target is named, and there is no checkout that says it.
        AmbiguousTargetError: no target is named, and there are several.
        LnpatchError: *directory* is not a checkout.
    """
    folder = Path(directory) if directory is not None else None
    if target is not None:
        recipe = as_recipe(target)
        return Location(recipe, folder or _checkout_around(recipe) or Path(recipe.repository.directory))
    if folder is not None:
        checkout = Checkout.open(folder, "")
        return _only_one([Location(recipe, folder) for recipe in targets_in(checkout)], str(folder))
    return _only_one(locations_around() or patched_checkouts_in(Path()), "")


def as_recipe(target: str | os.PathLike[str] | Recipe) -> Recipe:
    """Return the recipe that a caller names.

    Raises:
        TargetNotFoundError: there is none of that name.
        RecipeError: the recipe breaks the schema.
    """
    return target if isinstance(target, Recipe) else find_recipe(os.fspath(target))


def patched_checkouts_in(folder: Path) -> list[Location]:
    """Return the patched checkouts directly below *folder*; one that cannot be opened is left out."""
    locations: list[Location] = []
    for child in sorted(folder.iterdir()):
        try:
            if (child / ".git").exists():
                checkout = Checkout.open(child, "")
                recipes = [recipe for recipe in recorded_targets(checkout) if find_applied(checkout, recipe)]
                locations += [Location(recipe, child) for recipe in recipes]
        except (LnpatchError, OSError):  # somebody else's folder, which says nothing about what is meant here
            continue
    return locations


def _checkout_around(recipe: Recipe) -> Path | None:
    """Return the checkout around the current folder, if it is one of *recipe*'s repository."""
    root = enclosing_checkout(Path())
    if root is None:
        return None
    try:
        return root if resembles(recipe, Checkout.open(root, recipe.reference)) else None
    except LnpatchError:  # a repository that cannot be opened, such as somebody else's, is not the one that is meant
        return None


def locations_around() -> list[Location]:
    """Return the targets of the checkout around the current folder."""
    root = enclosing_checkout(Path())
    if root is None:
        return []
    try:
        return [Location(recipe, root) for recipe in targets_in(Checkout.open(root, ""))]
    except LnpatchError:  # as above
        return []


def _only_one(locations: list[Location], folder: str) -> Location:
    if not locations:
        raise TargetUnknownError(folder)
    if len(locations) > 1:
        names = [f"{location.recipe.reference} in {location.directory}" for location in locations]
        raise AmbiguousTargetError(names)
    return locations[0]
