"""``lnpatch port``: the Python 3 copy of a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.record import FileChange, diff_files
from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.patch_state import PatchState
from lnpatch.port import PortedCopy, port_checkout


@dataclass(frozen=True)
class PortReport:
    """What was ported, and from where."""

    target: str
    #: The checkout's folder.
    checkout: str
    #: The cell that it is patched with, empty where it is not.
    cell: str
    ported: PortedCopy
    #: Remarks for people.
    notes: tuple[str, ...] = ()
    #: The difference between the checkout and the copy, if it was asked for.
    patch: bytes = b""


def port(
    target: Target = None, directory: Folder = None, *, output: Path | None = None, with_patch: bool = False
) -> PortReport:
    """Make the Python 3 copy of a checkout, which stays as it is.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        output: where the copy goes; by default the cache.
        with_patch: show the difference between the checkout and the copy.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    location = locate(target, directory)
    recipe = location.recipe
    checkout, notes = open_checkout(recipe, location.directory)
    applied = find_applied(checkout, recipe)
    if applied is None:
        notes.append(f"{location.directory} is not patched; what is ported has the repository's own cells only.")
    elif applied.state is not PatchState.APPLIED:
        notes.append("Patched files were changed since; they are ported as they are.")
    ported = port_checkout(recipe, checkout, output)
    patch = b""
    if with_patch:
        modes = checkout.file_modes(ported.converted)
        changes = [
            FileChange(path, before, (ported.directory / path).read_bytes(), modes.get(path, "100644"))
            for path in ported.converted
            if (before := checkout.read(path)) is not None
        ]
        patch = diff_files(checkout, [change for change in changes if change.before != change.after])
    cell = applied.record.cell if applied else ""
    return PortReport(recipe.name, str(location.directory), cell, ported, tuple(notes), patch)
