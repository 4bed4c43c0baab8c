"""``lnpatch apply``: patch a checkout, cloned if there is none."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from lnpatch.checkout.clone import Progress, obtain
from lnpatch.checkout.commit import prepare_commit
from lnpatch.checkout.record import FileChange, Record, diff_files, record_ref, write_record
from lnpatch.checkout.transaction import locked, write
from lnpatch.checkout.worktree import Checkout, has_content
from lnpatch.errors import CloneError, DirtyFilesError, RevertConflictError
from lnpatch.patch.applied import Applied, find_applied, open_checkout
from lnpatch.patch.options import Options
from lnpatch.patch.plan import PatchState, Plan, make_plan
from lnpatch.patch.report import Report, make_report
from lnpatch.patch.take_back import take_back
from lnpatch.recipes import Recipe


def apply(
    recipe: Recipe,
    directory: Path,
    options: Options,
    progress: Progress,
    *,
    source: str | None = None,
    ref: str | None = None,
    dry_run: bool = False,
    commit: bool = False,
) -> Report:
    """Patch the checkout at *directory*.

    Args:
        source: what to clone instead of the recipe's address, where there is no checkout.
        ref: the revision of a new clone, instead of the recipe's commit.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; the files are as they were.
    """
    options.values(recipe)  # refuses wrong options before anything is cloned
    if has_content(directory):
        checkout, notes = open_checkout(recipe, directory)
        for given, name in ((source, "--from"), (ref, "--ref")):
            if given is not None:
                notes.append(f"{directory} is there already and is used as it is; {name} is for a new clone.")
        return _apply(recipe, checkout, options, notes, dry_run, commit)
    if not dry_run:
        checkout, notes = obtain(recipe, directory, source, ref, progress)
        return replace(_apply(recipe, checkout, options, notes, False, commit), cloned=True)
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        try:
            checkout, notes = obtain(recipe, Path(folder) / "clone", source, ref, progress)
        except CloneError as error:
            error.directory = str(directory)
            raise
        return replace(_apply(recipe, checkout, options, notes, True, commit), directory=str(directory))


def _apply(
    recipe: Recipe, checkout: Checkout, options: Options, notes: list[str], dry_run: bool, commit: bool
) -> Report:
    with nullcontext() if dry_run else locked(checkout):
        checkout.forget()
        applied = find_applied(checkout, recipe)
        if applied is not None:
            applied.refuse_other_cell(recipe, options, checkout.root)
            options = replace(options, cell=applied.record.cell)
        values = options.values(recipe)
        if applied and applied.state is PatchState.APPLIED and _is_all(recipe, applied.record, options, values):
            branch = _commit(recipe, checkout, applied.record) if commit and not dry_run else ""
            state, edits, cell = PatchState.APPLIED, applied.edits, applied.record.cell
            return make_report(recipe, checkout, cell, state, edits, notes, branch=branch, dry_run=dry_run)
        plan = make_plan(recipe, values, checkout, options.repairs)
        plan.refuse()
        changes = planned_changes(checkout, plan)
        _refuse_dirty(checkout, changes, applied)
        patch, branch = b"", ""
        if dry_run:
            patch = diff_files(checkout, changes)
        elif changes:
            new = _new_record(recipe, checkout, values, plan, changes, options, applied)
            patch, branch = _write(recipe, checkout, new, changes, applied, commit)
        elif commit and applied:  # patched files were changed since: what to commit is for the user to say
            files = [file.path for file in applied.record.files if checkout.read(file.path) != file.after]
            raise DirtyFilesError(str(checkout.root), files)
        elif commit:
            notes.append("Nothing was committed: the edits that are in place were not made by lnpatch.")
        state = plan.state if dry_run else PatchState.APPLIED
    written = tuple(change.path for change in changes)
    return make_report(
        recipe,
        checkout,
        plan.cell,
        state,
        plan.edits,
        notes,
        written=written,
        branch=branch,
        patch=patch,
        dry_run=dry_run,
    )


def _is_all(recipe: Recipe, record: Record, options: Options, values: dict[str, str]) -> bool:
    """Whether a recorded patch is all that the recipe does with these options."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for edit in recipe.selected(values, options.repairs):
        wanted.setdefault(edit.file, set()).update((edit.kind, name) for name in edit.names(values))
    same_data = options.data_dir is None or values["data_dir"] == record.data_dir
    return same_data and all(edits <= set(record.edits.get(path, ())) for path, edits in wanted.items())


def planned_changes(checkout: Checkout, plan: Plan) -> list[FileChange]:
    """The changes of a plan as what is to be written."""
    paths = [file.path for file in plan.changes]
    modes = checkout.modes(paths) if paths else {}
    return [
        FileChange(file.path, file.before, file.after, modes.get(file.path, "100644"))
        for file in plan.changes
        if file.before is not None and file.after is not None
    ]


def _refuse_dirty(checkout: Checkout, changes: Sequence[FileChange], applied: Applied | None) -> None:
    """Refuse to write to files with changes that are not committed, unless they are this patch's own."""
    own = {file.path: file.after for file in applied.record.files} if applied else {}
    dirty = checkout.dirty(change.path for change in changes if own.get(change.path) != change.before)
    if dirty:
        raise DirtyFilesError(str(checkout.root), dirty, has_commits=bool(checkout.head()))


def _new_record(
    recipe: Recipe,
    checkout: Checkout,
    values: dict[str, str],
    plan: Plan,
    changes: Sequence[FileChange],
    options: Options,
    applied: Applied | None,
) -> Record:
    """The record after *changes*: files that an earlier apply has changed go back to what they were before that one."""
    old = applied.record if applied else None
    files = {file.path: file for file in old.files} if old else {}
    for change in changes:
        before = take_back(checkout, files[change.path]) if change.path in files else change.before
        if isinstance(before, list):
            raise RevertConflictError(str(checkout.root), before)
        files[change.path] = replace(change, before=before)
    return Record(
        recipe.name,
        plan.cell,
        values.get("data_dir") or (old.data_dir if old else None),
        options.repairs or (old is not None and old.repairs),
        {file.path: [(finding.kind, finding.name) for finding in file.findings] for file in plan.files},
        recipe.reference if recipe.reference == recipe.name else str(recipe.origin.resolve()),
        files=tuple(files.values()),
    )


def _write(
    recipe: Recipe,
    checkout: Checkout,
    new: Record,
    changes: Sequence[FileChange],
    applied: Applied | None,
    commit: bool,
) -> tuple[bytes, str]:
    """Write *changes* and the record of them; the patch that they make, and the branch that they were committed to."""
    switch = prepare_commit(recipe, checkout, new) if commit else None
    record_tree = write_record(checkout, new)
    change = replace(new, files=tuple(changes), switch=switch)
    tree = record_tree if change == new else write_record(checkout, change)
    refs: dict[str, str | None] = {applied.record.ref: None} if applied else {}
    write(checkout, change, tree, {**refs, record_ref(checkout, new, record_tree): record_tree})
    return diff_files(checkout, changes, tree), switch.short_branch if switch else ""


def _commit(recipe: Recipe, checkout: Checkout, record: Record) -> str:
    """Commit a patch that is in the files already; the branch, empty where it is committed."""
    switch = prepare_commit(recipe, checkout, record)
    if switch is None:
        return ""
    change = replace(record, files=(), switch=switch)
    write(checkout, change, write_record(checkout, change), {})
    return switch.short_branch
