"""What apply does to a checkout, from the plan to the report: a :class:`Change` is made, then written or only shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lnpatch.checkout.commit import describe_signature, prepare_commit
from lnpatch.checkout.record import FileChange, Record, diff_files, record_ref, write_record
from lnpatch.checkout.transaction import write_transaction
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditState
from lnpatch.errors import (
    DirtyFilesError,
    NotTrackedError,
    OutdatedPatchError,
    PatchRefusedError,
    RevertConflictError,
    SourceSyntaxError,
    UsageError,
)
from lnpatch.patch.applied import Applied, find_applied
from lnpatch.patch.fit import refuse_misfits
from lnpatch.patch.made_of import is_outdated, what_makes
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.patch_state import PatchState
from lnpatch.patch.plan import EditReport, Plan, make_plan
from lnpatch.patch.take_back import take_back_patch
from lnpatch.patch.update import Update, find_update
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Change:
    """What apply does to a checkout: nothing is written yet."""

    cell: str
    #: How far the recipe is in the files as they are.
    state: PatchState
    #: What each edit has found in them.
    edits: tuple[EditReport, ...]
    #: The files to write; none where every edit is in place.
    files: tuple[FileChange, ...] = ()
    #: What the checkout's records will say of the patch; None where no edit is lnpatch's own.
    record: Record | None = None
    #: The patch that is in the files already, if lnpatch has made one.
    applied: Applied | None = None
    #: The newer patch for one of an older lnpatch; it is what is written if *takes_update* says so, else it is offered.
    update: Update | None = None
    takes_update: bool = False

    @property
    def is_recorded(self) -> bool:
        """Whether the files are as a record says, so that there is nothing to do."""
        return self.applied is not None and self.record is self.applied.record and not self.files

    @property
    def state_after(self) -> PatchState:
        """How far the recipe is in the files when the change is written."""
        if self.update is None:
            return PatchState.APPLIED
        if self.takes_update:
            return PatchState.MODIFIED if self.update.keeps_changes else PatchState.APPLIED
        return self.state


@dataclass(frozen=True)
class WrittenChange:
    """What has become of a change."""

    #: The difference that it has made, as ``git diff`` prints it.
    patch: bytes = b""
    #: The branch that it was committed to, empty where it was not.
    branch: str = ""
    #: Remarks for people.
    notes: tuple[str, ...] = ()


def make_change(recipe: Recipe, checkout: Checkout, options: PatchOptions, *, update: bool = False) -> Change:
    """Plan the edits of *recipe*, and settle what will be written and recorded.

    Args:
        update: put this lnpatch's patch in the place of an older one's, instead of offering it.

    Raises:
        OutdatedPatchError: more is asked for than an older lnpatch's patch has, and not *update*.
        UpdateConflictError: a newer patch would lose changes made since.
        OtherCellError: the checkout is patched with another cell.
        PatchRefusedError: anchors are missing, names collide or calls do not fit the layer; all of them are listed.
        DirtyFilesError: files that would change have changes that are not committed.
        NotTrackedError: files that would change are not this repository's own.
        RevertConflictError: a file that an earlier apply has changed cannot be recorded as it was before that.
        SourceSyntaxError: a file is neither Python 2.7 nor Python 3.
    """
    applied = find_applied(checkout, recipe)
    if applied is not None:
        applied.refuse_other_cell(recipe, options, checkout.root)
        options = replace(options, cell=applied.record.cell)
        if change := _make_update(recipe, checkout, options, applied, update):
            return change
    values = options.values(recipe)
    if applied and applied.state is PatchState.APPLIED and _has_every_edit(recipe, applied.record, options, values):
        return Change(applied.record.cell, PatchState.APPLIED, applied.edits, record=applied.record, applied=applied)
    plan = make_plan(recipe, values, checkout, options.repairs)
    plan.refuse_impossible()
    refuse_misfits(recipe, plan, values, checkout)
    files = planned_files(checkout, plan)
    _refuse_dirty(checkout, files, applied)
    record = _make_record(recipe, checkout, values, plan, files, options, applied) if files else None
    return Change(plan.cell, plan.state, plan.edits, files, record, applied)


def _make_update(
    recipe: Recipe, checkout: Checkout, options: PatchOptions, applied: Applied, takes: bool
) -> Change | None:
    """Return the change that brings an older lnpatch's patch up to date, or offers that; None where there is nothing new."""
    record = applied.record
    if not is_outdated(record, recipe):
        return None
    as_recorded = replace(options, data_dir=record.data_dir, repairs=record.repairs)
    if not takes:
        try:
            update = find_update(recipe, checkout, record, as_recorded)
        except (PatchRefusedError, SourceSyntaxError):  # it is not asked for, and what is there stays as it is
            return None
        if update is None:
            return None
        if not _has_every_edit(recipe, record, options, options.values(recipe)):
            raise OutdatedPatchError(str(checkout.root), recipe.reference, record.made_of.version)
        own = record if applied.state is PatchState.APPLIED else None
        return Change(record.cell, applied.state, applied.edits, record=own, applied=applied, update=update)
    asked = replace(options, data_dir=options.data_dir or record.data_dir, repairs=options.repairs or record.repairs)
    update = find_update(recipe, checkout, record, asked)
    if update is None:
        return None
    update.refuse_overlaps(checkout)
    _refuse_dirty(checkout, update.files, applied, all_recorded=True)
    return Change(
        record.cell, applied.state, update.edits, update.files, update.record, applied, update, takes_update=True
    )


