"""What the commands report: plain data, for the console to show."""

from __future__ import annotations

from dataclasses import dataclass

from lnpatch.edits import Finding
from lnpatch.patch import PatchState


@dataclass(frozen=True)
class EditReport:
    """One edit in one file."""

    path: str
    finding: Finding


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
