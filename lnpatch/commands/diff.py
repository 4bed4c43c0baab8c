"""``lnpatch diff``: what apply would do to a checkout, or what it did."""

from __future__ import annotations

from lnpatch.checkout.record import diff_files
from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.edits import EditState
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.change import planned_files
from lnpatch.patch.fit import refuse_misfits
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.patch_state import PatchState
from lnpatch.patch.plan import EditReport, make_plan
from lnpatch.patch.report import Report, make_report


def diff(
    target: Target = None,
    directory: Folder = None,
    *,
    cell: str | None = None,
    data_dir: str | None = None,
    repairs: bool = True,
) -> Report:
    """Return the patch that apply would make; where one is applied, that one. It is the ``patch`` of the report.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        cell: the cell to inject; None for the paper's.
        data_dir: the folder of the data, for repositories that have it in their source.
        repairs: whether upstream's mistakes are mended.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    location = locate(target, directory)
    recipe = location.recipe
    options = PatchOptions(cell, data_dir, repairs)
    values = options.values(recipe)
    checkout, notes = open_checkout(recipe, location.directory)
    applied = find_applied(checkout, recipe)
    if applied is not None:
        applied.refuse_other_cell(recipe, options, location.directory)
        if applied.state is not PatchState.APPLIED:
            notes.append("Patched files were changed since; this is what lnpatch did to them.")
        patch = diff_files(checkout, applied.record.files, applied.record.ref)
        return make_report(recipe, checkout, applied.record.cell, applied.state, applied.edits, notes, patch=patch)
    plan = make_plan(recipe, values, checkout, repairs)
    plan.refuse_impossible()
    refuse_misfits(recipe, plan, values, checkout)
    notes += [_describe_repair(edit) for edit in plan.edits if _is_repair_to_do(edit)]
    patch = diff_files(checkout, planned_files(checkout, plan))
    return make_report(recipe, checkout, plan.cell, plan.state, plan.edits, notes, patch=patch)


def _is_repair_to_do(edit: EditReport) -> bool:
    return bool(edit.finding.repair) and edit.finding.state is EditState.TO_DO


def _describe_repair(edit: EditReport) -> str:
    return f"Repair in {edit.path}: {edit.finding.name}: {edit.finding.repair}"
