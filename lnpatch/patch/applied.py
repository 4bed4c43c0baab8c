"""Which recorded patch of a target is in a checkout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch.checkout.record import FileChange, Record, read_records
from lnpatch.checkout.recovery import recover
from lnpatch.checkout.staging import remove_left_overs
from lnpatch.checkout.worktree import Checkout
from lnpatch.edits import EditFinding, EditState
from lnpatch.errors import OtherCellError, SourceSyntaxError
from lnpatch.patch.made_of import is_outdated
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.patch_state import PatchState
from lnpatch.patch.plan import EditReport, Plan, make_plan
from lnpatch.patch.take_back import take_back_patch
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Applied:
    """A record whose patch is in the files: all of it as it was written, modified since, or a part of it."""

    record: Record
    state: PatchState
    #: What the recipe would do now; None where the files are as they were written.
    plan: Plan | None = None
    #: Why a file that was changed since cannot be read; its edits are found by their lines alone then.
    unread: SourceSyntaxError | None = None

    @property
    def edits(self) -> tuple[EditReport, ...]:
        """The recorded edits, all of them in place."""
        return tuple(
            EditReport(path, EditFinding(kind, name, EditState.IN_PLACE))
            for path, edits in self.record.edits.items()
            for kind, name in edits
        )

    def refuse_other_cell(self, recipe: Recipe, options: PatchOptions, directory: Path) -> None:
        """Refuse options that ask for another cell than this patch has.

        Raises:
            OtherCellError: they do.
        """
        if options.cell is not None and options.cell != self.record.cell:
            raise OtherCellError(recipe.reference, self.record.cell, options.cell, str(directory))


def find_applied(checkout: Checkout, recipe: Recipe) -> Applied | None:
    """Find the record whose patch is in the files, None where there is none: records of other branches do not count.

    Raises:
        SourceSyntaxError: a file cannot be read as Python, and nothing of a patch is found in the lines of it.
    """
    records = [record for record in read_records(checkout, recipe.name) if record.cell in recipe.cells]
    records.sort(key=lambda record: -_as_written(checkout, record))
    for record in records:
        if all(checkout.read(file.path) == file.after for file in record.files):
            return Applied(record, PatchState.APPLIED)
    for record in records:
        if all(checkout.read(file.path) == file.before for file in record.files):
            continue
        options = PatchOptions(record.cell, record.data_dir, record.repairs)
        try:
            plan = make_plan(recipe, options.values(recipe), checkout, record.repairs)
        except SourceSyntaxError as error:  # which must not keep anybody from taking the patch back
            if _holds_patch(checkout, record):
                return Applied(record, PatchState.MODIFIED, unread=error)
            raise
        if is_outdated(record, recipe):
            plan = _with_older_definitions(plan, record)
        if plan.state is not PatchState.NOT_APPLIED:
            state = PatchState.MODIFIED if plan.state is PatchState.APPLIED else PatchState.PARTIAL
            return Applied(record, state, plan)
    return None


def open_checkout(recipe: Recipe, directory: Path) -> tuple[Checkout, list[str]]:
    """Open the checkout, and return it with remarks; what an interrupted command has left half done is undone first.

    Raises:
        CheckoutMissingError, NotACheckoutError, InterruptedOperationError, GitLockedError, BusyError
    """
    remove_left_overs(directory)
    checkout = Checkout.open(directory, recipe.reference)
    return checkout, recover(checkout)


def _holds_patch(checkout: Checkout, record: Record) -> bool:
    """Return whether something of a patch is in the files, by their lines alone."""
    return any(_holds_change(checkout, file) for file in record.files)


def _with_older_definitions(plan: Plan, record: Record) -> Plan:
    """Return a plan in which what an older lnpatch has put there is in place, though it is another definition for this one."""

    def as_in_place(path: str, finding: EditFinding) -> EditFinding:
        own = finding.state is EditState.COLLISION and (finding.kind, finding.name) in record.edits.get(path, ())
        return replace(finding, state=EditState.IN_PLACE) if own else finding

    files = (
        replace(file, findings=tuple(as_in_place(file.path, finding) for finding in file.findings))
        for file in plan.files
    )
    return replace(plan, files=tuple(files))


def _holds_change(checkout: Checkout, file: FileChange) -> bool:
    current = checkout.read(file.path)
    before = take_back_patch(checkout, file)
    if isinstance(before, bytes) or current is None:
        return before != current
    # Changes lie over the patch, so that it is not taken back; they may also be what has taken it out.
    added = set(file.after.splitlines()) - set(file.before.splitlines())
    return not added.isdisjoint(current.splitlines())


def _as_written(checkout: Checkout, record: Record) -> int:
    return sum(checkout.read(file.path) == file.after for file in record.files)
