"""Everything that a person or a script sees. Standard output is data, standard error is for people; nothing else prints."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lnpatch.edits import EditState
from lnpatch.patch.plan import EditReport, PatchState
from lnpatch.patch.report import Report
from lnpatch.recipes import Recipe

if TYPE_CHECKING:
    from rich.console import Console

    from lnpatch.checkout.clone import Progress
    from lnpatch.commands.demo import DemoResult
    from lnpatch.errors import LnpatchError

#: Wide enough that nothing is folded or cut where no terminal sets the width.
_PIPE_WIDTH = 1000

_STATE_STYLES = {
    EditState.TO_DO: "yellow",
    EditState.IN_PLACE: "green",
    EditState.NOT_FOUND: "red",
    EditState.COLLISION: "red",
}


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


# For scripts


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")


def report_json(report: Report) -> dict[str, Any]:
    """The report of apply, diff, status or revert, as the contract in DESIGN.md has it."""
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in report.edits:
        files.setdefault(edit.path, []).append(_edit_json(edit, report))
    document: dict[str, Any] = {
        "target": report.target,
        "dir": report.directory,
        "cell": report.cell,
        "state": str(report.state),
        "commit": report.commit,
        "files": [{"path": path, "edits": edits} for path, edits in files.items()],
        "notes": list(report.notes),
    }
    return document


def diff_json(report: Report) -> dict[str, Any]:
    """The report of diff. Bytes that are not UTF-8 are surrogates in the patch, as Python's ``surrogateescape`` has them."""
    return report_json(report) | {"diff": report.patch.decode("utf-8", "surrogateescape")}


def change_json(report: Report) -> dict[str, Any]:
    """The report of a command that changes files, or would in a dry run."""
    return diff_json(report) | {
        "changed": list(report.written),
        "dry_run": report.dry_run,
        "cloned": report.cloned,
        "branch": report.branch,
    }


def _edit_json(edit: EditReport, report: Report) -> dict[str, Any]:
    finding = edit.finding
    entry: dict[str, Any] = {"kind": finding.kind, "name": finding.name, "state": str(_state_after(edit, report))}
    if finding.repair:
        entry["repair"] = finding.repair
    if finding.detail:
        entry |= {"detail": finding.detail, "line": finding.line, "candidates": list(finding.candidates)}
    return entry


def _state_after(edit: EditReport, report: Report) -> EditState:
    """An edit's state once the command is done."""
    done = report.written and not report.dry_run
    return EditState.IN_PLACE if done and edit.finding.state is EditState.TO_DO else edit.finding.state


def recipe_json(recipe: Recipe, cell: str | None) -> dict[str, Any]:
    """A recipe, resolved for one cell."""
    from dataclasses import asdict

    values = recipe.values(cell)
    table = asdict(recipe)
    for key in ("edits", "repairs"):
        table[key] = [
            {"kind": edit.kind, "file": edit.file, "does": edit.describe(_with_data_dir(values)), "why": edit.why}
            for edit in getattr(recipe, key)
        ]
    return table | {"cell": values["cell"], "origin": str(recipe.origin)}


# Errors and progress


def print_error(error: LnpatchError, as_json: bool) -> None:
    """A failure: on standard error for people, as a JSON document on standard output for scripts."""
    if as_json:
        print_json({"error": error.as_json()})
        return
    from rich.text import Text

    console = _console(stderr=True)
    console.print(Text("error: ", style="bold red") + Text(error.message))
    if error.hint:
        console.print(Text(error.hint, style="dim"))


def print_notes(notes: Sequence[str]) -> None:
    """Remarks for people, on standard error."""
    for note in notes:
        _console(stderr=True).print(f"note: {note}")


