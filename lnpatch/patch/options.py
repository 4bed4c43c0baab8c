"""What a user may choose about a patch."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lnpatch.errors import UsageError
from lnpatch.recipes import Recipe


@dataclass(frozen=True)
class Options:
    """The cell (the paper's, if it is None), the folder of the data, and whether upstream's mistakes are mended."""

    cell: str | None = None
    data_dir: str | None = None
    repairs: bool = True

    def values(self, recipe: Recipe) -> dict[str, str]:
        """The placeholders' values of *recipe* with these options.

        Raises:
            UnknownCellError: the recipe has no such cell.
            UsageError: the recipe has nothing to set to a data folder.
        """
        if self.data_dir is not None and not recipe.takes_data_dir():
            raise UsageError(f"{recipe.name} has no setting for --data-dir.")
        data_dir = None if self.data_dir is None else os.path.abspath(os.path.expanduser(self.data_dir))
        return recipe.values(self.cell, data_dir)
