"""Bring the patch of an older lnpatch up to this one's: a three-way merge, which keeps what the user has changed since.

The patch is planned anew on the files as they were before the older one. What differs between the two patched files is
carried over to the file as it is. The record afterwards has the newer patch without the user's changes, so that it is taken
back as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lnpatch.checkout.record import FileChange, Record
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import NotTrackedError, Overlap, UpdateConflictError
from lnpatch.patch.fit import refuse_misfits
from lnpatch.patch.made_of import what_makes
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.plan import EditReport, Plan, make_plan
from lnpatch.patch.take_back import merge_file
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Update:
    """A newer patch in the place of the one that is recorded; nothing is written yet."""

    #: What each edit has found in the files as they were before any patch.
    edits: tuple[EditReport, ...]
    #: The files as they are, and as they become.
    files: tuple[FileChange, ...]
    #: The newer patch, for the checkout's records.
    record: Record
    #: The files as the older patch left them, and as the newer one would: what is new, without the user's changes.
    difference: tuple[FileChange, ...]
    #: Where the user's changes lie over it.
    overlaps: tuple[Overlap, ...]

    @property
    def keeps_changes(self) -> bool:
        """Whether files have changes of the user's beside the patch."""
        patched = {file.path: file.after for file in self.record.files}
        return any(patched.get(file.path, file.after) != file.after for file in self.files)

    def refuse_overlaps(self, checkout: Checkout) -> None:
        """Refuse to lose a change.

        Raises:
            UpdateConflictError: the user's changes lie over the newer patch; all of them are listed.
            NotTrackedError: files that would change are not this repository's own.
        """
        if self.overlaps:
            raise UpdateConflictError(str(checkout.root), self.overlaps)
        if untracked := checkout.untracked_files([file.path for file in self.files]):
            raise NotTrackedError(str(checkout.root), untracked)


def find_update(recipe: Recipe, checkout: Checkout, record: Record, options: PatchOptions) -> Update | None:
    """Plan the patch of *recipe* in the place of a recorded one; None where it would be the same.

    Args:
        options: the cell and the choices of the newer patch.

    Raises:
        PatchRefusedError: the newer recipe does not fit the files as they were.
        SourceSyntaxError: a file was neither Python 2.7 nor Python 3.
    """
    values = options.values(recipe)
    originals = _Originals(checkout, record)
    plan = make_plan(recipe, values, originals, options.repairs)
    plan.refuse_impossible()
    refuse_misfits(recipe, plan, values, originals)
    newer = _newer_files(checkout, record, plan)
    difference = tuple(_differences(checkout, record, newer))
    if not difference:
        return None
    files: list[FileChange] = []
    overlaps: list[Overlap] = []
    for file in difference:
        current = checkout.read(file.path)
        merged = merge_file(checkout, file.path, base=file.before, theirs=file.after)
        if isinstance(merged, list):
            overlaps += merged
        elif current is not None and current != merged:
            files.append(replace(file, before=current, after=merged))
    updated = replace(
        record,
        data_dir=values.get("data_dir"),
        repairs=options.repairs,
        edits={file.path: [(finding.kind, finding.name) for finding in file.findings] for file in plan.files},
        files=tuple(newer.values()),
        made_of=what_makes(recipe),
        ref="",
    )
    return Update(plan.edits, tuple(files), updated, difference, tuple(overlaps))


class _Originals:
    """The files of a checkout as they were before the recorded patch."""

    def __init__(self, checkout: Checkout, record: Record) -> None:
        self._checkout = checkout
        self._before = {file.path: file.before for file in record.files}

    def locate(self, path: str) -> str:
        return self._checkout.locate(path)

    def read(self, path: str) -> bytes | None:
        before = self._before.get(self.locate(path))
        return self._checkout.read(path) if before is None else before

    def names(self) -> list[str]:
        return self._checkout.names()


def _newer_files(checkout: Checkout, record: Record, plan: Plan) -> dict[str, FileChange]:
    """Return the files that the newer patch changes: as they were before any patch, and as they are with it."""
    modes = {file.path: file.mode for file in record.files}
    paths = [file.path for file in plan.changes]
    modes = {**(checkout.file_modes(paths) if paths else {}), **modes}
    return {
        file.path: FileChange(file.path, file.before, file.after, modes.get(file.path, "100644"))
        for file in plan.changes
        if file.before is not None and file.after is not None
    }


def _differences(checkout: Checkout, record: Record, newer: dict[str, FileChange]) -> Iterator[FileChange]:
    """Yield the files in which the two patches differ, from the one to the other."""
    older = {file.path: file for file in record.files}
    for path in dict.fromkeys((*older, *newer)):
        file = newer.get(path) or older[path]
        # a file that the older patch left alone is as it is; one that the newer leaves alone becomes what it was
        before = older[path].after if path in older else file.before
        after = newer[path].after if path in newer else file.before
        if before != after:
            yield replace(file, before=before, after=after)