@contextmanager
def clone_progress() -> Iterator[Progress]:
    """A progress bar on standard error while something is cloned; none where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task = bar.add_task("cloning", total=None)

        def update(step: str, done: float, total: float) -> None:
            bar.update(task, description=step, completed=done, total=total or None)

        yield update


# For people


def print_diff(patch: bytes) -> None:
    """A patch: coloured in a terminal, byte for byte elsewhere."""
    if sys.stdout.isatty() and not _console().no_color:
        from lnpatch.cli.show_diff import render

        _console().print(render(patch.decode("utf-8", "replace")))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(patch)
    sys.stdout.buffer.flush()


def print_change(report: Report) -> None:
    """What apply or revert did, or would do."""
    console = _console()
    where = f"{report.target} in {report.directory}"
    count = f"{len(report.written)} file{'s' if len(report.written) != 1 else ''}"
    if report.dry_run:
        console.print(f"{where}: {report.cell} would change {count}; nothing was written.")
    elif report.state is PatchState.NOT_APPLIED:
        console.print(
            f"{where}: the patch is taken back from {count}." if report.written else f"{where}: nothing to do."
        )
    elif report.written:
        console.print(f"{where}: patched with {report.cell}, {count} changed.")
    else:
        console.print(f"{where}: {report.cell} is in place; nothing to do.")
    if report.edits:
        _print_edits(console, report)
    else:
        for path in report.written:
            console.print(f"  {path}")
    if report.branch:
        console.print(f"Committed to the branch {report.branch}.")
    if report.dry_run and report.patch:
        print_diff(report.patch)
    elif report.written and report.state is PatchState.APPLIED:
        where = shlex.join([report.reference, "--dir", report.directory])
        print_next(f"lnpatch diff {where}", f"lnpatch revert {where}")


def print_next(*commands: str) -> None:
    """The commands that a user may want next, on standard error."""
    _console(stderr=True).print(f"next: {'  or  '.join(commands)}")


def print_status(reports: Sequence[Report]) -> None:
    """Where targets stand."""
    console = _console()
    if not reports:
        console.print("No patched repository here; `lnpatch targets` lists what can be patched.")
    for report in reports:
        console.print(
            f"{report.target} in {report.directory}: {report.state} ({report.cell}, at {report.commit[:7] or 'no commit'})"
        )
        _print_edits(console, report)


def _print_edits(console: Console, report: Report) -> None:
    from rich.text import Text

    path = ""
    for edit in report.edits:
        if edit.path != path:
            path = edit.path
            console.print(f"  {path}")
        finding = edit.finding
        state = _state_after(edit, report)
        done = state is not finding.state
        line = Text("    ") + Text(f"{'done' if done else state.replace('-', ' '):<10}", style=_STATE_STYLES[state])
        line += Text(f"{finding.kind:<11} {finding.name}")
        if finding.repair:
            line += Text(f"  (repair: {finding.repair})", style="dim")
        if finding.detail:
            line += Text(f"  {finding.detail}", style="dim")
        console.print(line)


def print_targets(recipes: Sequence[Recipe]) -> None:
    """The known targets in a table."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("target", "cells", "repository", "what the patch does"):
        table.add_column(heading, no_wrap=heading != "what the patch does")
    for recipe in recipes:
        cells = ", ".join([recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)])
        where = recipe.repository.url or "embedded in lnpatch"
        edits = recipe.selected(recipe.values(), repairs=False)
        files = list(dict.fromkeys(edit.file for edit in edits))
        repairs = f", {len(recipe.repairs)} repairs" if recipe.repairs else ""
        table.add_row(recipe.name, cells, where, f"{len(edits)} edits in {', '.join(files)}{repairs}")
    _console().print(table)
    _console(stderr=True).print("`lnpatch show TARGET` says more; the paper's cell comes first.")


def print_recipe(recipe: Recipe, cell: str | None) -> None:
    """One recipe, resolved."""
    from rich.text import Text

    console = _console()
    values = _with_data_dir(recipe.values(cell))
    repository = recipe.repository

    def section(title: str) -> None:
        console.print(Text(title, style="bold"))

    section(f"{recipe.name}: {recipe.title}")
    console.print(f"  {recipe.paper}")
    if recipe.aliases:
        console.print(f"  also called {', '.join(recipe.aliases)}")
    section("Repository")
    if repository.url:
        console.print(f"  {repository.url}, branch {repository.branch}, commit {repository.commit}")
    else:
        console.print("  embedded in lnpatch")
    console.print(f"  licence {repository.license}; folder {repository.directory}")
    section("Cells")
    for name, one in recipe.cells.items():
        chosen = "  <- this" if name == values["cell"] else ""
        console.print(f"  {name}: {one.what}; varies {one.baseline}{chosen}")
    for title, edits in (("Edits", recipe.edits), ("Repairs (left out by --no-repairs)", recipe.repairs)):
        if edits:
            section(title)
        for edit in edits:
            console.print(f"  {edit.file}: {edit.describe(values)}" + (f"\n    {edit.why}" if edit.why else ""))
    if recipe.engine:
        section("Engine")
        flags = " ".join(f"{key}={value}" for key, value in recipe.engine.flags.items())
        console.print(f"  Python {recipe.engine.python}, {', '.join(recipe.engine.packages)}; {flags}")
    for name, job in recipe.jobs.items():
        section(f"Job: {name}")
        console.print(f"  {' '.join((job.entry, *job.arguments))}" + (f", in {job.directory}" if job.directory else ""))
        if job.settings:
            console.print("  settings: " + ", ".join(f"{key}={value}" for key, value in job.settings.items()))
        if job.cell_settings:
            console.print(f"  the cell is set by {', '.join(job.cell_settings)}")
        if job.folders:
            console.print(f"  needs the folders {', '.join(job.folders)}")
        for key, value in job.data.items():
            console.print(f"  needs {key}: {value}")
        if job.note:
            console.print(f"  {job.note}")
    if recipe.artefacts:
        section("Released files")
    for artefact in recipe.artefacts:
        console.print(f"  {artefact.name}: {artefact.what}\n    {artefact.url}")


def print_demo(result: DemoResult) -> None:
    """The story of ``lnpatch demo``, step by step."""
    console = _console()
    for step in result.steps:
        console.print(f"{'ok ' if step.passed else 'FAILED'} {step.title}")
        if step.patch:
            print_diff(step.patch)
        for line in step.details:
            console.print(f"     {line}")
    if result.kept:
        where = shlex.join(["demo", "--dir", result.directory])
        print_next(f"lnpatch status {where}", f"lnpatch revert {where}")


def _with_data_dir(values: dict[str, str]) -> dict[str, str]:
    return {"data_dir": "DATA_DIR", **values}
