"""``lnpatch port``: the Python 3 copy of a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.record import FileChange, diff_files
from lnpatch.patch.applied import find_applied, open_checkout
from lnpatch.patch.plan import PatchState
from lnpatch.port import PortedCopy, port_checkout
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class PortReport:
    """What was ported, from where, and the difference between both, if it was asked for."""

    target: str
    checkout: str
    cell: str
    ported: PortedCopy
    notes: tuple[str, ...] = ()
    patch: bytes = b""


def port(recipe: Recipe, directory: Path, output: Path | None, with_patch: bool) -> PortReport:
    """The Python 3 copy of the checkout in *directory*: in the cache, or in *output*.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    checkout, notes = open_checkout(recipe, directory)
    applied = find_applied(checkout, recipe)
    if applied is None:
        notes.append(f"{directory} is not patched; what is ported has the repository's own cells only.")
    elif applied.state is not PatchState.APPLIED:
        notes.append("Patched files were changed since; they are ported as they are.")
    ported = port_checkout(recipe, checkout, output)
    patch = b""
    if with_patch:
        modes = checkout.modes(ported.converted)
        changes = [
            FileChange(path, before, (ported.directory / path).read_bytes(), modes.get(path, "100644"))
            for path in ported.converted
            if (before := checkout.read(path)) is not None
        ]
        patch = diff_files(checkout, [change for change in changes if change.before != change.after])
    cell = applied.record.cell if applied else ""
    return PortReport(recipe.name, str(directory), cell, ported, tuple(notes), patch)
