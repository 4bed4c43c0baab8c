"""Which target and which checkout a command means: what the user has named, else what is around the current folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.record import recorded_recipes
from lnpatch.checkout.worktree import Checkout, enclosing_checkout
from lnpatch.errors import (
    AmbiguousTargetError,
    GitError,
    LnpatchError,
    NotACheckoutError,
    RecordedRecipeError,
    TargetUnknownError,
)
from lnpatch.patch.applied import find_applied
from lnpatch.patch.targets_in import has_files, recorded_targets, resembles, targets_in
from lnpatch.recipes import Recipe, find_recipe, known_recipes

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
    """Find out which target and which checkout are meant, for a command that works on a checkout that is there.

    A named target without a folder means the checkout around the current folder, if that is one of this target; else the
    folder that ``git clone`` would choose, here, or the one patched checkout of it here under another name. Without a
    target, the checkout in *directory* says it, or the one around the current folder, or the one patched checkout here.

    Raises:
        TargetNotFoundError: there is no target of that name.
        TargetUnknownError: no target is named, and there is no checkout that says it.
        AmbiguousTargetError: no target is named, and there are several.
        RecordedRecipeError: the checkout says it, but the recipe cannot be read any more.
        LnpatchError: a checkout cannot be read.
    """
    if target is not None:
        location = locate_for_apply(target, directory)
        if location.directory.exists():
            return location
        patched = [other for other in patched_checkouts_in(Path()) if other.recipe.name == location.recipe.name]
        return patched[0] if directory is None and len(patched) == 1 else location
    if directory is not None:
        return _only_location(_locations_in(Path(directory)), str(directory))
    return _only_location(locations_around(strict=True) or patched_checkouts_in(Path()), "")


def locate_for_apply(target: str | os.PathLike[str] | Recipe, directory: Folder = None) -> Location:
    """Find out where a named target is patched, or cloned: as :func:`locate`, and never a folder of another name.

    Raises:
        TargetNotFoundError: there is no target of that name.
        LnpatchError: the checkout around the current folder cannot be read.
    """
    recipe = as_recipe(target)
    if directory is not None:
        return Location(recipe, Path(directory))
    return Location(recipe, _checkout_around(recipe) or Path(recipe.repository.directory))


def locate_recipe(target: Target) -> Recipe:
    """Find out which recipe is meant, for a command that needs no checkout: as :func:`locate`.

    Raises:
        AmbiguousTargetError: no target is named, and the checkouts around are of several.
        LnpatchError: as :func:`locate`.
    """
    if target is not None:
        return as_recipe(target)
    locations = locations_around(strict=True) or patched_checkouts_in(Path())
    recipes = {location.recipe.reference: location for location in locations}
    return _only_location(list(recipes.values()), "").recipe


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
    for child in _checkouts_in(folder):
        try:
            checkout = Checkout.open(child, "")
            recipes = [recipe for recipe in recorded_targets(checkout) if find_applied(checkout, recipe)]
        except (LnpatchError, OSError):  # somebody else's folder, which says nothing about what is meant here
            continue
        locations += [Location(recipe, child) for recipe in recipes]
    return locations


def locations_around(strict: bool = False) -> list[Location]:
    """Return the targets of the checkout around the current folder; none where there is no such checkout.

    Args:
        strict: refuse a checkout whose recipes cannot be read any more, instead of looking for anchors in it.

    Raises:
        RecordedRecipeError: only with *strict*.
        LnpatchError: the checkout looks like that of a target, and cannot be read.
    """
    root = enclosing_checkout(Path())
    if root is None:
        return []
    try:
        return _locations_in(_as_typed(root), strict)
    except NotACheckoutError:  # a .git that is something else
        return []
    except GitError:
        # git refuses, as it does with another user's repository; where that is no target's, there may be one below
        if any(has_files(recipe, Checkout.open(root, "")) for recipe in known_recipes()):
            raise
        return []


def _locations_in(folder: Path, strict: bool = True) -> list[Location]:
    """Return the targets of the checkout in a folder."""
    checkout = Checkout.open(folder, "")
    if strict and (recorded := recorded_recipes(checkout)) and not recorded_targets(checkout):
        raise RecordedRecipeError(str(folder), recorded)
    return [Location(recipe, folder) for recipe in targets_in(checkout)]


def _checkouts_in(folder: Path) -> Iterator[Path]:
    """Yield the git checkouts directly below a folder; a link to one of them is not another one."""
    seen: set[Path] = set()
    for child in sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path)):
        try:
            if (child / ".git").exists() and child.resolve() not in seen:
                seen.add(child.resolve())
                yield child
        except OSError:  # a folder that may not be looked into
            continue


def _checkout_around(recipe: Recipe) -> Path | None:
    """Return the checkout around the current folder, if it is one of *recipe*'s repository."""
    root = enclosing_checkout(Path())
    if root is None:
        return None
    try:
        checkout = Checkout.open(root, recipe.reference)
    except NotACheckoutError:
        return None
    try:
        return _as_typed(root) if resembles(recipe, checkout) else None
    except LnpatchError:
        # git refuses, as it does with another user's repository: to be told where this is the one that is meant
        if has_files(recipe, checkout):
            raise
        return None


def _as_typed(root: Path) -> Path:
    """Return the checkout's folder as people would write it where they are in it, else as an absolute path."""
    here = Path()
    return here if here.absolute() == root else root


def _only_location(locations: Sequence[Location], folder: str) -> Location:
    if not locations:
        raise TargetUnknownError(folder)
    if len(locations) > 1:
        raise AmbiguousTargetError([f"{location.recipe.reference} in {location.directory}" for location in locations])
    return locations[0]
