"""The recipes of the targets: known by name or alias, or read from a file that the user names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lnpatch.errors import TargetNotFoundError
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import RECIPES, Artefact, Cell, Recipe, Repository, Requirements, read_recipe
from lnpatch.suggest import close_matches

__all__ = [
    "Artefact",
    "Cell",
    "Job",
    "Recipe",
    "Repository",
    "Requirements",
    "find_recipe",
    "known_recipes",
    "read_recipe",
]


@cache
def known_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that come with lnpatch, by name."""
    return tuple(read_recipe(path) for path in sorted(RECIPES.glob("*.toml")))


def find_recipe(target: str) -> Recipe:
    """Return the recipe of *target*: a name, an alias (case, ``-`` and ``_`` make no difference), or the path of a TOML file.

    Raises:
        TargetNotFoundError: there is none of that name.
        RecipeError: the recipe breaks the schema.
    """
    if target.endswith(".toml") or "/" in target or "\\" in target:
        path = Path(target)
        if not path.is_file():
            raise TargetNotFoundError(target, (), is_path=True)
        return read_recipe(path)
    names = {_plain_name(name): recipe for recipe in known_recipes() for name in (recipe.name, *recipe.aliases)}
    if recipe := names.get(_plain_name(target)):
        return recipe
    matches = tuple(dict.fromkeys(names[name].name for name in close_matches(_plain_name(target), names)))
    raise TargetNotFoundError(target, matches)


def _plain_name(name: str) -> str:
    return name.lower().replace("_", "-")
