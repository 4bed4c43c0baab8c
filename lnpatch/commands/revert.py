"""``lnpatch revert``: take a patch out of a checkout, keeping what was changed since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lnpatch.checkout.record import FileChange, diff_files, write_record
from lnpatch.checkout.transaction import locked, write
from lnpatch.commands.status import examine
from lnpatch.errors import Overlap, RevertConflictError
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.plan import PatchState
from lnpatch.patch.report import Report, make_report
from lnpatch.patch.take_back import take_back
from lnpatch.recipes import Recipe


def revert(recipe: Recipe, directory: Path) -> Report:
    """Take the recorded patch of *recipe* out of the checkout at *directory*.

    Raises:
        RevertConflictError: a later change lies over the patch; nothing was changed.
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    checkout, notes = open_checkout(recipe, directory)
    with locked(checkout):
        checkout.forget()
        applied = find_applied(checkout, recipe)
        if applied is None:
            report = examine(recipe, checkout, notes)
            by_hand = report.state is not PatchState.NOT_APPLIED
            note = (
                "Its edits were not made by lnpatch; git takes them back." if by_hand else "The patch is not applied."
            )
            return replace(report, notes=(*report.notes, note))
        changes: list[FileChange] = []
        overlaps: list[Overlap] = []
        for file in applied.record.files:
            back = take_back(checkout, file)
            if isinstance(back, list):
                overlaps += back
            elif (current := checkout.read(file.path)) is not None and current != back:
                changes.append(replace(file, before=current, after=back))
                if current != file.after:
                    notes.append(f"{file.path}: your later changes are kept.")
        if overlaps:
            raise RevertConflictError(str(directory), overlaps)
        change = replace(applied.record, operation="revert", files=tuple(changes))
        tree = write_record(checkout, change)
        patch = diff_files(checkout, changes, tree)
        # where the patch is committed, git can bring it back, and it can be taken back again
        committed = all(checkout.committed(file.path) == file.after for file in applied.record.files)
        write(checkout, change, tree, {} if committed else {applied.record.ref: None})
    written = tuple(change.path for change in changes)
    cell = applied.record.cell
    return make_report(recipe, checkout, cell, PatchState.NOT_APPLIED, (), notes, patch=patch, written=written)
