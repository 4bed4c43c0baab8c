"""``lnpatch targets`` and ``lnpatch show``: what is known of repositories."""

from __future__ import annotations

from lnpatch.commands.locate import as_recipe
from lnpatch.recipes import Recipe, known_recipes


def targets() -> tuple[Recipe, ...]:
    """Return the recipes that come with lnpatch, by name."""
    return known_recipes()


def show(target: str, cell: str | None = None) -> tuple[Recipe, dict[str, str]]:
    """Return the recipe of a target, and the values of its placeholders for a cell (the paper's by default).

    Raises:
        TargetNotFoundError: there is no target of that name.
        RecipeError: the recipe breaks the schema.
        UnknownCellError: it has no such cell.
    """
    recipe = as_recipe(target)
    return recipe, {"data_dir": "DATA_DIR", **recipe.values(cell)}
