"""What a recipe does to a checkout, edit by edit, without a word about whether it may be written."""

from __future__ import annotations

from lnpatch.commands.locate import Folder, Target, locate
from lnpatch.patch.applied import open_checkout
from lnpatch.patch.options import PatchOptions
from lnpatch.patch.plan import Plan, make_plan


def plan(
    target: Target = None,
    directory: Folder = None,
    *,
    cell: str | None = None,
    data_dir: str | None = None,
    repairs: bool = True,
) -> Plan:
    """Plan the edits of a recipe over the files of a checkout as they are; nothing is written.

    Edits that are not possible are findings of the plan. Use :func:`lnpatch.diff` for the patch, which refuses them.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for the one that is around.
        directory: the checkout; by default the one around, or the repository's name, here.
        cell: the cell to inject; None for the paper's.
        data_dir: the folder of the data, for repositories that have it in their source.
        repairs: whether upstream's mistakes are mended.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`.
    """
    location = locate(target, directory)
    options = PatchOptions(cell, data_dir, repairs)
    values = options.values(location.recipe)
    checkout, _ = open_checkout(location.recipe, location.directory)
    return make_plan(location.recipe, values, checkout, repairs)
