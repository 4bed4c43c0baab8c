"""``lnpatch revert``: take a patch out of a checkout, keeping what was changed since."""

from __future__ import annotations

from dataclasses import replace

from lnpatch.checkout.record import FileChange, Record, diff_files
from lnpatch.checkout.recovery import locked_for_writing
from lnpatch.checkout.transaction import write_transaction
from lnpatch.checkout.worktree import Checkout
from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.commands.status import report_status
from lnpatch.errors import Overlap, RevertConflictError
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.patch_state import PatchState
from lnpatch.patch.report import Report, make_report
from lnpatch.patch.take_back import take_back_patch
from lnpatch.recipes import Recipe


def revert(target: Target = None, directory: Folder = None) -> Report:
    """Take the recorded patch of a target out of its checkout.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.

    Raises:
        RevertConflictError: a later change lies over the patch; nothing was changed.
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    location = locate(target, directory)
    recipe = location.recipe
    checkout, notes = open_checkout(recipe, location.directory)
    with locked_for_writing(checkout) as more_notes:
        notes += more_notes
        applied = find_applied(checkout, recipe)
        if applied is None:
            return _report_nothing_to_revert(recipe, checkout, notes)
        changes = _changes_back(checkout, applied.record)
        notes += [
            f"{file.path}: your later changes are kept." for file in changes if _was_changed(applied.record, file)
        ]
        change = replace(applied.record, operation="revert", files=tuple(changes))
        # where the patch is committed, git can bring it back, and it can be taken back again
        committed = all(checkout.committed_content(file.path) == file.after for file in applied.record.files)
        tree = write_transaction(checkout, change, {} if committed else {applied.record.ref: None})
        patch = diff_files(checkout, changes, tree)
    written = tuple(file.path for file in changes)
    cell = applied.record.cell
    return make_report(recipe, checkout, cell, PatchState.NOT_APPLIED, (), notes, patch=patch, written=written)


def _report_nothing_to_revert(recipe: Recipe, checkout: Checkout, notes: list[str]) -> Report:
    report = report_status(recipe, checkout, notes)
    by_hand = report.state is not PatchState.NOT_APPLIED
    note = "Its edits were not made by lnpatch; git takes them back." if by_hand else "The patch is not applied."
    return replace(report, notes=(*report.notes, note))


def _changes_back(checkout: Checkout, record: Record) -> list[FileChange]:
    """Return the files of a patch as they become without it; one that holds nothing of it any more is left out.

    Raises:
        RevertConflictError: a later change lies over the patch.
    """
    changes: list[FileChange] = []
    overlaps: list[Overlap] = []
    for file in record.files:
        before = take_back_patch(checkout, file)
        if isinstance(before, list):
            overlaps += before
        elif (current := checkout.read(file.path)) is not None and current != before:
            changes.append(replace(file, before=current, after=before))
    if overlaps:
        raise RevertConflictError(str(checkout.root), overlaps)
    return changes


def _was_changed(record: Record, change: FileChange) -> bool:
    """Return whether a file was changed after it was patched."""
    return any(file.path == change.path and file.after != change.before for file in record.files)
