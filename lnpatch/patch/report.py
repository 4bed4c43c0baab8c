"""What the commands report: plain data, for the console to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.checkout.worktree import Checkout
from lnpatch.patch.plan import EditReport, PatchState
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Report:
    """Where a target stands in a checkout, and what a command did about it.

    ``reference`` is what a user types for the target; ``commit`` what is checked out; ``notes`` are remarks for people;
    ``written`` the files that were changed, or would be in a dry run; ``branch`` the one that was committed to;
    ``patch`` the difference that the command is about.
    """

    target: str
    reference: str
    directory: str
    cell: str
    state: PatchState
    commit: str
    edits: tuple[EditReport, ...] = ()
    notes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    branch: str = ""
    patch: bytes = b""
    cloned: bool = False
    dry_run: bool = False


def make_report(
    recipe: Recipe,
    checkout: Checkout,
    cell: str,
    state: PatchState,
    edits: tuple[EditReport, ...],
    notes: Sequence[str],
    *,
    written: tuple[str, ...] = (),
    branch: str = "",
    patch: bytes = b"",
    dry_run: bool = False,
) -> Report:
    """A report on *checkout* as it is now."""
    return Report(
        recipe.name,
        recipe.reference,
        str(checkout.root),
        cell,
        state,
        checkout.head(),
        edits,
        tuple(notes),
        written,
        branch,
        patch,
        dry_run=dry_run,
    )
