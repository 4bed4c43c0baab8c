"""apply, diff, status and revert: from a recipe and a folder to a result that can be shown. Nothing here prints."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.checkout import Checkout, has_content
from lnpatch.clone import Progress, obtain
from lnpatch.commit import commit as make_commit
from lnpatch.commit import new_branch
from lnpatch.edits import Finding, State
from lnpatch.errors import DirtyFilesError, OtherCellError, Overlap, RevertConflictError, UsageError
from lnpatch.patch import FilePlan, PatchState, Plan, make_plan
from lnpatch.record import (
    FileChange,
    Record,
    diff_files,
    diff_tree,
    read_record,
    record_ref,
    recorded_targets,
    update_refs,
    write_record,
)
from lnpatch.report import EditReport, Report
from lnpatch.revert import take_back
from lnpatch.targets import Recipe, known
from lnpatch.transaction import locked, recover, write


@dataclass(frozen=True)
class Options:
    """What a user may choose about a patch."""

    cell: str | None = None
    data_dir: str | None = None
    repairs: bool = True

    def values(self, recipe: Recipe) -> dict[str, str]:
        """The placeholders' values of *recipe* with these options.

        Raises:
            UnknownCellError: the recipe has no such cell.
            UsageError: the recipe has nothing to set to a data folder.
        """
        if self.data_dir is not None and not recipe.takes_data_dir():
            raise UsageError(
                f"{recipe.name} has no setting for --data-dir.", "Give the data to `lnpatch train` instead."
            )
        data_dir = None if self.data_dir is None else os.path.abspath(os.path.expanduser(self.data_dir))
        return recipe.values(self.cell, data_dir)


def default_directory(recipe: Recipe, directory: str | None) -> Path:
    """The folder of the checkout: as given, else as ``git clone`` would choose it."""
    return Path(directory) if directory is not None else Path(recipe.repository.directory)


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
    """Patch the checkout at *directory*, cloned if there is none.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; whatever it is, no file was changed.
    """
    options.values(recipe)  # refuses wrong options before anything is cloned
    if has_content(directory):
        checkout, notes = _open(recipe, directory)
        for given, name in ((source, "--from"), (ref, "--ref")):
            if given is not None:
                notes.append(f"{directory} is there already and is used as it is; {name} is for a new clone.")
        return _apply(recipe, checkout, options, notes, dry_run, commit)
    if dry_run:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
            checkout, remark = obtain(recipe, Path(folder) / directory.name, source, ref, progress)
            report = _apply(recipe, checkout, options, [remark] if remark else [], True, commit)
        return replace(report, directory=str(directory))
    checkout, remark = obtain(recipe, directory, source, ref, progress)
    report = _apply(recipe, checkout, options, [remark] if remark else [], False, commit)
    return replace(report, cloned=True)


def diff(recipe: Recipe, directory: Path, options: Options) -> Report:
    """What :func:`apply` would do to the checkout, or what it did where the patch is applied.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    values = options.values(recipe)
    checkout, notes = _open(recipe, directory)
    record = read_record(checkout, record_ref(recipe.name))
    state = _recorded_state(checkout, record)
    if record is not None and state is None:
        plan = make_plan(recipe, _recorded_options(record).values(recipe), checkout, record.repairs)
        state = PatchState.NOT_APPLIED if plan.state is PatchState.NOT_APPLIED else PatchState.MODIFIED
    if record is not None and state in (PatchState.APPLIED, PatchState.MODIFIED):
        _same_cell(recipe, record, options, directory)
        if state is PatchState.MODIFIED:
            notes.append("Patched files were changed since; this is what lnpatch did to them.")
        patch = diff_tree(checkout, record.ref)
        return _report(recipe, checkout, record.cell, state, edits=_recorded_edits(record), notes=notes, patch=patch)
    plan = make_plan(recipe, values, checkout, options.repairs)
    plan.refuse()
    notes += _repair_notes(plan.files)
    patch = diff_files(checkout, [_change(checkout, file) for file in plan.changes])
    edits = _edit_reports(plan)
    return _report(recipe, checkout, plan.cell, plan.state, edits=edits, notes=notes, patch=patch)


def status(recipe: Recipe, directory: Path) -> Report:
    """How far *recipe* is in the checkout at *directory*.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    checkout, notes = _open(recipe, directory)
    return replace(_status(recipe, checkout), notes=tuple(notes))


def status_of_all(directory: Path | None) -> list[Report]:
    """The status of every target that is found: in *directory*, else here and in the default folders below this one.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    if directory is not None or (Path.cwd() / ".git").exists():
        checkout = Checkout.open(directory or Path(), "")
        recorded = recorded_targets(checkout)
        recipes = [recipe for recipe in known() if recipe.name in recorded]
        recipes = recipes or [recipe for recipe in known() if all(checkout.read(e.file) for e in recipe.edits)]
        return [status(recipe, checkout.root) for recipe in recipes]
    folders = [(recipe, Path(recipe.repository.directory)) for recipe in known()]
    return [status(recipe, folder) for recipe, folder in folders if (folder / ".git").exists()]


