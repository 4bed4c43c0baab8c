"""``lnpatch diff``: what apply would do to a checkout, or what it did."""

from __future__ import annotations

from pathlib import Path

from lnpatch.applied import find_applied, open_checkout
from lnpatch.commands.apply import file_change
from lnpatch.edits import State
from lnpatch.options import Options
from lnpatch.patch import EditReport, PatchState, make_plan
from lnpatch.record import diff_files, diff_tree
from lnpatch.report import Report, make_report
from lnpatch.targets import Recipe


def diff(recipe: Recipe, directory: Path, options: Options) -> Report:
    """The patch that apply would make with *options*; where one is applied, that one.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    values = options.values(recipe)
    checkout, notes = open_checkout(recipe, directory)
    applied = find_applied(checkout, recipe)
    if applied is not None:
        record, state = applied.record, applied.state
        if state is None:
            plan = make_plan(recipe, applied.options.values(recipe), checkout, record.repairs)
            state = PatchState.NOT_APPLIED if plan.state is PatchState.NOT_APPLIED else PatchState.MODIFIED
        if state is not PatchState.NOT_APPLIED:
            applied.refuse_other_cell(recipe, options, directory)
            if state is PatchState.MODIFIED:
                notes.append("Patched files were changed since; this is what lnpatch did to them.")
            patch = diff_tree(checkout, record.ref)
            return make_report(recipe, checkout, record.cell, state, applied.edits, notes, patch=patch)
    plan = make_plan(recipe, values, checkout, options.repairs)
    plan.refuse()
    notes += [_repair_note(edit) for edit in plan.edits if edit.finding.repair and edit.finding.state is State.TO_DO]
    patch = diff_files(checkout, [file_change(checkout, file) for file in plan.changes])
    return make_report(recipe, checkout, plan.cell, plan.state, plan.edits, notes, patch=patch)


def _repair_note(edit: EditReport) -> str:
    return f"Repair in {edit.path}: {edit.finding.name}: {edit.finding.repair}"
