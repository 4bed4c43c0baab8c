"""What a user may choose about a patch."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lnpatch.errors import UsageError
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class PatchOptions:
    """What a user may choose about a patch."""

    #: The cell to inject; None for the paper's.
    cell: str | None = None
    #: The folder of the data, for repositories that have it in their source.
    data_dir: str | None = None
    #: Whether upstream's mistakes are mended.
    repairs: bool = True

    def values(self, recipe: Recipe) -> dict[str, str]:
        """Return the values of *recipe*'s placeholders with these options.

        Raises:
            UnknownCellError: the recipe has no such cell.
            UsageError: the recipe has nothing to set to a data folder.
        """
        if self.data_dir is not None and not recipe.takes_data_dir():
            raise UsageError(f"{recipe.name} has no setting for --data-dir.")
        data_dir = None if self.data_dir is None else os.path.abspath(os.path.expanduser(self.data_dir))
        return recipe.values(self.cell, data_dir)
