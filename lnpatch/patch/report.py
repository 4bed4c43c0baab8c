"""What the commands that patch report: plain data, for the command line to show and for scripts to read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.patch.patch_state import PatchState
from lnpatch.patch.plan import EditReport
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Report:
    """Where a target stands in a checkout, and what a command did about it."""

    target: str
    #: What a user types for the target: its name, or the path of its recipe.
    reference: str
    #: The checkout's folder.
    directory: str
    cell: str
    state: PatchState
    #: The commit that is checked out.
    commit: str
    #: What each edit has found.
    edits: tuple[EditReport, ...] = ()
    #: Remarks for people.
    notes: tuple[str, ...] = ()
    #: The files that were changed, or would be in a dry run.
    written: tuple[str, ...] = ()
    #: The branch that was committed to, empty without a commit.
    branch: str = ""
    #: The difference that the command is about, as ``git diff`` prints it.
    patch: bytes = b""
    #: Whether the checkout was cloned by this command.
    cloned: bool = False
    #: Whether nothing was to be written.
    dry_run: bool = False
    #: The difference to the newer patch that is offered, where the patch is of an older lnpatch.
    update: bytes = b""
    #: Whether the patch of an older lnpatch was brought up to date, or would be in a dry run.
    updated: bool = False
    #: What the recipe can do with a patched checkout, such as ``train``.
    jobs: tuple[str, ...] = ()
    #: The folder that ``--dir`` has to name; empty where commands find the checkout without.
    dir_option: str = ""


def make_report(
    recipe: Recipe,
    checkout: Checkout,
    cell: str,
    state: PatchState,
    edits: tuple[EditReport, ...],
    notes: Sequence[str],
    *,
    directory: Path | None = None,
    written: tuple[str, ...] = (),
    branch: str = "",
    patch: bytes = b"",
    cloned: bool = False,
    dry_run: bool = False,
    update: bytes = b"",
    updated: bool = False,
) -> Report:
    """Report on *checkout* as it is now.

    Args:
        directory: what to call its folder; by default where it is.
    """
    is_default = os.path.abspath(directory or checkout.root) == os.path.abspath(recipe.repository.directory)
    return Report(
        recipe.name,
        recipe.reference,
        str(directory or checkout.root),
        cell,
        state,
        checkout.head(),
        edits,
        tuple(notes),
        written,
        branch,
        patch,
        cloned,
        dry_run,
        update,
        updated,
        tuple(recipe.jobs),
        "" if is_default else str(directory or checkout.root),
    )
