"""``lnpatch apply``: patch a checkout, cloned if there is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lnpatch import __version__
from lnpatch.checkout.clone import ReportCloning, make_checkout
from lnpatch.checkout.record import diff_files
from lnpatch.checkout.recovery import locked_for_writing
from lnpatch.checkout.staging import remove_left_overs
from lnpatch.checkout.worktree import Checkout, has_content
from lnpatch.commands.locate import Folder, Location, locate_for_apply
from lnpatch.errors import CloneError
from lnpatch.patch.applied import open_checkout
from lnpatch.patch.change import Change, WrittenChange, make_change, write_change
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.other_tables import describe_other_tables
from lnpatch.patch.report import Report, make_report
from lnpatch.patch.update import Update
from lnpatch.recipes import Recipe


def apply(
    target: str | os.PathLike[str] | Recipe,
    directory: Folder = None,
    *,
    cell: str | None = None,
    data_dir: str | None = None,
    repairs: bool = True,
    source: str | None = None,
    mirror: str | None = None,
    ref: str | None = None,
    dry_run: bool = False,
    commit: bool = False,
    update: bool = False,
    report_cloning: ReportCloning = lambda step, done, total: None,
) -> Report:
    """Patch the checkout of a target; where there is none, the repository is cloned at the recipe's commit.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe.
        directory: the checkout; by default the one around, or the repository's name, here.
        cell: the cell to inject; None for the paper's.
        data_dir: the folder of the data, for repositories that have it in their source.
        repairs: whether upstream's mistakes are mended.
        source: what to clone instead of the recipe's address: a local repository, or a URL.
        mirror: the same, where it was not asked for this time, so that a checkout that is there needs no remark.
        ref: the revision of a new clone, instead of the recipe's commit.
        dry_run: say what would change, and change nothing.
        commit: commit the patch on a branch of its own.
        update: put the patch of this lnpatch in the place of an older one's; without, it is offered as ``update`` of the report.
        report_cloning: called with a clone's progress: the step, how far it is, and of how much.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; the files are as they were.
    """
    location = locate_for_apply(target, directory)
    options = PatchOptions(cell, data_dir, repairs)
    options.values(location.recipe)  # refuses wrong options before anything is cloned
    with _open_or_clone(location, source, mirror, ref, dry_run, report_cloning) as opened:
        with _no_lock() if dry_run else locked_for_writing(opened.checkout) as notes:
            opened = replace(opened, notes=(*opened.notes, *notes))
            change = make_change(location.recipe, opened.checkout, options, update=update)
            if dry_run:
                written = WrittenChange(diff_files(opened.checkout, change.files))
            else:
                written = write_change(location.recipe, opened.checkout, change, commit=commit)
            if change.files:
                values = location.recipe.values(change.cell)
                others = describe_other_tables(location.recipe, values, opened.checkout)
                opened = replace(opened, notes=(*opened.notes, *others))
        return _report(location, opened, change, written, dry_run)


@dataclass(frozen=True)
class _Opened:
    """A checkout to patch, remarks, and whether it was cloned for this."""

    checkout: Checkout
    notes: tuple[str, ...]
    cloned: bool


@contextmanager
def _no_lock() -> Iterator[list[str]]:
    """Hold nothing, since nothing is written."""
    yield []


@contextmanager
def _open_or_clone(
    location: Location,
    source: str | None,
    mirror: str | None,
    ref: str | None,
    dry_run: bool,
    report_cloning: ReportCloning,
) -> Iterator[_Opened]:
    """Open the checkout, or clone it: in a dry run into a folder that is removed again."""
    recipe, directory = location.recipe, location.directory
    if not dry_run:
        remove_left_overs(directory)
    if has_content(directory):
        checkout, notes = open_checkout(recipe, directory)
        for value, name in ((source, "--from"), (ref, "--ref")):
            if value is not None:
                notes.append(f"{directory} is there already and is used as it is; {name} is for a new clone.")
        yield _Opened(checkout, tuple(notes), cloned=False)
    elif not dry_run:
        checkout, notes = make_checkout(recipe, directory, source or mirror, ref, report_cloning)
        yield _Opened(checkout, tuple(notes), cloned=True)
    else:
        with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
            try:
                checkout, notes = make_checkout(recipe, Path(folder) / "clone", source or mirror, ref, report_cloning)
            except CloneError as error:
                error.directory = str(directory)
                raise
            yield _Opened(checkout, tuple(notes), cloned=False)  # nothing of it stays


def _report(location: Location, opened: _Opened, change: Change, written: WrittenChange, dry_run: bool) -> Report:
    offered = change.update if change.update and not change.takes_update else None
    return make_report(
        location.recipe,
        opened.checkout,
        change.cell,
        change.state if dry_run else change.state_after,
        change.edits,
        (*opened.notes, *written.notes, *_describe_offer(change, offered)),
        directory=location.directory if dry_run else None,
        written=tuple(file.path for file in change.files),
        branch=written.branch,
        patch=written.patch,
        cloned=opened.cloned,
        dry_run=dry_run,
        update=diff_files(opened.checkout, offered.difference) if offered else b"",
        updated=change.takes_update,
    )


def _describe_offer(change: Change, offered: Update | None) -> Iterator[str]:
    """Say that there is a newer patch, and what is in its way."""
    if offered is None or change.applied is None:
        return
    version = change.applied.record.made_of.version
    older = f"lnpatch {version}" if version not in ("", __version__) else "another lnpatch"
    yield f"The patch is one of {older}; --update puts the newer one in its place, and keeps your own changes."
    if offered.overlaps:
        yield f"Your changes lie over it, and have to be moved first: {', '.join(map(str, offered.overlaps))}"
