"""The targets: known by name or alias, or read from a recipe file that the user gives."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lnpatch.errors import TargetNotFoundError
from lnpatch.recipes.recipe import RECIPES, Artefact, Cell, Engine, Job, Recipe, Repository, read_recipe
from lnpatch.suggest import close_matches

__all__ = ["Artefact", "Cell", "Engine", "Job", "Recipe", "Repository", "find", "known", "read_recipe"]


@cache
def known() -> tuple[Recipe, ...]:
    """The recipes that come with lnpatch, by name."""
    return tuple(read_recipe(path) for path in sorted(RECIPES.glob("*.toml")))


def find(target: str) -> Recipe:
    """The recipe that *target* means: a name, an alias (case, ``-`` and ``_`` are all one), or the path of a TOML file.

    Raises:
        TargetNotFoundError: there is none of that name.
        RecipeError: the recipe breaks the schema.
    """
    if target.endswith(".toml") or "/" in target or "\\" in target:
        path = Path(target)
        if not path.is_file():
            raise TargetNotFoundError(target, (), is_path=True)
        return read_recipe(path)
    names = {_plain(name): recipe for recipe in known() for name in (recipe.name, *recipe.aliases)}
    if recipe := names.get(_plain(target)):
        return recipe
    near = tuple(dict.fromkeys(names[name].name for name in close_matches(_plain(target), names)))
    raise TargetNotFoundError(target, near)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
