"""``lnpatch setup``: build or mend the environment that trains a target."""

from __future__ import annotations

from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, Progress
from lnpatch.training.patched import EngineOptions, choose_runtime


def setup(recipe: Recipe, options: EngineOptions, progress: Progress) -> tuple[Environment, bool]:
    """The environment, and whether it was there already.

    Raises:
        LnpatchError: there is no Python for it, or a package could not be installed.
    """
    chosen = choose_runtime(options)
    found = chosen.find(recipe)
    return (found, True) if found is not None else (chosen.ensure(recipe, None, progress), False)