def revert(recipe: Recipe, directory: Path) -> Report:
    """Take the patch out of the checkout at *directory*, keeping what was changed since.

    Raises:
        RevertConflictError: a later change lies over the patch; nothing was changed.
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    checkout, notes = _open(recipe, directory)
    with locked(checkout):
        checkout.forget()
        record = read_record(checkout, record_ref(recipe.name))
        if record is None:
            report = _status(recipe, checkout)
            by_hand = report.state is not PatchState.NOT_APPLIED
            notes.append(
                "Its edits were not made by lnpatch; git takes them back." if by_hand else "Nothing to take back."
            )
            return replace(report, notes=tuple(notes))
        kept: list[FileChange] = []
        overlaps: list[Overlap] = []
        for file in record.files:
            back = take_back(checkout, file)
            if isinstance(back, list):
                overlaps += back
            elif (current := checkout.read(file.path)) is not None and current != back:
                kept.append(replace(file, before=current, after=back))
                if current != file.after:
                    notes.append(f"{file.path}: your later changes are kept.")
        if overlaps:
            raise RevertConflictError(str(directory), overlaps)
        patch = b""
        if kept:
            change = replace(record, operation="revert", files=tuple(kept))
            tree = write_record(checkout, change)
            patch = diff_tree(checkout, tree)
            write(checkout, change, tree, {record.ref: None})
        else:
            update_refs(checkout, {record.ref: None})
            notes.append("The files were put back already; the record of the patch is removed.")
    written = tuple(file.path for file in kept)
    return _report(recipe, checkout, record.cell, PatchState.NOT_APPLIED, notes=notes, patch=patch, written=written)


# The parts of apply


def _apply(
    recipe: Recipe,
    checkout: Checkout,
    options: Options,
    notes: list[str],
    dry_run: bool,
    commit: bool,
) -> Report:
    values = options.values(recipe)
    with nullcontext() if dry_run else locked(checkout):
        checkout.forget()
        record = read_record(checkout, record_ref(recipe.name))
        state = _recorded_state(checkout, record)
        if record is not None and state is not PatchState.NOT_APPLIED:
            _same_cell(recipe, record, options, checkout.root)
        if record is not None and state is PatchState.APPLIED and _is_all(recipe, record, options, values):
            branch = _commit(recipe, checkout, record, commit and not dry_run)
            edits = _recorded_edits(record)
            return _report(
                recipe, checkout, record.cell, state, edits=edits, notes=notes, branch=branch, dry_run=dry_run
            )
        plan = make_plan(recipe, values, checkout, options.repairs)
        plan.refuse()
        changes = [_change(checkout, file) for file in plan.changes]
        _refuse_dirty(checkout, changes, record)
        if not changes or dry_run:
            patch, branch = diff_files(checkout, changes), ""
        else:
            new = _new_record(recipe, checkout, options, values, plan, changes, record)
            patch, branch = _write(recipe, checkout, new, changes, commit)
    return _report(
        recipe,
        checkout,
        plan.cell,
        plan.state if dry_run else PatchState.APPLIED,
        edits=_edit_reports(plan),
        notes=notes,
        patch=patch,
        written=tuple(change.path for change in changes),
        branch=branch,
        dry_run=dry_run,
    )


def _is_all(recipe: Recipe, record: Record, options: Options, values: dict[str, str]) -> bool:
    """Whether a recorded patch is all that the recipe does with these options."""
    wanted: dict[str, list[tuple[str, str]]] = {}
    for edit in recipe.selected(values, options.repairs):
        wanted.setdefault(edit.file, []).extend((edit.kind, name) for name in edit.names(values))
    same_data = options.data_dir is None or values["data_dir"] == record.data_dir
    return same_data and all(set(edits) <= set(record.edits.get(path, ())) for path, edits in wanted.items())


def _write(
    recipe: Recipe, checkout: Checkout, new: Record, changes: Sequence[FileChange], commit: bool
) -> tuple[bytes, str]:
    """Write *changes* and the record of them; the patch that they make, and the branch that they were committed to."""
    if commit:
        new_branch(checkout, recipe, new.cell)  # refuses what cannot be committed before anything is written
    before = checkout.ref(new.ref)
    change = replace(new, files=tuple(changes))
    tree = write_record(checkout, change)
    record_tree = tree if change.files == new.files else write_record(checkout, new)
    write(checkout, change, tree, {new.ref: record_tree})
    try:
        branch = _commit(recipe, checkout, new, commit)
    except BaseException:
        back = replace(change, files=tuple(replace(file, before=file.after, after=file.before) for file in changes))
        write(checkout, back, write_record(checkout, back), {new.ref: before or None})
        raise
    return diff_tree(checkout, tree), branch


def _commit(recipe: Recipe, checkout: Checkout, record: Record, wanted: bool) -> str:
    """Commit the files of *record* as they are, if that is wanted and they are not; the branch, empty without one."""
    paths = checkout.dirty(file.path for file in record.files) if wanted else []
    if not paths:
        return ""
    branch = new_branch(checkout, recipe, record.cell)
    make_commit(recipe, checkout, record, branch, paths)
    return branch


def _change(checkout: Checkout, file: FilePlan) -> FileChange:
    assert file.before is not None
    assert file.after is not None
    path = checkout.locate(file.path)
    executable = os.access(checkout.root / path, os.X_OK) and os.name == "posix"
    return FileChange(path, file.before, file.after, "100755" if executable else "100644")


def _refuse_dirty(checkout: Checkout, changes: Sequence[FileChange], record: Record | None) -> None:
    """Refuse to write to files with changes that are not committed, unless they are this patch's own."""
    own = {file.path: file.after for file in record.files} if record else {}
    dirty = checkout.dirty(change.path for change in changes if own.get(change.path) != change.before)
    if dirty:
        raise DirtyFilesError(str(checkout.root), dirty)


