"""``lnpatch completion``: what a shell may offer at a place of a command line. Nothing is written; what fails offers nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.commands.locate import as_recipe, locate
from lnpatch.errors import LnpatchError
from lnpatch.recipes import Recipe, known_recipes
from lnpatch.study.listing import list_runs
from lnpatch.training.settings import read_settings


@dataclass(frozen=True)
class Offer:
    """A word that may stand at a place, and what it is, for the shells that show it."""

    word: str
    what: str = ""


def offer_targets(begun: str) -> Iterator[Offer]:
    """Yield the known targets whose names begin so; where there are none, their other names that do."""
    recipes = known_recipes()
    names = [recipe for recipe in recipes if recipe.name.startswith(begun)]
    yield from (Offer(recipe.name, recipe.title) for recipe in names)
    if not names:
        yield from (Offer(alias, recipe.title) for recipe in recipes for alias in recipe.aliases)


def offer_cells(target: str | None, directory: str | None, baselines: bool) -> Iterator[Offer]:
    """Yield the cells of the target that is named or around, else those of all.

    Args:
        baselines: whether the plain cells that they vary may be named as well.
    """
    recipes = _recipes(target, directory)
    yield from (Offer(name, cell.what) for recipe in recipes for name, cell in recipe.cells.items())
    if baselines:
        yield from (Offer(cell.baseline, "the plain cell") for recipe in recipes for cell in recipe.cells.values())


def offer_settings(target: str | None, directory: str | None) -> Iterator[Offer]:
    """Yield what the trainer of the checkout that is meant takes, with ``=`` behind it.

    Raises:
        LnpatchError: there is no such checkout, or it cannot be read.
    """
    location = locate(target, directory)
    job = location.recipe.jobs.get("train")
    if job is None:
        return
    checkout = Checkout.open(location.directory, location.recipe.reference)
    own = {*job.cell_settings, *job.run_settings, *job.resume_settings}  # which lnpatch sets itself
    for name, setting in sorted(read_settings(checkout, job).items()):
        if name not in own:
            yield Offer(f"{name}=", f"by default {setting.default!r}" if setting.known else "")


def offer_runs(folder: Path) -> Iterator[Offer]:
    """Yield the runs in a folder and below it."""
    for run in list_runs(folder).runs:
        if run.state != "to-do":
            yield Offer(str(run.folder), f"{run.target} {run.cell}, {run.updates} updates, {run.state}")


def offer_artefacts(target: str) -> Iterator[Offer]:
    """Yield the released files of a target.

    Raises:
        LnpatchError: there is no such target.
    """
    yield from (Offer(artefact.name, artefact.what) for artefact in as_recipe(target).artefacts)


def offer_tasks(target: str | None, directory: str | None) -> Iterator[Offer]:
    """Yield what the models of a target can be evaluated in."""
    for recipe in _recipes(target, directory):
        if "evaluate" in recipe.jobs:
            yield from (Offer(task) for task in recipe.jobs["evaluate"].tasks)


def _recipes(target: str | None, directory: str | None) -> Sequence[Recipe]:
    """Return the recipe of the target that is named or around; all that are known, where none is."""
    if target is not None:
        return [as_recipe(target)]
    try:
        return [locate(None, directory).recipe]
    except LnpatchError:
        return known_recipes()
