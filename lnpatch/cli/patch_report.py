"""The reports of apply, diff, revert and status, as JSON and as text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_next, print_patch
from lnpatch.cli.visible_text import make_one_line
from lnpatch.edits import EditState
from lnpatch.patch.patch_state import PatchState

if TYPE_CHECKING:
    from lnpatch.patch.plan import EditReport
    from lnpatch.patch.report import Report

_STATE_STYLES = {
    EditState.TO_DO: "yellow",
    EditState.IN_PLACE: "green",
    EditState.NOT_FOUND: "red",
    EditState.COLLISION: "red",
    EditState.NOT_NEEDED: "dim",
}


def report_json(report: Report) -> dict[str, Any]:
    """Return what every report has for scripts."""
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in report.edits:
        files.setdefault(edit.path, []).append(_edit_json(edit, report))
    return {
        "target": report.target,
        "dir": report.directory,
        "cell": report.cell,
        "state": str(report.state),
        "commit": report.commit,
        "files": [{"path": path, "edits": edits} for path, edits in files.items()],
        "notes": list(report.notes),
    }


def diff_json(report: Report) -> dict[str, Any]:
    """Return a report with its patch. Bytes that are not UTF-8 are surrogates in it, as Python's ``surrogateescape`` has them."""
    return report_json(report) | {"diff": report.patch.decode("utf-8", "surrogateescape")}


def change_json(report: Report) -> dict[str, Any]:
    """Return the report of a command that changes files, or would in a dry run."""
    return diff_json(report) | {
        "changed": list(report.written),
        "dry_run": report.dry_run,
        "cloned": report.cloned,
        "branch": report.branch,
        "update": report.update.decode("utf-8", "surrogateescape"),
        "updated": report.updated,
    }


def print_change(report: Report) -> None:
    """Print what apply or revert did, or would do."""
    console = make_console()
    console.print(f"{report.target} in {report.directory}: {_describe_change(report)}")
    if report.edits:
        print_edits(console, report)
    else:
        for path in report.written:
            console.print(f"  {make_one_line(path)}")
    if report.branch:
        console.print(f"Committed to the branch {report.branch}.")
    if report.update:
        print_patch(report.update)
        print_next(f"lnpatch apply {_where(report)} --update")
    elif report.dry_run and report.patch:
        print_patch(report.patch)
    elif report.written and report.state is not PatchState.NOT_APPLIED:
        where = _where(report)
        can_train = "train" in report.jobs
        further = [f"lnpatch check {where}", f"lnpatch train {where} --smoke"] if can_train else []
        print_next(f"lnpatch diff {where}", *further, f"lnpatch revert {where}")


def _where(report: Report) -> str:
    """Return the target as the next command has to name it, with its folder only where that is not the one it looks in."""
    return shlex.join([report.reference, *(["--dir", report.dir_option] if report.dir_option else [])])


def print_edits(console: rich.Console, report: Report) -> None:
    """Print what each edit has found, by file."""
    path = ""
    for edit in report.edits:
        if edit.path != path:
            path = edit.path
            console.print(f"  {make_one_line(path)}")
        console.print(_edit_line(edit, report))


def _describe_change(report: Report) -> str:
    count = f"{len(report.written)} file{'s' if len(report.written) != 1 else ''}"
    if report.update:
        return f"{report.cell} is in place; a newer patch would differ as follows."
    if report.dry_run:
        return f"{report.cell} would change {count}; nothing was written."
    if report.updated:
        return f"updated to the patch of this lnpatch, {count} changed."
    if report.state is PatchState.NOT_APPLIED:
        return f"the patch is taken back from {count}." if report.written else "nothing to do."
    if report.written:
        return f"patched with {report.cell}, {count} changed."
    return f"{report.cell} is in place; nothing to do."


def _edit_line(edit: EditReport, report: Report) -> rich.Text:
    finding, state = edit.finding, _state_after(edit, report)
    word = "done" if state is not finding.state else state.replace("-", " ")
    line = rich.Text("    ") + rich.Text(f"{word:<11}", style=_STATE_STYLES[state])
    line += rich.Text(make_one_line(f"{finding.kind:<11} {finding.name}"))
    if finding.repair:
        line += rich.Text(f"  (repair: {finding.repair})", style="dim")
    if finding.detail:
        line += rich.Text(make_one_line(f"  {finding.detail}"), style="dim")
    return line


def _edit_json(edit: EditReport, report: Report) -> dict[str, Any]:
    finding = edit.finding
    entry: dict[str, Any] = {"kind": finding.kind, "name": finding.name, "state": str(_state_after(edit, report))}
    if finding.repair:
        entry["repair"] = finding.repair
    if finding.detail:
        entry |= {"detail": finding.detail, "line": finding.line, "candidates": list(finding.candidates)}
    return entry


def _state_after(edit: EditReport, report: Report) -> EditState:
    """Return an edit's state once the command is done."""
    done = report.written and not report.dry_run
    return EditState.IN_PLACE if done and edit.finding.state is EditState.TO_DO else edit.finding.state