def _new_record(
    recipe: Recipe,
    checkout: Checkout,
    options: Options,
    values: dict[str, str],
    plan: Plan,
    changes: Sequence[FileChange],
    old: Record | None,
) -> Record:
    """The record after *changes*: files that an earlier apply has changed go back to what they were before that one."""
    files = {file.path: file for file in old.files} if old else {}
    for change in changes:
        before = take_back(checkout, files[change.path]) if change.path in files else change.before
        files[change.path] = replace(change, before=before if isinstance(before, bytes) else change.before)
    data_dir = values.get("data_dir") or (old.data_dir if old else None)
    edits = {file.path: [(finding.kind, finding.name) for finding in file.findings] for file in plan.files}
    repairs = options.repairs or (old.repairs if old else False)
    return Record(recipe.name, plan.cell, data_dir, repairs, edits, files=tuple(files.values()))


def _same_cell(recipe: Recipe, record: Record, options: Options, directory: Path) -> None:
    if options.cell is not None and options.cell != record.cell:
        raise OtherCellError(recipe.reference, record.cell, options.cell, str(directory))


# States and reports


def _open(recipe: Recipe, directory: Path) -> tuple[Checkout, list[str]]:
    """The checkout, after undoing what an interrupted command may have left half done."""
    checkout = Checkout.open(directory, recipe.reference)
    undone = recover(checkout)
    return checkout, [f"An interrupted `lnpatch {undone}` was undone first."] if undone else []


def _recorded_state(checkout: Checkout, record: Record | None) -> PatchState | None:
    """The state as far as it shows without looking into the files; None where the files have to be examined."""
    if record is None:
        return None
    current = [checkout.read(file.path) for file in record.files]
    if current == [file.after for file in record.files]:
        return PatchState.APPLIED
    return PatchState.NOT_APPLIED if current == [file.before for file in record.files] else None


def _recorded_options(record: Record) -> Options:
    return Options(record.cell, record.data_dir, record.repairs)


def _recorded_edits(record: Record) -> tuple[EditReport, ...]:
    return tuple(
        EditReport(path, Finding(kind, name, State.IN_PLACE))
        for path, edits in record.edits.items()
        for kind, name in edits
    )


def _status(recipe: Recipe, checkout: Checkout) -> Report:
    record = read_record(checkout, record_ref(recipe.name))
    if record is not None and record.cell in recipe.cells:
        if _recorded_state(checkout, record) is PatchState.APPLIED:
            edits = _recorded_edits(record)
            return _report(recipe, checkout, record.cell, PatchState.APPLIED, edits=edits)
        plans = [make_plan(recipe, _recorded_options(record).values(recipe), checkout, record.repairs)]
    else:
        cells = [recipe.cell, *(cell for cell in recipe.cells if cell != recipe.cell)]
        plans = [make_plan(recipe, recipe.values(cell), checkout) for cell in cells]
    plan = max(plans, key=_in_place)
    state = plan.state
    if state is PatchState.APPLIED and record is not None:
        state = PatchState.MODIFIED
    return _report(recipe, checkout, plan.cell, state, edits=_edit_reports(plan))


def _in_place(plan: Plan) -> int:
    return sum(finding.state is State.IN_PLACE for file in plan.files for finding in file.findings)


def _edit_reports(plan: Plan) -> tuple[EditReport, ...]:
    return tuple(EditReport(file.path, finding) for file in plan.files for finding in file.findings)


def _repair_notes(files: Sequence[FilePlan]) -> list[str]:
    return [
        f"Repair in {file.path}: {finding.name}: {finding.repair}"
        for file in files
        for finding in file.findings
        if finding.repair and finding.state is State.TO_DO
    ]


def _report(recipe: Recipe, checkout: Checkout, cell: str, state: PatchState, **more: object) -> Report:
    if isinstance(notes := more.get("notes"), list):
        more["notes"] = tuple(notes)
    return Report(recipe.name, recipe.reference, str(checkout.root), cell, state, checkout.head(), **more)  # type: ignore[arg-type]
