"""``lnpatch diff``: what apply would do to a checkout, or what it did."""

from __future__ import annotations

from pathlib import Path

from lnpatch.checkout.record import diff_files
from lnpatch.commands.apply import planned_changes
from lnpatch.edits import EditState
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.options import Options
from lnpatch.patch.plan import EditReport, PatchState, make_plan
from lnpatch.patch.report import Report, make_report
from lnpatch.recipes import Recipe


def diff(recipe: Recipe, directory: Path, options: Options) -> Report:
    """The patch that apply would make with *options*; where one is applied, that one.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    values = options.values(recipe)
    checkout, notes = open_checkout(recipe, directory)
    applied = find_applied(checkout, recipe)
    if applied is not None:
        applied.refuse_other_cell(recipe, options, directory)
        if applied.state is not PatchState.APPLIED:
            notes.append("Patched files were changed since; this is what lnpatch did to them.")
        patch = diff_files(checkout, applied.record.files, applied.record.ref)
        cell = applied.record.cell
        return make_report(recipe, checkout, cell, applied.state, applied.edits, notes, patch=patch)
    plan = make_plan(recipe, values, checkout, options.repairs)
    plan.refuse()
    notes += [
        _repair_note(edit) for edit in plan.edits if edit.finding.repair and edit.finding.state is EditState.TO_DO
    ]
    patch = diff_files(checkout, planned_changes(checkout, plan))
    return make_report(recipe, checkout, plan.cell, plan.state, plan.edits, notes, patch=patch)


def _repair_note(edit: EditReport) -> str:
    return f"Repair in {edit.path}: {edit.finding.name}: {edit.finding.repair}"
