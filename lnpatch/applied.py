"""Which recorded patch of a target is in a checkout, as far as its files show without being parsed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout import Checkout
from lnpatch.edits import Finding, State
from lnpatch.errors import OtherCellError
from lnpatch.options import Options
from lnpatch.patch import EditReport, PatchState
from lnpatch.record import Record, read_records
from lnpatch.targets import Recipe
from lnpatch.transaction import recover


@dataclass(frozen=True)
class Applied:
    """A record, and the state that the files are in; None where they have to be looked into."""

    record: Record
    state: PatchState | None

    @property
    def options(self) -> Options:
        """The options that the patch was made with."""
        return Options(self.record.cell, self.record.data_dir, self.record.repairs)

    @property
    def edits(self) -> tuple[EditReport, ...]:
        """The recorded edits, all of them in place."""
        return tuple(
            EditReport(path, Finding(kind, name, State.IN_PLACE))
            for path, edits in self.record.edits.items()
            for kind, name in edits
        )

    def refuse_other_cell(self, recipe: Recipe, options: Options, directory: Path) -> None:
        """Refuse options that ask for another cell than this patch has.

        Raises:
            OtherCellError: they do.
        """
        if options.cell is not None and options.cell != self.record.cell:
            raise OtherCellError(recipe.reference, self.record.cell, options.cell, str(directory))


def find_applied(checkout: Checkout, recipe: Recipe) -> Applied | None:
    """The record whose patch is in the files; where none is, one whose files are all as they were before it.

    There is a record for each cell, since each may be on a branch of its own.
    """
    records = [record for record in read_records(checkout, recipe.name) if record.cell in recipe.cells]
    found = [(_as_written(checkout, record), Applied(record, _state(checkout, record))) for record in records]
    rank = {PatchState.APPLIED: 2, None: 1, PatchState.NOT_APPLIED: 0}
    return max(found, key=lambda item: (rank[item[1].state], item[0]))[1] if found else None


def open_checkout(recipe: Recipe, directory: Path) -> tuple[Checkout, list[str]]:
    """The checkout, and remarks; what an interrupted command has left half done is undone first.

    Raises:
        CheckoutMissingError, NotACheckoutError, InterruptedOperationError
    """
    checkout = Checkout.open(directory, recipe.reference)
    undone = recover(checkout)
    return checkout, [f"An interrupted `lnpatch {undone}` was undone first."] if undone else []


def _as_written(checkout: Checkout, record: Record) -> int:
    return sum(checkout.read(file.path) == file.after for file in record.files)


def _state(checkout: Checkout, record: Record) -> PatchState | None:
    current = [checkout.read(file.path) for file in record.files]
    if current == [file.after for file in record.files]:
        return PatchState.APPLIED
    return PatchState.NOT_APPLIED if current == [file.before for file in record.files] else None