def write_change(recipe: Recipe, checkout: Checkout, change: Change, *, commit: bool) -> WrittenChange:
    """Write a change: every file of it and its record, or nothing. The checkout has to be locked.

    Args:
        commit: commit the patched files on a branch of their own; also where they are patched already.

    Raises:
        DirtyFilesError: patched files were changed since, so that it is for the user to say what to commit.
        LnpatchError: the commit or a file is refused; nothing was changed.
    """
    if change.update and change.takes_update and commit and change.update.keeps_changes:
        raise UsageError(
            "Patched files were changed since: what is to be committed is for you to say.", "Leave --commit out."
        )
    if change.files or change.takes_update:
        return _write_files(recipe, checkout, change, commit)
    if not commit:
        return WrittenChange()
    if change.is_recorded and change.record is not None:
        branch = _commit_record(recipe, checkout, change.record)
        return WrittenChange(branch=branch, notes=tuple(describe_signature(checkout)) if branch else ())
    if change.applied:
        dirty = [file.path for file in change.applied.record.files if checkout.read(file.path) != file.after]
        raise DirtyFilesError(str(checkout.root), dirty)
    return WrittenChange(notes=("Nothing was committed: the edits that are in place were not made by lnpatch.",))


def planned_files(checkout: Checkout, plan: Plan) -> tuple[FileChange, ...]:
    """Return the files that a plan changes as what is to be written."""
    paths = [file.path for file in plan.changes]
    modes = checkout.file_modes(paths) if paths else {}
    return tuple(
        FileChange(file.path, file.before, file.after, modes.get(file.path, "100644"))
        for file in plan.changes
        if file.before is not None and file.after is not None
    )


def _has_every_edit(recipe: Recipe, record: Record, options: PatchOptions, values: dict[str, str]) -> bool:
    """Return whether a recorded patch is all that the recipe does with these options."""
    names: dict[str, set[tuple[str, str]]] = {}
    for edit in recipe.selected_edits(values, options.repairs):
        names.setdefault(edit.file, set()).update((edit.kind, name) for name in edit.names(values))
    same_data = options.data_dir is None or values["data_dir"] == record.data_dir
    return same_data and all(edits <= set(record.edits.get(path, ())) for path, edits in names.items())


def _refuse_dirty(
    checkout: Checkout, files: Sequence[FileChange], applied: Applied | None, *, all_recorded: bool = False
) -> None:
    """Refuse to write to files with changes that are not committed, unless they are this patch's own.

    Args:
        all_recorded: whether files of the patch may have other changes as well, which are kept.
    """
    own = {file.path: file.after for file in applied.record.files} if applied else {}
    dirty = checkout.dirty_files(
        file.path for file in files if own.get(file.path) != file.before and not (all_recorded and file.path in own)
    )
    if dirty:
        raise DirtyFilesError(str(checkout.root), dirty, has_commits=bool(checkout.head()))
    if untracked := checkout.untracked_files([file.path for file in files]):
        raise NotTrackedError(str(checkout.root), untracked)


def _recorded_edits(plan: Plan) -> dict[str, list[tuple[str, str]]]:
    """Return the edits that a plan's patch has; a repair that is not needed is none of them."""
    edits = {
        file.path: [(each.kind, each.name) for each in file.findings if each.state is not EditState.NOT_NEEDED]
        for file in plan.files
    }
    return {path: names for path, names in edits.items() if names}


def _make_record(
    recipe: Recipe,
    checkout: Checkout,
    values: dict[str, str],
    plan: Plan,
    files: Sequence[FileChange],
    options: PatchOptions,
    applied: Applied | None,
) -> Record:
    """Make the record of a change: files that an earlier apply has changed go back to what they were before that one."""
    old = applied.record if applied else None
    recorded = {file.path: file for file in old.files} if old else {}
    for file in files:
        before = take_back_patch(checkout, recorded[file.path]) if file.path in recorded else file.before
        if isinstance(before, list):
            raise RevertConflictError(str(checkout.root), before)
        recorded[file.path] = replace(file, before=before)
    return Record(
        target=recipe.name,
        cell=plan.cell,
        data_dir=values.get("data_dir") or (old.data_dir if old else None),
        repairs=options.repairs or (old is not None and old.repairs),
        edits=_recorded_edits(plan),
        recipe=recipe.reference if recipe.reference == recipe.name else str(recipe.origin.resolve()),
        files=tuple(recorded.values()),
        made_of=what_makes(recipe),
    )


def _write_files(recipe: Recipe, checkout: Checkout, change: Change, commit: bool) -> WrittenChange:
    """Write the files of a change, its record, and its commit."""
    assert change.record is not None
    switch = prepare_commit(recipe, checkout, change.record) if commit else None
    record_tree = write_record(checkout, change.record)
    # what is pending holds only the files that are written now, and the switch of branch that goes with them
    pending = replace(change.record, files=change.files, switch=switch)
    refs: dict[str, str | None] = {change.applied.record.ref: None} if change.applied else {}
    refs[record_ref(checkout, change.record, record_tree)] = record_tree
    tree = write_transaction(checkout, pending, refs)
    patch = diff_files(checkout, change.files, tree)
    return (
        WrittenChange(patch, switch.short_branch, tuple(describe_signature(checkout)))
        if switch
        else WrittenChange(patch)
    )


def _commit_record(recipe: Recipe, checkout: Checkout, record: Record) -> str:
    """Commit a patch that is in the files already and return the branch, empty where it is committed."""
    switch = prepare_commit(recipe, checkout, record)
    if switch is None:
        return ""
    pending = replace(record, files=(), switch=switch)
    write_transaction(checkout, pending, {})
    return switch.short_branch
