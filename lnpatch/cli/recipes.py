"""``lnpatch targets`` and ``lnpatch show``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_json, print_prose
from lnpatch.cli.help import Command
from lnpatch.cli.options import cell_option, format_option, target_argument

if TYPE_CHECKING:
    from lnpatch.recipes import Job, Recipe


@click.command(
    cls=Command,
    example="lnpatch targets",
)
@format_option
def targets(form: str) -> None:
    """List the known targets."""
    recipes = commands.targets()
    if form == "json":
        print_json({"targets": [_recipe_json(*commands.show(recipe.name)) for recipe in recipes]})
    else:
        _print_targets(recipes)


@click.command(
    cls=Command,
    example="lnpatch show skip-thoughts",
)
@target_argument
@cell_option
@format_option
def show(target: str, cell: str | None, form: str) -> None:
    """Show one recipe: repository, edits, released files, jobs."""
    recipe, values = commands.show(target, cell)
    if form == "json":
        print_json(_recipe_json(recipe, values))
    else:
        _print_recipe(recipe, values)


def _recipe_json(recipe: Recipe, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a recipe with its placeholders filled for one cell."""
    table = asdict(recipe)
    for key in ("edits", "repairs"):
        table[key] = [
            {"kind": edit.kind, "file": edit.file, "does": edit.describe(values), "why": edit.why}
            for edit in getattr(recipe, key)
        ]
    return table | {"cell": values["cell"], "origin": str(recipe.origin)}


def _print_targets(recipes: Sequence[Recipe]) -> None:
    """Print an entry of a few short lines for each: a table of all this does not fit a terminal."""
    console = make_console()
    for recipe in recipes:
        cells = ", ".join([recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)])
        where = recipe.repository.url or "embedded in lnpatch"
        edits = recipe.selected_edits(recipe.values(), repairs=False)
        files = list(dict.fromkeys(edit.file for edit in edits))
        repairs = f", {len(recipe.repairs)} repairs" if recipe.repairs else ""
        console.print(rich.Text(recipe.name, style="bold"), f" {where}", sep=" ")
        print_prose(console, f"  {cells}: {len(edits)} edits in {', '.join(files)}{repairs}")
    make_console(stderr=True).print("`lnpatch show TARGET` says more; the paper's cell comes first.")


def _print_recipe(recipe: Recipe, values: Mapping[str, str]) -> None:
    console = make_console()
    for title, lines in _recipe_sections(recipe, values):
        if lines:
            console.print(rich.Text(title, style="bold"))
        for line in lines:
            console.print(f"  {line}")


def _recipe_sections(recipe: Recipe, values: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return all that there is to say about a recipe, as titles with their lines."""
    aliases = [f"also called {', '.join(recipe.aliases)}"] if recipe.aliases else []
    return [
        (f"{recipe.name}: {recipe.title}", [recipe.paper, *aliases]),
        ("Repository", _repository_lines(recipe)),
        ("Cells", _cell_lines(recipe, values["cell"])),
        *(
            (
                title,
                [line for edit in edits for line in (f"{edit.file}: {edit.describe(values)}", *_indented(edit.why))],
            )
            for title, edits in (("Edits", recipe.edits), ("Repairs (left out by --no-repairs)", recipe.repairs))
        ),
        ("Requirements", _requirement_lines(recipe)),
        *((f"Job: {name}", _job_lines(job)) for name, job in recipe.jobs.items()),
        (
            "Released files",
            [line for file in recipe.artefacts for line in (f"{file.name}: {file.what}", *_indented(file.url))],
        ),
    ]


def _indented(line: str) -> list[str]:
    return [f"  {line}"] if line else []


def _repository_lines(recipe: Recipe) -> list[str]:
    repository = recipe.repository
    origin = "embedded in lnpatch"
    if repository.url:
        origin = f"{repository.url}, branch {repository.branch}, commit {repository.commit}"
    return [origin, f"licence {repository.license}; folder {repository.directory}"]


def _cell_lines(recipe: Recipe, chosen: str) -> list[str]:
    return [
        f"{name}: {cell.what}; varies {cell.baseline}{'  <- this' if name == chosen else ''}"
        for name, cell in recipe.cells.items()
    ]


def _requirement_lines(recipe: Recipe) -> list[str]:
    if recipe.requirements is None:
        return []
    flags = " ".join(f"{key}={value}" for key, value in recipe.requirements.flags.items())
    return [f"Python {recipe.requirements.python}, {', '.join(recipe.requirements.packages)}; {flags}"]


def _job_lines(job: Job) -> list[str]:
    lines = [" ".join((job.entry, *job.arguments)) + (f", in {job.directory}" if job.directory else "")]
    if job.settings:
        lines.append("settings: " + ", ".join(f"{key}={value}" for key, value in job.settings.items()))
    if job.cell_settings:
        lines.append(f"the cell is set by {', '.join(job.cell_settings)}")
    if job.folders:
        lines.append(f"needs the folders {', '.join(job.folders)}")
    lines += [f"needs {key}: {value}" for key, value in job.data.items()]
    return [*lines, job.note] if job.note else lines
